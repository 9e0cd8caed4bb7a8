"""Every fault: that it strikes, that it is counted, that it ends."""

import asyncio
import json

import aiohttp
import pytest
from feishu_cards import CardBot, card, markdown
from feishu_raw_client import Bot, Link, raises_nothing_else, until

from imbridge.emulators.feishu import App, Chat, EmulatorSettings, FeishuEmulator, User
from imbridge.emulators.feishu import frame as frames
from leap import Leap


async def text_of(link: Link) -> str:
    payload = await link.acked_event()
    text: str = json.loads(payload["event"]["message"]["content"])["text"]
    return text


async def test_drop_connections(feishu: FeishuEmulator, app: App, bot: Bot) -> None:
    links = [await bot.connect(), await bot.connect()]
    other = feishu.add_app()
    assert feishu.faults.drop_connections(other) == 0
    assert feishu.faults.drop_connections(app) == 2
    assert [await link.is_closed() for link in links] == [True, True]
    await until(lambda: feishu.stats.disconnects == 2)


async def test_drop_every(feishu: FeishuEmulator, app: App, bot: Bot) -> None:
    with feishu.faults.drop_every(0.05) as fault:
        for _ in range(3):
            assert await (await bot.connect()).is_closed()
        assert fault.hits == 3
    link = await bot.connect()
    await asyncio.sleep(0.12)
    await link.ping()
    await link.frame()
    assert feishu.connections(app) == 1


async def test_half_open_answers_no_ping_and_gets_its_events_back_elsewhere(
    feishu: FeishuEmulator, settings: EmulatorSettings, app: App, alice: User, bot: Bot
) -> None:
    link = await bot.connect()
    await link.ping()
    await link.frame()
    fault = feishu.faults.half_open(app)
    await alice.says("lost")
    await link.ping()
    with pytest.raises(TimeoutError):
        await link.frame(timeout=0.2)
    assert feishu.connections(app) == 1
    assert (feishu.stats.pings, fault.hits) == (1, 1)
    again = await bot.connect()
    assert feishu.connections(app) == 1
    assert await text_of(again) == "lost"
    await again.ping()
    await again.frame()
    assert feishu.violations == []


async def test_half_open_can_heal(feishu: FeishuEmulator, bot: Bot) -> None:
    link = await bot.connect()
    with feishu.faults.half_open():
        await link.ping()
        with pytest.raises(TimeoutError):
            await link.frame(timeout=0.1)
    assert frames.headers_of(await link.frame())["type"] == "pong"


async def test_delay_events(feishu: FeishuEmulator, alice: User, bot: Bot, leap: Leap) -> None:
    link = await bot.connect()
    with feishu.faults.delay_events(5, times=1) as fault:
        await alice.says("late")
        await alice.says("early")
        assert await text_of(link) == "early"
        leap(5)
        assert await text_of(link) == "late"
        assert (fault.hits, feishu.faults.active) == (1, False)


async def test_duplicate_events(feishu: FeishuEmulator, alice: User, bot: Bot) -> None:
    link = await bot.connect()
    with feishu.faults.duplicate_events(2):
        await alice.says("thrice")
        payloads = [await link.acked_event() for _ in range(3)]
    assert payloads[0] == payloads[1] == payloads[2]
    await alice.says("once")
    assert await text_of(link) == "once"
    await until(lambda: feishu.stats.acks_ok == 2)
    assert feishu.violations == []


async def test_both_copies_of_a_duplicate_may_be_refused(feishu: FeishuEmulator, alice: User, bot: Bot) -> None:
    link = await bot.connect()
    with feishu.faults.duplicate_events(1, times=1):
        await alice.says("twice")
    for _ in range(2):
        frame, _ = await link.event()
        await link.ack(frame, 500, biz_rt=False)
    await link.acked_event()
    await until(lambda: feishu.stats.acks_ok == 1)
    assert (feishu.stats.acks_failed, feishu.stats.events_redelivered) == (1, 1)
    assert feishu.violations == []


async def test_reorder_events(feishu: FeishuEmulator, alice: User, bot: Bot) -> None:
    link = await bot.connect()
    with feishu.faults.reorder_events(times=1):
        for number in range(3):
            await alice.says(str(number))
    assert [await text_of(link) for _ in range(3)] == ["1", "0", "2"]
    with feishu.faults.reorder_events():
        await alice.says("alone")
        assert await text_of(link) == "alone"


