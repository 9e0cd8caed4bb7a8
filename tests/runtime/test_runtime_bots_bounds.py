"""Bots that talk to each other: what goes wrong, who else talks, and where it ends."""

import asyncio
from typing import Any

import pytest
from bots_scene import asks_back, two
from hypothesis import given
from hypothesis import strategies as st
from runtime_world import account, counts, emulated, texts, until

from imbridge import (
    BaseSkill,
    Bridge,
    BridgeOptions,
    ConfigError,
    DeliveryState,
    File,
    Image,
    Mention,
    Message,
    Receipt,
)
from imbridge.runtime.turns import Turns
from imbridge.storage import InboxEntry, MemoryStorage

PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)


# -- what arrived ------------------------------------------------------------------------------------------------------


async def test_what_did_not_arrive_calls_nobody() -> None:
    async with two(lambda msg: None) as scene:
        scene.feishu.faults.refuse_send(230027, times=1)
        receipt = await scene.bridge.send(f"feishu:ann/group/{scene.group.chat_id}", "@Bea hello")
        await scene.quiet()
    assert receipt.state is DeliveryState.FAILED
    assert scene.by("bea") == []


@pytest.mark.parametrize(("first", "last", "calls"), [("@Bea one", "two", 1), ("one", "@Bea two", 0)])
async def test_of_what_arrived_in_part_only_that_part_calls(first: str, last: str, calls: int) -> None:
    async with two(lambda msg: None) as scene:
        where = f"feishu:ann/group/{scene.group.chat_id}"
        receipt: Receipt = await scene.bridge.send(where, [first, File(key="file_v3_none", name="gone"), last])
        await scene.quiet()
    assert receipt.state is DeliveryState.PARTIAL
    assert len(scene.by("bea")) == calls
    assert all(msg.id == receipt.message_id for msg in scene.by("bea"))


async def test_of_several_messages_the_one_that_calls_is_answered() -> None:
    async with two(lambda msg: None) as scene:
        where = f"feishu:ann/group/{scene.group.chat_id}"
        receipt = await scene.bridge.send(where, ["one", File(data=b"x", name="x.txt"), "@Bea two"])
        (heard,) = await until(lambda: scene.by("bea"))
    assert heard.id == receipt.message_ids[-1] == scene.feishu.messages[-1].message_id
    assert heard.raw == "one[file: x.txt]@Bea two"


async def test_a_file_on_this_machine_is_not_handed_on(tmp_path: Any) -> None:
    path = tmp_path / "secret.png"
    path.write_bytes(PNG)
    async with two(lambda msg: None) as scene:
        where = f"feishu:ann/group/{scene.group.chat_id}"
        assert await scene.bridge.send(where, ["@Bea look", Image(path=str(path))])
        (heard,) = await until(lambda: scene.by("bea"))
    assert [image.path for image in heard.media] == [None]


async def test_a_call_that_finds_no_room_is_lost_and_told(caplog: pytest.LogCaptureFixture) -> None:
    go_on = asyncio.Event()

    async def slow(msg: Message) -> None:
        await go_on.wait()

    async with two(lambda msg: None, slow, options=BridgeOptions(lane_length=1)) as scene:
        where = f"feishu:ann/group/{scene.group.chat_id}"
        for number in range(4):
            assert await scene.bridge.send(where, f"@Bea {number}")
        found = counts(scene.bridge)
        go_on.set()
        await scene.quiet()
    assert (found["bot_calls"], found["bot_calls_lost"]) == (4, 2)
    assert [msg.text for msg in scene.by("bea")] == ["0", "1"]
    assert sum("is lost: no room" in record.message for record in caplog.records) == 2


class Refusing(MemoryStorage):
    """A storage with a defect: it raises instead of answering."""

    def add_inbound(self, entry: InboxEntry) -> "asyncio.Future[bool]":
        if entry.item.payload.get("imbridge"):
            raise OSError("a defect")
        return super().add_inbound(entry)


