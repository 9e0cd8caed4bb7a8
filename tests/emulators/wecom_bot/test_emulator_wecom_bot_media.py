"""Media of WeCom's smart bots: what people send, and what a bot uploads."""

import base64
from typing import Any

import aiohttp
import pytest
from wecom_bot_raw import PNG, RawClient, official_decrypt, stream

from imbridge.emulators.wecom.bot import Bot, BotEmulatorSettings, BotUser, WeComBotEmulator

RESPOND, INIT, CHUNK, FINISH = (
    "aibot_respond_msg",
    "aibot_upload_media_init",
    "aibot_upload_media_chunk",
    "aibot_upload_media_finish",
)


async def fetched(session: aiohttp.ClientSession, offer: dict[str, str]) -> tuple[bytes, str]:
    async with session.get(offer["url"]) as answer:
        answer.raise_for_status()
        return official_decrypt(await answer.read(), offer["aeskey"]), answer.headers["Content-Disposition"]


async def test_people_send_media(smart: Bot, alice: BotUser, raw: RawClient, session: aiohttp.ClientSession) -> None:
    await alice.sends_image(PNG, bot=smart)
    body = (await raw.callback())["body"]
    assert body["msgtype"] == "image"
    assert (await fetched(session, body["image"]))[0] == PNG
    name = '图 "1".txt'
    sent = await alice.sends_file(name, b"x" * 64, bot=smart)
    body = (await raw.callback())["body"]
    data, disposition = await fetched(session, body["file"])
    assert data == b"x" * 64
    assert "filename*=UTF-8''%E5%9B%BE%20%221%22.txt" in disposition
    assert sent.text == f"[file: {name}]"
    await alice.sends_video(b"film", bot=smart)
    assert (await fetched(session, (await raw.callback())["body"]["video"]))[0] == b"film"
    await alice.sends_voice("spoken", bot=smart)
    assert (await raw.callback())["body"]["voice"] == {"content": "spoken"}


async def test_mixed_messages(
    platform: WeComBotEmulator, smart: Bot, alice: BotUser, raw: RawClient, session: aiohttp.ClientSession
) -> None:
    team = platform.add_group("Team", members=[alice], bots=[smart])
    sent = await alice.sends_mixed([PNG, "look"], chat=team, mentions=[smart])
    first, second = (await raw.callback())["body"]["mixed"]["msg_item"]
    assert second == {"msgtype": "text", "text": {"content": "@Bot look"}}
    assert (await fetched(session, first["image"]))[0] == PNG
    assert sent.text == "[image]\n@Bot look"
    await alice.sends_mixed([PNG], chat=team, mentions=[smart])
    assert (await raw.callback())["body"]["mixed"]["msg_item"][0]["text"] == {"content": "@Bot "}


async def test_quotes(smart: Bot, alice: BotUser, raw: RawClient, session: aiohttp.ClientSession) -> None:
    image = await alice.sends_image(PNG, bot=smart)
    offered = (await raw.callback())["body"]["image"]
    await alice.says("this one", bot=smart, quoting=image)
    quote = (await raw.callback())["body"]["quote"]
    assert quote["msgtype"] == "image"
    assert quote["image"]["url"] != offered["url"]
    assert (await fetched(session, quote["image"]))[0] == PNG
    await raw.ask(RESPOND, stream("nice", finish=True), image.req_id)
    await alice.says("why?", bot=smart, quoting=await alice.receives())
    assert (await raw.callback())["body"]["quote"] == {"msgtype": "text", "text": {"content": "nice"}}
    media_id = await raw.upload("file", "a.txt", b"hello")
    await raw.ask(RESPOND, {"msgtype": "file", "file": {"media_id": media_id}}, image.req_id)
    await alice.says("that?", bot=smart, quoting=await alice.receives())
    assert (await fetched(session, (await raw.callback())["body"]["quote"]["file"]))[0] == b"hello"


