"""What is lost when a stream connection ends, and how long starting and stopping take: one message every 20 ms.

DingTalk never sends a robot's message again, so what comes while there is no connection is gone. A ticket takes 150 ms,
as it may over the internet.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

from pydantic import SecretStr

from benchmarks.clients.bridge import Echo
from imbridge import Bridge
from imbridge.adapters.dingtalk import DingTalkConfig
from imbridge.emulators.dingtalk import App, DingTalkEmulator, EmulatorSettings
from imbridge.storage import MemoryStorage

EVERY, LATE = 0.02, 0.15
MESSAGES = 150
TURNS = 5

Happening = Callable[[DingTalkEmulator, App], Any]


async def _planned(ding: DingTalkEmulator, app: App) -> None:
    await ding.disconnect(app, count=1)


async def _reset(ding: DingTalkEmulator, app: App) -> None:
    ding.world.stream.of(app)[0].abort()


CASES: dict[str, tuple[int, float, Happening]] = {
    "planned disconnect": (1, 5.0, _planned),
    "planned, the server stops at once": (1, 0.0, _planned),
    "planned, at once, two links": (2, 0.0, _planned),
    "TCP reset": (1, 0.0, _reset),
    "TCP reset, two links": (2, 0.0, _reset),
}


async def run(say: Callable[[str], None]) -> dict[str, Any]:
    """Every case in turns; messages lost in each, and seconds for the stop of the bridge."""
    logging.getLogger("imbridge").addHandler(logging.NullHandler())  # lost connections are what this is about
    logging.getLogger("imbridge").propagate = False
    result: dict[str, Any] = {"every_ms": EVERY * 1000, "lost": {}, "stop_seconds": []}
    for name, (links, grace, happens) in CASES.items():
        lost = []
        for turn in range(TURNS):
            say(f"loss: {name}, turn {turn + 1} of {TURNS} ...")
            found, stopped = await _lose(links, grace, happens)
            lost.append(found)
            result["stop_seconds"].append(round(stopped, 3))
        result["lost"][name] = lost
    return result


def text(found: dict[str, Any]) -> list[str]:
    """For people."""
    return [
        f"DingTalk, a connection ends: messages lost of one every {found['every_ms']:.0f} ms, in {TURNS} turns",
        *(f"  {name:<36} {'  '.join(f'{one:3}' for one in lost)}" for name, lost in found["lost"].items()),
        f"Stopping the bridge took {max(found['stop_seconds']):.3f} s at most",
    ]


async def _lose(links: int, grace: float, happens: Callable[..., Awaitable[None]]) -> tuple[int, float]:
    settings = EmulatorSettings(rate_limits=False, drain_grace=grace)
    async with DingTalkEmulator(settings=settings) as ding:
        app = ding.add_app("Bench", client_secret="bench-secret")
        alice = ding.add_user("Alice")
        config = DingTalkConfig(
            name="bench",
            client_id=app.client_id,
            client_secret=SecretStr(app.client_secret),
            base_url=ding.base_url,
            oapi_url=ding.base_url,
            links=links,
        )
        bridge = Bridge([config], skills=[Echo()], storage=MemoryStorage())
        await bridge.start()
        while ding.connections(app) < links:  # noqa: ASYNC110 - an emulator has no event for it
            await asyncio.sleep(0.01)
        with ding.faults.http_delay("/v1.0/gateway/connections/open", LATE, times=None):
            for number in range(MESSAGES):
                await alice.says(f"m{number}", app=app)
                if number == MESSAGES // 3:
                    await happens(ding, app)
                await asyncio.sleep(EVERY)
        began = time.perf_counter()
        await bridge.stop(grace=1.0)
        return ding.stats.messages_lost, time.perf_counter() - began
