"""Who is answered how: by the callback's own answer, over all tries of the platform, or by customer-service messages.

The platform waits 3 s here instead of five, and an answer that comes within 0.7 s is in time for a try. Skills wait
for what is to happen first, not for a time.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from contract import until
from wechat_rig import Rig, running

from imbridge import Bridge, BridgeOptions
from imbridge.adapters.wechat import WeChatAdapter
from imbridge.adapters.wechat import adapter as adapter_module
from imbridge.adapters.wechat import webhook as webhook_module
from imbridge.adapters.wechat.received import tries
from imbridge.emulators.wechat import EmulatorSettings
from imbridge.protocol import DeliveryState, Message, Receipt

CUT, WAITS = 3.0, 0.7
SEND = "/cgi-bin/message/custom/send"
Condition = Callable[[WeChatAdapter], bool]


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapter_module, "CUT", CUT)
    monkeypatch.setattr(webhook_module, "_PAST_THE_CUT", 0.1)
    monkeypatch.setattr(tries, "_MISSING", 1.5)


@pytest.fixture
def settings() -> EmulatorSettings:
    return EmulatorSettings(callback_timeout=CUT)


def left(number: int) -> Condition:
    """So many tries were left without an answer."""
    return lambda adapter: adapter.counters()["tries_left"] >= number


def arrived(number: int) -> Condition:
    """So many tries of one delivery are here."""

    def condition(adapter: WeChatAdapter) -> bool:
        assert adapter._webhook is not None
        return any(exchange.tries == number for exchange in adapter._webhook.exchanges._by_key.values())

    return condition


def late(adapter: WeChatAdapter) -> bool:
    """The platform waits no more."""
    return bool(adapter.counters()["answers_late"])


class Slow:
    """Answers every message with these texts, the first when something has happened."""

    def __init__(self, rig: Rig, after: Condition | None, *texts: str, **config: Any) -> None:
        waits = WAITS
        if after is None:  # nothing is late here, however long this process stands still
            waits, rig.wechat.settings.callback_timeout = 4.0, 30.0
        # No sign of typing: that the platform takes it says what the account can do.
        self.bridge = Bridge([rig.config(passive_reply=waits, **config)], options=BridgeOptions(typing_after=None))
        self.receipts: list[Receipt] = []
        self.seen: list[str] = []
        self.after = after

        @self.bridge.on_message
        async def answer(msg: Message) -> None:
            self.seen.append(msg.text)
            if self.after is not None:
                adapter = self.bridge._accounts["wechat:work"]
                assert isinstance(adapter, WeChatAdapter)
                await until(lambda: self.after is None or self.after(adapter), "what the skill waits for", 30.0)
            for text in texts:
                self.receipts.append(await msg.reply(text))

    async def receipt(self, number: int = 1) -> Receipt:
        await until(lambda: len(self.receipts) >= number, f"{number} receipts", 20.0)
        return self.receipts[number - 1]


@pytest.mark.parametrize("mode", ["encrypted", "plain", "compatible"])
async def test_in_time(rig: Rig) -> None:
    slow = Slow(rig, None, "hello <a> ]]> & you")
    async with running(rig, slow.bridge):
        sent = await rig.alice.says("hi")
        answer = await rig.alice.receives()
        receipt = await slow.receipt()
    assert (answer.how, answer.text) == ("passive", "hello <a> ]]> & you")
    assert (receipt.state, receipt.parts[0].kind, receipt.attempts) == (DeliveryState.SENT, "passive", 1)
    assert (sent.attempts, sent.outcome) == (1, "answered")
    assert rig.calls(SEND) == []
    assert rig.wechat.violations == []


@pytest.mark.parametrize("attempts", [2, 3])
async def test_a_later_try_is_given_the_answer(rig: Rig, attempts: int) -> None:
    """For an account without customer-service messages the platform's second and third try are time gained."""
    slow = Slow(rig, left(attempts - 1), "at last", customer_service=False)
    async with running(rig, slow.bridge) as adapter:
        sent = await rig.alice.says("think")
        answer = await rig.alice.receives(timeout=20)
        receipt = await slow.receipt()
        assert adapter.counters()["tries_left"] == attempts - 1
    assert (answer.how, answer.text) == ("passive", "at last")
    assert receipt
    assert slow.seen == ["think"], "a further try is no further message"
    assert (sent.attempts, sent.outcome) == (attempts, "answered")
    assert rig.alice.service_faults == []
    assert rig.wechat.violations == []


async def test_said_while_the_second_try_waits(rig: Rig) -> None:
    slow = Slow(rig, arrived(2), "in its time", customer_service=False)
    async with running(rig, slow.bridge):
        sent = await rig.alice.says("think")
        assert (await rig.alice.receives(timeout=20)).how == "passive"
        assert await slow.receipt()
    assert (sent.attempts, sent.outcome) == (2, "answered")


