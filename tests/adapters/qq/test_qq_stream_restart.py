"""A process that is killed while an answer grows leaves none that seems to be written for ever."""

import asyncio
import os
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path

from contract import until
from qq_rig import SECRET, Rig
from qq_streams import seen, shows, texts

from imbridge.adapters.broken_off import INTERRUPTED
from imbridge.storage import notebook_at

PROGRAM = """
import asyncio, os
from pathlib import Path
from imbridge import Bridge, BridgeOptions
from imbridge.adapters.qq import QQConfig

env = os.environ
config = QQConfig(name="work", app_id=env["ID"], secret=env["SECRET"], api_base_url=env["URL"], token_url=env["TOKEN"])
bridge = Bridge([config], options=BridgeOptions(state=Path(env["STATE"])))

@bridge.on_message
async def answer(msg):
    async with msg.stream(markdown=True) as stream:
        await stream.write("half of ")
        await asyncio.sleep(1.0)
        await stream.write("it")
        await asyncio.sleep(60.0)

bridge.run()
"""


@asynccontextmanager
async def process_of(rig: Rig, state: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """A bridge as a process of its own, whose answers never come to their end."""
    environ = {
        "ID": rig.bot.app_id, "SECRET": SECRET, "URL": rig.qq.base_url, "TOKEN": rig.qq.token_url, "STATE": str(state),
    }  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, stderr=asyncio.subprocess.DEVNULL, env={**os.environ, **environ}
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def noted(state: Path) -> str:
    """What a process has noted so far of streams."""
    with suppress(sqlite3.Error), closing(sqlite3.connect(state)) as connection:
        return str(connection.execute("SELECT value FROM notes WHERE kind = 'open_stream'").fetchall())
    return ""


async def test_it_is_finished_by_the_next_process(rig: Rig, tmp_path: Path) -> None:
    state = tmp_path / "state.db"
    async with process_of(rig, state) as process:
        await until(lambda: rig.qq.connections(rig.bot) == 1, "a connection", timeout=30)
        await rig.alice.says("go", bot=rig.bot)
        await until(lambda: texts(rig) == ["half of it"], "the second state", timeout=15)
        await until(lambda: "half of it" in noted(state), "a note of it")
        process.send_signal(signal.SIGKILL)
        await process.wait()
    assert not seen(rig).finished
    notebook = notebook_at(state)
    await notebook.open()
    adapter = rig.make(notes=notebook.of("qq:work"))
    await adapter.start()
    await shows(rig, f"half of it\n\n{INTERRUPTED}")
    assert seen(rig).finished
    await adapter.close()
    await notebook.close()
    assert noted(state) == "[]"
    assert rig.qq.violations == []
