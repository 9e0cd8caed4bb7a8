"""What the tests of the examples share: the folder, an emulated Feishu, and processes that talk to it."""

import asyncio
import os
import re
import sys
from collections.abc import Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

import imbridge
from imbridge.emulators.feishu import EmulatorSettings, FeishuEmulator

_ROOT = Path(__file__).parents[2]


@pytest.fixture
def examples() -> Path:
    return _ROOT / "examples"


@pytest.fixture(params=["README.md", "README.zh-CN.md"])
def readme(request) -> list[str]:
    """The Python examples of a README: a skill, sending, FastAPI, a test."""
    text = (_ROOT / request.param).read_text(encoding="utf-8")
    return re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


@pytest.fixture
def until():
    """Wait until a condition holds."""

    async def wait(condition: Callable[[], object]) -> None:
        async with asyncio.timeout(10):
            while not condition():
                await asyncio.sleep(0.02)

    return wait


@pytest.fixture
async def feishu():
    async with FeishuEmulator(settings=EmulatorSettings(reconnect_nonce=0)) as emulator:
        yield emulator


@pytest.fixture
def environ(feishu) -> dict[str, str]:
    """Our environment without the settings of a developer's shell, with an account of an emulated app."""
    settings = ("FEISHU_", "WECOM_", "WECHAT_", "DINGTALK_", "QQ_", "IMBRIDGE_", "PYTEST_", "PYTHON", "COV_")
    ours = {name: value for name, value in os.environ.items() if not name.startswith(settings)}
    app = feishu.add_app(name="Bot", encrypt_key="callback-key")
    return ours | {
        "FEISHU_APP_ID": app.app_id,
        "FEISHU_APP_SECRET": app.app_secret,
        "FEISHU_BASE_URL": feishu.base_url,
        "PYTHONPATH": str(Path(imbridge.__file__).parents[1]),  # what is tested here, whatever is installed
        "IMBRIDGE_STORAGE": "memory",  # loading a database takes as long as an example
    }


class Process:
    """A running Python process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.log = ""

    async def logs(self, text: str) -> None:
        """Read on until a line on stderr holds a text."""
        assert self._process.stderr is not None
        async with asyncio.timeout(50):
            while line := (await self._process.stderr.readline()).decode():
                self.log += line
                if text in line:
                    return
        raise AssertionError(f"no line with {text!r} in:\n{self.log}")

    async def prints(self) -> str:
        """The next line on stdout.

        Raises:
            AssertionError: it ended without one; with what it logged.
        """
        assert self._process.stdout is not None
        async with asyncio.timeout(50):
            line = (await self._process.stdout.readline()).decode()
        if not line:
            await self.ended()
            raise AssertionError(f"it ended:\n{self.log}")
        return line

    async def reads(self, line: str) -> None:
        """Give it a line on stdin, which has to be a pipe."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n".encode())
        await self._process.stdin.drain()

    async def ended(self) -> tuple[int | None, str]:
        """Wait for its end; gives exit status and stdout. `log` then holds all of stderr."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        async with asyncio.timeout(50):
            stdout, stderr = await self._process.communicate()
        self.log += stderr.decode()
        return self._process.returncode, stdout.decode()

    async def terminated(self) -> int | None:
        """Ask it to end (SIGTERM); gives its exit status."""
        self._process.terminate()
        return (await self.ended())[0]


@pytest.fixture
def python(environ):
    """Start Python with arguments, in a folder."""

    @asynccontextmanager
    async def start(*arguments: str | Path, cwd: Path, extra: Mapping[str, str] | None = None, reading: bool = False):
        process = await asyncio.create_subprocess_exec(
            sys.executable, *map(str, arguments), cwd=cwd, env=environ | dict(extra or {}),
            stdin=asyncio.subprocess.PIPE if reading else None,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        running = Process(process)
        try:
            yield running
        finally:
            if process.returncode is None:
                process.kill()
            await process.communicate()

    return start
