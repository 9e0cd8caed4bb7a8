"""A nursery: a process that has loaded everything, and forks a bridge as often as it is asked to.

Usage: python -m benchmarks.survival.child

Reads one `Spec` a line, forks a process that runs it, and writes `{"born": pid}`. The bridge writes `{"ready": pid}`
when it is up. The end of the input is the end of the nursery and of its children.
"""

import asyncio
import json
import logging
import os
import signal
import sys
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import psutil

from benchmarks.survival import clock  # before the library
from benchmarks.survival.control import Control
from benchmarks.survival.skills import SKILLS
from benchmarks.survival.spec import Keeping, Spec
from imbridge import Bridge
from imbridge.adapters.dingtalk.config import DingTalkConfig
from imbridge.adapters.feishu.config import FeishuConfig
from imbridge.adapters.qq.config import QQConfig
from imbridge.adapters.wechat.config import WeChatConfig
from imbridge.adapters.wecom.config import WeComConfig
from imbridge.config import AccountConfig
from imbridge.config.options import BridgeOptions
from imbridge.storage import BaseStorage, InboxEntry, MemoryStorage
from imbridge.storage.core.storage import DatabaseStorage

PLATFORMS: dict[str, type[AccountConfig]] = {
    one.platform: one for one in (FeishuConfig, WeComConfig, WeChatConfig, DingTalkConfig, QQConfig)
}
HASTE = 0.3
"""Seconds from the acknowledgement to the commit, where it comes first."""


class Hasty(DatabaseStorage):
    """Acknowledges before it commits, which is what the harness has to notice."""

    def add_inbound(self, entry: InboxEntry) -> "asyncio.Future[bool]":
        loop = asyncio.get_running_loop()
        accepted: asyncio.Future[bool] = loop.create_future()
        accepted.set_result(True)
        loop.call_later(HASTE, super().add_inbound, entry)
        return accepted


class Announced(Bridge):
    """Says when it is up."""

    async def start(self) -> None:
        await super().start()
        _say({"ready": os.getpid()})


def _say(facts: dict[str, Any]) -> None:
    os.write(1, json.dumps(facts).encode() + b"\n")


def bridge_of(spec: Spec) -> Bridge:
    """The bridge that a spec describes."""
    account = dict(spec.account)
    config = PLATFORMS[account.pop("platform")](**account)
    return Announced(
        [config],
        skills=[SKILLS[spec.skill]()],
        options=BridgeOptions(**{"grace": 60.0, "state": Path(spec.folder) / "state.db", **spec.options}),
        storage=_storage_of(spec),
    )


def _storage_of(spec: Spec) -> BaseStorage:
    if spec.keeping is Keeping.MEMORY:
        return MemoryStorage()
    made = type("HastyStorage", (Hasty, spec.kind), {}) if spec.keeping is Keeping.HASTY else spec.kind
    storage: BaseStorage = made(spec.where, **spec.storage)
    return storage


def _run(spec: Spec) -> int:
    logging.basicConfig(
        filename=Path(spec.folder) / "bridge.log", level=logging.WARNING, format="%(process)d %(levelname)s %(message)s"
    )
    Control(Path(spec.folder), clock.move, clock.julian_day).install()
    bridge = bridge_of(spec)
    return bridge.run(listen=spec.listen) if spec.listen else bridge.run()


def _load() -> None:
    """Everything that a bridge would load when it is made, so that a fork has it."""
    for platform in PLATFORMS:
        import_module(f"imbridge.adapters.{platform}.adapter")
    for name in ("uvicorn", "aiosqlite", "alembic.command", "imbridge.runtime.process", "imbridge.runtime.asgi"):
        import_module(name)
    clock.govern("imbridge")


def main() -> None:
    """Serve until the input ends."""
    _load()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the children: they leave no zombies
    for line in sys.stdin:
        spec = Spec.from_json(line)
        if (child := os.fork()) == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            try:
                os._exit(_run(spec))
            except BaseException:
                logging.exception("the bridge ended")  # noqa: LOG015 - a process of its own
                os._exit(1)
        _say({"born": child})
    for left in psutil.Process().children():
        with suppress(psutil.NoSuchProcess):
            left.kill()


if __name__ == "__main__":
    main()
