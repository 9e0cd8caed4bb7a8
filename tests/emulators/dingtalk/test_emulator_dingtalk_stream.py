"""The stream: tickets, frames, acknowledgements, pings, planned ends, events."""

import asyncio
import json
from typing import Any

import aiohttp
import pytest
from dingtalk_raw_stream import BOT, CARD, EVENTS, RawStream, open_connection, until

from imbridge.emulators.dingtalk import App, DingTalkEmulator, EmulatorSettings, User


def kinds(ding: DingTalkEmulator) -> list[str]:
    return [violation.kind for violation in ding.violations]


async def opened(ding: DingTalkEmulator, app: App, session: aiohttp.ClientSession) -> RawStream:
    before = ding.connections(app)
    link = await RawStream.open(session, ding.base_url, app)
    await until(lambda: ding.connections(app) == before + 1)
    return link


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


# --- acknowledgements -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"headers": {"messageId": "another", "contentType": "application/json"}}, "ack_unknown"),
        ({"headers": {"contentType": "application/json"}}, "bad_ack"),
        ({"headers": None}, "bad_ack"),
        ({"data": "no JSON"}, "ack_data"),
        ({"data": {"response": None}}, "ack_data"),
        ({"code": 204}, "ack_code"),
    ],
)
async def test_a_wrong_acknowledgement_is_noticed(
    ding: DingTalkEmulator, alice: User, link: RawStream, changes: dict[str, Any], kind: str
) -> None:
    await alice.says("hi")
    await link.acknowledge(await link.frame(), **changes)
    await until(lambda: kinds(ding) == [kind])


async def test_an_acknowledgement_needs_its_content_type(ding: DingTalkEmulator, alice: User, link: RawStream) -> None:
    sent = await alice.says("hi")
    frame = await link.frame()
    await link.acknowledge(frame, headers={"messageId": frame["headers"]["messageId"]})
    assert await sent.taken()
    assert kinds(ding) == ["ack_content_type"]


async def test_a_second_acknowledgement_is_noticed(ding: DingTalkEmulator, alice: User, link: RawStream) -> None:
    await alice.says("hi")
    frame = await link.frame()
    await link.acknowledge(frame)
    await link.acknowledge(frame)
    await until(lambda: kinds(ding) == ["ack_repeated"])


async def test_an_acknowledgement_on_another_connection_is_noticed(
    ding: DingTalkEmulator, app: App, alice: User, link: RawStream, session: aiohttp.ClientSession
) -> None:
    await alice.says("hi")
    frame = await link.frame()
    other = await opened(ding, app, session)
    await other.acknowledge(frame)
    await until(lambda: kinds(ding) == ["ack_unknown"])
    await other.close()


async def test_frames_are_text(ding: DingTalkEmulator, link: RawStream) -> None:
    await link.socket.send_bytes(b"{}")
    await link.socket.send_str("[]")
    await until(lambda: kinds(ding) == ["binary_frame", "bad_ack"])


# --- pings ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def pinging(ding: DingTalkEmulator) -> EmulatorSettings:
    ding.settings.ping_interval = 0.02
    ding.settings.ping_timeout = 0.05
    return ding.settings


async def test_pings_are_answered_with_their_opaque(
    ding: DingTalkEmulator, app: App, pinging: EmulatorSettings, session: aiohttp.ClientSession
) -> None:
    pinging.ping_timeout = 60.0
    link = await opened(ding, app, session)
    link.answers_pings = False
    frame = await link.frame()
    assert (frame["type"], frame["headers"]["topic"], set(json.loads(frame["data"]))) == ("SYSTEM", "ping", {"opaque"})
    await link.acknowledge(frame, json.loads(frame["data"]))
    await until(lambda: ding.stats.pongs == 1)
    assert ding.violations == []
    await link.acknowledge(await link.frame(), {"opaque": "another"})
    await until(lambda: kinds(ding) == ["ping_opaque"])
    await link.close()


async def test_a_ping_without_an_answer_is_noticed(
    ding: DingTalkEmulator, app: App, pinging: EmulatorSettings, session: aiohttp.ClientSession
) -> None:
    link = await opened(ding, app, session)
    await until(lambda: "ping_unanswered" in kinds(ding))
    await link.close()


async def test_pings_can_be_left_out(
    ding: DingTalkEmulator, app: App, pinging: EmulatorSettings, session: aiohttp.ClientSession
) -> None:
    with ding.faults.skip_pings() as fault:
        link = await opened(ding, app, session)
        await until(lambda: fault.hits > 3)
        assert ding.stats.pings == 0
    await until(lambda: ding.stats.pings > 0)
    await link.close()


