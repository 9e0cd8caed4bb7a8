"""A database server is stopped in the middle of what it does, and started again, while people talk."""

import asyncio
import tempfile
from pathlib import Path

from benchmarks.survival.account import Outcome
from benchmarks.survival.faults.servers import MariaDB, MongoDB, PostgreSQL, Server
from benchmarks.survival.running import Run, Setting
from benchmarks.survival.spec import Keeping
from benchmarks.survival.stages import STAGES

UP, DOWN = 1.0, 1.0
"""Seconds for which the server runs, and does not, by turns."""


async def postgresql(setting: Setting, messages: int) -> Outcome:
    """PostgreSQL, `pg_ctl stop -m immediate`."""
    return await _stopped(PostgreSQL, setting, messages)


async def mariadb(setting: Setting, messages: int) -> Outcome:
    """MariaDB, SIGKILL."""
    return await _stopped(MariaDB, setting, messages)


async def mongodb(setting: Setting, messages: int) -> Outcome:
    """What stands in for MongoDB, SIGKILL."""
    return await _stopped(MongoDB, setting, messages)


async def _stopped(kind: type[Server], setting: Setting, messages: int) -> Outcome:
    with tempfile.TemporaryDirectory(prefix="imbridge-server-") as folder:
        return await _with(kind(Path(folder) / "data"), setting, messages)


async def _with(server: Server, setting: Setting, messages: int) -> Outcome:
    setting.progress("making a server")
    await server.make()
    await server.start()
    try:
        async with STAGES["feishu"](setting.people) as stage:
            keeping = Keeping.HASTY if setting.control else Keeping.DURABLE
            run = Run(stage, setting, database=server.url, keeping=keeping)
            child = await run.live()
            stops = 0
            over = asyncio.Event()

            async def stop_and_start() -> None:
                nonlocal stops
                while not await _comes(over, UP):
                    await server.stop()
                    stops += 1
                    await asyncio.sleep(DOWN)
                    await server.start()

            async with asyncio.TaskGroup() as beside:
                beside.create_task(stop_and_start(), name="server")
                await run.talk(messages)
                over.set()  # not cancelled: a server that is half stopped can be neither stopped nor started
            await server.stop()
            await server.start()
            await run.peace()
            await child.end()
            child = await run.live()  # a row whose commit nobody heard of is left to the next process
            await run.peace()
            await child.end()
            outcome = await run.outcome()
            outcome.title = f"{type(server).__name__} stops and starts"
            outcome.figures |= {"stops": stops, "refused": float(stage.emulator.stats.acks_failed)}
            if not stage.emulator.stats.acks_failed:
                outcome.wrong.append("nothing was refused: the server was never away when somebody spoke")
            return outcome
    finally:
        await server.stop()


async def _comes(event: asyncio.Event, seconds: float) -> bool:
    """Whether an event comes within so many seconds."""
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False
