"""A slow skill beside fast ones; and more than can be done at a time."""

import asyncio
import statistics

from benchmarks.survival.account import Outcome
from benchmarks.survival.memory import memory_of
from benchmarks.survival.running import Run, Setting
from benchmarks.survival.skills import PREFIX, SLOWNESS
from benchmarks.survival.stages import STAGES

REDELIVERY = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, *(30.0,) * 200)
"""Of a flood: they grow, as Feishu's own do. Tens of thousands that come again every few seconds leave a bridge no
time for anything but refusing them."""
BOUNDLESS = {"lane_length": 10**6, "max_waiting": 10**6}


async def slow(setting: Setting, messages: int) -> Outcome:
    """One person always waits for an answer that takes a second; the others are not to notice.

    Control: one conversation is worked on at a time.
    """
    options = {"max_lanes": 1} if setting.control else {}
    async with STAGES["feishu"](setting.people) as stage:
        run = Run(stage, setting, skill="uneven", options=options)
        child = await run.live()
        waits: list[float] = []
        heard: set[str] = set()
        clock = asyncio.get_running_loop().time

        async def answered(person: int) -> float:
            began = clock()
            text = await run.say(person)
            while PREFIX + text not in heard:  # noqa: ASYNC110 - an emulator has no event for it
                await asyncio.sleep(0.002)
            setting.progress(f"{len(run.said)} said")
            return clock() - began

        async def talk(person: int, count: int) -> None:
            waits.extend([await answered(person) for _ in range(count)])

        async def hold_up() -> None:
            await run.say(0)
            while True:
                await answered(0)

        async with asyncio.TaskGroup() as beside:
            listening = beside.create_task(_listen(run, heard), name="ears")
            holding = beside.create_task(hold_up(), name="the slow one")
            each = messages // (setting.people - 1)
            await asyncio.gather(*(talk(person, each) for person in range(1, setting.people)))
            holding.cancel()
            listening.cancel()
        await run.peace()
        await child.end()
        outcome = await run.outcome()
        outcome.title = "one slow skill beside fast ones"
        outcome.figures |= {
            "fast_p50_ms": statistics.median(waits) * 1000,
            "fast_p99_ms": sorted(waits)[int(len(waits) * 0.99)] * 1000,
        }
        if statistics.median(waits) >= SLOWNESS:
            outcome.wrong.append("who was to be answered fast waited for the slow one")
        return outcome


async def _listen(run: Run, heard: set[str]) -> None:
    seen = 0
    while True:
        answers = run.stage.answers()
        heard.update(answers[seen:])
        seen = len(answers)
        await asyncio.sleep(0.005)


async def flood(setting: Setting, messages: int) -> Outcome:
    """All is said as fast as the platform can bring it; what the bridge cannot take it refuses, and it comes again.

    Control: it takes everything.
    """
    async with STAGES["feishu"](setting.people) as stage:
        stage.emulator.settings.redelivery = REDELIVERY
        run = Run(stage, setting, skill="prompt", options=BOUNDLESS if setting.control else {})
        child = await run.live()
        clock = asyncio.get_running_loop().time
        began = clock()
        async with memory_of(child) as memory:
            for number in range(messages):
                await run.say()
                if not number % 100:
                    await asyncio.sleep(0)  # the connection has its turn, and nothing waits for it
                    setting.progress(f"{number} of {messages} said")
            said = clock() - began
            await run.peace(1.5 * REDELIVERY[-1])
        seconds = clock() - began
        await child.end()
        outcome = await run.outcome()
        outcome.title = "as fast as they can"
        outcome.figures |= {
            "seconds": seconds,
            "said_in_seconds": said,
            "rate": messages / seconds,
            **memory.figures,
            "refused": float(stage.emulator.stats.acks_failed),
            "delivered_again": float(stage.emulator.stats.events_redelivered),
        }
        outcome.wrong += memory.wrong
        return outcome