# --- the planned end --------------------------------------------------------------------------------------------------


async def test_after_a_disconnect_nothing_comes_over_the_connection_and_it_ends(
    ding: DingTalkEmulator, app: App, alice: User, link: RawStream, session: aiohttp.ClientSession
) -> None:
    ding.settings.disconnect_linger = 0.3
    before = await alice.says("before")
    read = await link.frame()
    assert await ding.disconnect(app) == 1
    assert ding.connections(app) == 0
    frame = await link.frame()
    assert (frame["type"], frame["headers"]["topic"]) == ("SYSTEM", "disconnect")
    assert json.loads(frame["data"]) == {"reason": "connection is expired"}
    lost = await alice.says("in between")
    assert not await lost.taken()
    second = await opened(ding, app, session)
    after = await alice.says("after")
    assert (await second.message())["text"]["content"] == "after"
    assert await after.taken()
    await link.acknowledge(read)
    assert await before.taken(), "what was read before can still be acknowledged"
    await link.ended()
    await until(lambda: ding.stats.disconnects == 1)
    await second.close()


async def test_of_two_connections_the_other_takes_everything(
    ding: DingTalkEmulator, app: App, alice: User, session: aiohttp.ClientSession
) -> None:
    links = [await opened(ding, app, session) for _ in range(2)]
    assert await ding.disconnect(app, count=1) == 1
    await links[0].ended()
    for number in range(10):
        await alice.says(str(number))
        assert (await links[1].message())["text"]["content"] == str(number)
    await links[1].close()


async def test_a_grace_lets_messages_come_while_there_is_no_other_connection(
    ding: DingTalkEmulator, app: App, alice: User, link: RawStream, session: aiohttp.ClientSession
) -> None:
    ding.settings.drain_grace = 60.0
    ding.settings.disconnect_linger = 60.0
    await ding.disconnect(app)
    await link.frame()
    await alice.says("still here")
    assert (await link.message())["text"]["content"] == "still here"
    second = await opened(ding, app, session)
    await alice.says("better there")
    assert (await second.message())["text"]["content"] == "better there"
    await second.close()


async def test_stopping_ends_all_connections(settings: EmulatorSettings, session: aiohttp.ClientSession) -> None:
    settings.redelivery = (60.0,)
    async with DingTalkEmulator(settings=settings) as ding:
        app = ding.add_app()
        link = await opened(ding, app, session)
        await ding.disconnect(app)
        ding.push_event(app, "chat_update_title", {})
        ding.faults.drop_every(60)
    await link.ended()


# --- events -----------------------------------------------------------------------------------------------------------

SUCCESS = {"status": "SUCCESS", "message": "success"}


async def test_an_event_is_taken_with_success(ding: DingTalkEmulator, app: App, link: RawStream) -> None:
    event = ding.push_event(app, "user_add_org", {"userId": ["alice"]}, event_id="e-1")
    frame = await link.frame()
    headers = frame["headers"]
    assert set(headers) == {
        "appId",
        "connectionId",
        "contentType",
        "eventBornTime",
        "eventCorpId",
        "eventId",
        "eventType",
        "eventUnifiedAppId",
        "messageId",
        "time",
        "topic",
    }
    assert (frame["type"], headers["topic"], headers["eventType"]) == ("EVENT", "*", "user_add_org")
    assert (headers["eventId"], headers["eventCorpId"]) == ("e-1", ding.corp_id)
    assert json.loads(frame["data"]) == {"userId": ["alice"]}
    await link.acknowledge(frame, SUCCESS)
    assert await event.taken()
    assert (event.sendings, ding.stats.events_taken, ding.stats.events_repeated) == (1, 1, 0)
    assert ding.violations == []


@pytest.mark.parametrize("answer", ["LATER", "an error", "nothing"])
async def test_an_event_comes_again_until_it_is_taken(
    ding: DingTalkEmulator, app: App, link: RawStream, answer: str
) -> None:
    event = ding.push_event(app, "chat_update_title", {})
    first = await link.frame()
    if answer == "LATER":
        await link.acknowledge(first, {"status": "LATER", "message": "not now"})
    elif answer == "an error":
        await link.acknowledge(first, code=500)
    second = await link.frame()
    assert second["headers"]["eventId"] == first["headers"]["eventId"] == event.event_id
    assert second["headers"]["messageId"] != first["headers"]["messageId"]
    await link.acknowledge(second, SUCCESS)
    assert await event.taken()
    assert (event.sendings, ding.stats.events_repeated) == (2, 1)
    assert ding.violations == []