async def test_split_frames(feishu: FeishuEmulator, alice: User, bot: Bot) -> None:
    link = await bot.connect()
    with feishu.faults.split_frames(4, times=1):
        await alice.says("in parts")
        frame, payload = await link.event()
    assert frames.headers_of(frame)["sum"] == "4"
    assert json.loads(payload["event"]["message"]["content"]) == {"text": "in parts"}
    await link.ack(frame)
    await until(lambda: feishu.stats.acks_ok == 1)


async def test_send_raw(feishu: FeishuEmulator, app: App, bot: Bot) -> None:
    link = await bot.connect()
    assert feishu.faults.send_raw(app, b"\x00hostile") == 1
    assert (await link.socket.receive(timeout=1)).data == b"\x00hostile"


@pytest.mark.parametrize(("code", "status", "auth"), [(514, "514", "514"), (403, "403", "403")])
async def test_refuse_handshake(feishu: FeishuEmulator, bot: Bot, code: int, status: str, auth: str) -> None:
    fault = feishu.faults.refuse_handshake(code)
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        await bot.connect()
    assert caught.value.headers is not None
    assert caught.value.headers["handshake-status"] == status
    assert caught.value.headers["handshake-autherrcode"] == auth
    await bot.connect()
    assert (fault.hits, feishu.stats.handshakes_refused) == (1, 1)


async def test_refuse_handshake_for_too_many_connections(feishu: FeishuEmulator, bot: Bot) -> None:
    feishu.faults.refuse_handshake(1000040350)
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        await bot.connect()
    assert caught.value.headers is not None
    assert caught.value.headers["handshake-status"] == "514"
    assert caught.value.headers["handshake-autherrcode"] == "1000040350"


async def test_refuse_endpoint(feishu: FeishuEmulator, app: App, bot: Bot) -> None:
    feishu.faults.refuse_endpoint(1000040343, times=2)
    codes = [(await bot.endpoint())["code"] for _ in range(3)]
    assert codes == [1000040343, 1000040343, 0]


async def test_http_fail(feishu: FeishuEmulator, chat: Chat, bot: Bot) -> None:
    await bot.fresh_token()
    html = "<html>Bad Gateway</html>"
    feishu.faults.http_fail("*/im/v1/messages*", 502, body=html, headers={"Content-Type": "text/html"}, method="POST")
    url = f"{feishu.base_url}/open-apis/im/v1/messages?receive_id_type=chat_id"
    async with bot.session.post(url, json={}) as response:
        assert (response.status, response.content_type, await response.text()) == (502, "text/html", html)
    assert (await bot.send(chat.chat_id, "works again")).code == 0
    with feishu.faults.http_fail("*", 503, times=None) as fault:
        for _ in range(2):
            async with bot.session.get(f"{feishu.base_url}/open-apis/bot/v3/info") as response:
                assert response.status == 503
    assert fault.hits == 2
    assert (await bot.call("GET", "bot/v3/info")).code == 0


async def test_http_delay(feishu: FeishuEmulator, chat: Chat, bot: Bot, leap: Leap) -> None:
    await bot.fresh_token()
    feishu.faults.http_delay("*/messages", 5)
    slow = asyncio.create_task(bot.send(chat.chat_id, "x"))
    await until(lambda: feishu.stats.http_requests == 2)
    assert (await bot.call("GET", "bot/v3/info")).code == 0
    assert feishu.stats.sends == 0
    leap(5)
    assert (await slow).code == 0


async def test_cut_after_accept(feishu: FeishuEmulator, alice: User, chat: Chat, bot: Bot) -> None:
    await bot.fresh_token()
    fault = feishu.faults.cut_after_accept()
    await raises_nothing_else(bot.send(chat.chat_id, "x", uuid="k"))
    await alice.receives("x")
    again = await bot.send(chat.chat_id, "x", uuid="k")
    assert again.data["message_id"] == feishu.messages[0].message_id
    assert (fault.hits, feishu.stats.sends, feishu.stats.duplicates_absorbed) == (1, 1, 1)


