"""Files: by address, by bytes and in parts, and where they may be sent."""

import base64
import hashlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from qq_raw_api import Api

from imbridge.emulators.qq import Bot, Group, QQEmulator, User
from imbridge.emulators.qq.sending import MP4, PNG, SILK
from imbridge.emulators.qq.uploads import SOFT_LIMITS


@pytest.fixture
def users(alice: User, bot: Bot) -> str:
    return f"/v2/users/{alice.openid_for(bot)}"


@pytest.fixture
async def site() -> AsyncIterator[TestServer]:
    async def picture(_: web.Request) -> web.Response:
        return web.Response(body=PNG)

    app = web.Application()
    app.router.add_get("/a.png", picture)
    server = TestServer(app)
    await server.start_server()
    yield server
    await server.close()


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


async def test_by_bytes_and_by_address(api: Api, qq: QQEmulator, alice: User, users: str, site: TestServer) -> None:
    qq.settings.group_replies = qq.settings.c2c_replies = 5
    sent = await alice.says("hi")
    offers: list[dict[str, Any]] = [
        {"file_type": 1, "file_data": encoded(PNG), "file_name": "a.png"},
        {"file_type": 1, "url": str(site.make_url("/a.png"))},
        {"file_type": 2, "file_data": encoded(MP4)},
        {"file_type": 3, "file_data": encoded(SILK)},
        {"file_type": 4, "file_data": encoded(b"anything"), "file_name": "a.txt"},
    ]
    for seq, offer in enumerate(offers, 1):
        status, info = await api.post(f"{users}/files", {"srv_send_msg": False, **offer})
        assert (status, info["ttl"]) == (200, 86_400), info
        body = {"msg_type": 7, "media": {"file_info": info["file_info"]}, "msg_id": sent.id, "msg_seq": seq}
        assert (await api.post(f"{users}/messages", body))[0] == 200
        shown = await alice.receives()
        assert (shown.kind, shown.file_type) == ("media", offer["file_type"])
    assert (shown.data, shown.filename, shown.text) == (b"anything", "a.txt", "a.txt")
    assert qq.stats.uploads == 5


async def test_what_is_no_file(api: Api, qq: QQEmulator, users: str, site: TestServer) -> None:
    async def code(**body: Any) -> int:
        return (await api.refused(f"{users}/files", {"file_type": 1, **body}))[1]

    assert await code() == 40034001
    assert await code(file_type=9, file_data=encoded(PNG)) == 40034001
    assert await code(file_data="no base64!") == 40034001
    assert await code(url="ftp://example.com/x") == 40034001
    assert await code(url=str(site.make_url("/missing"))) == 850026
    assert await code(url="http://127.0.0.1:1/x") == 850026
    for file_type, data in ((1, MP4), (2, PNG), (3, PNG)):
        assert await code(file_type=file_type, file_data=encoded(data)) == 850019
    qq.settings.strict_formats = False
    assert (await api.post(f"{users}/files", {"file_type": 2, "file_data": encoded(PNG)}))[0] == 200
    qq.settings.file_limit = 4
    assert await code(url=str(site.make_url("/a.png"))) == 850031
    qq.settings.inline_limit = 4
    assert await code(file_data=encoded(PNG)) == 850031


async def test_where_a_file_info_is_good(
    api: Api, qq: QQEmulator, alice: User, bob: User, bot: Bot, group: Group, users: str
) -> None:
    bot.active = True
    groups = f"/v2/groups/{qq.group_openid(group)}"
    _, info = await api.post(f"{users}/files", {"file_type": 1, "file_data": encoded(PNG)})
    body = {"msg_type": 7, "content": " ", "media": {"file_info": info["file_info"]}}
    for _ in range(2):
        assert (await api.post(f"/v2/users/{bob.openid_for(bot)}/messages", body))[0] == 200
    assert (await api.refused(f"{groups}/messages", body))[1] == 304080
    assert (await api.refused(f"{users}/messages", {"msg_type": 7, "media": {"file_info": "x"}}))[1] == 304080
    assert (await api.refused(f"{users}/messages", {"msg_type": 7}))[1] == 304080
    qq.pass_time(86_401)
    assert (await api.refused(f"{users}/messages", body))[1] == 304080
    qq.settings.file_ttl = 0
    _, info = await api.post(f"{groups}/files", {"file_type": 1, "file_data": encoded(PNG)})
    assert info["ttl"] == 0
    qq.pass_time(10**9)
    body["media"] = {"file_info": info["file_info"]}
    assert (await api.post(f"{groups}/messages", body))[0] == 200
    assert (await alice.receives(chat=group)).data == PNG


async def test_sent_by_the_upload_itself(
    api: Api, qq: QQEmulator, alice: User, bot: Bot, group: Group, users: str
) -> None:
    offer = {"file_type": 1, "file_data": encoded(PNG), "srv_send_msg": True}
    assert (await api.refused(f"{users}/files", offer))[1] == 40034102
    bot.active = True
    _, info = await api.post(f"{users}/files", offer)
    assert (await alice.receives()).id == info["id"]
    _, info = await api.post(f"/v2/groups/{qq.group_openid(group)}/files", offer)
    assert (await alice.receives(chat=group)).id == info["id"]


# --- in parts ---------------------------------------------------------------------------------------------------------


