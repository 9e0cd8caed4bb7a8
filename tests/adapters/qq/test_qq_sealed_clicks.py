"""Clicks on QQ's buttons: which are believed, and which are not."""

import json
from typing import Any

import pytest
from contract import until
from qq_rig import Rig
from rigs import alone

from imbridge.adapters.base import Target
from imbridge.adapters.card_seals import NO_SEAL, WRONG_SEAL, RefusedClick
from imbridge.adapters.qq import QQAdapter
from imbridge.emulators.qq import BotMessage
from imbridge.protocol import Button, ButtonClicked, Card, Channel, ChannelKind, Select
from imbridge.rendering import PartKind

ASK = Card(
    title="Release?",
    body=(Button("Yes", action="approve", value={"build": 7}), Select(name="speed", options={"s": "Slow"})),
)
SUCCESS, FAILURE = 0, 1


async def shown(rig: Rig, adapter: QQAdapter, target: Target | None = None, card: Card = ASK) -> BotMessage:
    """Buttons that Alice sees."""
    number = len(rig.sent())
    await rig.alice.says(f"hi {number}", bot=rig.bot)
    await rig.intake.has(f"hi {number}")
    await adapter.send(target or rig.target(), alone(PartKind.CARD, card), f"key {number}")
    return rig.sent()[-1]


async def clicked(rig: Rig, message: BotMessage, button: str, code: int = SUCCESS) -> ButtonClicked:
    before = len(rig.intake.items)
    assert await rig.alice.clicks(message, button) == code
    await until(lambda: len(rig.intake.items) > before, "the click")
    item = rig.intake.items[-1]
    assert isinstance(item, ButtonClicked)
    return item


def action_of(message: BotMessage, label: str = "Yes") -> dict[str, Any]:
    action: dict[str, Any] = next(one for one in message.buttons if one["render_data"]["label"] == label)["action"]
    return action


async def test_buttons_and_choices_are_believed(rig: Rig, adapter: QQAdapter) -> None:
    message = await shown(rig, adapter)
    event = await clicked(rig, message, "Yes")
    assert (event.action, event.value, event.verified) == ("approve", {"build": 7}, True)
    event = await clicked(rig, message, "Slow")
    assert (event.action, event.value, event.verified) == ("speed", "s", True)


async def test_after_a_restart(rig: Rig) -> None:
    message = await shown(rig, await rig.start())
    await rig.adapters[0].close()
    await rig.start()
    assert (await clicked(rig, message, "Yes")).verified


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"imbridge": "reject"}, WRONG_SEAL),
        ({"value": {"build": 8}}, WRONG_SEAL),
        ({"seal": "A" * 16}, WRONG_SEAL),
        ({"seal": None}, NO_SEAL),
    ],
)
async def test_a_forged_click_is_not_believed_and_the_client_says_that_it_failed(
    rig: Rig, adapter: QQAdapter, change: dict[str, Any], why: str
) -> None:
    message = await shown(rig, adapter)
    action = action_of(message)
    action["data"] = json.dumps(json.loads(action["data"]) | change)
    event = await clicked(rig, message, "Yes", FAILURE)
    assert isinstance(event, RefusedClick)
    assert event.refused == why


async def test_a_button_of_another_chat_is_not_believed(rig: Rig, adapter: QQAdapter) -> None:
    team = rig.qq.add_group("Team", members=[rig.alice], bots=[rig.bot])
    await rig.alice.says("in the team", bot=rig.bot, chat=team, mentions=[rig.bot])
    await until(lambda: rig.intake.items, "the message")
    await adapter.send(rig.target(team), alone(PartKind.CARD, ASK), "team")
    theirs = rig.sent()[-1]
    assert (await clicked(rig, theirs, "Yes")).verified
    ours = await shown(rig, adapter)
    action_of(ours)["data"] = action_of(theirs)["data"]
    assert isinstance(await clicked(rig, ours, "Yes", FAILURE), RefusedClick)


async def test_of_another_account_and_of_an_old_secret(rig: Rig) -> None:
    message = await shown(rig, await rig.start(name="other"))
    await rig.adapters[0].close()
    adapter = await rig.start()
    assert isinstance(await clicked(rig, message, "Yes", FAILURE), RefusedClick)
    ours = await shown(rig, adapter)
    await adapter.close()
    rig.bot.secret = "a-newer-secret"
    await rig.start()
    assert isinstance(await clicked(rig, ours, "Yes", FAILURE), RefusedClick)


async def test_in_a_private_chat_of_a_guild_also_after_a_restart(rig: Rig) -> None:
    guild = rig.qq.add_guild("Guild", members=[rig.alice], bots=[rig.bot])
    adapter = await rig.start()
    await rig.alice.says("hi", bot=rig.bot, chat=guild.direct(rig.alice, rig.bot))
    await rig.intake.has("hi")
    heard = rig.intake.items[-1]
    assert heard.channel.kind is ChannelKind.PRIVATE
    await adapter.send(Target(heard.channel, answers=heard.id), alone(PartKind.CARD, ASK), "key")
    message = rig.sent()[-1]
    await adapter.close()
    await rig.start()
    event = await clicked(rig, message, "Yes")
    assert event.verified
    assert event.channel != heard.channel  # it is told like a channel's


async def test_a_keyboard_in_the_platforms_own_json_is_told_and_not_verified(rig: Rig, adapter: QQAdapter) -> None:
    button = {
        "id": "go", "render_data": {"label": "Go", "visited_label": "Go", "style": 0},
        "action": {"type": 1, "permission": {"type": 2}, "data": "go-7", "unsupport_tips": "x"},
    }  # fmt: skip
    own = {"markdown": {"content": "x"}, "keyboard": {"content": {"rows": [{"buttons": [button]}]}}}
    event = await clicked(rig, await shown(rig, adapter, card=Card(content=own)), "Go")
    assert type(event) is ButtonClicked
    assert (event.action, event.value, event.verified) == ("go", "go-7", False)


async def test_a_card_written_to_a_person_by_id_is_believed(rig: Rig, adapter: QQAdapter) -> None:
    person = Channel(platform="qq", account="work", kind=ChannelKind.USER, id=rig.alice.openid_for(rig.bot))
    assert (await clicked(rig, await shown(rig, adapter, Target(person)), "Yes")).verified
