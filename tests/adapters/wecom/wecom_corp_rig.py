"""An emulated corp for the tests of what is beyond an app's messages, and adapters made on demand."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from contract import RecordingIntake

from imbridge.adapters.base import Adapter, AdapterContext, Health, Target
from imbridge.adapters.wecom import WeComAdapter, WeComConfig
from imbridge.adapters.wecom.robot.group_robot import GroupRobotAdapter
from imbridge.emulators.wecom import AppMessage, EmulatorSettings, GroupRobot, WeComEmulator
from imbridge.protocol import Channel, ChannelKind, to_reply
from imbridge.rendering import render
from imbridge.transport import Backoff, HttpPool

SECRET = "canary-app-secret"
HERE = Target(Channel(platform="wecom", account="alerts", kind=ChannelKind.GROUP, id="hook"))


class CorpRig:
    """An emulated corp with one app, one person, and a robot in a group."""

    def __init__(self, wecom: WeComEmulator, pool: HttpPool) -> None:
        self.wecom = wecom
        self.pool = pool
        self.app = wecom.add_app("Demo", agent_id=1000002, secret=SECRET)
        self.alice = wecom.add_user("Alice", mobile="13800000001", email="alice@example.com")
        self.robot = wecom.add_group_robot("Alerts", members=[self.alice])
        self.health: list[tuple[Health, str]] = []
        self.adapters: list[Adapter] = []
        self.calls: list[dict[str, Any]] = []
        wecom.wire.watch(self._watch)

    def _watch(self, direction: str, kind: str, facts: dict[str, Any]) -> None:
        if kind == "http":
            self.calls.append(facts)

    def make(self, pool: HttpPool | None = None, **config: Any) -> WeComAdapter:
        """An app's adapter that is not started."""
        base = self.wecom.base_url
        settings = {
            "name": "work", "corp_id": self.app.corp_id, "secret": self.app.secret, "agent_id": self.app.agent_id,
            "base_url": base, "oauth_url": base, "login_url": base,
        } | config  # fmt: skip
        adapter = WeComAdapter.create(WeComConfig(**settings), self._context(pool))
        assert isinstance(adapter, WeComAdapter)
        adapter.api.caller.backoff = Backoff(0.02, 0.1)
        self.adapters.append(adapter)
        return adapter

    def make_robot(
        self, robot: GroupRobot | None = None, pool: HttpPool | None = None, **config: Any
    ) -> GroupRobotAdapter:
        """A robot's adapter, through the choice that a bridge makes."""
        settings = {"name": "alerts", "webhook_url": (robot or self.robot).webhook_url, "robot_rate": "1000/s"} | config
        adapter = WeComAdapter.create(WeComConfig(**settings), self._context(pool))
        assert isinstance(adapter, GroupRobotAdapter)
        adapter.hook.caller.backoff = Backoff(0.02, 0.1)
        self.adapters.append(adapter)
        return adapter

    def _context(self, pool: HttpPool | None) -> AdapterContext:
        return AdapterContext(RecordingIntake(), pool or self.pool, self._on_health)

    def _on_health(self, adapter: Any, health: Health, reason: str) -> None:
        self.health.append((health, reason))

    def asked(self, part: str) -> list[dict[str, Any]]:
        """The calls whose path has this in it."""
        return [call for call in self.calls if part in call["path"]]

    async def close(self) -> None:
        for adapter in self.adapters:
            await adapter.close()


@asynccontextmanager
async def corp_rig(settings: EmulatorSettings | None = None) -> AsyncIterator[CorpRig]:
    """For as long as a test needs it."""
    async with WeComEmulator(settings=settings) as wecom, HttpPool(trust_env=False) as pool:
        rig = CorpRig(wecom, pool)
        try:
            yield rig
        finally:
            await rig.close()


async def say(adapter: Adapter, content: Any, target: Target = HERE) -> tuple[list[str], list[Any]]:
    """Render and send as a bridge does; the kinds of what was sent, and all degradations."""
    rendered = render(to_reply(content), adapter.capabilities, measure=adapter.measure, dialects=adapter.dialects)
    degradations, kinds = list(rendered.degradations), []
    for number, part in enumerate(rendered.parts):
        sent = await adapter.send(target, part, f"k{number}")
        kinds.append(sent.part.kind)
        degradations += sent.degradations
    return kinds, degradations


def last(corp: CorpRig) -> AppMessage:
    """What the robot said last."""
    return corp.robot.messages[-1]
