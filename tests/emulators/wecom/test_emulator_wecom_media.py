"""Uploads and downloads."""

import aiohttp
import pytest
from wecom_app_side import Client, in_thread
from wecom_raw_api import AMR, MP4, PNG, Api

from imbridge.emulators.wecom import EmulatorSettings, User, WeComEmulator


async def fetch(api: Api, media_id: str, **headers: str) -> tuple[int, bytes, dict[str, str]]:
    query = {"access_token": api.token, "media_id": media_id}
    url = f"{api.base_url}/cgi-bin/media/get"
    async with api.session.get(url, params=query, headers=headers) as answer:
        return answer.status, await answer.read(), dict(answer.headers)


async def test_a_file_and_a_part_of_it(wecom: WeComEmulator, api: Api) -> None:
    uploaded = await api.upload("file", b"0123456789", "报告.pdf")
    assert (uploaded["type"], uploaded["errcode"]) == ("file", 0)
    assert uploaded["created_at"].isdigit()
    status, data, headers = await fetch(api, uploaded["media_id"])
    assert (status, data) == (200, b"0123456789")
    assert "%E6%8A%A5%E5%91%8A.pdf" in headers["Content-Disposition"]
    status, data, headers = await fetch(api, uploaded["media_id"], Range="bytes=2-4")
    assert (status, data, headers["Content-Range"]) == (206, b"234", "bytes 2-4/10")
    assert (await fetch(api, uploaded["media_id"], Range="bytes=50-"))[0] == 416
    assert (await api.call("media/get", media_id="never"))["errcode"] == 40007
    assert (await api.call("media/get"))["errcode"] == 41006
    assert (wecom.stats.uploads, wecom.stats.downloads) == (1, 3)


@pytest.mark.parametrize(
    ("kind", "data", "code"),
    [
        ("image", PNG, 0),
        ("image", b"\xff\xd8\xff" + PNG, 0),
        ("voice", AMR, 0),
        ("video", MP4, 0),
        ("file", b"123456", 0),
        ("image", b"GIF89a and more", 40004),
        ("voice", b"ID3 and more", 40004),
        ("video", PNG, 40004),
        ("file", b"12345", 40006),
        ("file", b"", 44001),
        ("music", b"123456", 40005),
        ("image", PNG + bytes(100), 45001),
        ("voice", AMR + bytes(100), 45001),
        ("video", MP4 + bytes(100), 45001),
        ("file", bytes(101), 45001),
    ],
)
async def test_formats_and_sizes(
    wecom: WeComEmulator, settings: EmulatorSettings, api: Api, kind: str, data: bytes, code: int
) -> None:
    settings.image_limit = settings.voice_limit = settings.video_limit = settings.file_limit = 100
    assert (await api.upload(kind, data))["errcode"] == code


async def test_an_upload_without_a_file(wecom: WeComEmulator, api: Api) -> None:
    await api.gettoken()
    url, params = f"{wecom.base_url}/cgi-bin/media/upload", {"access_token": api.token, "type": "file"}
    nameless = aiohttp.FormData()
    nameless.add_field("media", "123456")
    other = aiohttp.FormData()
    other.add_field("file", b"123456", filename="a")
    for data in (b"123456", nameless, other):
        async with api.session.post(url, params=params, data=data) as answer:
            assert (await answer.json())["errcode"] == 41005


async def test_media_are_the_corps_and_expire(
    wecom: WeComEmulator, settings: EmulatorSettings, alice: User, api: Api
) -> None:
    media_id = await api.media_id("image")
    other = Api(api.session, wecom.base_url, wecom.add_app())
    assert (await other.send("image", {"media_id": media_id}))["errcode"] == 0
    settings.media_lifetime = -1
    assert (await api.send("image", {"media_id": media_id}))["errcode"] == 40007


async def test_a_picture_for_good(wecom: WeComEmulator, client: Client, api: Api) -> None:
    url = (await in_thread(client.media.upload_img, ("a.png", PNG)))["url"]
    async with api.session.get(url) as answer:
        assert await answer.read() == PNG
