"""Answers that grow in single chats, state by state."""

import asyncio
from typing import Any

import pytest
from contract import until
from qq_rig import Rig
from qq_streams import STREAM, asked, begun, growing, seen, shows, texts
from rigs import alone, text

from imbridge.adapters.broken_off import INTERRUPTED
from imbridge.adapters.growing import GrowingFullError
from imbridge.adapters.qq import QQAdapter
from imbridge.emulators.qq import Group
from imbridge.protocol import Card, DeliveryError, Markdown, RateLimitedError
from imbridge.rendering import Part, PartKind


class TestStates:
    async def test_each_is_the_whole_text(self, rig: Rig, adapter: QQAdapter) -> None:
        said = await asked(rig)
        stream = await begun(adapter, rig, answers=said.id)
        assert not seen(rig).finished
        await stream.show("one two")
        await stream.close("one two three")
        assert seen(rig).states == ["one", "one two", "one two three"]
        assert seen(rig).finished
        assert seen(rig).reply_to == said.id
        assert len(rig.sent()) == 1
        assert rig.qq.violations == []

    async def test_it_is_one_answer(self, rig: Rig, adapter: QQAdapter) -> None:
        said = await asked(rig)
        target = rig.target(answers=said.id)
        before = adapter.windows.left(target.channel, said.id)
        stream = await begun(adapter, rig, answers=said.id)
        await stream.show("one two")
        await stream.close("one two three")
        left = adapter.windows.left(target.channel, said.id)
        assert before is not None
        assert left == before - 1
        for number in range(left):
            await adapter.send(target, text(f"m{number}"), f"k{number}")
        assert len(texts(rig)) == before
        assert rig.qq.violations == []

    async def test_what_shows_nothing_new_is_no_call(self, rig: Rig, adapter: QQAdapter) -> None:
        await asked(rig)
        stream = await begun(adapter, rig)
        await stream.show("one")
        await stream.show("one _tw")
        await stream.show("one _two")
        assert rig.qq.stats.stream_parts == 1
        assert stream.held == " _two"
        await stream.close("one _two_")
        assert seen(rig).states == ["one", "one *two*"]

    async def test_plain_text_stays_as_it_is(self, rig: Rig, adapter: QQAdapter) -> None:
        await asked(rig)
        stream = await begun(adapter, rig, "a *b", markdown=False)
        await stream.close("a *b* c")
        assert seen(rig).states == [r"a \*b", r"a \*b\* c"]

    async def test_what_reads_like_a_tag_is_none(self, rig: Rig, adapter: QQAdapter) -> None:
        await asked(rig)
        stream = await begun(adapter, rig, "call <")
        await stream.close("call <@!1> please")
        assert seen(rig).states == ["call", "call <\u200b@!1> please"]

    async def test_a_beginning_that_is_not_known_yet_is_shown_as_it_is(self, rig: Rig, adapter: QQAdapter) -> None:
        await asked(rig)
        stream = await begun(adapter, rig, "|")
        assert seen(rig).text == "\\|"
        with pytest.raises(GrowingFullError):
            await stream.close("|a|b|\n|-|-|\n")
        assert seen(rig).finished

    async def test_who_writes_on_is_told(self, rig: Rig, adapter: QQAdapter) -> None:
        await asked(rig)
        stream = growing(adapter)
        with pytest.raises(DeliveryError, match="not begun"):
            await stream.show("x")
        stream = await begun(adapter, rig)
        await stream.close("one")
        with pytest.raises(DeliveryError, match="finished"):
            await stream.show("one two")

    async def test_another_beginning_needs_another_message(self, rig: Rig, adapter: QQAdapter) -> None:
        await asked(rig)
        stream = await begun(adapter, rig, "one two")
        with pytest.raises(GrowingFullError):
            await stream.show("one three")
        assert (seen(rig).text, seen(rig).finished) == ("one two", True)
        assert rig.qq.violations == []


