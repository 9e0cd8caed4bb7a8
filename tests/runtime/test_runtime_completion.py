"""A skill gets messages with what belongs to them: from the platform, through the bridge."""

from typing import Any

import pytest
from runtime_world import chat, counts, skill, until

from imbridge import ReactionAdded
from imbridge.skills import event_skill


async def tell(msg: Any) -> str:
    if msg.quote is not None:
        return f"{msg.text!r} about {msg.quote.text!r}"
    if msg.forward is not None:
        return f"{len(msg.forward.messages)} forwarded, the last: {msg.forward.messages[-1].text}"
    return f"{msg.content_type}: {msg.text}"


async def test_a_skill_reads_what_is_quoted_and_forwarded() -> None:
    async with chat(skill(tell)) as room:
        first = await room.user.says("the plan")
        await room.user.receives("text: the plan")
        await room.user._user.replies(first, "looks good")
        await room.user.receives("'looks good' about 'the plan'")
        await room.user._user.sends_merged(first, await room.user.says("the end"))
        await room.user.receives("2 forwarded, the last: the end")
        assert room.feishu.violations == []


async def test_a_message_is_handled_although_its_quote_cannot_be_read() -> None:
    async with chat(skill(tell)) as room:
        first = await room.user.says("a secret")
        with room.feishu.faults.refuse("*/messages/*", 230027, times=None, method="GET"):
            await room.user._user.replies(first, "well?")
            await room.user.receives("'well?' about ''")


@pytest.mark.parametrize(
    ("send", "said"),
    [
        (("vote", {"topic": "Lunch?", "options": ["rice"]}), "notice: [vote: Lunch?]\n- rice"),
        (("share_user", {"user_id": "ou_1"}), "contact: [user: ou_1]"),
        (("location", {"name": "Here", "latitude": "1", "longitude": "2"}), "location: [location: Here]"),
    ],
)
async def test_what_was_unknown_has_words_now(send: tuple[str, dict[str, Any]], said: str) -> None:
    async with chat(skill(tell)) as room:
        await room.user.sends(*send)
        await room.user.receives(said)


async def test_our_own_reactions_reach_no_skill() -> None:
    seen = []

    async def react(msg: Any) -> None:
        await msg.react("SMILE")

    async def watch(event: Any) -> None:
        seen.append(event)

    async with chat(skill(react), event_skill(watch, ReactionAdded, name="watch")) as room:
        said = await room.user.says("hello")
        await until(lambda: counts(room.bridge)["own"] == 1)
        room.user._user.reacts(said, "OK")
        await until(lambda: seen)
        assert [event.emoji for event in seen] == ["OK"]
