"""The stream: tickets, connections, messages and other callbacks."""

import asyncio
import json
from typing import Any

import aiohttp
import pytest
from dingtalk_raw_stream import CARD, EVENTS, RawStream, kinds, open_connection, opened, until

from imbridge.emulators.dingtalk import App, DingTalkEmulator, User

# --- doors ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"clientSecret": "wrong"}, 401, "authFailed"),
        ({"clientId": "dingother"}, 401, "authFailed"),
        ({"clientId": ""}, 401, "authFailed"),
        ({"subscriptions": []}, 400, "invalidParameter"),
        ({"subscriptions": [{"type": "SYSTEM", "topic": "*"}]}, 400, "invalidParameter"),
    ],
)
async def test_opening_refuses_what_is_wrong(
    ding: DingTalkEmulator,
    app: App,
    session: aiohttp.ClientSession,
    changes: dict[str, Any],
    status: int,
    code: str,
) -> None:
    answer = await open_connection(session, ding.base_url, app, **changes)
    assert answer[0] == status
    assert answer[1]["code"] == code


async def test_a_ticket_opens_one_connection(ding: DingTalkEmulator, app: App, session: aiohttp.ClientSession) -> None:
    _, offer = await open_connection(session, ding.base_url, app)
    socket = await session.ws_connect(offer["endpoint"], params={"ticket": offer["ticket"]})
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await session.ws_connect(offer["endpoint"], params={"ticket": offer["ticket"]})
    await socket.close()
    assert refused.value.status == 401
    assert kinds(ding) == ["ticket"]
    assert ding.stats.handshakes_refused == 1


async def test_a_ticket_grows_old(app: App, ding: DingTalkEmulator, session: aiohttp.ClientSession) -> None:
    ding.settings.ticket_lifetime = 0.0
    _, offer = await open_connection(session, ding.base_url, app)
    await asyncio.sleep(0.01)
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await session.ws_connect(offer["endpoint"], params={"ticket": offer["ticket"]})
    assert kinds(ding) == ["ticket_expired"]


async def test_an_app_has_so_many_connections_at_most(
    ding: DingTalkEmulator, app: App, session: aiohttp.ClientSession
) -> None:
    ding.settings.max_connections = 1
    link = await opened(ding, app, session)
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await RawStream.open(session, ding.base_url, app)
    assert refused.value.status == 403
    await link.close()


# --- messages ---------------------------------------------------------------------------------------------------------


async def test_a_message_comes_as_the_documents_have_it(
    ding: DingTalkEmulator, app: App, alice: User, link: RawStream
) -> None:
    sent = await alice.says("hi")
    frame = await link.frame()
    assert set(frame) == {"specVersion", "type", "headers", "data"}
    assert (frame["specVersion"], frame["type"]) == ("1.0", "CALLBACK")
    headers = frame["headers"]
    assert set(headers) == {"appId", "connectionId", "contentType", "messageId", "time", "topic"}
    assert (headers["appId"], headers["contentType"]) == (app.app_id, "application/json")
    assert headers["topic"] == "/v1.0/im/bot/messages/get"
    assert headers["time"].isdigit()
    data = json.loads(frame["data"])
    assert data == sent.data
    await link.acknowledge(frame)
    assert await sent.taken()
    assert not sent.lost
    assert (ding.stats.messages, ding.stats.messages_taken, ding.stats.messages_lost) == (1, 1, 0)
    assert ding.violations == []


async def test_a_message_without_a_connection_is_lost(ding: DingTalkEmulator, alice: User) -> None:
    sent = await alice.says("hi")
    assert not await sent.taken()
    assert sent.lost
    assert ding.stats.messages_lost == 1


async def test_a_message_on_a_connection_that_ends_is_lost_and_not_sent_again(
    ding: DingTalkEmulator, app: App, alice: User, link: RawStream, session: aiohttp.ClientSession
) -> None:
    sent = await alice.says("first")
    await link.frame()
    assert ding.faults.drop_connections(app) == 1
    assert not await sent.taken()
    second = await opened(ding, app, session)
    await alice.says("second")
    assert (await second.message())["text"] == {"content": "second"}
    await second.close()


async def test_a_message_that_is_not_taken_is_not_sent_again(
    ding: DingTalkEmulator, alice: User, link: RawStream
) -> None:
    sent = await alice.says("first")
    await link.acknowledge(await link.frame(), code=500)
    assert not await sent.taken()
    await alice.says("second")
    assert (await link.message())["text"]["content"] == "second"
    assert ding.stats.messages_lost == 1


async def test_messages_go_over_any_connection_and_only_over_one(
    ding: DingTalkEmulator, app: App, alice: User, session: aiohttp.ClientSession
) -> None:
    links = [await opened(ding, app, session) for _ in range(2)]
    got: list[list[str]] = [[], []]

    async def read(link: RawStream, texts: list[str]) -> None:
        while True:
            texts.append((await link.message())["text"]["content"])

    async with asyncio.TaskGroup() as group:
        readers = [group.create_task(read(*pair)) for pair in zip(links, got, strict=True)]
        sent = [await alice.says(str(number)) for number in range(40)]
        assert all([await one.taken() for one in sent])
        for reader in readers:
            reader.cancel()
    assert sorted(got[0] + got[1], key=int) == [str(number) for number in range(40)]
    assert min(len(got[0]), len(got[1])) > 5
    for link in links:
        await link.close()


async def test_only_what_was_subscribed_to_is_pushed(
    ding: DingTalkEmulator, app: App, alice: User, session: aiohttp.ClientSession
) -> None:
    link = await RawStream.open(session, ding.base_url, app, (EVENTS, CARD))
    await until(lambda: ding.connections(app) == 1)
    assert not await (await alice.says("nobody hears it")).taken()
    await link.close()


async def test_another_apps_connection_gets_nothing(
    ding: DingTalkEmulator, app: App, alice: User, link: RawStream
) -> None:
    other = ding.add_app("Other")
    assert not await (await alice.says("hi", app=other)).taken()
    await alice.says("to the first", app=app)
    assert (await link.message())["text"]["content"] == "to the first"


async def test_a_callback_of_a_topic_nobody_asked_for_can_be_pushed(
    ding: DingTalkEmulator, app: App, link: RawStream
) -> None:
    push = ding.push_callback(app, "/v1.0/unheard/of", {"a": 1})
    frame = await link.frame()
    assert (frame["headers"]["topic"], frame["data"]) == ("/v1.0/unheard/of", '{"a":1}')
    await link.acknowledge(frame, code=404)
    ack = await push.acknowledged()
    assert ack is not None
    assert ack.code == 404
    assert ding.violations == []


async def test_a_callback_needs_a_connection(ding: DingTalkEmulator, app: App) -> None:
    with pytest.raises(RuntimeError, match="no connection"):
        ding.push_callback(app, "/v1.0/unheard/of", {})
