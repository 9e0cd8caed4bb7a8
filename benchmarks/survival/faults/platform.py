"""The platform's API refuses, holds back, cuts, is slow; tokens die, connections drop."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from benchmarks.survival.account import Outcome
from benchmarks.survival.running import Run, Setting
from benchmarks.survival.stages import STAGES, Stage

SEND = {
    "feishu": "*/im/v1/messages*",
    "wecom": "*/message/send*",
    "dingtalk": "/*robot*",
    "qq": "*/messages*",
}
"""The paths on which bots speak."""
HELD_BACK: dict[str, Callable[[Any], Any]] = {
    "feishu": lambda faults: faults.http_fail(
        SEND["feishu"], 429, body='{"code":99991400,"msg":"too fast"}', headers={"x-ogw-ratelimit-reset": "1"}
    ),
    "wecom": lambda faults: faults.refuse(SEND["wecom"], 45033),
    "dingtalk": lambda faults: faults.refuse("/robot/sendBySession", 130101),
    "qq": lambda faults: faults.rate_limit(SEND["qq"]),
}
"""The platform says that it is too much, each in its own words. WeCom has another, 45009: a minute of silence."""
IMPATIENT: dict[str, Any] = {"account": {"send_timeout": 0.05}, "options": {"retry_for": 0.0}}
"""The control: what the platform does not take at once is given up."""
PAUSE = 0.3
"""Seconds between two faults, at most."""


def platform(name: str) -> Callable[[Setting, int], Awaitable[Outcome]]:
    """The run on one platform."""

    async def run(setting: Setting, messages: int) -> Outcome:
        async with STAGES[name](setting.people) as stage:
            return await _refused(stage, name, setting, messages)

    return run


async def _refused(stage: Stage, name: str, setting: Setting, messages: int) -> Outcome:
    run = Run(stage, setting, **(IMPATIENT if setting.control else {}))
    child = await run.live()
    done: list[str] = []
    async with asyncio.TaskGroup() as beside:
        sprinkling = beside.create_task(_sprinkle(stage, name, run.chance, done), name="faults")
        await run.talk(messages)
        sprinkling.cancel()
    stage.emulator.faults.clear()
    await run.peace()
    await child.end()
    outcome = await run.outcome()
    outcome.title += ", faults"
    outcome.figures["faults"] = len(done)
    if not done:
        outcome.wrong.append("the platform never failed")
    return outcome


async def _sprinkle(stage: Stage, name: str, chance: random.Random, done: list[str]) -> None:
    faults, send = stage.emulator.faults, SEND[name]
    kinds: dict[str, Callable[[], Any]] = {
        "5xx": lambda: faults.http_fail(send, chance.choice((500, 502, 503, 504)), times=chance.randrange(1, 4)),
        "a proxy's page": lambda: faults.http_fail(send, 502, body="<html>no</html>"),
        "slow": lambda: faults.http_delay(send, chance.uniform(0, 0.5), times=5),
        "slow answer": lambda: faults.http_delay(send, 0.3, times=2, accepted=True),
        "cut": lambda: faults.lose_answer(send, times=chance.randrange(1, 3)),
        "too fast": lambda: HELD_BACK[name](faults),
        "tokens die": faults.expire_tokens,
    }
    if stage.patient and not stage.listen:  # elsewhere what is said meanwhile is lost by the platform
        kinds["connections drop"] = faults.drop_connections
    while True:
        await asyncio.sleep(chance.uniform(0.0, PAUSE))
        kind = chance.choice(sorted(kinds))
        with suppress(LookupError):  # there is no connection to drop just now
            kinds[kind]()
        done.append(kind)