async def test_later_than_all_tries_without_customer_service(rig: Rig) -> None:
    """The last try is answered empty, so that the person does not read that the service is out of order."""
    slow = Slow(rig, late, "too late", customer_service=False, more="")
    async with running(rig, slow.bridge) as adapter:
        sent = await rig.alice.says("think long")
        receipt = await slow.receipt()
        assert adapter.counters()["answers_late"] == 1
    assert receipt.state is DeliveryState.FAILED
    assert "no callback waits for it" in receipt.error
    assert (sent.attempts, sent.outcome) == (3, "taken")
    assert rig.alice.service_faults == []
    assert not rig.wechat.messages


async def test_later_than_all_tries_when_nobody_said_what_the_account_can_do(rig: Rig) -> None:
    """It is tried; and once it went well, no further callback is held."""
    slow = Slow(rig, late, "late")
    async with running(rig, slow.bridge) as adapter:
        first = await rig.alice.says("one")
        assert (await rig.alice.receives(timeout=20)).how == "customer_service"
        assert await slow.receipt()
        assert first.attempts == 3
        assert adapter.capabilities.typing
        slow.after = lambda adapter: adapter.counters()["answers_late"] == 2
        second = await rig.alice.says("two")
        assert (await rig.alice.receives(timeout=20)).how == "customer_service"
        assert await slow.receipt(2)
        assert (second.attempts, second.outcome) == (1, "taken")
    assert rig.alice.service_faults == []


async def test_an_account_without_the_right_is_found_out(rig: Rig) -> None:
    rig.wechat.faults.refuse(SEND, 48001, None)
    slow = Slow(rig, None, "one", "two", more="")
    async with running(rig, slow.bridge) as adapter:
        await rig.alice.says("both")
        assert (await rig.alice.receives()).text == "one"
        receipt = await slow.receipt(2)
        assert (receipt.state, receipt.code) == (DeliveryState.FAILED, 48001)
        assert "customer_service: false" in receipt.error
        assert adapter.capabilities.reply_window == 14.0
        calls = len(rig.calls(SEND))
        await rig.alice.says("again")
        assert (await rig.alice.receives()).text == "one"
        assert "no callback waits for it" in (await slow.receipt(4)).error
        assert len(rig.calls(SEND)) == calls, "what the platform has refused once is not asked for again"


@pytest.mark.parametrize("certified", [True, False])
async def test_the_sign_of_typing_tells_what_the_account_can_do(rig: Rig, certified: bool) -> None:
    """So a slow answer need not wait for the third try, nor be lost, when nobody has set `customer_service`."""
    if not certified:
        rig.wechat.faults.refuse("/cgi-bin/message/custom/*", 48001, None)
    bridge = Bridge([rig.config(passive_reply=WAITS)], options=BridgeOptions(typing_after=0.1))

    @bridge.on_message
    async def answer(msg: Message) -> str:
        adapter = bridge._accounts["wechat:work"]
        ended = late if certified else left(1)
        assert isinstance(adapter, WeChatAdapter)
        await until(lambda: ended(adapter), "the end of the first try", 30.0)
        return "later"

    async with running(rig, bridge) as adapter:
        sent = await rig.alice.says("hi")
        said = await rig.alice.receives(timeout=20)
        assert adapter._customer_service is certified
    assert (said.text, said.how) == ("later", "customer_service" if certified else "passive")
    assert sent.attempts == (1 if certified else 2)
    assert rig.alice.service_faults == []


async def test_late_with_customer_service_the_callback_is_answered_empty(rig: Rig) -> None:
    slow = Slow(rig, late, "later", customer_service=True)
    async with running(rig, slow.bridge):
        sent = await rig.alice.says("hi")
        assert await sent.settled() == "taken"
        assert sent.attempts == 1
        answer = await rig.alice.receives(timeout=20)
        assert await slow.receipt()
    assert (answer.how, answer.text) == ("customer_service", "later")


async def test_what_follows_the_first_answer_is_sent_in_order(rig: Rig) -> None:
    slow = Slow(rig, None, "one", "two", "three", customer_service=True)
    async with running(rig, slow.bridge):
        await rig.alice.says("count")
        assert all([await slow.receipt(number) for number in (1, 2, 3)])
        await until(lambda: len(rig.wechat.messages) == 3)
    shown = [(message.how, message.text) for message in rig.wechat.messages]
    assert shown == [("passive", "one"), ("customer_service", "two"), ("customer_service", "three")]


async def test_a_long_answer_is_cut_and_its_first_part_answers_the_callback(rig: Rig) -> None:
    slow = Slow(rig, None, "长" * 1500)
    async with running(rig, slow.bridge):
        await rig.alice.says("long")
        assert await slow.receipt()
    assert [message.how for message in rig.wechat.messages] == ["passive", "customer_service", "customer_service"]
    assert "".join(message.text for message in rig.wechat.messages) == "长" * 1500
    assert rig.wechat.violations == []


