"""Events over the gateway: what happens on the platform is what a skill gets."""

from typing import Any

import pytest
from contract import until
from qq_rig import Rig

from imbridge.adapters.qq import QQAdapter
from imbridge.adapters.qq.api import place
from imbridge.adapters.qq.intents import INTENTS
from imbridge.emulators.qq import Group
from imbridge.protocol import (
    BotAdded,
    BotRemoved,
    ButtonClicked,
    ChannelClosed,
    ChannelUpdated,
    ContactChanged,
    Event,
    MemberJoined,
    MemberLeft,
    MenuClicked,
    Message,
    MessageRecalled,
    ReactionAdded,
    ReactionRemoved,
    UnknownEvent,
)

ALL = tuple(name for name in INTENTS if name not in ("guild_messages", "forums"))
"""What a public bot may ask for."""


async def events(rig: Rig, number: int) -> list[Any]:
    """So many events, in the order in which they came."""

    def found() -> list[Event]:
        return [item for item in rig.intake.items if isinstance(item, Event)]

    await until(lambda: len(found()) >= number, f"{number} events")
    return found()


async def test_single_chats(rig: Rig, adapter: QQAdapter) -> None:
    happenings, alice, bot = rig.qq.happenings, rig.alice, rig.bot
    happenings.friend_added(alice, bot)
    happenings.messages_refused(alice, bot)
    happenings.messages_allowed(alice, bot)
    happenings.friend_removed(alice, bot)
    happenings.menu_picked(alice, bot, "f1")
    found = await events(rig, 5)
    assert [type(event) for event in found] == [BotAdded, ChannelUpdated, ChannelUpdated, BotRemoved, MenuClicked]
    assert [event.changes["active_messages"]["after"] for event in found[1:3]] == [False, True]
    assert {event.channel.id for event in found} == {event.actor.id for event in found} == {alice.openid_for(bot)}
    assert found[0].id.startswith("FRIEND_ADD:"), "by which it can be answered"
    assert found[4].key == "f1"


async def test_groups(rig: Rig, team: Group) -> None:
    await rig.start(intents=ALL)
    happenings, alice, bot = rig.qq.happenings, rig.alice, rig.bot
    bob = rig.qq.add_user("Bob")
    happenings.bot_added(team, bot, alice)
    happenings.group_messages_refused(team, bot, alice)
    happenings.group_messages_allowed(team, bot, alice)
    happenings.member_joined(team, bob)
    happenings.member_left(team, bob)
    happenings.bot_removed(team, bot, alice)
    found = await events(rig, 6)
    kinds = [BotAdded, ChannelUpdated, ChannelUpdated, MemberJoined, MemberLeft, BotRemoved]
    assert [type(event) for event in found] == kinds
    assert {event.channel.id for event in found} == {rig.group_openid(team)}
    assert {event.actor.id for event in found if event.actor} == {alice.member_openid_for(bot, team)}
    assert [event.members[0].id for event in found[3:5]] == [bob.member_openid_for(bot, team)] * 2


async def test_guilds(rig: Rig) -> None:
    await rig.start(intents=ALL)
    happenings, alice, bot = rig.qq.happenings, rig.alice, rig.bot
    bob = rig.qq.add_user("Bob")
    guild = rig.qq.add_guild("Guild", members=[alice], bots=[bot])
    happenings.guild_bot_added(guild, bot, alice)
    happenings.guild_renamed(guild, "Other", alice)
    channel, _ = happenings.channel_created(guild, "talk", alice)
    happenings.channel_renamed(channel, "chat", alice)
    happenings.guild_member_joined(guild, bob, alice)
    happenings.guild_member_changed(guild, bob, alice)
    happenings.guild_member_left(guild, bob)
    happenings.channel_deleted(channel, alice)
    happenings.guild_bot_removed(guild, bot, alice)
    found = await events(rig, 9)
    kinds = [BotAdded, ChannelUpdated, UnknownEvent, ChannelUpdated, MemberJoined, ContactChanged, MemberLeft,
             ChannelClosed, BotRemoved]  # fmt: skip
    assert [type(event) for event in found] == kinds
    assert found[1].changes["name"]["after"] == "Other"
    assert (found[3].channel.id, found[3].channel.name) == (channel.id, "chat")
    assert [found[4].members[0].name, found[5].subject_id, found[6].members[0].id] == ["Bob", bob.id, bob.id]
    assert found[4].actor.id == alice.id
    assert all(place(event.channel) for event in found if event.channel), "a guild is no place to speak in"


