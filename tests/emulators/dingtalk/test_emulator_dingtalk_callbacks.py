"""HTTP callbacks: signed robot messages, encrypted events, and requests that are not as they should be."""

import time
from collections.abc import AsyncIterator

import pytest
from dingtalk_raw_org import Org, Server, organisation, serving

from imbridge.emulators.dingtalk import CallbackRefusedError, Forged


@pytest.fixture
async def org() -> AsyncIterator[Org]:
    async with organisation() as opened:
        yield opened


@pytest.fixture
async def server(org: Org) -> AsyncIterator[Server]:
    async with serving(org.app) as opened:
        yield opened


async def both(org: Org, server: Server) -> None:
    await org.ding.set_callback(org.app, f"{server.url}/robot", events_url=f"{server.url}/events")


async def test_a_message_is_posted_and_signed(org: Org, server: Server) -> None:
    await both(org, server)
    sent = await org.alice.says("hi")
    assert await sent.taken()
    assert server.messages == [sent.data]
    assert abs(int(server.message_headers[0]["timestamp"]) / 1000 - time.time()) < 3600
    assert (org.ding.stats.messages_taken, org.ding.stats.frames_sent) == (1, 0)


async def test_a_message_that_is_refused_is_lost(org: Org, server: Server) -> None:
    await both(org, server)
    server.status = 500
    sent = await org.alice.says("hi")
    assert not await sent.taken()
    assert sent.lost
    assert (len(server.messages), org.ding.stats.callbacks_refused) == (1, 1)


async def test_nobody_at_the_address(org: Org) -> None:
    await org.ding.set_callback(org.app, "http://127.0.0.1:1/robot")
    assert not await (await org.alice.says("hi")).taken()
    assert org.ding.stats.callbacks_timed_out == 1


async def test_the_address_proves_itself(org: Org, server: Server) -> None:
    await both(org, server)
    assert server.events == [{"EventType": "check_url"}]
    assert server.queries[0]["signature"] == server.queries[0]["msg_signature"]
    assert (await org.ding.callbacks.verify(org.app)).plain == "success"


async def test_an_address_that_answers_something_else_is_not_taken(org: Org, server: Server) -> None:
    server.answer = "ok"
    with pytest.raises(CallbackRefusedError, match="check_url"):
        await both(org, server)
    server.answer, server.break_signature = "success", True
    with pytest.raises(CallbackRefusedError, match="check_url"):
        await both(org, server)
    assert org.kinds() == ["callback_answer_signature"]
    with pytest.raises(RuntimeError, match="call set_callback first"):
        await org.ding.callbacks.replay_event(org.app)


async def test_an_address_that_is_too_slow_is_not_taken(org: Org, server: Server) -> None:
    org.ding.settings.callback_timeout, server.delay = 0.05, 0.5
    with pytest.raises(CallbackRefusedError, match="TimeoutError"):
        await both(org, server)


async def test_an_event_is_posted_with_its_head_beside_the_data(org: Org, server: Server) -> None:
    await both(org, server)
    pushed = org.ding.push_event(org.app, "chat_update_title", {"title": "New"})
    assert await pushed.taken()
    event = server.events[-1]
    assert (event["EventType"], event["CorpId"]) == ("chat_update_title", org.ding.corp_id)
    assert (event["eventId"], event["title"]) == (pushed.event_id, "New")
    assert sorted(event) == ["BizId", "CorpId", "EventTime", "EventType", "eventId", "title"]
    assert org.ding.stats.frames_sent == 0


async def test_an_event_that_is_not_answered_rightly_comes_again(org: Org, server: Server) -> None:
    await both(org, server)
    org.ding.settings.redelivery = (0.05, 0.05)
    server.refuse = 2
    pushed = org.ding.push_event(org.app, "user_add_org", {"userId": ["x"]})
    assert await pushed.taken()
    assert [event.get("eventId") for event in server.events[1:]] == [pushed.event_id] * 3
    assert (pushed.sendings, org.ding.stats.events_repeated, org.ding.stats.callbacks_refused) == (3, 2, 2)


