"""Skills and messages that bots wrote."""

from datetime import UTC, datetime

import pytest

from imbridge import BaseSkill, Channel, ChannelKind, Message, Sender, Text
from imbridge.skills import SkillSet

GROUP = Channel(platform="feishu", account="work", kind=ChannelKind.GROUP, id="oc_1")


class ForPeople(BaseSkill):
    hears_bots = False

    async def handle_message(self, msg: Message) -> str:
        return "for people"


class ForAll(BaseSkill):
    async def handle_message(self, msg: Message) -> str:
        return "for all"


@pytest.mark.parametrize(("is_bot", "answer"), [(False, "for people"), (True, "for all")])
async def test_a_skill_that_is_not_for_bots_leaves_their_messages_to_others(is_bot: bool, answer: str) -> None:
    sender = Sender(id="ou_1", is_bot=is_bot)
    message = Message(id="om_1", channel=GROUP, sender=sender, elements=(Text("hi"),), timestamp=datetime.now(UTC))
    skills = SkillSet([ForPeople(), ForAll()])
    assert (await skills.run(message)).content == answer
    alone = await SkillSet([ForPeople()]).run(message)
    assert alone.handled is not is_bot