class TestWhetherThereIsOne:
    async def test_in_single_chats_that_can_be_answered(self, rig: Rig, adapter: QQAdapter, team: Group) -> None:
        channel = rig.target().channel
        assert adapter.grow(markdown=True, channel=channel) is None
        await asked(rig)
        assert adapter.grow(markdown=True, channel=channel) is not None
        assert adapter.grow(markdown=True, channel=rig.target(team).channel) is None

    async def test_not_when_markdown_is_off(self, rig: Rig) -> None:
        adapter = await rig.start(markdown="off")
        await asked(rig)
        assert adapter.grow(markdown=True) is None

    async def test_without_the_permission_it_is_text_and_not_tried_again(self, rig: Rig, adapter: QQAdapter) -> None:
        rig.bot.markdown = False
        await asked(rig)
        stream = growing(adapter)
        sent = await adapter.send(rig.target(), alone(PartKind.CARD, await stream.open("**one**")), "key")
        assert sent.degradations[0].what == "stream"
        assert sent.degradations[0].how == "text"
        assert texts(rig) == ["one"]
        assert adapter.grow(markdown=True) is None

    async def test_where_streams_are_refused_the_bot_has_none_for_a_day(self, rig: Rig, adapter: QQAdapter) -> None:
        rig.qq.faults.refuse(STREAM, 11253, 403)
        await asked(rig)
        stream = growing(adapter)
        sent = await adapter.send(rig.target(), alone(PartKind.CARD, await stream.open("**one**")), "key")
        assert sent.degradations[0].how == "text"
        assert texts(rig) == ["**one**"]  # as Markdown, which it may
        assert adapter.grow(markdown=True) is None
        again = await rig.start()
        assert again.grow(markdown=True) is None  # an earlier process has told

    async def test_a_refused_text_says_nothing_of_streams(self, rig: Rig, adapter: QQAdapter) -> None:
        rig.bot.urls = ("known.example",)
        await asked(rig)
        stream = growing(adapter)
        await adapter.send(rig.target(), alone(PartKind.CARD, await stream.open("see https://unknown.com/a")), "key")
        assert len(texts(rig)) == 1
        assert adapter.grow(markdown=True) is not None

    async def test_where_nothing_can_be_answered_it_is_said_as_ever(self, rig: Rig, adapter: QQAdapter) -> None:
        rig.bot.active = True
        stream = growing(adapter)
        sent = await adapter.send(rig.target(), alone(PartKind.CARD, await stream.open("one")), "key")
        assert sent.degradations[0].how == "text"
        assert rig.sent()[0].active


