"""Files up and down."""

import aiohttp
import pytest
from dingtalk_raw_api import PNG, Api

from imbridge.emulators.dingtalk import App, DingTalkEmulator, User

DOWNLOAD = "/v1.0/robot/messageFiles/download"


@pytest.mark.parametrize("kind", ["image", "voice", "video", "file"])
@pytest.mark.parametrize("in_query", [True, False])
async def test_upload(ding: DingTalkEmulator, api: Api, kind: str, *, in_query: bool) -> None:
    answer = await api.upload(kind, PNG, "a.png", in_query=in_query)
    assert set(answer) == {"errcode", "errmsg", "media_id", "created_at", "type"}
    assert (answer["errcode"], answer["type"]) == (0, kind)
    kept = ding.world.uploads.get(answer["media_id"], kind)
    assert kept is not None
    assert (kept.data, kept.name) == (PNG, "a.png")


@pytest.mark.parametrize(
    ("kind", "data", "name", "code"),
    [
        ("document", b"x", "a", 40004),
        ("", b"x", "a", 40004),
        ("file", b"", "a", 44001),
        ("voice", bytes(1001), "a.amr", 45001),
        ("image", b"x", "a.exe", 40005),
        ("file", b"x", "a.txt", 40005),
    ],
)
async def test_refused_uploads(ding: DingTalkEmulator, api: Api, kind: str, data: bytes, name: str, code: int) -> None:
    ding.settings.strict_formats = True
    ding.settings.voice_limit = 1000
    assert (await api.upload(kind, data, name))["errcode"] == code


async def test_an_upload_without_a_file(api: Api) -> None:
    await api.take_token()
    url, params = f"{api.base_url}/media/upload", {"access_token": api.token, "type": "file"}
    form = aiohttp.FormData({"media": "no file name"})
    form.add_field("other", b"x", filename="x")
    for body in (form, b"no form"):
        async with api.session.post(url, params=params, data=body) as answer:
            assert (await answer.json())["errcode"] == 41005


async def test_download(alice: User, api: Api) -> None:
    code = (await alice.sends_file(PNG, "a.png")).data["content"]["downloadCode"]
    body = {"downloadCode": code, "robotCode": api.app.robot_code}
    first, second = await api.call(DOWNLOAD, body), await api.call(DOWNLOAD, body)
    assert set(first) == {"downloadUrl"}
    assert first != second
    async with api.session.get(first["downloadUrl"]) as answer:
        assert (answer.status, await answer.read()) == (200, PNG)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"downloadCode": ""}, "invalidParameter.downloadCode.empty"),
        ({"downloadCode": "unknown"}, "invalidParameter.downloadCode.invalid"),
        ({"robotCode": "other"}, "invalidParameter.robotCode.auth"),
    ],
)
async def test_refused_downloads(app: App, alice: User, api: Api, changes: dict[str, str], code: str) -> None:
    sent = await alice.sends_image()
    body = {"downloadCode": sent.data["content"]["downloadCode"], "robotCode": app.robot_code}
    assert (await api.call(DOWNLOAD, body | changes))["code"] == code


async def test_downloads_expire(ding: DingTalkEmulator, app: App, alice: User, api: Api) -> None:
    ding.settings.download_lifetime = -1.0
    sent = await alice.sends_image()
    body = {"downloadCode": sent.data["content"]["downloadCode"], "robotCode": app.robot_code}
    assert (await api.call(DOWNLOAD, body))["code"] == "invalidParameter.downloadCode.invalid"
    async with api.session.get(f"{api.base_url}/files/unknown") as answer:
        assert answer.status == 403
