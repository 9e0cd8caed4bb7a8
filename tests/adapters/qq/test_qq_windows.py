"""What can be answered, how often, with which numbers; over restarts; and what becomes of the rest."""

import asyncio
from typing import Any

import pytest
from contract import until
from qq_rig import Rig
from qq_saying import guild_channel, hears, pass_time, say, target
from rigs import text

from imbridge.adapters.notes import MemoryNotes
from imbridge.adapters.qq import QQAdapter
from imbridge.adapters.qq.sent.windows import Windows
from imbridge.emulators.qq import Group
from imbridge.protocol import DeliveryError, Image, Markdown, NotPermittedError


def numbers(rig: Rig) -> list[tuple[str, int]]:
    return [(message.reply_to, message.msg_seq) for message in rig.sent()]


class TestNumbers:
    async def test_each_its_own(self, rig: Rig, adapter: QQAdapter) -> None:
        one, two = await hears(rig, said="one"), await hears(rig, said="two")
        for number, answers in enumerate((one, two, one, two)):
            await adapter.send(rig.target(answers=answers), text(f"{number}"), f"k{number}")
        assert numbers(rig) == [(one, 1), (two, 1), (one, 2), (two, 2)]

    async def test_never_twice_over_restarts(self, rig: Rig, adapter: QQAdapter) -> None:
        message_id = await hears(rig)
        await adapter.send(rig.target(answers=message_id), text("one"), "k1")
        await adapter.close()
        again = await rig.start()
        await again.send(rig.target(answers=message_id), text("two"), "k2")
        assert numbers(rig) == [(message_id, 1), (message_id, 2)]
        assert rig.qq.stats.duplicates_refused == 0

    async def test_what_was_said_before_a_crash_is_not_said_again(self, rig: Rig, adapter: QQAdapter) -> None:
        """The process died before it could note that it was sent: the outbox says it again, with its key."""
        message_id = await hears(rig)
        await adapter.send(rig.target(answers=message_id), text("once"), "key")
        again = await rig.start()
        sent = await again.send(rig.target(answers=message_id), text("once"), "key")
        assert sent.part.message_id == ""
        assert [message.text for message in rig.sent()] == ["once"]
        assert rig.qq.stats.duplicates_refused == 1

    async def test_a_number_that_somebody_else_used(self, rig: Rig, adapter: QQAdapter) -> None:
        """Nothing is noted of it, and it is none of ours: the next one."""
        message_id = await hears(rig)
        other = await rig.start(notes=MemoryNotes())
        await other.send(rig.target(answers=message_id), text("theirs"), "k1")
        await adapter.send(rig.target(answers=message_id), text("ours"), "k2")
        assert numbers(rig) == [(message_id, 1), (message_id, 2)]

    async def test_all_of_its_numbers_used_by_somebody_else(self, rig: Rig, adapter: QQAdapter) -> None:
        await hears(rig)
        rig.qq.faults.refuse("*/messages", 40054005, times=None)
        with pytest.raises(DeliveryError) as caught:
            await adapter.send(rig.target(), text("hi"), "key")
        assert caught.value.code == 40054005

    async def test_a_message_that_this_process_has_not_seen(self, rig: Rig, adapter: QQAdapter) -> None:
        """What came before a restart is answered after it: the platform knows whether it still can be."""
        message_id = await hears(rig)
        await adapter.close()
        again = await rig.start()
        await again.send(rig.target(answers=message_id), text("late"), "key")
        assert numbers(rig) == [(message_id, 1)]

    async def test_in_a_busy_group(self, rig: Rig, adapter: QQAdapter, team: Group) -> None:
        """However much is said meanwhile."""
        team.all_messages = True
        first = await hears(rig, team, "first")
        await adapter.send(rig.target(team, answers=first), text("one"), "k1")
        for number in range(40):
            await rig.alice.says(f"m{number}", chat=team)
        await rig.intake.has("m39")
        await adapter.send(rig.target(team, answers=first), text("one"), "k1")
        await adapter.send(rig.target(team, answers=first), text("two"), "k2")
        assert numbers(rig) == [(first, 1), (first, 2)]
        assert rig.qq.stats.duplicates_refused == 1

    async def test_one_that_there_is_not(self, rig: Rig, adapter: QQAdapter) -> None:
        message_id = await hears(rig)
        await adapter.send(rig.target(answers="ROBOT1.0_nothing"), text("hi"), "k1")
        assert numbers(rig) == [(message_id, 1)]
        calls = adapter.api.caller.calls
        await adapter.send(rig.target(answers="ROBOT1.0_nothing"), text("hi"), "k2")
        assert adapter.api.caller.calls == calls + 1  # it is known now


