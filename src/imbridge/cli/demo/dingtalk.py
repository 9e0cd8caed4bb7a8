"""The demo on DingTalk: an app's robot over stream."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractContextManager, asynccontextmanager
from typing import Any

from pydantic import SecretStr

from imbridge import Bridge
from imbridge.adapters.dingtalk import DingTalkConfig
from imbridge.cli.demo.scene import BOT, PIXEL, Scene, Stage
from imbridge.cli.demo.screen import Screen
from imbridge.emulators.dingtalk import App, BotMessage, DingTalkEmulator

_CLIENT_ID, _CLIENT_SECRET = "dingdemo", "demo-secret"
NAME = "DingTalk"
TITLE = "an emulated DingTalk on this machine, the real adapter over stream, real frames"


@asynccontextmanager
async def stage(screen: Screen, *, wire: bool) -> AsyncIterator[Stage]:
    """An emulated DingTalk, and an app with a robot on it."""
    async with DingTalkEmulator() as ding:
        app = ding.add_app(BOT, client_id=_CLIENT_ID, client_secret=_CLIENT_SECRET)
        if wire:
            ding.wire.watch(screen.wire)
        config = DingTalkConfig(
            name="demo",
            client_id=_CLIENT_ID,
            client_secret=SecretStr(_CLIENT_SECRET),
            base_url=ding.base_url,
            oapi_url=ding.base_url,
        )
        yield Stage(config, lambda bridge: DingTalkScene(screen, ding, app, bridge))


class DingTalkScene(Scene):
    """DingTalk, an app's robot, two people and a group."""

    account = "dingtalk:demo"
    picture = "[a picture]"
    story = "  (one AI card, which showed {} states)"
    next_steps = (
        "  imbridge run my_skill.py        your own skill on the real DingTalk, with DINGTALK_CLIENT_ID and",
        "                                  DINGTALK_CLIENT_SECRET set (docs/dingtalk.md says where to find them)",
    )

    def __init__(self, screen: Screen, ding: DingTalkEmulator, app: App, bridge: Bridge) -> None:
        self.screen = screen
        self.ding = ding
        self.app = app
        self.bridge = bridge
        self.alice, self.bob = ding.add_user("Alice"), ding.add_user("Bob")
        self.group = ding.add_group("team", members=[self.bob], apps=[app])

    async def say(self, text: str) -> None:  # noqa: D102 - inherited
        await self.alice.says(text, app=self.app)

    async def heard(self, expected: Any = None, *, timeout: float = 15.0) -> str:  # noqa: D102 - inherited
        return (await self.alice.receives(expected, app=self.app, timeout=timeout)).text

    async def heard_growing(self) -> tuple[str, int]:  # noqa: D102 - inherited
        story = await self.alice.receives(app=self.app)
        await self.until(lambda: story.finished, "the end of the story")
        return story.text, len(story.states)

    async def silence(self) -> None:  # noqa: D102 - inherited
        await self.alice.receives_nothing(app=self.app, within=0.3)

    async def say_in_group(self, text: str) -> None:  # noqa: D102 - inherited
        await self.bob.says(text, chat=self.group, mentions=[self.app])

    async def heard_in_group(self, expected: Any = None) -> str:  # noqa: D102 - inherited
        return (await self.bob.receives(expected, chat=self.group)).text

    async def send_picture(self) -> None:  # noqa: D102 - inherited
        await self.alice.sends_image(PIXEL, app=self.app)

    async def with_a_card(self) -> None:  # noqa: D102 - inherited
        await self.say("/deploy")
        self.screen.said("Alice", "private", "/deploy")
        card = await self.alice.receives(app=self.app)
        self.show_card(card.text)
        before = card.text
        await self.alice.clicks(card, action_id=_id_of(card, "Yes"))
        self.screen.said("Alice", "private", "[clicks Yes]")
        await self.until(lambda: card.text != before, "the change of the card")
        self.show_card(card.text, "the same card")

    def repeating(self) -> AbstractContextManager[Any]:  # noqa: D102 - inherited
        return self.ding.faults.duplicate_events(2, times=1)

    async def more_trouble(self) -> None:
        """The session webhook is over; a planned disconnect."""
        self.screen.note("  The session webhook is over before its time; the answer goes by the API.")
        self.ding.faults.expire_session_webhooks()
        await self.exchange("still there?", "echo: still there?")

    async def cut(self) -> None:
        """DingTalk never delivers a message again, so Alice waits until the robot is back."""
        await self.until_back(lambda: self.ding.faults.drop_connections(self.app))

    def violations(self) -> Sequence[Any]:  # noqa: D102 - inherited
        return self.ding.violations


def _id_of(message: BotMessage, text: str) -> str:
    """The id of the button with this text."""
    layout = message.card.data.get("sys_full_json_obj", "{}") if message.card is not None else "{}"
    ids = [button["id"] for button in json.loads(layout).get("msgButtons", []) if button.get("text") == text]
    if not ids:
        raise AssertionError(f"the card has no button {text!r}")
    return str(ids[0])