@pytest.mark.parametrize("bot_settings", [BotEmulatorSettings(download_seconds=-1)])
async def test_addresses_expire(smart: Bot, alice: BotUser, raw: RawClient, session: aiohttp.ClientSession) -> None:
    await alice.sends_image(PNG, bot=smart)
    async with session.get((await raw.callback())["body"]["image"]["url"]) as answer:
        assert answer.status == 403


async def test_downloads_can_fail(
    platform: WeComBotEmulator, smart: Bot, alice: BotUser, raw: RawClient, session: aiohttp.ClientSession
) -> None:
    await alice.sends_image(PNG, bot=smart)
    offer = (await raw.callback())["body"]["image"]
    platform.faults.fail_downloads(503)
    with pytest.raises(aiohttp.ClientResponseError, match="503"):
        await fetched(session, offer)
    platform.faults.garble_downloads()
    with pytest.raises(RuntimeError, match="Decryption failed"):
        await fetched(session, offer)
    assert (await fetched(session, offer))[0] == PNG
    async with session.get(platform.base_url + "/media/none") as answer:
        assert answer.status == 404
    async with session.get(platform.base_url + "/elsewhere") as answer:
        assert answer.status == 404
    assert [violation.kind for violation in platform.violations] == ["unknown_address"]


async def test_uploads_in_chunks(
    platform: WeComBotEmulator, smart: Bot, alice: BotUser, raw: RawClient, session: aiohttp.ClientSession
) -> None:
    sent = await alice.says("hi", bot=smart)
    data = PNG + bytes(range(256)) * 4096
    media_id = await raw.upload("image", "a.png", data)
    assert await raw.code(RESPOND, {"msgtype": "image", "image": {"media_id": media_id}}, sent.req_id) == 0
    message = await alice.receives("[image]", bot=smart)
    assert message.kind == "media"
    assert message.media is not None
    assert (message.media.data, message.media.name) == (data, "a.png")
    assert await raw.code(RESPOND, {"msgtype": "file", "file": {"media_id": media_id}}, sent.req_id) == 40007
    other = platform.add_bot("Other")
    stranger = await RawClient.open(session, platform.ws_url, other)
    theirs = await alice.says("hi", bot=other)
    assert await stranger.code(RESPOND, {"msgtype": "image", "image": {"media_id": media_id}}, theirs.req_id) == 40007


async def test_chunks_in_any_order_and_after_a_reconnect(
    platform: WeComBotEmulator, smart: Bot, raw: RawClient, session: aiohttp.ClientSession
) -> None:
    facts = {"type": "file", "filename": "a", "total_size": 6, "total_chunks": 3}
    ack = await raw.ask(INIT, facts)
    upload_id = ack["body"]["upload_id"]

    def chunk(index: int, data: bytes) -> dict[str, Any]:
        return {"upload_id": upload_id, "chunk_index": index, "base64_data": base64.b64encode(data).decode()}

    assert await raw.code(CHUNK, chunk(2, b"ef")) == 0
    second = await RawClient.open(session, platform.ws_url, smart)
    assert await second.code(CHUNK, chunk(0, b"ab")) == 0
    assert await second.code(CHUNK, chunk(0, b"!!")) == 0
    assert await second.code(FINISH, {"upload_id": upload_id}) == 40058
    assert await second.code(CHUNK, chunk(3, b"x")) == 40058
    assert await second.code(CHUNK, {"upload_id": upload_id, "chunk_index": 1, "base64_data": "?"}) == 40058
    assert await second.code(CHUNK, {"upload_id": "x", "chunk_index": 1, "base64_data": "aa=="}) == 40058
    assert await second.code(CHUNK, chunk(1, b"cd")) == 0
    ack = await second.ask(FINISH, {"upload_id": upload_id})
    assert (ack["errcode"], ack["body"]["type"], ack["body"]["created_at"].isdigit()) == (0, "file", True)
    assert platform.world.uploads.medium(smart, "file", ack["body"]["media_id"]).data == b"abcdef"
    assert await second.code(FINISH, {"upload_id": upload_id}) == 40058


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"type": "poem"}, 40058),
        ({"filename": ""}, 40058),
        ({"filename": "n" * 257}, 40058),
        ({"total_size": 4}, 40058),
        ({"total_size": 20 * 1024 * 1024 + 1}, 45002),
        ({"type": "voice", "total_size": 2 * 1024 * 1024 + 1}, 45002),
        ({"total_chunks": 101}, 40058),
        ({"total_chunks": 0}, 40058),
        ({"total_chunks": True}, 40058),
        ({"md5": 5}, 40058),
    ],
)
async def test_wrong_uploads_are_refused(raw: RawClient, change: dict[str, Any], code: int) -> None:
    facts: dict[str, Any] = {"type": "file", "filename": "a", "total_size": 100, "total_chunks": 1}
    assert await raw.code(INIT, facts | change) == code