async def test_what_was_said_is_said_whatever_becomes_of_the_call(caplog: pytest.LogCaptureFixture) -> None:
    async with two(lambda msg: None, storage=Refusing()) as scene:
        assert await scene.bridge.send(f"feishu:ann/group/{scene.group.chat_id}", "@Bea hello")
        assert counts(scene.bridge)["bot_calls_failed"] == 1
    assert any("could not be handed to feishu:bea" in record.message for record in caplog.records)


# -- who is there ------------------------------------------------------------------------------------------------------


async def test_a_bot_that_was_taken_out_of_the_group_hears_no_more() -> None:
    async with two(lambda msg: None) as scene:
        where = f"feishu:ann/group/{scene.group.chat_id}"
        assert await scene.bridge.send(where, "@Bea one")
        await until(lambda: scene.by("bea"))
        pushed = scene.feishu.groups.remove_bot(scene.group, scene.bea, by=scene.alice)
        await until(lambda: counts(scene.bridge)["events_unhandled"])
        del pushed
        assert await scene.bridge.send(where, "@Bea two")
        await scene.quiet()
    assert [msg.text for msg in scene.by("bea")] == ["one"]


async def test_where_the_platform_does_not_tell_who_is_there_what_was_heard_does(
    caplog: pytest.LogCaptureFixture,
) -> None:
    scopes = {"im:message.group_msg", "im:message"}
    async with two(lambda msg: "@Bea hello", bea_app={"scopes": scopes}) as scene:
        where = f"feishu:ann/group/{scene.group.chat_id}"
        assert await scene.bridge.send(where, "@Bea one")
        assert any("nobody can tell whether feishu:bea is in that group" in record.message for record in caplog.records)
        await scene.alice.says("good morning", chat=scene.group)
        await until(lambda: [msg for msg in scene.heard if msg.channel.account == "bea"])
        assert await scene.bridge.send(where, "@Bea two")
        await until(lambda: scene.by("bea"))
    assert [msg.text for msg in scene.by("bea")] == ["two"]


async def test_a_bot_that_could_not_start_is_not_listed() -> None:
    async with two(lambda msg: "@Bea hello", more={"app_secret": "wrong"}) as scene:
        assert [bot.name for bot in scene.bridge.bots()] == ["Ann"]
        await scene.alice.says("?", chat=scene.group, mentions=[scene.ann])
        await scene.alice.receives("@Bea hello", chat=scene.group)
        await scene.quiet()
    assert scene.by("bea") == []


async def test_a_private_chat_whose_kind_is_not_known_stays_behind_its_allow_list() -> None:
    """That another account heard of a group must not open private chats to strangers."""
    async with two(lambda msg: None, lambda msg: "hello", more={"dm_policy": "allowlist"}) as scene:
        await scene.alice.says("hello?", chat=scene.feishu.private_chat(scene.alice, scene.bea))
        assert await scene.bridge.send(f"feishu:ann/group/{scene.group.chat_id}", "@Bea hello")
        await scene.alice.receives("hello", chat=scene.group)
        await scene.quiet()
        assert counts(scene.bridge)["denied"] == 1


@pytest.mark.parametrize("row", [("nowhere",), ("feishu:ann/private/oc_1", "feishu:bea/group/oc_1")])
def test_groups_that_cannot_be_the_same(row: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError, match="same_chats"):
        Bridge(options=BridgeOptions(same_chats=(row,)))


def test_groups_that_are_the_same_from_one_text() -> None:
    options = BridgeOptions.model_validate({"sameChats": ["qq:a/group/1 qq:b/group/2"]})
    assert options.same_chats == (("qq:a/group/1", "qq:b/group/2"),)


# -- loops that the platform makes -------------------------------------------------------------------------------------


