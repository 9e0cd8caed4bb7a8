"""Cards that a process leaves growing: finished at its stop, or by the next one."""

import asyncio
from typing import Any

import pytest
from contract import until
from feishu_rig import Rig

from backoffs import SoOften
from imbridge.adapters.base import AdapterContext
from imbridge.adapters.feishu import FeishuAdapter
from imbridge.adapters.feishu.sent.streaming import StreamingCard
from imbridge.adapters.notes import MemoryNotes
from imbridge.emulators.feishu import BotMessage
from imbridge.protocol import DeliveryError
from imbridge.rendering import Part, PartKind

MARK = "⏹ *已中断 (interrupted)*"
CARDKIT = "*/cardkit/v1/cards/*"
KIND = "streaming_card"


@pytest.fixture
def notes() -> MemoryNotes:
    return MemoryNotes()


async def another(rig: Rig, notes: MemoryNotes, **settings: Any) -> FeishuAdapter:
    """An adapter with these notes, started, as one process after another would be."""
    made = rig.make(**settings)
    adapter = FeishuAdapter(made.config, AdapterContext(rig.intake, rig.pool, notes=notes))
    rig.adapters.append(adapter)
    await adapter.start()
    return adapter


async def begun(
    rig: Rig, adapter: FeishuAdapter, text: str = "one", *, key: str = "key", **facts: Any
) -> StreamingCard:
    """A card that shows this."""
    card = adapter.grow(markdown=True, channel=rig.target().channel)
    assert isinstance(card, StreamingCard)
    for name, value in facts.items():
        setattr(card, name, value)
    await adapter.send(rig.target(), Part(PartKind.CARD, (await card.open(text),)), key)
    return card


def left(adapter: FeishuAdapter) -> None:
    """The adapter's process was killed: it finishes nothing."""
    adapter._streams._open.clear()


def streaming(rig: Rig) -> list[bool]:
    return [_entity(message).streaming for message in rig.feishu.messages]


def _entity(message: BotMessage) -> Any:
    assert message.entity is not None
    return message.entity


def texts(rig: Rig) -> list[str]:
    return [message.text for message in rig.feishu.messages]


async def test_open_cards_are_finished_with_a_word_at_the_stop(rig: Rig, notes: MemoryNotes) -> None:
    adapter = await another(rig, notes)
    card = await begun(rig, adapter)
    await card.show("one ```")
    await begun(rig, adapter, "other", key="other")
    await adapter.close()
    assert texts(rig)[1] == f"other\n\n{MARK}"
    assert texts(rig)[0].startswith("one &#96;&#96;&#96;")  # no code begins within a line
    assert texts(rig)[0].endswith(MARK)
    assert streaming(rig) == [False, False]
    assert adapter.counters()["cards_broken_off"] == 2
    assert await notes.all(KIND) == {}


async def test_a_stop_does_not_wait_for_a_platform_that_does_not_answer(rig: Rig, notes: MemoryNotes) -> None:
    adapter = await another(rig, notes)
    await begun(rig, adapter)
    with rig.feishu.faults.http_delay(CARDKIT, 60.0, times=None):
        async with asyncio.timeout(10):
            await adapter.close()
    assert len(await notes.all(KIND)) == 1, "the next process does it"


async def test_the_next_process_finishes_what_was_left_with_the_newest_text(rig: Rig, notes: MemoryNotes) -> None:
    adapter = await another(rig, notes, stop_button=True)
    card = await begun(rig, adapter, thinking="hm")
    await card.show("one two")
    left(adapter)
    await adapter.close()
    assert streaming(rig) == [True]
    second = await another(rig, notes)
    await until(lambda: streaming(rig) == [False], "the end of the card")
    (message,) = rig.feishu.messages
    assert message.text.endswith(f"one two\n\n{MARK}")
    panel = _entity(message).card["body"]["elements"][0]
    assert (panel["expanded"], panel["elements"][0]["text"]["content"]) == (False, "hm")
    await second.close()
    assert await notes.all(KIND) == {}


async def test_the_sequence_goes_on_where_it_was(rig: Rig, notes: MemoryNotes) -> None:
    adapter = await another(rig, notes)
    card = await begun(rig, adapter)
    for number in range(5):
        await card.show(f"one {number}")
    left(adapter)
    await adapter.close()
    await another(rig, notes)
    await until(lambda: streaming(rig) == [False], "the end of the card")
    assert rig.feishu.violations == []


async def test_what_was_finished_is_not_touched(rig: Rig, notes: MemoryNotes) -> None:
    adapter = await another(rig, notes)
    card = await begun(rig, adapter)
    await card.close("one two")
    await adapter.close()
    rig.requests.clear()
    await (await another(rig, notes)).close()
    assert texts(rig) == ["one two"]
    assert rig.calls("cardkit") == []


@pytest.mark.parametrize("note", [None, {}, {"card": "x"}, {"card": "x", "text": "t", "sequence": "many"}])
async def test_a_note_that_cannot_be_read_is_dropped(rig: Rig, notes: MemoryNotes, note: Any) -> None:
    notes.put(KIND, "x", note)
    await (await another(rig, notes)).close()
    assert await notes.all(KIND) == {}


async def test_a_card_that_is_gone_is_forgotten(rig: Rig, notes: MemoryNotes) -> None:
    adapter = await another(rig, notes)
    await begun(rig, adapter)
    left(adapter)
    await adapter.close()
    rig.feishu.faults.forget_card(rig.feishu.messages[0])
    second = await another(rig, notes)
    await until(lambda: not notes._notes.get(KIND), "no note")
    await second.close()


async def test_an_answer_that_is_written_anew_has_a_message_of_its_own(rig: Rig, notes: MemoryNotes) -> None:
    """The message is handled again by the next process: its answer has the same key, and another card."""
    adapter = await another(rig, notes)
    await begun(rig, adapter, "half", key="the same")
    left(adapter)
    await adapter.close()
    second = await another(rig, notes)
    card = await begun(rig, second, "half", key="the same")
    await card.close("half and whole")
    await until(lambda: not any(streaming(rig)), "the end of both")
    assert texts(rig) == [f"half\n\n{MARK}", "half and whole"]


async def test_a_first_state_that_is_sent_again_is_one_message(rig: Rig, notes: MemoryNotes) -> None:
    adapter = await another(rig, notes)
    rig.feishu.faults.cut_after_accept()
    await begun(rig, adapter)
    assert texts(rig) == ["one"]


async def test_a_card_that_is_left_is_closed_as_it_is(rig: Rig, notes: MemoryNotes) -> None:
    adapter = await another(rig, notes)
    card = await begun(rig, adapter)
    card.leave()
    await until(lambda: streaming(rig) == [False], "the end of it")
    assert (texts(rig), adapter.counters()["cards_left"]) == (["one"], 1)


async def test_what_may_have_arrived_is_taken_back(
    rig: Rig, notes: MemoryNotes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A state arrived and its answer got lost; the next one is the one before, for what follows has another message."""
    adapter = await another(rig, notes)
    card = await begun(rig, adapter)
    adapter.caller._backoff = SoOften(1)
    rig.feishu.faults.lose_answer(CARDKIT, times=None, method="PUT")
    with pytest.raises(DeliveryError) as caught:
        await card.show("one two")
    assert caught.value.ambiguous
    assert texts(rig) == ["one two"]
    rig.feishu.faults.clear()
    await card.close("one")
    assert texts(rig) == ["one"]