async def test_deletions_and_reactions(rig: Rig) -> None:
    await rig.start(intents=ALL)
    guild = rig.qq.add_guild("Guild", members=[rig.alice], bots=[rig.bot])
    channel, direct = guild.add_channel("talk"), guild.direct(rig.alice, rig.bot)
    said = await rig.alice.says("hi", chat=channel, mentions=[rig.bot])
    whispered = await rig.alice.says("hi", chat=direct)
    happenings = rig.qq.happenings
    happenings.reaction_added(rig.alice, said, "4")
    happenings.reaction_added(rig.alice, said, "128077", 2)
    happenings.reaction_removed(rig.alice, said, "4")
    happenings.message_deleted(said, rig.alice)
    happenings.message_deleted(whispered, rig.alice)
    found = await events(rig, 5)
    kinds = [ReactionAdded, ReactionAdded, ReactionRemoved, MessageRecalled, MessageRecalled]
    assert [type(event) for event in found] == kinds
    assert [event.emoji for event in found[:3]] == ["[得意]", "👍", "[得意]"]
    heard = [item for item in rig.intake.items if isinstance(item, Message)]
    assert [event.message_id for event in found] == [said.id] * 4 + [whispered.id]
    assert [event.channel for event in found] == [heard[0].channel] * 4 + [heard[1].channel]


async def test_requests_to_join_are_passed_on_whole(rig: Rig, team: Group) -> None:
    await rig.start(intents=ALL)
    team.managed_by.add(rig.bot)
    carol = rig.qq.add_user("Carol")
    rig.qq.happenings.join_requested(team, carol, "let me in")
    (event,) = await events(rig, 1)
    assert (event.kind, event.channel.id) == ("GROUP_JOIN_REQUEST", rig.group_openid(team))
    assert event.actor.id == carol.member_openid_for(rig.bot, team)
    assert event.payload["verify_info"]["verify_message"] == "let me in"


async def test_ratings(rig: Rig, adapter: QQAdapter) -> None:
    rig.qq.happenings.interacted(rig.alice, rig.bot, 13, {"feedback_opt": "LIKE", "message_id": "m1"})
    rig.qq.happenings.interacted(rig.alice, rig.bot, 14, {})
    rated, cleared = await events(rig, 2)
    assert (rated.rating, rated.message_id) == ("good", "m1")
    assert (cleared.kind, cleared.payload["type"]) == ("INTERACTION_CREATE", 14)


async def test_a_click(rig: Rig, adapter: QQAdapter) -> None:
    data = {
        "id": "i1", "type": 11, "scene": "c2c", "chat_type": 2, "user_openid": rig.alice.openid_for(rig.bot),
        "data": {"type": 11, "resolved": {"button_id": "1", "button_data": '{"imbridge":"approve","value":7}'}},
    }  # fmt: skip
    rig.qq.push_event(rig.bot, "INTERACTION_CREATE", data, event_id="INTERACTION_CREATE:i1")
    (event,) = await events(rig, 1)
    assert isinstance(event, ButtonClicked)
    assert (event.action, event.value, event.id) == ("approve", 7, "INTERACTION_CREATE:i1")


async def test_audits_say_what_they_are_of(rig: Rig, adapter: QQAdapter) -> None:
    for kind in ("MESSAGE_AUDIT_PASS", "MESSAGE_AUDIT_REJECT"):
        rig.qq.push_event(rig.bot, kind, {"audit_id": "a1", "guild_id": "1", "channel_id": "2"})
    found = await events(rig, 2)
    assert [event.kind for event in found] == ["MESSAGE_AUDIT_PASS", "MESSAGE_AUDIT_REJECT"]
    assert {event.payload["audit_id"] for event in found} == {"a1"}


@pytest.mark.parametrize("kind", ["FORUM_THREAD_CREATE", "AUDIO_ON_MIC", "A_NEW_ONE"])
async def test_what_has_no_class_is_passed_on_whole(rig: Rig, kind: str) -> None:
    rig.bot.private = True
    await rig.start(intents=tuple(INTENTS))
    data = {"guild_id": 47129941624960822, "channel_id": "1661124", "author_id": 144115218182563108, "more": [1]}
    rig.qq.push_event(rig.bot, kind, data, event_id="e1")
    (event,) = await events(rig, 1)
    assert isinstance(event, UnknownEvent)
    assert (event.id, event.kind, event.payload) == ("e1", kind, data)
    assert event.actor is not None
    assert event.actor.id == "144115218182563108"


async def test_twice_is_once(rig: Rig, adapter: QQAdapter) -> None:
    rig.qq.faults.duplicate_events()
    rig.qq.happenings.friend_added(rig.alice, rig.bot)
    await events(rig, 2)
    assert rig.intake.offered[0].dedup_keys == rig.intake.offered[1].dedup_keys