async def test_calls_that_the_platform_delivers_first_know_how_far_they_are() -> None:
    hears = {"hears_bots": True}

    async with two(asks_back("Bea"), asks_back("Ann"), ann_app=hears, bea_app=hears) as scene:
        await scene.alice.says("meet", chat=scene.group, mentions=[scene.bea, scene.ann])
        await until(lambda: len(scene.heard) == 2)  # now each knows the other's id, so that the platform delivers, too
        await scene.quiet()
        before = len(scene.feishu.messages)
        scene.heard.clear()
        await scene.alice.says("go", chat=scene.group, mentions=[scene.ann])
        await until(lambda: counts(scene.bridge)["bot_loop"] and counts(scene.bridge)["duplicate"] == 4)
        await scene.quiet()
        talked = texts(scene.feishu)[before:]
    assert talked == ["@Bea and you?", "@Ann and you?", "@Bea and you?", "@Ann and you?"]
    assert [msg.hops for msg in scene.heard if msg.mentions_me] == [0, 1, 2, 3]


class Passing(BaseSkill):
    def __init__(self, name: str, other_id: str) -> None:
        super().__init__(name)
        self.other_id = other_id

    async def handle_message(self, msg: Message) -> Any:
        return [Mention(id=self.other_id), " and you?"] if msg.mentions_me else None


async def test_bots_of_two_processes_are_stopped_too(caplog: pytest.LogCaptureFixture) -> None:
    async with emulated() as feishu:
        alice = feishu.add_user("Alice")
        ann, bea = feishu.add_app(name="Ann", hears_bots=True), feishu.add_app(name="Bea", hears_bots=True)
        group = feishu.add_group("Team", members=[alice], apps=[ann, bea])
        bridges = []
        for me, other in ((ann, bea), (bea, ann)):
            bridge = Bridge([account(feishu, me, me.name.lower())], options=BridgeOptions(bot_turns=3))
            other_id = feishu.world.directory.ids_of(other, me)["open_id"]

            bridge.add_skill(Passing(f"to_{other.name}", other_id))
            bridges.append(bridge)
        async with bridges[0], bridges[1]:
            await alice.says("go", chat=group, mentions=[ann])
            await until(lambda: sum(counts(bridge)["bot_loop"] for bridge in bridges))
        assert len(feishu.messages) == 7, "one to Alice, three of each to the other"
    assert any("3 messages of bots within 600 s" in record.message for record in caplog.records)


async def test_bots_of_others_that_do_not_talk_to_us_are_not_counted() -> None:
    options = BridgeOptions(bot_turns=1)
    async with two(lambda msg: None, options=options, bea_app={"hears_bots": True}) as scene:
        robot = scene.feishu.add_app(name="Alarm")
        scene.group.apps.append(robot)
        async with Bridge([account(scene.feishu, robot, "alarm")]) as alarms:
            bea_id = scene.feishu.world.directory.ids_of(scene.bea, robot)["open_id"]
            for number in range(3):
                called = [Mention(id=bea_id), f" alarm {number}"]
                assert await alarms.send(f"feishu:alarm/group/{scene.group.chat_id}", called)
            await until(lambda: counts(scene.bridge)["bot_loop"] == 2)
    assert [msg.hops for msg in scene.by("bea")] == [1]


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 4), st.floats(0, 5)), max_size=60))
def test_never_more_turns_in_any_window(events: list[tuple[str, int, float]]) -> None:
    now = [0.0]
    turns = Turns(hops=2, turns=3, window=10.0, clock=lambda: now[0])
    taken: dict[str, list[float]] = {"a": [], "b": []}
    for chat, hops, passes in events:
        now[0] += passes
        stop = turns.take(chat, hops)
        if stop is None:
            taken[chat].append(now[0])
            assert hops <= 2
            assert sum(at > now[0] - 10 for at in taken[chat]) <= 3
        else:
            assert hops > 2 or sum(at > now[0] - 10 for at in taken[chat]) == 3
