"""The machine fails the bridge: its disk is full, its clock is moved."""

import asyncio

from benchmarks.survival import control
from benchmarks.survival.account import Outcome
from benchmarks.survival.running import Run, Setting
from benchmarks.survival.spec import Keeping
from benchmarks.survival.stages import STAGES

FULL, ROOM = 0.5, 0.5
"""Seconds for which the disk is full, and has room, by turns."""
MOVES = (0.0, -1200.0, 600.0, 1200.0, -300.0, 0.0)
"""Seconds by which the clock is wrong, one after the other. Not more than `stale_after`, 30 minutes: by a clock that is
an hour ahead every message is too old to be answered."""


async def disk(setting: Setting, messages: int) -> Outcome:
    """What the bridge cannot write down it does not acknowledge, so it comes again. Control: it acknowledges first."""
    async with STAGES["feishu"](setting.people) as stage:
        run = Run(stage, setting, keeping=Keeping.HASTY if setting.control else Keeping.DURABLE)
        control.prepare(setting.folder)
        child = await run.live()
        times = 0

        async def fill() -> None:
            nonlocal times
            while True:
                await asyncio.sleep(ROOM)
                control.tell(child.pid, setting.folder, full=True)
                times += 1
                await asyncio.sleep(FULL)
                control.tell(child.pid, setting.folder)

        async with asyncio.TaskGroup() as beside:
            filling = beside.create_task(fill(), name="disk")
            await run.talk(messages)
            filling.cancel()
        control.tell(child.pid, setting.folder)
        await run.peace()
        await child.end()
        outcome = await run.outcome()
        outcome.title = "the disk is full"
        outcome.figures |= {"times": times, "refused": float(stage.emulator.stats.acks_failed)}
        if not stage.emulator.stats.acks_failed:
            outcome.wrong.append("nothing was refused: the disk was never full when somebody spoke")
        return outcome


async def clock(setting: Setting, messages: int) -> Outcome:
    """The wall clock jumps while the bridge runs, and is another one after each kill.

    Control: messages are too old to be answered after a minute.
    """
    options = {"stale_after": 60.0} if setting.control else {}
    async with STAGES["feishu"](setting.people) as stage:
        storage = {"max_attempts": 1000}  # the kills are to blame, and no message
        run = Run(stage, setting, storage=storage, options=options)
        control.prepare(setting.folder)
        child = await run.live()
        for move in MOVES:
            await run.talk(messages // len(MOVES) // 2)
            await run.taken()
            control.tell(child.pid, setting.folder, clock=move)
            await run.talk(messages // len(MOVES) // 2)
            await run.taken()  # or another clock may have come before the bridge did
            await child.kill()
            child = await run.live()
        await run.peace()
        await child.end()
        outcome = await run.outcome()
        outcome.title = "the clock is moved"
        outcome.kills = len(MOVES)
        return outcome
