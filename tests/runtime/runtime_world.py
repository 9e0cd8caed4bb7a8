"""What the runtime's tests share: an emulated Feishu, accounts on it, and waiting for conditions."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from pydantic import SecretStr

from imbridge import BaseSkill, Bridge, FeishuConfig, testing
from imbridge.emulators.feishu import App, EmulatorSettings, FeishuEmulator
from imbridge.skills import FunctionSkill, message_skill

FAST = {"chat_rate": "1000/s", "api_rate": "1000/s", "api_minute_rate": "60000/m"}
"""Pacing that does not slow a test down; the emulator must not enforce rates then."""


def settings(**more: Any) -> EmulatorSettings:
    return EmulatorSettings(
        **{"reconnect_nonce": 0, "redelivery": (0.2, 0.5, 1.0, 2.0), "ack_timeout": 20.0, "rate_limits": False, **more}
    )


def chat(*skills: BaseSkill, **more: Any) -> AbstractAsyncContextManager[testing.Chat]:
    """`imbridge.testing.chat` without rates."""
    return testing.chat(*skills, **{"settings": settings(), **FAST, **more})


@asynccontextmanager
async def emulated(**more: Any) -> AsyncIterator[FeishuEmulator]:
    async with FeishuEmulator(settings=settings(**more)) as feishu:
        yield feishu


def account(feishu: FeishuEmulator, app: App, name: str = "work", **more: Any) -> FeishuConfig:
    return FeishuConfig(
        **{
            "name": name,
            "app_id": app.app_id,
            "app_secret": SecretStr(app.app_secret),
            "base_url": feishu.base_url,
            **FAST,
            **more,
        }
    )


def skill(function: Callable[..., Any], name: str = "test", priority: int = 0) -> FunctionSkill:
    return message_skill(function, name=name, priority=priority)


async def echo(msg: Any) -> str:
    return f"echo: {msg.text}"


async def until(condition: Callable[[], Any], *, timeout: float = 30.0, what: str = "") -> Any:
    """Wait for a condition; gives what it gave."""
    end = time.monotonic() + timeout
    while not (found := condition()):
        assert time.monotonic() < end, f"not within {timeout} s: {what or condition}"
        await asyncio.sleep(0.01)
    return found


def texts(feishu: FeishuEmulator, chat: Any = None) -> list[str]:
    """What the bots said, in order."""
    return [message.text for message in feishu.messages if chat is None or message.chat is chat]


def counts(bridge: Bridge) -> Counter[str]:
    return Counter(bridge.counters()["bridge"])


def other_tasks() -> set[str]:
    """Names of all tasks but the test's own and the emulator's connections."""
    return {
        task.get_name()
        for task in asyncio.all_tasks()
        if task is not asyncio.current_task()
        and "aiohttp" not in repr(task.get_coro())
        and "Task-" not in task.get_name()
    }