class TestHowOften:
    async def test_then_the_newest_message(self, rig: Rig, adapter: QQAdapter, team: Group) -> None:
        first = await hears(rig, team, "first")
        await hears(rig, team, "second")
        third = await hears(rig, team, "third")
        for number in range(7):
            await adapter.send(rig.target(team, answers=first), text(f"{number}"), f"k{number}")
        assert [to for to, _ in numbers(rig)] == [first] * 5 + [third] * 2

    async def test_a_fifth_in_a_single_chat_is_tried(self, rig: Rig, adapter: QQAdapter) -> None:
        """Older documents say five, newer ones four."""
        message_id = await hears(rig)
        rig.qq.world.settings.c2c_replies = 5
        try:
            for number in range(5):
                await adapter.send(rig.target(answers=message_id), text(f"{number}"), f"k{number}")
        finally:
            rig.qq.world.settings.c2c_replies = 4
        assert [to for to, _ in numbers(rig)] == [message_id] * 5

    async def test_and_where_there_are_four_the_person_is_woken_up(self, rig: Rig, adapter: QQAdapter) -> None:
        message_id = await hears(rig)
        for number in range(5):
            await adapter.send(rig.target(answers=message_id), text(f"{number}"), f"k{number}")
        assert [message.wakeup for message in rig.sent()] == [False] * 4 + [True]

    async def test_in_a_channel_it_is_not_counted(self, rig: Rig, adapter: QQAdapter) -> None:
        channel = guild_channel(rig)
        message_id = await hears(rig, channel)
        for number in range(7):
            await adapter.send(target(rig, channel, answers=message_id), text(f"{number}"), f"k{number}")
        assert [message.reply_to for message in rig.sent()] == [message_id] * 7

    async def test_a_rate_does_not_hold_up_other_chats(self, rig: Rig, adapter: QQAdapter) -> None:
        bob = rig.qq.add_user("Bob")
        for user in (rig.alice, bob):
            await hears(rig, user, user.name, by=user)
        limited = rig.qq.faults.refuse(f"/v2/users/{bob.openid_for(rig.bot)}/messages", 22009, times=None)
        waiting = asyncio.create_task(adapter.send(rig.target(bob), text("slow"), "k1"))
        await until(lambda: adapter.api.caller.retries)
        assert adapter.api.caller.pacer.paused("api:c2c") == 0
        await adapter.send(rig.target(), text("fast"), "k2")
        assert [message.text for message in rig.sent()] == ["fast"]
        limited.clear()
        await waiting

    async def test_too_many_calls_hold_up_all(self, rig: Rig, adapter: QQAdapter) -> None:
        await hears(rig)
        rig.qq.faults.http_fail("*/messages", 429, headers={"Retry-After": "0.2"})
        sending = asyncio.create_task(adapter.send(rig.target(), text("hi"), "k1"))
        await until(lambda: adapter.api.caller.retries)
        assert adapter.api.caller.pacer.paused("api:c2c") > 0
        await sending