async def test_who_says_nothing_keeps_nobody_waiting(rig: Rig) -> None:
    slow = Slow(rig, None, customer_service=False)
    async with running(rig, slow.bridge) as adapter:
        sent = await rig.alice.says("hi")
        assert await sent.settled() == "taken"
        assert sent.attempts == 1
        assert adapter.counters()["tries_left"] == 0


async def test_the_same_callback_twice_at_once(rig: Rig) -> None:
    rig.wechat.faults.duplicate_callbacks(2)
    slow = Slow(rig, arrived(3), "once", customer_service=False)
    async with running(rig, slow.bridge):
        await rig.alice.says("hi")
        await rig.alice.receives("once")
        assert await slow.receipt()
        await rig.alice.receives_nothing(within=0.5)
    assert slow.seen == ["hi"]
    assert rig.wechat.stats.callbacks_answered == 1


async def test_a_platform_that_does_not_try_again(rig: Rig) -> None:
    """Nobody waits any more then: what is said after it goes another way, and nothing hangs."""
    rig.wechat.settings.callback_attempts = 1
    slow = Slow(rig, left(1), "still said")
    async with running(rig, slow.bridge):
        await rig.alice.says("hi")
        assert (await rig.alice.receives("still said", timeout=20)).how == "customer_service"
        assert await slow.receipt()


async def test_the_very_same_request_again_is_let_in_while_the_platform_tries_and_never_after(rig: Rig) -> None:
    """Whether the platform signs its second try anew, or sends the first one again, is written nowhere."""
    rig.wechat.settings.callback_attempts = 1
    slow = Slow(rig, left(1), "for the second", customer_service=False)
    async with running(rig, slow.bridge) as adapter:
        sent = await rig.alice.says("hi")
        assert await sent.settled() == "given_up"
        answer = await rig.wechat.callback(rig.account).replay()
        assert answer.status == 200
        assert b"Encrypt" in answer.body
        assert await slow.receipt()
        again = await rig.wechat.callback(rig.account).replay()
        assert again.status == 200
        assert b"Encrypt" in again.body, "an answer that has not reached the platform is given to its next try"
        assert adapter._webhook is not None
        await until(lambda: not len(adapter._webhook.exchanges))
        known = await rig.wechat.callback(rig.account).replay()
        assert (known.status, known.body) == (200, b""), "known, and over: the platform need not try again"
        adapter._webhook._stamps._known.clear()
        assert (await rig.wechat.callback(rig.account).replay()).status == 403
    assert slow.seen == ["hi"]


async def test_an_answer_that_got_lost_is_given_again(rig: Rig) -> None:
    """The platform has cut the first try at the moment at which it was answered: its next try gets the same."""
    slow = Slow(rig, None, "safe", "second", customer_service=True)
    async with running(rig, slow.bridge):
        sent = await rig.alice.says("hi")
        await rig.alice.receives("safe")
        await slow.receipt(2)
        callback = rig.wechat.callback(rig.account)
        answer = await callback.send(sent.fields)
        assert answer.status == 200
        assert b"Encrypt" in answer.body
    assert slow.seen == ["hi"]


async def test_of_two_tries_at_once_the_later_one_is_given_the_answer(rig: Rig) -> None:
    """The platform has cut the earlier one: an answer in it would be lost, and the later one would end the matter."""
    slow = Slow(rig, arrived(2), "to whoever waits", customer_service=False)
    async with running(rig, slow.bridge) as adapter:
        rig.wechat.settings.callback_attempts = 1
        callback = rig.wechat.callback(rig.account)
        fields = (await rig.alice.says("warm up")).fields
        await until(lambda: slow.seen)
        earlier = asyncio.create_task(callback.send({**fields, "MsgId": "4711"}))
        assert adapter._webhook is not None
        exchanges = adapter._webhook.exchanges
        await until(lambda: len(exchanges) == 2)
        later = asyncio.create_task(callback.send({**fields, "MsgId": "4711"}))
        answers = [(answer.status, bool(answer.body)) for answer in await asyncio.gather(earlier, later)]
    assert answers == [(200, False), (200, True)]


async def test_a_stop_lets_go_of_who_waits(rig: Rig) -> None:
    slow = Slow(rig, lambda adapter: False, "never", customer_service=False)
    async with running(rig, slow.bridge) as adapter:
        await rig.alice.says("hi")
        await until(lambda: slow.seen)
        await slow.bridge.stop(grace=0.1)
        assert adapter._webhook is not None
        assert len(adapter._webhook.exchanges) == 0


async def test_a_question_and_the_answer_to_its_answer(rig: Rig) -> None:
    """Each of the person's messages is answered once: the question, and what follows from what they say."""
    bridge = Bridge([rig.config(passive_reply=WAITS, customer_service=False)])

    @bridge.on_message
    async def ask(msg: Message) -> str:
        answer = await msg.ask("your name?", timeout=20)
        return f"hello {answer.text}"

    async with running(rig, bridge):
        await rig.alice.says("hi")
        assert (await rig.alice.receives("your name?")).how == "passive"
        await rig.alice.says("Alice")
        assert (await rig.alice.receives()).how == "passive"
