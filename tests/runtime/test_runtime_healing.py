"""Markdown that is still being written reads well meanwhile; what is shown is a beginning of it: nothing gets lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from runtime_world import chat, skill, until
from stream_writer import StreamWriter, show_quickly

from imbridge.adapters.growing import Healing
from imbridge.runtime.healing import settled

PIECES = (
    *("word", " ", "\n", "\n\n", "**", "*", "_", "`", "```", "```py\n", "# ", "- ", "1. ", "> ", "[", "](", ")"),
    *("|", "|--|--|", "~~", "https://e.com", "![", "\\", "<b>", "好"),
)
MARKED = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    show_quickly(monkeypatch)


@given(MARKED)
def test_what_is_known_is_a_beginning_and_all_that_is_shown_begins_with_it(text: str) -> None:
    for healing in Healing:
        known, seen = settled(text, healing)
        assert text.startswith(known)
        assert seen.startswith(known)
        if healing is not Healing.CLOSED:
            assert seen == known


@pytest.mark.parametrize(
    ("text", "known", "seen"),
    [
        ("a **bo", "a **bo", "a **bo**"),
        ("```py\na", "```py\na", "```py\na\n```"),
        ("see [here](https://ex", "see ", "see "),
        ("done.\n\n## ", "done.\n\n", "done.\n\n"),
        ("plain so far", "plain so far", "plain so far"),
    ],
)
def test_what_has_begun_is_closed_or_held_back(text: str, known: str, seen: str) -> None:
    found = settled(text, Healing.CLOSED)
    assert (found[0].rstrip("\n "), found[1].rstrip("\n ")) == (known.rstrip("\n "), seen.rstrip("\n "))


async def test_an_edited_message_shows_no_open_marks() -> None:
    writer = StreamWriter(markdown=True)
    async with chat(skill(writer.answer), stream="edit") as room:
        room.user.says("go")
        writer.write("say **hel")
        await until(lambda: room.feishu.messages)
        (message,) = room.feishu.messages
        assert message.text in ("say **hel**", "say hel")
        writer.write("lo** and [her")
        await until(lambda: "and" in message.text)
        assert "[" not in message.text
        writer.write("e](https://example.com)")
        receipt = await writer.receipt()
        assert "https://example.com" in str(message.content)
        assert (len(room.feishu.messages), receipt.degradations) == (1, ())


async def test_what_is_held_back_is_shown_when_the_message_takes_no_more() -> None:
    writer = StreamWriter(markdown=True)
    async with chat(skill(writer.answer)) as room:
        room.user.says("go")
        writer.write("one [tw")
        message = await room.user.receives("one")
        room.feishu.faults.age_card(message)
        writer.write("o](https://example.com) three")
        await writer.receipt()
        assert [one.text for one in room.feishu.messages] == ["one", "[two](https://example.com) three"]


async def test_nothing_is_shown_before_anything_is_known() -> None:
    writer = StreamWriter(markdown=True)
    async with chat(skill(writer.answer)) as room:
        room.user.says("go")
        writer.write("## ")
        await room.user.receives_nothing(within=0.2)
        writer.write("Title")
        message = await room.user.receives("## Title")
        await writer.receipt()
        assert message.text == "## Title"