async def test_in_the_end_the_platform_gives_up(org: Org, server: Server) -> None:
    await both(org, server)
    org.ding.settings.redelivery = (0.05, 0.05)
    server.refuse = 99
    pushed = org.ding.push_event(org.app, "user_add_org", {"userId": ["x"]})
    assert not await pushed.taken()
    assert (pushed.sendings, org.ding.stats.events_given_up) == (3, 1)


async def test_an_answer_in_plain_text_does_not_count(org: Org, server: Server) -> None:
    await both(org, server)
    await org.ding.set_callback(org.app, "", events_url=f"{server.url}/card", verify=False)
    org.ding.settings.redelivery = (0.05, 0.05)
    assert not await org.ding.push_event(org.app, "user_add_org", {}).taken()


@pytest.mark.parametrize(
    ("forged", "status"),
    [
        (Forged(), 200),
        (Forged(signature="wrong"), 403),
        (Forged(signature="missing"), 403),
        (Forged(secret="another"), 403),
        (Forged(without=("timestamp",)), 403),
        (Forged(body=b'{"text": "not signed"}'), 200),  # the platform's signature does not cover the body
    ],
)
async def test_single_messages_that_are_forged(org: Org, server: Server, forged: Forged, status: int) -> None:
    await both(org, server)
    answer = await org.ding.callbacks.send_message(org.app, {"msgtype": "text"}, forged)
    assert answer.status == status


async def test_a_message_of_another_time(org: Org, server: Server) -> None:
    await both(org, server)
    await org.ding.callbacks.send_message(org.app, {}, Forged(age=7200))
    assert time.time() - int(server.message_headers[0]["timestamp"]) / 1000 > 7100
    await org.ding.callbacks.send_message(org.app, {}, Forged(timestamp="soon"))
    assert server.message_headers[1]["timestamp"] == "soon"


@pytest.mark.parametrize(
    ("forged", "status"),
    [
        (Forged(), 200),
        (Forged(signature="wrong"), 403),
        (Forged(signature="missing"), 403),
        (Forged(token="another-token"), 403),
        (Forged(without=("nonce",)), 403),
        (Forged(receive_id="dingOther"), 400),
        (Forged(aes_key="A" * 43), 400),
        (Forged(padding=b"\x00"), 400),
        (Forged(encrypt="AAAA"), 400),
    ],
)
async def test_single_events_that_are_forged(org: Org, server: Server, forged: Forged, status: int) -> None:
    await both(org, server)
    answer = await org.ding.callbacks.send_event(org.app, {"EventType": "check_in"}, forged)
    assert (answer.status, answer.plain) == (status, "success" if status == 200 else None)


async def test_the_last_request_once_more_byte_by_byte(org: Org, server: Server) -> None:
    await both(org, server)
    await (await org.alice.says("hi")).taken()
    await org.ding.push_event(org.app, "check_in", {}).taken()
    assert (await org.ding.callbacks.replay_message(org.app)).status == 200
    assert (await org.ding.callbacks.replay_event(org.app)).status == 200
    assert server.messages[0] == server.messages[1]
    assert server.queries[-1] == server.queries[-2]
    assert server.message_headers[0]["sign"] == server.message_headers[1]["sign"]


async def test_without_an_address_there_is_nothing_to_forge(org: Org) -> None:
    with pytest.raises(RuntimeError, match="call set_callback first"):
        await org.ding.callbacks.send_message(org.app, {})


async def test_messages_over_http_and_events_over_the_stream(org: Org, server: Server) -> None:
    await org.ding.set_callback(org.app, f"{server.url}/robot")
    async with org.stream() as stream:
        assert await org.ding.push_event(org.app, "check_in", {}).taken()
        assert await (await org.alice.says("hi")).taken()
    assert [frame["type"] for frame in stream.frames] == ["EVENT"]
    assert len(server.messages) == 1


async def test_duplicated_and_delayed(org: Org, server: Server) -> None:
    await both(org, server)
    with org.ding.faults.duplicate_events(1):
        await (await org.alice.says("twice")).taken()
    with org.ding.faults.delay_events(0.01):
        assert await org.ding.push_event(org.app, "check_in", {}).taken()
    assert {message["text"]["content"] for message in server.messages} == {"twice"}
    assert org.ding.stats.callback_requests == 3
