"""A slow skill beside fast ones; and more than can be done at a time."""

import asyncio
import statistics

import psutil

from benchmarks.survival.account import Outcome
from benchmarks.survival.nursery import Child
from benchmarks.survival.running import Run, Setting
from benchmarks.survival.skills import PREFIX, SLOWNESS
from benchmarks.survival.stages import STAGES

MEBI = 1 << 20
SAMPLES = 0.25
"""Seconds between two looks at the child's memory."""


async def slow(setting: Setting, messages: int) -> Outcome:
    """One person waits a second for each answer; the others are not to notice."""
    async with STAGES["feishu"](setting.people) as stage:
        run = Run(stage, setting, skill="uneven")
        child = await run.live()
        waits: list[float] = []
        clock = asyncio.get_running_loop().time
        slow_ones = max(messages // 100, 2)

        async def talk(person: int, count: int) -> None:
            for _ in range(count):
                began = clock()
                text = await run.say(person)
                while PREFIX + text not in heard:  # noqa: ASYNC110 - an emulator has no event for it
                    await asyncio.sleep(0.002)
                waits.append(clock() - began)
                setting.progress(f"{len(run.said)} said")

        heard: set[str] = set()
        async with asyncio.TaskGroup() as beside:
            listening = beside.create_task(_listen(run, heard), name="ears")
            for _ in range(slow_ones):
                await run.say(0)
            each = (messages - slow_ones) // (setting.people - 1)
            await asyncio.gather(*(talk(person, each) for person in range(1, setting.people)))
            listening.cancel()
        await run.peace()
        await child.end()
        outcome = await run.outcome()
        outcome.title = "one slow skill beside fast ones"
        outcome.figures |= {
            "fast_p50_ms": statistics.median(waits) * 1000,
            "fast_p99_ms": sorted(waits)[int(len(waits) * 0.99)] * 1000,
            "slow_seconds": slow_ones * SLOWNESS,
        }
        return outcome


async def _listen(run: Run, heard: set[str]) -> None:
    seen = 0
    while True:
        answers = run.stage.answers()
        heard.update(answers[seen:])
        seen = len(answers)
        await asyncio.sleep(0.005)


async def flood(setting: Setting, messages: int) -> Outcome:
    """All is said as fast as the platform can bring it; what the bridge cannot take it refuses, and it comes again."""
    async with STAGES["feishu"](setting.people) as stage:
        run = Run(stage, setting, skill="prompt")
        child = await run.live()
        memory: list[float] = []
        clock = asyncio.get_running_loop().time
        began = clock()
        async with asyncio.TaskGroup() as beside:
            watching = beside.create_task(_watch(child, memory), name="memory")
            for number in range(messages):
                await run.say()
                if not number % 100:
                    await asyncio.sleep(0)  # the connection has its turn, and nothing waits for it
                    setting.progress(f"{number} of {messages} said")
            said = clock() - began
            await run.peace()
            watching.cancel()
        seconds = clock() - began
        await child.end()
        outcome = await run.outcome()
        outcome.title = "as fast as they can"
        outcome.figures |= {
            "seconds": seconds,
            "said_in_seconds": said,
            "rate": messages / seconds,
            "rss_begin_mib": memory[0],
            "rss_most_mib": max(memory),
            "rss_end_mib": memory[-1],
            "refused": float(stage.emulator.stats.acks_failed),
            "delivered_again": float(stage.emulator.stats.events_redelivered),
        }
        return outcome


async def _watch(child: Child, memory: list[float]) -> None:
    process = psutil.Process(child.pid)
    while True:
        memory.append(process.memory_info().rss / MEBI)
        await asyncio.sleep(SAMPLES)
