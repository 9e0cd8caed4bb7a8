"""A process dies while it says a reply of several parts: the next one says the rest, and nothing twice."""

from typing import Any

import pytest
from qq_rig import Rig
from qq_saying import hears, say_all
from rigs import text

from imbridge.adapters.notes import MemoryNotes
from imbridge.adapters.qq import QQAdapter
from imbridge.adapters.qq.sent.plans import Plans
from imbridge.emulators.qq import Group
from imbridge.protocol import Markdown, to_reply
from imbridge.rendering import render

CHAPTERS: list[Any] = [Markdown(f"# {number}\n{'x' * 300}") for number in range(7)]


def headlines(rig: Rig) -> list[str]:
    said = "\n".join(message.text for message in rig.sent())
    return [line for line in said.splitlines() if line.startswith("#")]


async def half_said(rig: Rig, adapter: QQAdapter, where: Any, reply: Any, count: int) -> None:
    """As many of its parts as the process lived to say."""
    rendered = render(to_reply(reply), adapter.capabilities, measure=adapter.measure)
    planned = adapter.plan(where, rendered.parts, "key")
    for number, part in enumerate(planned.parts[:count]):
        await adapter.send(where, part, f"key-{number}" if number else "key")


@pytest.mark.parametrize("count", range(1, 5))
@pytest.mark.parametrize("chapters", [CHAPTERS, CHAPTERS[:4]])
async def test_the_rest_is_said(rig: Rig, adapter: QQAdapter, count: int, chapters: list[Any]) -> None:
    where = rig.target(answers=await hears(rig))
    await half_said(rig, adapter, where, chapters, count)
    await adapter.close()
    await say_all(await rig.start(), where, chapters)
    assert headlines(rig) == [f"# {number}" for number in range(len(chapters))]
    assert len(rig.sent()) == 4


async def test_the_newest_message_can_still_be_answered_then(rig: Rig, adapter: QQAdapter) -> None:
    """Two messages have eight answers; the next process knows of both, though only one was answered."""
    first = await hears(rig, said="first")
    await hears(rig, said="second")
    where = rig.target(answers=first)
    await half_said(rig, adapter, where, CHAPTERS, 3)
    await adapter.close()
    await say_all(await rig.start(), where, CHAPTERS)
    assert headlines(rig) == [f"# {number}" for number in range(7)]


async def test_all_was_said_and_nothing_is_said_again(rig: Rig, adapter: QQAdapter, team: Group) -> None:
    where = rig.target(team, answers=await hears(rig, team))
    await half_said(rig, adapter, where, CHAPTERS, 5)
    await adapter.close()
    await say_all(await rig.start(), where, CHAPTERS)
    assert (len(rig.sent()), headlines(rig)) == (5, [f"# {number}" for number in range(7)])


async def test_what_was_refused_leaves_no_note(rig: Rig, adapter: QQAdapter) -> None:
    message_id = await hears(rig)
    rig.qq.faults.refuse("*/messages", 40034005)
    await adapter.send(rig.target(answers=message_id), text("hi"), "key")
    assert message_id not in await rig.notes.all("replies")


async def test_so_many_plans_are_known_and_for_a_day() -> None:
    notes = MemoryNotes()
    plans = Plans(notes, now=lambda: 0.0)
    for number in range(1001):
        assert plans.of(f"k{number}", (number, True)) == (number, True)
    assert plans.of("k1000", (3, False)) == (1000, True)
    assert len(await notes.all("plans")) == 1000
    later = Plans(notes, now=lambda: 1e5)
    await later.restore()
    assert later.of("k1000", (3, False)) == (3, False)
    assert list(await notes.all("plans")) == ["k1000"]


@pytest.mark.parametrize("kind", ["replies", "plans", "rights", "addresses", "open_stream"])
@pytest.mark.parametrize("note", [None, "x", [], {}, {"numbers": 1}])
async def test_notes_that_make_no_sense_are_dropped(
    rig: Rig, kind: str, note: Any, caplog: pytest.LogCaptureFixture
) -> None:
    rig.notes.put(kind, "name", note)
    adapter = await rig.start()
    await adapter.send(rig.target(answers=await hears(rig)), text("hi"), "key")
    assert "name" not in await rig.notes.all(kind)
    assert f"a note ({kind} name) cannot be read" in caplog.text
