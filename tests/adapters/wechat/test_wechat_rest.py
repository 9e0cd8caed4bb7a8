"""An account without customer-service messages: what has no room in one answer waits until the follower asks for it."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from contract import until
from wechat_rig import Rig, running, text

from imbridge import Bridge, BridgeOptions
from imbridge.adapters.base import Target
from imbridge.adapters.notes import MemoryNotes
from imbridge.adapters.pending import PendingAnswer
from imbridge.adapters.wechat import adapter as adapter_module
from imbridge.adapters.wechat import webhook as webhook_module
from imbridge.adapters.wechat.received import tries
from imbridge.adapters.wechat.received.facts import private
from imbridge.adapters.wechat.sent.rest import Rest
from imbridge.emulators.wechat import EmulatorSettings
from imbridge.protocol import (
    BotAdded,
    Button,
    Card,
    ChatOpened,
    DeliveryState,
    Image,
    Message,
    NotPermittedError,
    Receipt,
    Sender,
    Text,
)
from imbridge.protocol.message import utc
from imbridge.rendering import Part, PartKind
from imbridge.storage import SqlStorage

CUT, WAITS = 2.5, 0.5
HINT = "（未完，回复“继续”查看后文）"
LATER = "还在处理，请稍后回复“继续”查看结果。"


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapter_module, "CUT", CUT)
    monkeypatch.setattr(webhook_module, "_PAST_THE_CUT", 0.1)
    monkeypatch.setattr(tries, "_MISSING", 1.5)


@pytest.fixture
def settings() -> EmulatorSettings:
    return EmulatorSettings(callback_timeout=CUT)


def bridge_of(rig: Rig, *answers: Any, after: asyncio.Event | None = None) -> tuple[Bridge, list[str], list[Receipt]]:
    waits = WAITS
    if after is None:  # nothing is late here, however long this process stands still
        waits, rig.wechat.settings.callback_timeout = 4.0, 30.0
    bridge = Bridge([rig.config(passive_reply=waits, customer_service=False)])
    seen: list[str] = []
    receipts: list[Receipt] = []

    @bridge.on_message
    async def answer(msg: Message) -> None:
        seen.append(msg.text)
        if after is not None:
            await after.wait()
        receipts.extend([await msg.reply(content) for content in answers])

    return bridge, seen, receipts


async def test_a_long_answer_is_read_on_word(rig: Rig) -> None:
    text = "长" * 1500
    bridge, seen, receipts = bridge_of(rig, text)
    async with running(rig, bridge):
        await rig.alice.says("tell me")
        read = [await rig.alice.receives()]
        while read[-1].text.endswith(HINT):
            await rig.alice.says("继续")
            read.append(await rig.alice.receives())
        await until(lambda: receipts)
    assert len(read) == 3
    assert "".join(message.text.removesuffix(HINT).rstrip("\n") for message in read) == text
    assert {message.how for message in read} == {"passive"}
    assert seen == ["tell me"], "the word is for the adapter as long as something is kept"
    assert receipts[0].state is DeliveryState.SENT
    assert [one.what for one in receipts[0].degradations] == ["rest"]
    assert rig.wechat.violations == []
    assert rig.calls("/custom/send") == []


async def test_the_word_is_a_word_like_any_other_when_nothing_is_kept(rig: Rig) -> None:
    bridge, seen, _ = bridge_of(rig, "short")
    async with running(rig, bridge):
        await rig.alice.says("继续")
        assert (await rig.alice.receives()).text == "short"
    assert seen == ["继续"]


async def test_a_late_answer_is_fetched(rig: Rig) -> None:
    thought = asyncio.Event()
    bridge, seen, receipts = bridge_of(rig, "the result", after=thought)
    async with running(rig, bridge):
        sent = await rig.alice.says("think")
        assert (await rig.alice.receives(timeout=20)).text == LATER
        assert (sent.attempts, sent.outcome) == (3, "answered")
        await rig.alice.says("继续")
        assert (await rig.alice.receives()).text == LATER, "not there yet"
        thought.set()
        await until(lambda: receipts)
        assert [one.what for one in receipts[0].degradations] == ["answer"]
        await rig.alice.says(" 继续 ")
        assert (await rig.alice.receives()).text == "the result"
        await rig.alice.says("继续")
        assert (await rig.alice.receives()).text == "the result", "nothing is kept: the skill is asked again"
    assert seen == ["think", "继续"]
    assert rig.alice.service_faults == []


async def test_a_late_answer_that_never_comes(rig: Rig) -> None:
    """A skill that says nothing in the end leaves nothing to be fetched."""
    thought = asyncio.Event()
    bridge, seen, _ = bridge_of(rig, after=thought)
    async with running(rig, bridge):
        await rig.alice.says("think")
        assert (await rig.alice.receives(timeout=20)).text == LATER
        thought.set()
        await until(lambda: bridge._handling.counts["handled"] == 1)
        sent = await rig.alice.says("继续")
        assert await sent.settled() == "taken"
    assert seen == ["think", "继续"]


async def test_second_answers_are_kept_in_order_and_the_next_one_says_so(rig: Rig) -> None:
    bridge, _, _ = bridge_of(rig, "one", "two", "three")
    async with running(rig, bridge):
        await rig.alice.says("first")
        assert (await rig.alice.receives()).text == "one"
        await until(lambda: bridge._delivery.counts["sent"] == 3)
        await rig.alice.says("second")
        assert (await rig.alice.receives()).text == f"one\n{HINT}"
        await until(lambda: bridge._delivery.counts["sent"] == 6)
        read = []
        for _ in range(4):
            await rig.alice.says("继续")
            read.append((await rig.alice.receives()).text)
    assert read == [f"two\n{HINT}", f"three\n{HINT}", f"two\n{HINT}", "three"]


async def test_the_platform_asks_twice_and_gets_the_same(rig: Rig) -> None:
    bridge, _, _ = bridge_of(rig, "one", "two", "three")
    async with running(rig, bridge):
        await rig.alice.says("first")
        await rig.alice.receives("one")
        await until(lambda: bridge._delivery.counts["sent"] == 3)
        rig.wechat.faults.duplicate_callbacks(1, 1)
        await rig.alice.says("继续")
        for _ in range(2):
            assert (await rig.alice.receives()).text == f"two\n{HINT}"
        await rig.alice.says("继续")
        assert (await rig.alice.receives()).text == "three"


async def test_what_is_fetched_and_gets_lost_is_given_to_the_same_try_again(rig: Rig) -> None:
    """People have seen the platform repeat a try with the time and nonce of the first."""
    bridge, _, _ = bridge_of(rig, "one", "two", "three")
    async with running(rig, bridge):
        await rig.alice.says("first")
        await rig.alice.receives("one")
        await until(lambda: bridge._delivery.counts["sent"] == 3)
        await rig.alice.says("继续")
        await rig.alice.receives()
        again = await rig.wechat.callback(rig.account).replay()
        assert (again.status, b"Encrypt" in again.body) == (200, True)
        await rig.alice.says("继续")
        assert (await rig.alice.receives()).text == "three", "nothing was taken a second time"


async def test_nothing_said_unasked_is_kept(rig: Rig) -> None:
    bridge, _, _ = bridge_of(rig, "hi")
    async with running(rig, bridge):
        receipt = await bridge.send(f"wechat:work/user/{rig.alice.openid}", "news")
    assert receipt.state is DeliveryState.FAILED
    assert "no callback waits" in receipt.error


@pytest.mark.parametrize("event", ["follows", "scans"])
async def test_a_long_answer_to_an_event_is_read_on_word_too(rig: Rig, event: str) -> None:
    """Its first piece says that there is more, so there has to be more."""
    text = "长" * 1000
    bridge = Bridge([rig.config(passive_reply=WAITS, customer_service=False)])

    @bridge.on_event(BotAdded if event == "follows" else ChatOpened)
    async def greet() -> str:
        return text

    async with running(rig, bridge):
        if event == "follows":
            rig.alice.subscribed = False
            await rig.alice.follows()
        else:
            await rig.alice.scans("desk 1")
        first = await rig.alice.receives()
        assert first.text.endswith(HINT)
        await until(lambda: bridge._delivery.counts["sent"] == 1)
        await rig.alice.says("继续")
        second = await rig.alice.receives()
    assert (first.how, second.how) == ("passive", "passive")
    assert first.text.removesuffix(HINT).rstrip("\n") + second.text == text


async def test_the_answer_at_which_the_right_is_found_missing_is_kept(rig: Rig) -> None:
    """It is the first that comes too late, and nobody had said what the account can do."""
    rig.wechat.faults.refuse("*/custom/send", 48001, None)
    bridge = Bridge([rig.config(passive_reply=WAITS)], options=BridgeOptions(typing_after=None))
    receipts: list[Receipt] = []

    @bridge.on_message
    async def answer(msg: Message) -> None:
        receipts.extend([await msg.reply(text) for text in ("one", "two")])

    async with running(rig, bridge):
        await rig.alice.says("both")
        assert (await rig.alice.receives()).text == "one"
        await until(lambda: len(receipts) == 2)
        assert receipts[1].state is DeliveryState.SENT
        assert [one.how for one in receipts[1].degradations] == ["kept until the follower writes 继续"]
        await rig.alice.says("继续")
        assert (await rig.alice.receives()).text == "two"
    assert len(rig.calls("/custom/send")) == 1


async def test_what_no_answer_can_hold_is_refused_and_says_why(rig: Rig) -> None:
    bridge, _, receipts = bridge_of(rig, Card(body=["x" * 3000, Button("Yes", action="y")]), "after it")
    async with running(rig, bridge):
        await rig.alice.says("card")
        await rig.alice.receives("after it")
        await until(lambda: len(receipts) == 2)
    assert receipts[0].state is DeliveryState.FAILED
    assert "2,048 bytes" in receipts[0].error
    assert receipts[1]


def said(text: str, number: int, openid: str = "o_1") -> Message:
    channel = private("work", openid)
    return Message(id=str(number), channel=channel, sender=Sender(id=openid), text=text, timestamp=utc(0))


async def test_it_is_kept_for_an_hour_and_each_follower_has_their_own() -> None:
    now = [0.0]
    rest = Rest("more", clock=lambda: now[0])
    rest.keep("o_1", [(Text("a"),), (Text("b"),)])
    rest.keep("o_2", [(Image(key="k"),)])
    assert len(rest) == 3
    assert rest.given_to(said("more", 1, "o_2")) == (Image(key="k"),)
    assert rest.given_to(said("more", 2, "o_2")) is None
    assert rest.given_to(said("other", 3)) is None
    assert rest.given_to(said("more", 4, "o_3")) is None
    first = rest.given_to(said("more", 5))
    assert first is not None
    assert first[0] == Text("a")
    now[0] = 3601.0
    assert rest.given_to(said("more", 6)) is None
    assert len(rest) == 0


async def test_it_is_bounded() -> None:
    rest = Rest("more")
    for number in range(10_050):
        rest.keep(f"o_{number}", [(Text("x"),)])
    assert len(rest) == 10_000
    rest.keep("o_1", [(Text(str(number)),) for number in range(80)])
    first = rest.given_to(said("more", 1))
    assert first is not None
    assert first[0] == Text("30")


async def test_what_is_late_is_over_when_it_is_released() -> None:
    rest = Rest("more")
    late = PendingAnswer()
    assert rest.expect("o_1", late)[0].as_text()
    assert rest.given_to(said("more", 1)) is not None
    late.release()
    assert rest.given_to(said("more", 2)) is None


@pytest.mark.parametrize("text", ["é" * 3000, "x" * 2049, "a b " * 900, "😀" * 2000])
def test_pieces_fit_and_lose_nothing(text: str) -> None:
    rest = Rest("more")
    pieces = rest.pieces(Part(PartKind.TEXT, (Text(text),)))
    assert len(pieces) > 1
    assert all(len("".join(one.as_text() for one in piece).encode()) <= 2048 for piece in pieces)
    assert all(piece[-1].as_text().startswith("\n（未完") for piece in pieces[:-1])
    whole = "".join(piece[0].as_text() for piece in pieces)
    assert whole.replace(" ", "") == text.replace(" ", "")


async def test_what_is_kept_is_there_after_a_restart() -> None:
    now, notes = [1000.0], MemoryNotes()

    async def process() -> Rest:
        rest = Rest("more", notes, clock=lambda: now[0])
        await rest.restore()
        return rest

    first = await process()
    first.keep("o_1", [(Text("a"), Text("b")), (Image(key="k"),), (Text("c"),)])
    first.keep("o_2", [(Text("theirs"),)])
    first.expect("o_3", PendingAnswer())
    assert first.given_to(said("more", 1)) is not None
    second = await process()
    assert len(second) == 3
    assert second.given_to(said("more", 2)) == (Image(key="k"),)
    assert second.given_to(said("more", 3, "o_3")) is None
    now[0] += 3600.0
    assert len(await process()) == 0
    assert not [kind for kind, values in notes._notes.items() if values]


async def test_what_is_said_before_the_start_does_not_take_its_place(rig: Rig) -> None:
    """An earlier process may have left something unsaid: it stands behind what that one has kept."""
    notes = MemoryNotes()
    rig.kept = {"notes": notes}
    before = Rest(rig.config().more, notes)
    before.keep(rig.alice.openid, [(Text("of before"),)])
    adapter = rig.make()
    await adapter.remember()
    await adapter.send(Target(rig.channel(), answers="1"), text("unsaid"), "key")
    after = Rest(rig.config().more, notes)
    await after.restore()
    assert len(after) == 2


async def test_a_follower_gets_after_a_restart_what_was_kept(rig: Rig, tmp_path: Path) -> None:
    """Also where only the platform's refusal has told that there are no customer-service messages."""
    text = "word " * 700
    for number in range(2):
        bridge = Bridge([rig.config(customer_service=None)], storage=SqlStorage(tmp_path / "bot.db"))

        @bridge.on_message
        async def answer(msg: Message) -> str:
            return text

        async with running(rig, bridge) as adapter:
            if number == 0:
                adapter._note_refusal(NotPermittedError("no right", code=48001))
                await rig.alice.says("tell me")
            else:
                assert adapter._rest is not None
                assert len(adapter._rest) == 1
                await rig.alice.says("继续")
            message = await rig.alice.receives()
            assert message.text.endswith(HINT) == (number == 0)
    assert rig.wechat.violations == []