@pytest.mark.parametrize(
    ("facts", "data"),
    [
        ({"type": "file", "total_size": 9}, b"too short"[:8]),
        ({"type": "file", "total_size": 8, "md5": "0" * 32}, b"another."),
        ({"type": "image", "total_size": 8}, b"no image"),
        ({"type": "voice", "total_size": 8}, b"no voice"),
    ],
)
async def test_an_upload_is_what_was_announced(raw: RawClient, facts: dict[str, Any], data: bytes) -> None:
    upload_id = (await raw.ask(INIT, {"filename": "a", "total_chunks": 1, **facts}))["body"]["upload_id"]
    chunk = {"upload_id": upload_id, "chunk_index": 0, "base64_data": base64.b64encode(data).decode()}
    assert await raw.code(CHUNK, chunk) == 0
    assert await raw.code(FINISH, {"upload_id": upload_id}) == 40058


@pytest.mark.parametrize("bot_settings", [BotEmulatorSettings(chunk_limit=4, upload_rate_minute=2)])
async def test_chunks_and_uploads_have_limits(platform: WeComBotEmulator, raw: RawClient) -> None:
    facts = {"type": "file", "filename": "a", "total_size": 5, "total_chunks": 1}
    upload_id = (await raw.ask(INIT, facts))["body"]["upload_id"]
    chunk = {"upload_id": upload_id, "chunk_index": 0, "base64_data": base64.b64encode(b"12345").decode()}
    assert await raw.code(CHUNK, chunk) == 45002
    assert [await raw.code(INIT, facts) for _ in range(2)] == [0, 45009]
    assert platform.stats.rate_limited == 1


@pytest.mark.parametrize("bot_settings", [BotEmulatorSettings(upload_session_seconds=-1)])
async def test_an_upload_session_ends(raw: RawClient) -> None:
    ack = await raw.ask(INIT, {"type": "file", "filename": "a", "total_size": 5, "total_chunks": 1})
    assert await raw.code(FINISH, ack["body"]) == 40058


@pytest.mark.parametrize("bot_settings", [BotEmulatorSettings(media_seconds=-1)])
async def test_a_medium_expires(smart: Bot, alice: BotUser, raw: RawClient) -> None:
    sent = await alice.says("hi", bot=smart)
    media_id = await raw.upload("file", "a", b"hello")
    assert await raw.code(RESPOND, {"msgtype": "file", "file": {"media_id": media_id}}, sent.req_id) == 40007


@pytest.mark.parametrize("bot_settings", [BotEmulatorSettings(resource_bytes=100)])
async def test_old_media_are_forgotten(
    smart: Bot, alice: BotUser, raw: RawClient, session: aiohttp.ClientSession
) -> None:
    offers = []
    for _ in range(2):
        await alice.sends_image(bytes(64), bot=smart)
        offers.append((await raw.callback())["body"]["image"])
    assert (await fetched(session, offers[1]))[0] == bytes(64)
    async with session.get(offers[0]["url"]) as answer:
        assert answer.status == 404
    sent = await alice.says("hi", bot=smart)
    first, second = [await raw.upload("file", "a", bytes(64)) for _ in range(2)]
    assert await raw.code(RESPOND, {"msgtype": "file", "file": {"media_id": first}}, sent.req_id) == 40007
    assert await raw.code(RESPOND, {"msgtype": "file", "file": {"media_id": second}}, sent.req_id) == 0