class TestAfterTheWindow:
    async def test_the_platform_says_it_is_over(self, rig: Rig, adapter: QQAdapter) -> None:
        """Its clock counts: ours is wrong here, for an hour has passed there only."""
        message_id = await hears(rig)
        rig.qq.pass_time(3700)
        await adapter.send(rig.target(answers=message_id), text("hi"), "k1")
        assert [(message.wakeup, message.reply_to) for message in rig.sent()] == [(True, "")]

    async def test_one_wake_up_then_a_clear_refusal(self, rig: Rig, adapter: QQAdapter) -> None:
        await hears(rig)
        pass_time(rig, adapter, 3700)
        await adapter.send(rig.target(), text("one"), "k1")
        with pytest.raises(NotPermittedError, match="set on_missed_window: push_or_wait") as caught:
            await adapter.send(rig.target(), text("two"), "k2")
        assert caught.value.code == 40034122
        assert [message.wakeup for message in rig.sent()] == [True]

    async def test_in_a_group_nobody_is_woken_up(self, rig: Rig, adapter: QQAdapter, team: Group) -> None:
        await hears(rig, team)
        pass_time(rig, adapter, 301)
        with pytest.raises(NotPermittedError, match="on_missed_window") as caught:
            await adapter.send(rig.target(team), text("hi"), "k1")
        assert caught.value.code == 40034102
        assert rig.sent() == []

    async def test_a_bot_that_may_speak_first(self, rig: Rig, adapter: QQAdapter, team: Group) -> None:
        rig.bot.active = True
        for place in (None, team):
            await adapter.send(rig.target(place), text("news"), f"k {place!r}")
        assert [(message.active, message.wakeup) for message in rig.sent()] == [(True, False)] * 2

    async def test_that_it_may_not_is_remembered(self, rig: Rig, adapter: QQAdapter, team: Group) -> None:
        calls = []
        for number in range(2):
            with pytest.raises(NotPermittedError):
                await adapter.send(rig.target(team), text("news"), f"k{number}")
            calls.append(adapter.api.caller.calls)
        assert calls[0] == calls[1]

    async def test_somebody_who_does_not_want_it(self, rig: Rig, adapter: QQAdapter) -> None:
        rig.bot.active = True
        rig.alice.refuses.add(rig.bot)
        with pytest.raises(NotPermittedError):
            await adapter.send(rig.target(), text("news"), "k1")
        rig.alice.refuses.clear()
        await adapter.send(rig.target(), text("news"), "k2")  # that was hers, not the bot's

    async def test_a_channel_whose_quota_is_used_up(self, rig: Rig, adapter: QQAdapter) -> None:
        channel = guild_channel(rig)
        with pytest.raises(NotPermittedError):
            await adapter.send(target(rig, channel), text("news"), "k1")
        rig.bot.active = True
        await adapter.send(target(rig, channel), text("news"), "k2")


class TestNotUnasked:
    async def test_nothing_is_pushed(self, rig: Rig, adapter: QQAdapter, team: Group) -> None:
        rig.bot.active = True
        for place, seconds in ((None, 3700), (team, 301)):
            message_id = await hears(rig, place)
            pass_time(rig, adapter, seconds)
            with pytest.raises(NotPermittedError, match="set on_missed_window: push_or_wait") as caught:
                await adapter.send(rig.target(place, answers=message_id, pushes=False), text("late"), f"k {place!r}")
            assert caught.value.window_closed
        assert rig.sent() == []

    async def test_what_is_open_is_answered(self, rig: Rig, adapter: QQAdapter) -> None:
        message_id = await hears(rig)
        await adapter.send(rig.target(answers=message_id, pushes=False), text("hi"), "k")
        assert numbers(rig) == [(message_id, 1)]


class TestPlannedAnew:
    async def test_what_was_refused_takes_a_whole_window_later(self, rig: Rig, adapter: QQAdapter, team: Group) -> None:
        parts = [text(str(number)) for number in range(3)]
        assert len(adapter.plan(rig.target(team), parts, "key").parts) == 1  # for a push
        with pytest.raises(NotPermittedError):
            await adapter.send(rig.target(team), text("all"), "key")
        message_id = await hears(rig, team)
        assert len(adapter.plan(rig.target(team, answers=message_id), parts, "key").parts) == 3

    async def test_what_is_half_said_stays_as_it_was_planned(self, rig: Rig, adapter: QQAdapter, team: Group) -> None:
        message_id = await hears(rig, team)
        target = rig.target(team, answers=message_id, pushes=False)
        parts = [text(str(number)) for number in range(8)]
        planned = adapter.plan(target, parts, "key").parts
        assert len(planned) == 5
        pass_time(rig, adapter, 301)
        assert adapter.plan(target, parts, "key").parts == planned
        assert adapter.plan(target, parts, "another").parts == tuple(parts)


class TestEvents:
    @pytest.mark.parametrize("kind", ["friend", "allowed"])
    async def test_of_single_chats(self, rig: Rig, adapter: QQAdapter, kind: str) -> None:
        happened = {"friend": rig.qq.happenings.friend_added, "allowed": rig.qq.happenings.messages_allowed}
        pushed = happened[kind](rig.alice, rig.bot)
        await until(lambda: rig.intake.items)
        await adapter.send(rig.target(), text("welcome"), "key")
        assert numbers(rig) == [(pushed.event_id, 1)]

    async def test_of_groups(self, rig: Rig, adapter: QQAdapter) -> None:
        group = rig.qq.add_group("New", members=[rig.alice])
        pushed = rig.qq.happenings.bot_added(group, rig.bot, rig.alice)
        await until(lambda: rig.intake.items)
        await adapter.send(rig.target(group), text("hello all"), "key")
        assert numbers(rig) == [(pushed.event_id, 1)]

    async def test_others_are_none(self, rig: Rig, adapter: QQAdapter) -> None:
        rig.qq.happenings.messages_refused(rig.alice, rig.bot)
        await until(lambda: rig.intake.items)
        assert adapter.windows.find(rig.target().channel, None) is None