def md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def announced(data: bytes, **changes: Any) -> dict[str, Any]:
    digests = {"md5": md5(data), "sha1": hashlib.sha1(data, usedforsecurity=False).hexdigest()}
    digests["md5_10m"] = md5(data[:10_002_432])
    return {"file_type": 4, "file_name": "big.bin", "file_size": str(len(data)), **digests, **changes}


async def upload(api: Api, users: str, data: bytes, offer: dict[str, Any]) -> str:
    """Uploads all parts; returns the upload's id."""
    status, plan = await api.post(f"{users}/upload_prepare", offer)
    assert status == 200, plan
    offset = 0
    for part in plan["parts"]:
        piece = data[offset : offset + int(part["block_size"])]
        offset += len(piece)
        async with api.session.put(part["presigned_url"], data=piece) as response:
            assert response.status == 200
        body = {"upload_id": plan["upload_id"], "part_index": part["index"], "block_size": str(len(piece))}
        status, answer = await api.post(f"{users}/upload_part_finish", {**body, "md5": md5(piece)})
        assert (status, answer) == (200, {})
    assert offset == len(data)
    return str(plan["upload_id"])


async def test_a_large_file_in_parts(api: Api, qq: QQEmulator, alice: User, users: str) -> None:
    qq.settings.block_size = 1000
    data = bytes(range(256)) * 10
    upload_id = await upload(api, users, data, announced(data))
    assert qq.stats.upload_parts == 3
    _, info = await api.post(f"{users}/files", {"file_type": 4, "upload_id": upload_id, "srv_send_msg": False})
    assert "raw_url" not in info
    sent = await alice.says("hi")
    body = {"msg_type": 7, "media": {"file_info": info["file_info"]}, "msg_id": sent.id}
    assert (await api.post(f"{users}/messages", body))[0] == 200
    shown = await alice.receives("big.bin")
    assert shown.data == data
    assert qq.violations == []


@pytest.mark.parametrize("first", [0, 1])
async def test_parts_are_numbered_from(api: Api, qq: QQEmulator, users: str, first: int) -> None:
    qq.settings.block_size, qq.settings.first_part = 2, first
    _, plan = await api.post(f"{users}/upload_prepare", announced(b"abc"))
    assert [(part["index"], part["block_size"]) for part in plan["parts"]] == [(first, "2"), (first + 1, "1")]
    assert plan["upload_config"]["retry_delay"] == 1


async def test_parts_that_are_not_right(
    api: Api, qq: QQEmulator, users: str, group: Group, alice: User, bot: Bot
) -> None:
    assert (await api.refused(f"{users}/upload_prepare", announced(b"")))[1] == 40034001
    assert (await api.refused(f"{users}/upload_prepare", announced(b"x", file_size="many")))[1] == 40034001
    qq.settings.file_limit = 10
    assert (await api.refused(f"{users}/upload_prepare", announced(b"x" * 11)))[1] == 850031
    _, plan = await api.post(f"{users}/upload_prepare", announced(b"abc"))
    finish = {
        "upload_id": plan["upload_id"],
        "part_index": 1,
        "block_size": "3",
        "md5": md5(b"abc"),
    }
    whole = {"file_type": 4, "upload_id": plan["upload_id"]}
    assert (await api.refused(f"{users}/upload_part_finish", finish))[1] == 40093001
    assert (await api.refused(f"{users}/files", whole))[1] == 40093001
    async with api.session.put(plan["parts"][0]["presigned_url"], data=b"too long") as response:
        assert response.status == 400
    assert [violation.kind for violation in qq.violations] == ["upload_part"]
    async with api.session.put(plan["parts"][0]["presigned_url"], data=b"abc") as response:
        assert response.status == 200
    assert (await api.refused(f"{users}/upload_part_finish", {**finish, "md5": "0"}))[1] == 40034001
    qq.faults.part_not_ready()
    assert (await api.refused(f"{users}/upload_part_finish", finish))[1] == 40093001
    assert (await api.post(f"{users}/upload_part_finish", finish))[0] == 200
    assert (await api.refused(f"{users}/files", {**whole, "file_type": 1}))[1] == 40034001
    groups = f"/v2/groups/{qq.group_openid(group)}"
    assert (await api.refused(f"{groups}/files", whole))[1] == 40034001
    assert (await api.post(f"{users}/files", whole))[0] == 200
    for name in ("md5", "sha1", "md5_10m"):
        upload_id = await upload(api, users, b"abc", announced(b"abc", **{name: "0" * 32}))
        assert (await api.refused(f"{users}/files", {**whole, "upload_id": upload_id}))[1] == 10000


async def test_media_that_are_too_large_become_files(
    api: Api, qq: QQEmulator, alice: User, users: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload_id = await upload(api, users, PNG, announced(PNG, file_type=1))
    _, info = await api.post(f"{users}/files", {"file_type": 1, "upload_id": upload_id})
    async with api.session.get(info["raw_url"]) as response:
        assert await response.read() == PNG
    monkeypatch.setitem(SOFT_LIMITS, 1, 4)
    _, info = await api.post(f"{users}/files", {"file_type": 1, "file_data": encoded(PNG)})
    sent = await alice.says("hi")
    body = {"msg_type": 7, "media": {"file_info": info["file_info"]}, "msg_id": sent.id}
    assert (await api.post(f"{users}/messages", body))[0] == 200
    assert (await alice.receives()).file_type == 4