class TestTrouble:
    async def test_too_fast_waits(self, rig: Rig, adapter: QQAdapter) -> None:
        await asked(rig)
        stream = await begun(adapter, rig)
        rig.qq.faults.rate_limit(STREAM, times=None)
        with pytest.raises(RateLimitedError):
            await stream.show("one two")
        assert stream.interval > 0.5
        rig.qq.faults.clear()
        await stream.show("one two three")
        await stream.close("one two three")
        assert seen(rig).states == ["one", "one two three", "one two three"]
        assert rig.qq.violations == []

    async def test_a_state_whose_answer_got_lost_is_no_harm(self, rig: Rig, adapter: QQAdapter) -> None:
        await asked(rig)
        stream = await begun(adapter, rig)
        rig.qq.faults.cut_after_accept(STREAM)
        with pytest.raises(DeliveryError) as caught:
            await stream.show("one two")
        assert caught.value.ambiguous
        await stream.show("one two three")
        await stream.close("one two three four")
        assert seen(rig).states == ["one", "one two", "one two three", "one two three four"]
        assert rig.qq.violations == []

    async def test_a_last_state_whose_answer_got_lost_is_there(self, rig: Rig, adapter: QQAdapter) -> None:
        await asked(rig)
        stream = await begun(adapter, rig)
        rig.qq.faults.cut_after_accept(STREAM)
        await stream.close("one two")
        assert (seen(rig).text, seen(rig).finished) == ("one two", True)

    async def test_a_first_state_whose_answer_got_lost_makes_one_message(self, rig: Rig, adapter: QQAdapter) -> None:
        await asked(rig)
        stream = growing(adapter)
        rig.qq.faults.cut_after_accept(STREAM)
        sent = await adapter.send(rig.target(), alone(PartKind.CARD, await stream.open("one")), "key")
        assert sent.part.message_id == ""  # so whoever writes knows that it cannot grow
        assert texts(rig) == ["one"]

    async def test_the_same_key_begins_it_once(self, rig: Rig, adapter: QQAdapter) -> None:
        await asked(rig)
        stream = growing(adapter)
        part = alone(PartKind.CARD, await stream.open("one"))
        first = await adapter.send(rig.target(), part, "key")
        again = await adapter.send(rig.target(), part, "key")
        assert texts(rig) == ["one"]
        assert first.part.message_id == again.part.message_id

    async def test_a_refused_state_ends_it_where_it_is(self, rig: Rig, adapter: QQAdapter) -> None:
        await asked(rig)
        stream = await begun(adapter, rig)
        rig.qq.faults.refuse(STREAM, 304025)
        with pytest.raises(DeliveryError) as caught:
            await stream.show("one two")
        assert not caught.value.ambiguous
        assert not isinstance(caught.value, GrowingFullError)
        assert (seen(rig).text, seen(rig).finished) == ("one", True)

    async def test_too_long_goes_on_in_a_new_one(
        self, rig: Rig, adapter: QQAdapter, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(rig.qq.settings, "markdown_limit", 10)
        await asked(rig)
        stream = await begun(adapter, rig)
        with pytest.raises(GrowingFullError):
            await stream.show("one two three four")
        assert (seen(rig).text, seen(rig).finished) == ("one", True)

    async def test_a_dead_token_is_replaced(self, rig: Rig, adapter: QQAdapter) -> None:
        await asked(rig)
        stream = await begun(adapter, rig)
        rig.qq.faults.expire_tokens()
        await stream.show("one two")
        await stream.close("one two")
        assert seen(rig).finished


class TestTheEnd:
    async def test_what_nobody_finished_says_so_at_the_stop(self, rig: Rig, adapter: QQAdapter) -> None:
        await asked(rig)
        await begun(adapter, rig, "one\n```\ncode")
        await adapter.close()
        assert texts(rig) == [f"one\n```\ncode\n```\n\n{INTERRUPTED}"]
        assert seen(rig).finished
        assert await rig.notes.all("open_stream") == {}

    async def test_what_another_process_left_is_finished(self, rig: Rig, adapter: QQAdapter) -> None:
        await asked(rig)
        stream = await begun(adapter, rig)
        await stream.show("one two")
        await rig.start()  # while the first one hangs
        await shows(rig, f"one two\n\n{INTERRUPTED}")
        assert seen(rig).finished
        await until(lambda: not notes_of(rig), "the end of the note")

    async def test_what_an_earlier_process_broke_off_is_written_anew(self, rig: Rig, adapter: QQAdapter) -> None:
        said = await asked(rig)
        await begun(adapter, rig, "once upon", answers=said.id)
        second = await rig.start()
        stream = await begun(second, rig, "one", answers=said.id)  # the same answer, as the skill gives it now
        await stream.close("one two")
        await shows(rig, f"once upon\n\n{INTERRUPTED}", "one two")
        assert all(message.finished for message in rig.sent())
        assert rig.qq.violations == []

    async def test_what_is_written_anew_where_there_are_no_streams_any_more(self, rig: Rig, adapter: QQAdapter) -> None:
        said = await asked(rig)
        await begun(adapter, rig, answers=said.id)
        await adapter.close()
        rig.qq.faults.refuse(STREAM, 11253, 403, times=None)
        await begun(await rig.start(), rig, "one again", answers=said.id)
        assert texts(rig) == [f"one\n\n{INTERRUPTED}", "one again"]

    async def test_what_cannot_be_finished_now_is_left_to_the_next(self, rig: Rig, adapter: QQAdapter) -> None:
        await asked(rig)
        await begun(adapter, rig)
        fault = rig.qq.faults.cut_before(STREAM, times=None)
        second = await rig.start()
        await until(lambda: fault.hits, "an attempt")
        await second.close()
        assert len(notes_of(rig)) == 1
        fault.clear()
        await rig.start()
        await shows(rig, f"one\n\n{INTERRUPTED}")

    async def test_what_the_platform_is_too_busy_to_finish_is_left_to_the_next(
        self, rig: Rig, adapter: QQAdapter
    ) -> None:
        await asked(rig)
        await begun(adapter, rig)
        fault = rig.qq.faults.refuse(STREAM, 11242, times=2)
        second = await rig.start()
        await until(lambda: fault.hits == 2 and not second.streams._tasks, "the end of the attempts")
        assert second.streams.counts["streams_broken_off"] == 0
        await second.close()
        await rig.start()
        await shows(rig, f"one\n\n{INTERRUPTED}")

    async def test_what_an_earlier_process_was_about_to_send(self, rig: Rig, adapter: QQAdapter) -> None:
        await asked(rig)
        card = Card(content={"imbridge_stream": "unknown", "markdown": True}, text="one")
        await adapter.send(rig.target(), Part(PartKind.CARD, (card,)), "key")
        await shows(rig, f"one\n\n{INTERRUPTED}")
        assert seen(rig).finished

    async def test_no_task_is_left(self, rig: Rig, adapter: QQAdapter) -> None:
        await asked(rig)
        await begun(adapter, rig)
        rig.qq.faults.http_delay(STREAM, 60.0, times=None)
        await adapter.close()
        assert not [task for task in asyncio.all_tasks() if "stream" in task.get_name()]


def notes_of(rig: Rig) -> dict[str, Any]:
    notes: Any = rig.notes
    return dict(notes._notes.get("open_stream", {}))


async def test_how_long_it_is_counts_what_is_escaped(adapter: QQAdapter) -> None:
    stream = growing(adapter, markdown=False)
    part = Part(PartKind.MARKDOWN, (Markdown("a*b"),))
    assert stream.measure(part) == len(r"a\*b")
