"""A person's inbox: waiting for what fits, and the explanation when it does not come."""

import asyncio
import re
from dataclasses import dataclass

import pytest

from imbridge.emulators.common.inbox import Expected, Inbox


@dataclass
class Note:
    text: str
    room: str = "hall"


class Notes(Inbox[Note, str]):
    def _is_in(self, message: Note, place: str) -> bool:
        return message.room == place

    def _named(self, place: str) -> str:
        return f"in the {place}"

    def _line(self, message: Note) -> str:
        return f"{message.room}: {message.text}"


@pytest.fixture
def notes() -> Notes:
    return Notes("Alice", limit=30)


@pytest.mark.parametrize(
    "expected", ["two", re.compile("^t"), lambda note: len(note.text) == 3 and note.text > "p", None]
)
async def test_what_fits_is_consumed_and_the_rest_stays(notes: Notes, expected: Expected[Note]) -> None:
    if expected is not None:
        notes.add(Note("one"))
    notes.add(Note("two"))
    assert (await notes.receive(expected, 1)).text == "two"
    if expected is not None:
        assert (await notes.receive(None, 1)).text == "one"
    await notes.receive_nothing(0)


async def test_only_one_place_is_looked_at(notes: Notes) -> None:
    notes.add(Note("hi", "hall"))
    notes.add(Note("hi", "kitchen"))
    assert (await notes.receive("hi", 1, "kitchen")).room == "kitchen"
    await notes.receive_nothing(0, "kitchen")
    with pytest.raises(AssertionError, match="received nothing, but received:\n  - hall: hi"):
        await notes.receive_nothing(0, "hall")


async def test_a_waiter_sees_what_comes_and_what_changes(notes: Notes) -> None:
    waiting = asyncio.create_task(notes.receive("done", 5))
    note = Note("working")
    await asyncio.sleep(0)
    notes.add(note)
    await asyncio.sleep(0)
    assert not waiting.done()
    note.text = "done"
    notes.touch()
    assert await waiting is note


async def test_the_explanation_says_what_came_instead(notes: Notes) -> None:
    with pytest.raises(AssertionError, match=r"^Alice expected any message within 0 s. Received nothing.$"):
        await notes.receive(None, 0)
    for number in range(22):
        notes.add(Note(str(number)))
    with pytest.raises(AssertionError) as caught:
        await notes.receive("x", 0, "kitchen")
    lines = str(caught.value).splitlines()
    assert lines[0] == "Alice expected a message like 'x' in the kitchen within 0 s. Received instead:"
    assert lines[1:3] == ["  (2 earlier ones)", "  - hall: 2"]
    assert len(lines) == 22


async def test_the_oldest_are_forgotten(notes: Notes) -> None:
    for number in range(31):
        notes.add(Note(str(number)))
    assert (await notes.receive(None, 1)).text == "1"