async def test_expire_tokens(feishu: FeishuEmulator, app: App, bot: Bot) -> None:
    first = await bot.fresh_token()
    assert feishu.faults.expire_tokens() == 1
    answer = await bot.call("GET", "bot/v3/info")
    assert (answer.status, answer.code) == (400, 99991663)
    assert await bot.fresh_token() != first
    assert (await bot.call("GET", "bot/v3/info")).code == 0


async def test_token_lifetime(feishu: FeishuEmulator, app: App, bot: Bot) -> None:
    with feishu.faults.token_lifetime(0.05):
        first = await bot.fresh_token()
        await asyncio.sleep(0.06)
        assert (await bot.call("GET", "bot/v3/info")).code == 99991663
        assert await bot.fresh_token() != first
    await asyncio.sleep(0.06)
    await bot.fresh_token()
    await asyncio.sleep(0.06)
    assert (await bot.call("GET", "bot/v3/info")).code == 0


async def test_refuse_send(feishu: FeishuEmulator, alice: User, chat: Chat, bot: Bot) -> None:
    feishu.faults.refuse_send(99991400, http_status=429, headers={"x-ogw-ratelimit-reset": "2"})
    answer = await bot.send(chat.chat_id, "x")
    assert (answer.status, answer.code, answer.headers["x-ogw-ratelimit-reset"]) == (429, 99991400, "2")
    feishu.faults.refuse_send(230020, times=2)
    sent = await alice.says("hi")
    codes = [(await bot.reply(sent.message_id, "x")).code for _ in range(3)]
    assert codes == [230020, 230020, 0]


async def test_clear_ends_them_all(feishu: FeishuEmulator, chat: Chat, bot: Bot) -> None:
    feishu.faults.refuse_send(230020, times=None)
    feishu.faults.http_fail("*", 500, times=None)
    feishu.faults.clear()
    assert feishu.faults.active is False
    assert (await bot.send(chat.chat_id, "x")).code == 0


async def test_any_api_can_be_refused(feishu: FeishuEmulator, chat: Chat, bot: Bot) -> None:
    with feishu.faults.refuse("*/cardkit/v1/*", 300120, times=1, ext="try again", method="POST") as fault:
        cards = CardBot(bot)
        body = {"type": "card_json", "data": json.dumps(card(markdown("x")))}
        answer = await bot.call("POST", "cardkit/v1/cards", body)
        assert (answer.status, answer.code, "try again" in answer.body["msg"]) == (400, 300120, True)
        await cards.create(card(markdown("x")))
        assert fault.hits == 1
    feishu.faults.refuse("*/im/v1/chats/*", 99991400, http_status=429, headers={"x-ogw-ratelimit-reset": "2"})
    answer = await bot.call("GET", f"im/v1/chats/{chat.chat_id}")
    assert (answer.status, answer.headers["x-ogw-ratelimit-reset"]) == (429, "2")


async def test_an_answer_can_be_lost(feishu: FeishuEmulator, alice: User, chat: Chat, bot: Bot) -> None:
    cards = CardBot(bot)
    await cards.create(card(markdown("a"), streaming=True))
    await cards.send(chat.chat_id)
    feishu.faults.lose_answer("*/content", times=2)  # aiohttp repeats a PUT once by itself
    await raises_nothing_else(cards.text("b", sequence=1, uuid="u"))
    assert (await alice.receives()).text == "b"
    assert (await cards.text("b", sequence=1, uuid="u")).code == 0


async def test_faults_of_card_entities(feishu: FeishuEmulator, alice: User, chat: Chat, bot: Bot) -> None:
    cards = CardBot(bot)
    await cards.create(card(markdown("a"), streaming=True))
    await cards.send(chat.chat_id)
    message = await alice.receives()
    with feishu.faults.card_interacting(message, seconds=60):
        assert (await cards.text("b")).code == 200810
    assert (await cards.text("b")).code == 0
    feishu.faults.stop_streaming(message, timed_out=True)
    assert [(await cards.text("c")).code for _ in range(2)] == [200850, 300309]
    await cards.settings(streaming_mode=True)
    feishu.faults.stop_streaming(cards.card_id)
    assert (await cards.text("c")).code == 300309
    feishu.faults.age_card(message)
    assert (await cards.text("c")).code == 200750
    feishu.faults.forget_card(message)
    assert (await cards.text("c")).code == 200740
    with pytest.raises(ValueError, match="card entity"):
        feishu.faults.age_card("7355372766134157313")
