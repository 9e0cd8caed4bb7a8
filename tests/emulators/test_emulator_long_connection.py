"""The long connection, seen by a client that controls every frame."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from feishu_raw_client import Bot, Link, until

from imbridge.emulators.feishu import App, Chat, EmulatorSettings, FeishuEmulator, User
from imbridge.emulators.feishu import frame as frames
from leap import Leap


async def refused(bot: Bot, url: str) -> dict[str, str]:
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        await bot.open(url)
    headers = caught.value.headers
    assert headers is not None
    return {name: headers[name] for name in ("handshake-status", "handshake-msg", "handshake-autherrcode")}


async def test_endpoint_gives_a_url_and_the_client_config(feishu: FeishuEmulator, bot: Bot) -> None:
    answer = await bot.endpoint()
    assert answer["code"] == 0
    assert answer["data"]["URL"].startswith(feishu.base_url.replace("http", "ws") + "/ws/v2?device_id=")
    config = {"ReconnectCount": -1, "ReconnectInterval": 1, "ReconnectNonce": 0, "PingInterval": 120}
    assert answer["data"]["ClientConfig"] == config


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"AppSecret": "wrong"}, 514), ({"AppID": "cli_nobody"}, 514), ({"AppSecret": ""}, 1000040344)],
)
async def test_endpoint_refuses_wrong_credentials(bot: Bot, changes: dict[str, str], code: int) -> None:
    assert (await bot.endpoint(**changes))["code"] == code


async def test_ticket_works_once(feishu: FeishuEmulator, bot: Bot) -> None:
    url = await bot.url()
    await bot.open(url)
    assert (await refused(bot, url))["handshake-status"] == "514"
    assert [one.kind for one in feishu.violations] == ["ticket"]


async def test_ticket_expires(feishu: FeishuEmulator, settings: EmulatorSettings, bot: Bot) -> None:
    settings.ticket_lifetime = 0.0
    url = await bot.url()
    await asyncio.sleep(0.01)
    assert (await refused(bot, url))["handshake-msg"] == "ticket expired"


async def test_connections_are_limited(settings: EmulatorSettings, bot: Bot) -> None:
    settings.max_connections = 2
    await bot.connect()
    await bot.connect()
    headers = await refused(bot, await bot.url())
    assert (headers["handshake-status"], headers["handshake-autherrcode"]) == ("514", "1000040350")


async def test_changed_url_is_refused(feishu: FeishuEmulator, bot: Bot) -> None:
    url = (await bot.url()).replace("access_key=", "access_key=0")
    assert (await refused(bot, url))["handshake-status"] == "514"
    assert [one.kind for one in feishu.violations] == ["connection_url"]


async def test_ping_is_answered_with_the_config_and_a_changed_one_comes_with_the_next(
    feishu: FeishuEmulator, app: App, bot: Bot
) -> None:
    link = await bot.connect()
    await link.ping()
    pong = await link.frame()
    assert (pong.method, frames.headers_of(pong)) == (0, {"type": "pong"})
    assert json.loads(pong.payload)["PingInterval"] == 120
    feishu.push_client_config(app, {"PingInterval": 7})
    await link.ping()
    assert json.loads((await link.frame()).payload) == {
        "ReconnectCount": -1,
        "ReconnectInterval": 1,
        "ReconnectNonce": 0,
        "PingInterval": 7,
    }
    assert feishu.stats.pings == 2
    assert feishu.violations == []


async def test_wrong_service_id_in_a_ping_is_a_violation(feishu: FeishuEmulator, bot: Bot) -> None:
    link = await bot.connect()
    await link.ping(service=1)
    await link.frame()
    assert [one.kind for one in feishu.violations] == ["ping_service"]


async def test_text_event_has_the_platforms_shape(
    feishu: FeishuEmulator, app: App, alice: User, chat: Chat, bot: Bot
) -> None:
    link = await bot.connect()
    sent = await alice.says("hi", chat=chat)
    frame, payload = await link.event()
    await link.ack(frame)
    headers = frames.headers_of(frame)
    assert set(headers) >= {"type", "message_id", "sum", "seq", "trace_id", "timestamp"}
    assert (headers["type"], headers["sum"], headers["seq"]) == ("event", "1", "0")
    assert payload["schema"] == "2.0"
    assert payload["header"] == {
        "event_id": sent.event_id,
        "token": "vt",
        "create_time": payload["header"]["create_time"],
        "event_type": "im.message.receive_v1",
        "tenant_key": feishu.settings.tenant_key,
        "app_id": app.app_id,
    }
    ids = {"open_id": alice.open_id, "user_id": alice.user_id, "union_id": alice.union_id}
    tenant_key = feishu.settings.tenant_key
    assert payload["event"]["sender"] == {"sender_id": ids, "sender_type": "user", "tenant_key": tenant_key}
    assert payload["event"]["message"] == {
        "message_id": sent.message_id,
        "create_time": str(sent.create_time),
        "update_time": str(sent.create_time),
        "chat_id": chat.chat_id,
        "chat_type": "p2p",
        "message_type": "text",
        "content": '{"text":"hi"}',
    }
    await until(lambda: feishu.stats.acks_ok == 1)
    assert feishu.violations == []


async def test_large_payload_comes_in_parts_and_one_ack_is_enough(
    feishu: FeishuEmulator, settings: EmulatorSettings, alice: User, bot: Bot
) -> None:
    settings.split_size = 500
    link = await bot.connect()
    await alice.says("好" * 2000)
    frame, payload = await link.event()
    assert int(frames.headers_of(frame)["sum"]) > 10
    assert json.loads(payload["event"]["message"]["content"])["text"] == "好" * 2000
    await link.ack(frame)
    await until(lambda: feishu.stats.acks_ok == 1)
    assert feishu.unacknowledged_events(next(iter(feishu.world.directory.apps.values()))) == 0
    assert feishu.violations == []


async def test_unacknowledged_event_comes_again_by_the_schedule_and_then_no_more(
    feishu: FeishuEmulator, alice: User, bot: Bot
) -> None:
    feishu.settings.ack_timeout = 0.15
    link = await bot.connect()
    sent = await alice.says("hi")
    seen = [await link.event() for _ in range(3)]
    assert {payload["header"]["event_id"] for _, payload in seen} == {sent.event_id}
    assert len({frames.headers_of(frame)["message_id"] for frame, _ in seen}) == 1
    assert len({payload["event"]["message"]["message_id"] for _, payload in seen}) == 1
    await until(lambda: feishu.stats.events_given_up == 1)
    assert (feishu.stats.events_redelivered, feishu.stats.ack_timeouts) == (2, 3)
    assert {one.kind for one in feishu.violations} == {"ack_timeout"}


async def test_event_acknowledged_with_500_comes_again(feishu: FeishuEmulator, alice: User, bot: Bot) -> None:
    link = await bot.connect()
    await alice.says("hi")
    frame, first = await link.event()
    await link.ack(frame, 500, biz_rt=False)
    _, second = await link.event()
    assert second == first
    assert (feishu.stats.acks_failed, feishu.stats.events_redelivered) == (1, 1)
    assert feishu.violations == []


async def test_acknowledged_events_are_in_the_order_in_which_they_were_taken(
    feishu: FeishuEmulator, app: App, alice: User, bot: Bot
) -> None:
    link = await bot.connect()
    first, second = await alice.says("first"), await alice.says("second")
    refused, _ = await link.event()
    await link.ack(refused, 500)
    taken, _ = await link.event()
    await link.ack(taken)
    again, _ = await link.event()
    await link.ack(again)
    await until(lambda: len(feishu.acknowledged_events(app)) == 2)
    assert list(feishu.acknowledged_events(app).items()) == [(second.event_id, 0), (first.event_id, 1)]


async def test_late_ack_is_a_violation_and_does_not_stop_the_redelivery(
    feishu: FeishuEmulator, settings: EmulatorSettings, alice: User, bot: Bot
) -> None:
    settings.ack_timeout, settings.redelivery = 0.15, (0.3,)
    link = await bot.connect()
    await alice.says("hi")
    frame, _ = await link.event()
    await until(lambda: feishu.stats.ack_timeouts == 1)
    settings.ack_timeout = 20
    await link.ack(frame)
    await until(lambda: feishu.stats.acks_late == 1)
    await link.acked_event()
    assert [one.kind for one in feishu.violations] == ["ack_timeout", "ack_late"]


Misbehaviour = Callable[[Link, Any], Awaitable[None]]


async def bad_json(link: Link, frame: Any) -> None:
    await link.ack(frame, payload=b"ok")


async def no_biz_rt(link: Link, frame: Any) -> None:
    await link.ack(frame, biz_rt=False)


async def twice(link: Link, frame: Any) -> None:
    await link.ack(frame)
    await link.ack(frame)


async def unknown(link: Link, frame: Any) -> None:
    await link.ack(frame)
    headers = {"type": "event", "message_id": "0", "trace_id": "1", "biz_rt": "1"}
    data = frames.encode(method=1, service=link.service_id, headers=headers, payload=b'{"code":200}')
    await link.socket.send_bytes(data)


async def garbage(link: Link, frame: Any) -> None:
    await link.ack(frame)
    await link.socket.send_bytes(b"\xff\xff\xff")


async def text(link: Link, frame: Any) -> None:
    await link.ack(frame)
    await link.socket.send_str("{}")


@pytest.mark.parametrize(
    ("misbehave", "kind"),
    [
        (bad_json, "bad_ack"),
        (no_biz_rt, "ack_without_biz_rt"),
        (twice, "ack_repeated"),
        (unknown, "ack_unknown"),
        (garbage, "bad_frame"),
        (text, "text_message"),
    ],
)
async def test_broken_rules_are_noted(
    feishu: FeishuEmulator, alice: User, bot: Bot, misbehave: Misbehaviour, kind: str
) -> None:
    link = await bot.connect()
    await alice.says("hi")
    frame, _ = await link.event()
    await misbehave(link, frame)
    await until(lambda: feishu.violations)
    assert feishu.violations[0].kind == kind


async def test_events_wait_for_a_connection_in_order(feishu: FeishuEmulator, app: App, alice: User, bot: Bot) -> None:
    for number in range(5):
        await alice.says(str(number))
    assert feishu.waiting_events(app) == 5
    link = await bot.connect()
    texts = [json.loads((await link.acked_event())["event"]["message"]["content"])["text"] for _ in range(5)]
    assert texts == ["0", "1", "2", "3", "4"]


async def test_waiting_events_are_bounded(
    feishu: FeishuEmulator, settings: EmulatorSettings, app: App, alice: User, bot: Bot
) -> None:
    settings.queue_limit = 3
    for number in range(5):
        await alice.says(str(number))
    assert (feishu.waiting_events(app), feishu.stats.events_dropped) == (3, 2)
    link = await bot.connect()
    assert json.loads((await link.acked_event())["event"]["message"]["content"])["text"] == "2"


async def test_unacknowledged_events_of_a_dead_connection_come_first_on_the_next(
    feishu: FeishuEmulator, settings: EmulatorSettings, app: App, alice: User, bot: Bot
) -> None:
    settings.ack_timeout = 30
    link = await bot.connect()
    for number in range(3):
        await alice.says(str(number))
    frame, _ = await link.event()
    await link.ack(frame)
    await until(lambda: feishu.stats.acks_ok == 1)
    await link.socket.close()
    await until(lambda: feishu.connections(app) == 0)
    await alice.says("3")
    again = await bot.connect()
    texts = [json.loads((await again.acked_event())["event"]["message"]["content"])["text"] for _ in range(3)]
    assert texts == ["1", "2", "3"]
    assert feishu.stats.events_redelivered == 2


async def test_without_redelivery_on_reconnect_the_schedule_decides(
    feishu: FeishuEmulator, settings: EmulatorSettings, app: App, alice: User, bot: Bot, leap: Leap
) -> None:
    settings.ack_timeout, settings.redeliver_on_reconnect, settings.redelivery = 30, False, (10,)
    link = await bot.connect()
    await alice.says("old")
    await link.event()
    await link.socket.close()
    await until(lambda: feishu.connections(app) == 0)
    again = await bot.connect()
    await alice.says("new")
    texts = []
    for _ in range(2):
        texts.append(json.loads((await again.acked_event())["event"]["message"]["content"])["text"])
        leap(10)
    assert texts == ["new", "old"]


async def test_each_event_goes_to_one_connection(feishu: FeishuEmulator, alice: User, bot: Bot) -> None:
    links = [await bot.connect(), await bot.connect()]
    got: list[list[str]] = [[], []]

    async def listen(index: int) -> None:
        while True:
            payload = await links[index].acked_event(30)
            got[index].append(payload["header"]["event_id"])

    tasks = [asyncio.create_task(listen(index)) for index in range(2)]
    sent = [(await alice.says(str(number))).event_id for number in range(20)]
    await until(lambda: len(got[0]) + len(got[1]) == 20)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert sorted(got[0] + got[1]) == sorted(sent)
    assert got[0]
    assert got[1]


async def test_apps_do_not_get_each_others_events(
    feishu: FeishuEmulator, alice: User, bot: Bot, session: aiohttp.ClientSession
) -> None:
    other = feishu.add_app(name="Other")
    other_bot = Bot(session, feishu.base_url, other.app_id, other.app_secret)
    link, other_link = await bot.connect(), await other_bot.connect()
    await alice.says("for the other", chat=other)
    payload = await other_link.acked_event()
    assert payload["header"]["app_id"] == other.app_id
    assert payload["event"]["sender"]["sender_id"]["open_id"] == alice.open_id_for(other) != alice.open_id
    with pytest.raises(TimeoutError):
        await link.frame(timeout=0.1)
    await other_bot.close()


async def test_stop_is_clean_with_connections_open(settings: EmulatorSettings, session: aiohttp.ClientSession) -> None:
    async with FeishuEmulator(settings=settings) as feishu:
        app = feishu.add_app()
        bot = Bot(session, feishu.base_url, app.app_id, app.app_secret)
        link = await bot.connect()
        await feishu.add_user("Bob").says("never acknowledged")
        await link.event()
        feishu.faults.half_open()
    assert await link.is_closed()
    await bot.close()
    left = [task.get_name() for task in asyncio.all_tasks() if task.get_name().startswith("feishu-emulator")]
    assert left == []