async def test_an_event_without_a_status_is_noticed_and_comes_again(
    ding: DingTalkEmulator, app: App, link: RawStream
) -> None:
    ding.push_event(app, "chat_update_title", {})
    await link.acknowledge(await link.frame())
    await link.acknowledge(await link.frame(), SUCCESS)
    assert kinds(ding) == ["event_status"]


async def test_an_event_waits_for_a_connection(
    ding: DingTalkEmulator, app: App, session: aiohttp.ClientSession
) -> None:
    ding.settings.redelivery = (0.05,) * 200
    event = ding.push_event(app, "chat_update_title", {})
    link = await opened(ding, app, session)
    await link.acknowledge(await link.frame(), SUCCESS)
    assert await event.taken()
    await link.close()


async def test_an_event_is_given_up_at_last(ding: DingTalkEmulator, app: App, link: RawStream) -> None:
    event = ding.push_event(app, "chat_update_title", {})
    assert not await event.taken()
    assert event.sendings == 3
    assert ding.stats.events_given_up == 1


async def test_an_event_moves_to_another_connection(
    ding: DingTalkEmulator, app: App, link: RawStream, session: aiohttp.ClientSession
) -> None:
    event = ding.push_event(app, "chat_update_title", {})
    await link.frame()
    ding.faults.drop_connections()
    await until(lambda: ding.connections(app) == 0)
    second = await opened(ding, app, session)
    await second.acknowledge(await second.frame(), SUCCESS)
    assert await event.taken()
    await second.close()


# --- faults -----------------------------------------------------------------------------------------------------------


async def test_a_half_open_connection_gets_and_says_nothing(
    ding: DingTalkEmulator, app: App, alice: User, link: RawStream
) -> None:
    with ding.faults.half_open(app) as fault:
        assert fault.hits == 1
        sent = await alice.says("hi")
        with pytest.raises(TimeoutError):
            await link.frame(timeout=0.2)
        assert not sent.outcome.done()
    assert (await link.message())["text"]["content"] == "hi"
    assert await sent.taken()


async def test_doors_can_be_closed(ding: DingTalkEmulator, app: App, session: aiohttp.ClientSession) -> None:
    ding.faults.refuse_open("Forbidden.AccessDenied", 403)
    status, answer = await open_connection(session, ding.base_url, app)
    assert (status, answer["code"]) == (403, "Forbidden.AccessDenied")
    ding.faults.refuse_handshake(503)
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await RawStream.open(session, ding.base_url, app)
    assert refused.value.status == 503
    link = await opened(ding, app, session)
    await link.close()


async def test_connections_can_be_cut_again_and_again(
    ding: DingTalkEmulator, app: App, session: aiohttp.ClientSession
) -> None:
    with ding.faults.drop_every(0.02) as fault:
        for _ in range(2):
            link = await RawStream.open(session, ding.base_url, app)
            await link.ended()
        assert fault.hits == 2
    link = await opened(ding, app, session)
    await asyncio.sleep(0.1)
    assert ding.connections(app) == 1
    await link.close()


async def test_frames_can_come_twice_and_each_may_be_acknowledged(
    ding: DingTalkEmulator, app: App, alice: User, link: RawStream
) -> None:
    ding.faults.duplicate_events(1, times=1)
    await alice.says("hi")
    first, second = await link.frame(), await link.frame()
    assert first == second
    await link.acknowledge(first)
    await link.acknowledge(second)
    await alice.says("once")
    assert (await link.message())["text"]["content"] == "once"
    assert ding.violations == []
    await link.acknowledge(first)
    await until(lambda: kinds(ding) == ["ack_repeated"])


async def test_frames_can_come_late(ding: DingTalkEmulator, app: App, alice: User, link: RawStream) -> None:
    ding.faults.delay_events(0.1, times=1)
    await alice.says("late")
    await alice.says("in time")
    assert [(await link.message())["text"]["content"] for _ in range(2)] == ["in time", "late"]


async def test_anything_can_be_written(ding: DingTalkEmulator, app: App, link: RawStream) -> None:
    raw = {"specVersion": "2.0", "type": "CALLBACK", "headers": {"topic": BOT[1], "messageId": "m-1"}, "data": "{"}
    assert ding.faults.send_raw(app, json.dumps(raw)) == 1
    frame = await link.frame()
    assert frame == raw
    await link.acknowledge(frame, code=400)
    await link.acknowledge(frame, code=400)
    ding.faults.send_raw(app, "no JSON")
    assert (await link.socket.receive()).data == "no JSON"
    assert ding.violations == []
