"""Quick successive messages of one person become one: held for `debounce` seconds, each stored by itself."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from runtime_world import account, chat, counts, emulated, skill, until
from storage_double import Disk, GroupCommitStorage

from imbridge import (
    BaseSkill,
    Bridge,
    BridgeOptions,
    Channel,
    ChannelKind,
    Message,
    Sender,
    SkillError,
    Text,
    on_pattern,
)
from imbridge.emulators.feishu import events
from imbridge.runtime.intake.joining import Joining
from imbridge.skills import command_skill, message_skill
from imbridge.storage import Box, EntryState, InboxEntry, SqlStorage
from leap import Leap

QUIET = 10.0
"""It is over by a leap of the clock, when all was said that belongs together."""
LATER = 60.0


class Heard:
    """A skill that keeps what it is told."""

    def __init__(self) -> None:
        self.messages: list[Any] = []

    async def __call__(self, msg: Any) -> str:
        self.messages.append(msg)
        return f"heard {msg.text}"

    @property
    def texts(self) -> list[str]:
        return [msg.text for msg in self.messages]


async def says(room: Any, user: Any, *said: str) -> list[Any]:
    """One after another, each taken in before the next."""
    sent = []
    for text in said:
        before = counts(room.bridge)["accepted"]
        sent.append(await user.says(text))
        await until(lambda before=before: counts(room.bridge)["accepted"] == before + 1)
    return sent


async def test_without_it_each_is_handled_by_itself() -> None:
    heard = Heard()
    async with chat(skill(heard.__call__)) as room:
        await says(room, room.user, "one", "two")
        await room.user.receives("heard two")
        assert heard.texts == ["one", "two"]
        assert [msg.joined for msg in heard.messages] == [(), ()]


async def test_texts_are_joined_by_line_breaks_and_all_ids_are_kept(leap: Leap) -> None:
    heard = Heard()
    async with chat(skill(heard.__call__), options=BridgeOptions(debounce=QUIET)) as room:
        sent = await says(room, room.user, "one", "two", "three")
        leap(QUIET)
        await room.user.receives("heard one\ntwo\nthree")
        await room.user.receives_nothing()
        (msg,) = heard.messages
        ids = [one.message_id for one in sent]
        assert (msg.id, [part.id for part in msg.joined]) == (ids[-1], ids)
        assert [part.text for part in msg.joined] == ["one", "two", "three"]
        assert "".join(element.as_text() for element in msg.elements) == msg.raw == "one\ntwo\nthree"
        assert (counts(room.bridge)["held"], counts(room.bridge)["joined"]) == (3, 3)
        assert counts(room.bridge)["waiting"] == 0
        await says(room, room.user, "alone")
        leap(QUIET)
        await room.user.receives("heard alone")
        assert heard.messages[-1].joined == ()


async def test_media_in_order_and_each_is_read_where_it_came_from(leap: Leap) -> None:
    read: list[bytes] = []

    async def look(msg: Any) -> str:
        read.extend([await one.read() for one in msg.media])
        return f"{msg.content_type}: {[element.type for element in msg.elements]}"

    async with emulated() as feishu:
        app, alice = feishu.add_app(), feishu.add_user("Alice")
        options = BridgeOptions(debounce=QUIET)
        async with Bridge([account(feishu, app)], skills=[skill(look)], options=options) as bridge:
            await alice.sends_image(b"\x89PNG first")
            await alice.says("what is this?")
            await alice.sends_image(b"\x89PNG second")
            await until(lambda: counts(bridge)["held"] == 3)
            leap(QUIET)
            await alice.receives(lambda message: message.text.startswith("text: ['image', 'text'"))
            assert read == [b"\x89PNG first", b"\x89PNG second"]
            assert feishu.violations == []


async def test_people_are_kept_apart_and_so_are_conversations(leap: Leap) -> None:
    heard = Heard()
    async with chat(skill(heard.__call__), options=BridgeOptions(debounce=QUIET)) as room:
        alice, bob = room.group("Alice", "Bob")
        await says(room, alice, "a1")
        await says(room, bob, "b1")
        await says(room, alice, "a2")
        await says(room, bob, "b2")
        leap(QUIET)
        await until(lambda: len(heard.messages) == 2)
        assert sorted(heard.texts) == ["a1\na2", "b1\nb2"]


async def test_commands_are_not_held_and_do_not_overtake() -> None:
    heard, helping = Heard(), Heard()
    command = command_skill(helping.__call__, "help", name="help")
    async with chat(skill(heard.__call__), command, options=BridgeOptions(debounce=LATER)) as room:
        await says(room, room.user, "one", "two", "/help")
        await room.user.receives("heard one\ntwo")
        await room.user.receives("heard /help")
        await says(room, room.user, "／help")
        await room.user.receives("heard ／help")
        assert counts(room.bridge)["held"] == 2


async def test_an_answer_to_a_question_is_not_held_and_what_was_held_can_be_one() -> None:
    go = asyncio.Event()

    async def answer(msg: Any) -> str:
        await go.wait()
        first = await msg.ask("who?", timeout=10)
        second = await msg.ask("sure?", timeout=10)
        return f"{first.text!r} {[part.text for part in first.joined]} {second.text!r}"

    begin = command_skill(answer, "begin", name="begin")
    async with chat(begin, options=BridgeOptions(debounce=LATER)) as room:
        await says(room, room.user, "/begin", "Ann", "Bea")
        go.set()
        await room.user.receives("who?")
        await room.user.receives("sure?")
        await says(room, room.user, "yes")
        await room.user.receives("'Ann\\nBea' ['Ann', 'Bea'] 'yes'")


async def test_a_stop_word_is_not_held() -> None:
    async def work(msg: Any) -> None:
        await asyncio.Event().wait()

    async with chat(command_skill(work, "work"), options=BridgeOptions(debounce=LATER)) as room:
        await says(room, room.user, "/work", "stop")
        await room.user.receives("Stopped.")


async def test_an_edit_is_a_message_of_its_own() -> None:
    heard = Heard()
    async with chat(skill(heard.__call__), options=BridgeOptions(debounce=LATER)) as room:
        (said,) = await says(room, room.user, "one")
        world, app = room.feishu.world, room.user._bot
        changed = events.message_received(said, app, world.directory, world.settings.tenant_key)
        changed["message"]["update_time"] = str(int(changed["message"]["create_time"]) + 1000)
        room.feishu.push_event(app, events.MESSAGE_RECEIVE, changed)
        await until(lambda: len(heard.messages) == 2)
        assert [(msg.text, msg.edited, msg.joined) for msg in heard.messages] == [("one", False, ()), ("one", True, ())]


async def test_who_goes_on_and_on_is_answered_in_between(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imbridge.runtime.intake.joining.MOST", 3)
    heard = Heard()
    async with chat(skill(heard.__call__), options=BridgeOptions(debounce=LATER)) as room:
        await says(room, room.user, *"abcdefg")
        await until(lambda: len(heard.messages) == 2)
        assert heard.texts == ["a\nb\nc", "d\ne\nf"]
    monkeypatch.setattr("imbridge.runtime.intake.joining.MOST", 1000)
    monkeypatch.setattr("imbridge.runtime.intake.joining._LONGEST", 0.001)
    heard = Heard()
    async with chat(skill(heard.__call__), options=BridgeOptions(debounce=LATER)) as room:
        await says(room, room.user, "a")
        await room.user.receives("heard a")


async def test_what_is_held_counts_against_the_bounds_and_is_told_when_the_bridge_stops() -> None:
    heard = Heard()
    async with chat(skill(heard.__call__), options=BridgeOptions(debounce=LATER, lane_length=2)) as room:
        await says(room, room.user, "a", "b")
        assert counts(room.bridge)["waiting"] == 2
        assert room.bridge.counters()["feishu:test"]["waiting"] == 2
        await room.user.says("c")
        await until(lambda: counts(room.bridge)["overloaded"])
        await room.bridge.stop()
        assert heard.texts == ["a\nb"], "an orderly stop waits for nobody"


async def test_a_stop_without_grace_counts_what_is_held(caplog: pytest.LogCaptureFixture) -> None:
    heard = Heard()
    async with chat(skill(heard.__call__), options=BridgeOptions(debounce=LATER)) as room:
        await says(room, room.user, "a", "b")
        inbox = room.bridge._handling.inbox
        assert not inbox.idle
        assert await inbox.cancel() == 2
        assert heard.texts == []


class Patient(BaseSkill):
    debounce = QUIET

    def __init__(self) -> None:
        self.heard: list[str] = []

    async def handle_message(self, msg: Any) -> str:
        self.heard.append(msg.text)
        return "fine"


async def test_a_skill_has_its_own(leap: Leap) -> None:
    patient, quick = Patient(), Heard()

    async def numbers(msg: Any, match: Any) -> str:
        return await quick(msg)

    fast = message_skill(on_pattern(r"^\d+$")(numbers), name="fast", priority=5)
    async with chat(patient, fast) as room:
        await says(room, room.user, "one", "two")
        leap(QUIET)
        await room.user.receives("fine")
        await says(room, room.user, "1", "2")
        await room.user.receives("heard 2")
        assert (patient.heard, quick.texts) == (["one\ntwo"], ["1", "2"])


def test_odd_seconds_are_told() -> None:
    for odd in (-1, True, "2", 61, float("nan")):
        with pytest.raises(SkillError, match="debounce is"):
            Bridge(skills=[type("Odd", (Patient,), {"debounce": odd})()])


def entry(text: str, *, after: float = 0.0, suspect: bool = False, sender: str = "ou_1") -> InboxEntry:
    """A message that was said so many seconds after noon."""
    message = Message(
        id=f"om_{text}",
        channel=Channel(platform="feishu", account="work", kind=ChannelKind.PRIVATE, id="oc_1"),
        sender=Sender(id=sender),
        elements=(Text(text),),
        text=text,
        raw=text,
        timestamp=datetime(2026, 1, 1, 12, tzinfo=UTC) + timedelta(seconds=after),
    )
    return InboxEntry("feishu:work", (message.id,), "lane", message, suspect=suspect)


async def test_each_message_begins_the_time_anew_up_to_an_end() -> None:
    let_go: list[InboxEntry] = []
    joining = Joining(lambda message: LATER, let_go.append)
    assert joining.hold(entry("a"))
    held = joining.held["lane", "ou_1"]
    first = held.timer
    assert joining.hold(entry("b"))
    second = held.timer
    assert first is not None
    assert second is not None
    assert first.cancelled()
    assert not second.cancelled()
    assert first.when() <= second.when() <= held.until
    held.until = 0.0
    assert joining.hold(entry("c"))
    await until(lambda: let_go)
    assert [one.item.text for one in let_go if isinstance(one.item, Message)] == ["a\nb\nc"]
    assert second.cancelled()
    assert (len(joining), joining.of("feishu:work"), joining.in_lane("lane")) == (0, 0, 0)


async def test_what_was_left_is_joined_by_the_times_of_the_platform() -> None:
    joining = Joining(lambda message: 2.0 if message.text != "/help" else 0.0, lambda entry: None)
    left = [
        entry("a", after=0),
        entry("b", after=2),
        entry("bob", after=2, sender="ou_2"),
        entry("c", after=5),
        entry("/help", after=5),
        entry("d", after=6),
        entry("e", after=7, suspect=True),
        entry("f", after=8, suspect=True),
    ]
    together = joining.together(left)
    assert [one.item.text for one in together if isinstance(one.item, Message)] == [
        "a\nb", "bob", "c", "/help", "d", "e\nf",
    ]  # fmt: skip
    assert [one.suspect for one in together] == [False] * 5 + [True]
    assert [one for group in together for one in group.deliveries] == left


async def test_with_interrupt_the_joined_message_interrupts(leap: Leap) -> None:
    heard: list[str] = []

    async def answer(msg: Any) -> str:
        heard.append(msg.text)
        if msg.text == "work":
            await asyncio.Event().wait()
        return f"did {msg.text}"

    options = BridgeOptions(debounce=QUIET)
    async with chat(message_skill(answer, on_overlap="interrupt"), options=options) as room:
        await says(room, room.user, "work")
        leap(QUIET)
        await until(lambda: heard)
        await says(room, room.user, "a", "b")
        leap(QUIET)
        await room.user.receives("did a\nb")
        assert heard == ["work", "a\nb"]


async def test_parts_are_kept_one_by_one_and_the_joined_one_finishes_all(leap: Leap) -> None:
    disk, heard = Disk(), Heard()
    async with emulated() as feishu:
        app, alice = feishu.add_app(), feishu.add_user("Alice")
        options, storage = BridgeOptions(debounce=QUIET), GroupCommitStorage(disk)
        async with Bridge([account(feishu, app)], skills=[skill(heard.__call__)], storage=storage, options=options):
            for text in ("one", "two"):
                await alice.says(text)
            await until(lambda: feishu.stats.acks_ok == 2, what="acknowledged while they are held")
            assert [entry.item.text for entry in disk.inbox.values()] == ["one", "two"]
            leap(QUIET)
            await alice.receives("heard one\ntwo")
            await until(lambda: not disk.inbox)


async def test_in_a_database_each_part_has_its_row(tmp_path: Path, leap: Leap) -> None:
    heard, storage = Heard(), SqlStorage(tmp_path / "bot.db")
    async with emulated() as feishu:
        app, alice = feishu.add_app(), feishu.add_user("Alice")
        options = BridgeOptions(debounce=QUIET)
        async with Bridge([account(feishu, app)], skills=[skill(heard.__call__)], storage=storage, options=options):
            for text in ("one", "two"):
                await alice.says(text)
            await until(lambda: feishu.stats.acks_ok == 2)
            kept = await storage.kept(Box.INBOX, EntryState.PENDING)
            assert sorted(one.text for one in kept) == ["one", "two"]
            leap(QUIET)
            await alice.receives("heard one\ntwo")
            async with asyncio.timeout(10):
                while await storage.kept(Box.INBOX, EntryState.PENDING):
                    await asyncio.sleep(0.01)


async def test_a_crash_loses_no_part_and_the_next_process_joins_them_again() -> None:
    disk, heard = Disk(), Heard()
    async with emulated() as feishu:
        app, alice = feishu.add_app(), feishu.add_user("Alice")
        options, storage = BridgeOptions(debounce=LATER), GroupCommitStorage(disk)
        bridge = Bridge([account(feishu, app)], skills=[skill(heard.__call__)], storage=storage, options=options)
        await bridge.start()
        for text in ("one", "two"):
            await alice.says(text)
        await until(lambda: feishu.stats.acks_ok == 2)
        storage.crash()
        assert await bridge._handling.inbox.cancel() == 2
        await bridge.stop(grace=0)
        assert (len(disk.inbox), heard.texts) == (2, [])
        old = list(disk.inbox.values())
        for entry in old:  # and one that was said an hour before
            entry.answer = None
        first = old[0].item
        earlier = first.model_copy(
            update={"id": "om_early", "text": "early", "timestamp": first.timestamp - timedelta(hours=1)}
        )
        disk.inbox = {0: type(old[0])(old[0].account, ("om_early",), old[0].lane, earlier), **disk.inbox}
        disk.keys["feishu:work", "om_early"] = 0
        storage = GroupCommitStorage(disk)
        async with Bridge([account(feishu, app)], skills=[skill(heard.__call__)], storage=storage, options=options):
            await alice.receives("heard one\ntwo")
            assert heard.texts == ["early", "one\ntwo"]
            await until(lambda: not disk.inbox)
