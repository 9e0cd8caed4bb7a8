"""Database servers of one's own, in a folder, which can be stopped and started."""

import asyncio
import os
import shutil
import sys
from abc import ABC, abstractmethod
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

from benchmarks.survival.stages.base import free_port

PATIENCE = 60.0
_PLACES = ("/usr/lib/postgresql/*/bin", "/usr/sbin", "/usr/libexec", "/usr/local/bin")


class MissingServerError(RuntimeError):
    """The programs of a server are not on this machine."""


class Server(ABC):
    """A server that listens on 127.0.0.1.

    Attributes:
        programs: What it needs.
        owner: The user that runs it where we are root.
    """

    programs: ClassVar[Sequence[str]]
    owner: ClassVar[str]

    def __init__(self, folder: Path) -> None:
        """Nothing runs yet; `folder` is made, in one of our own that others may look into.

        Raises:
            MissingServerError: a program is missing.
        """
        self.folder = folder
        self.port = free_port()
        self._found = {name: _found(name) for name in self.programs}

    @property
    @abstractmethod
    def url(self) -> str:
        """Of its database."""

    @abstractmethod
    async def make(self) -> None:
        """Make its files; once."""

    @abstractmethod
    async def start(self) -> None:
        """Start it; back when it answers."""

    @abstractmethod
    async def stop(self) -> None:
        """End it in the middle of what it does."""

    def _own(self) -> None:
        """Make the folder, and give it to the user that is to run the server."""
        self.folder.mkdir()
        if os.geteuid() == 0:
            shutil.chown(self.folder, self.owner)
            self.folder.parent.chmod(0o755)

    async def _run(self, program: str, *arguments: str) -> None:
        command = [self._found[program], *arguments]
        if os.geteuid() == 0:
            command = ["runuser", "-u", self.owner, "--", *command]
        log = self.folder.parent / f"{self.folder.name}.log"
        with log.open("ab") as out:
            process = await asyncio.create_subprocess_exec(
                *command, stdin=asyncio.subprocess.DEVNULL, stdout=out, stderr=out, cwd=self.folder
            )
            async with asyncio.timeout(PATIENCE):
                status = await process.wait()
        if status:
            raise RuntimeError(f"{program} ended with status {status}: {log.read_text()[-2000:]}")


class PostgreSQL(Server):
    """A PostgreSQL server."""

    programs = ("initdb", "pg_ctl")
    owner = "postgres"

    @property
    def url(self) -> str:
        return f"postgresql://imbridge@127.0.0.1:{self.port}/postgres"

    async def make(self) -> None:
        self._own()
        await self._run("initdb", "-D", str(self.folder), "-U", "imbridge", "-A", "trust", "--no-sync", "-E", "UTF8")

    async def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=''"
        await self._run("pg_ctl", "-D", str(self.folder), "-w", "-t", "60", "-o", options, "start")

    async def stop(self) -> None:
        await self._run("pg_ctl", "-D", str(self.folder), "-m", "immediate", "stop")


class _Listening(Server):
    """A server that is a child of ours, and is killed."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._process: asyncio.subprocess.Process | None = None

    @abstractmethod
    def _command(self) -> list[str]:
        """What starts it."""

    async def start(self) -> None:
        command = self._command()
        log = self.folder.parent / f"{self.folder.name}.log"
        with log.open("ab") as out:
            self._process = await asyncio.create_subprocess_exec(*command, stdout=out, stderr=out)
        async with asyncio.timeout(PATIENCE):
            while True:
                if self._process.returncode is not None:
                    raise RuntimeError(f"{command[0]} ended: {log.read_text()[-2000:]}")
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                except ConnectionRefusedError:
                    await asyncio.sleep(0.05)
                    continue
                writer.close()
                return

    async def stop(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()


class MariaDB(_Listening):
    """A MariaDB server."""

    programs = ("mariadbd", "mariadb-install-db")
    owner = "mysql"

    @property
    def url(self) -> str:
        return f"mariadb://root@127.0.0.1:{self.port}/test"

    async def make(self) -> None:
        self._own()
        method = "--auth-root-authentication-method=normal"
        await self._run("mariadb-install-db", "--no-defaults", f"--datadir={self.folder}", method)

    def _command(self) -> list[str]:
        command = [
            self._found["mariadbd"], "--no-defaults", f"--datadir={self.folder}", f"--port={self.port}",
            "--bind-address=127.0.0.1", f"--socket={self.folder}/s", f"--pid-file={self.folder}/pid",
        ]  # fmt: skip
        return [*command, f"--user={self.owner}"] if os.geteuid() == 0 else command


class MongoDB(_Listening):
    """SecantusDB, which speaks MongoDB's protocol: a program that tests install, and that nothing of ours imports."""

    programs = ()
    owner = ""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        if find_spec("secantus") is None:
            raise MissingServerError("secantusdb is not installed")

    @property
    def url(self) -> str:
        return f"mongodb://127.0.0.1:{self.port}/bot?directConnection=true"

    async def make(self) -> None:
        self.folder.mkdir()

    def _command(self) -> list[str]:
        return [
            sys.executable,
            "-m",
            "secantus",
            "--port",
            str(self.port),
            "--storage-path",
            str(self.folder),
            "--sync-on-commit",
        ]


def _found(name: str) -> str:
    places = [str(place) for pattern in _PLACES for place in Path("/").glob(pattern.lstrip("/"))]
    found = shutil.which(name) or shutil.which(name, path=os.pathsep.join(places))
    if found is None or sys.platform == "win32":
        raise MissingServerError(f"{name} is not on this machine")
    return found