class TestPlans:
    """Nine paragraphs and four answers."""

    async def test_pieces_are_joined(self, rig: Rig, adapter: QQAdapter) -> None:
        message_id = await hears(rig)
        reply: list[Any] = [Markdown(f"# {number}") for number in range(9)]
        kinds, changed = await say(adapter, rig.target(answers=message_id), reply)
        assert (len(kinds), changed) == (4, ["parts"])
        said = "\n\n".join(message.text for message in rig.sent())
        assert [line for line in said.splitlines() if line] == [f"# {number}" for number in range(9)]

    async def test_what_fits_stays_as_it_is(self, rig: Rig, adapter: QQAdapter) -> None:
        message_id = await hears(rig)
        kinds, changed = await say(adapter, rig.target(answers=message_id), [Markdown("a"), "b", Markdown("c")])
        assert (kinds, changed) == (["markdown", "text", "markdown"], [])

    async def test_what_is_left_over_goes_as_a_file(self, rig: Rig, adapter: QQAdapter) -> None:
        message_id = await hears(rig)
        said = "".join(f"{number:06} abcdefgh.\n" for number in range(1500))
        kinds, changed = await say(adapter, rig.target(answers=message_id), said)
        assert kinds == ["text", "text", "text", "file"]
        assert changed == ["length", "length"]
        messages = rig.sent()
        assert messages[-1].filename == "rest.txt"
        whole = "".join(message.text for message in messages[:-1]) + messages[-1].data.decode().replace("\n\n", "\n")
        assert whole.split() == said.split()

    async def test_a_picture_goes_with_the_text_before_it(self, rig: Rig, adapter: QQAdapter) -> None:
        message_id = await hears(rig)
        picture = Image(data=b"\x89PNG\r\n\x1a\n" + bytes(9))
        reply: list[Any] = [part for number in range(4) for part in (f"picture {number}", picture)]
        kinds, _ = await say(adapter, rig.target(answers=message_id), reply)
        assert kinds == ["image"] * 4
        assert [message.text for message in rig.sent()] == [f"picture {number}" for number in range(4)]

    async def test_a_wake_up_is_one_message(self, rig: Rig, adapter: QQAdapter) -> None:
        await hears(rig)
        pass_time(rig, adapter, 3700)
        kinds, _ = await say(adapter, rig.target(), [Markdown("a"), "b", Markdown("c")])
        assert kinds == ["markdown"]
        assert rig.sent()[0].text == "a\n\nb\n\nc"

    async def test_more_than_can_be_joined_is_said_as_far_as_it_goes(self, rig: Rig, adapter: QQAdapter) -> None:
        message_id = await hears(rig)
        picture = Image(data=b"\x89PNG\r\n\x1a\n" + bytes(9))
        rig.alice.refuses.add(rig.bot)
        with pytest.raises(NotPermittedError):
            await say(adapter, rig.target(answers=message_id), [picture] * 5)
        assert len(rig.sent()) == 4


async def test_no_more_than_so_many_are_known(monkeypatch: pytest.MonkeyPatch, rig: Rig) -> None:
    monkeypatch.setattr("imbridge.adapters.qq.sent.windows._MOST", 10)
    windows = Windows(MemoryNotes(), now=lambda: 0.0)
    for number in range(50):
        channel = rig.target().channel.model_copy(update={"id": f"c{number % 7}"})
        windows.open(f"m{number}", "msg_id", channel, 0.0)
        handle = windows.find(channel, None)
        assert handle is not None
        assert handle.id == f"m{number}"
        windows.over(handle)
        windows.open(f"n{number}", "msg_id", channel, 0.0)
    assert len(windows._handles) == 10
    assert len(windows._over) == 10
    assert sum(map(len, windows._in_chat.values())) == 10


@pytest.mark.parametrize("note", [None, "x", [], {}, {"field": "msg_id", "channel": "c", "until": "soon", "used": 1}])
async def test_notes_that_make_no_sense_are_dropped(note: Any) -> None:
    notes = MemoryNotes()
    notes.put("replies", "m1", note if not isinstance(note, dict) else {"numbers": {}, "last": 1} | note)
    await Windows(notes).restore()
    assert await notes.all("replies") == {}
