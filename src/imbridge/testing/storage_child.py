"""A storage in a process of its own, which a test can kill: what is there afterwards is what survives.

The two processes talk in pickles over a socket in a folder that is this user's alone; both are ours.
"""

import asyncio
import itertools
import os
import pickle
import signal
import subprocess
import sys
import tempfile
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Self, Unpack

from imbridge.protocol import Receipt
from imbridge.storage import (
    Box,
    DurableStorage,
    EntryState,
    InboxEntry,
    Kept,
    Lease,
    OutboxEntry,
    Sought,
)
from imbridge.testing.kept_child import MediaInChild, NotebookInChild, TokensInChild
from imbridge.testing.processes import gone
from imbridge.testing.storage_served import Call, SentEntry, packed, unpacked

_NURSERY = "from imbridge.testing.storage_served import serve; serve()"


class Nursery:
    """A process that has loaded what storages need and makes children of itself, so that each is there at once.

    Use it as a context, once for many tests: it belongs to no event loop. It needs a system with `fork`.

    Args:
        modules: What it loads, beside `imbridge.storage.sql`: where your factory is.
    """

    def __init__(self, *modules: str) -> None:
        self._modules = modules
        self._folder = tempfile.TemporaryDirectory(prefix="imbridge-")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """The socket on which it is asked for a child."""
        return str(Path(self._folder.name) / "socket")

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-c", _NURSERY, self.address, *self._modules],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdout is not None
        if self._process.stdout.readline() != b"ready\n":
            raise RuntimeError("the process that makes storages did not start; what it said is above")
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        self._process.communicate()  # the end of its input is the end of it
        self._folder.cleanup()


class StorageInChild(DurableStorage):
    """Forwards every call to a storage that a child process makes.

    Args:
        nursery: Makes the process.
        factory: `module:function` that makes the storage; the nursery has to be able to import it.
        arguments: What the function is given.
    """

    def __init__(self, nursery: Nursery, factory: str, *arguments: str) -> None:
        self._nursery = nursery
        self._factory = factory
        self._arguments = arguments
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._entries: dict[int, tuple[int, InboxEntry | OutboxEntry]] = {}
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None
        self._ending = False
        self.pid = 0
        self.tokens, self.media = TokensInChild(self._call), MediaInChild(self._call)

    async def open(self) -> None:
        reader, self._writer = await asyncio.open_unix_connection(self._nursery.address, limit=2**30)
        self._reading = asyncio.create_task(self._read(reader), name="storage child")
        self.pid = await self._call("made_by", self._factory, self._arguments)
        await self._call("open")

    async def close(self) -> None:
        """End in good order; nothing when it has ended."""
        if self._reading is not None and not self._reading.done():
            await self._call("close")
        await self._ended()

    async def kill(self) -> None:
        """SIGKILL: nothing is finished, nothing is closed."""
        with suppress(ProcessLookupError):  # it was closed, and has ended by itself
            os.kill(self.pid, signal.SIGKILL)
        await self._ended()
        await gone(self.pid)

    async def _ended(self) -> None:
        if self._reading is None or self._writer is None:
            return
        self._ending = True  # others may go on calling while it is waited for
        if not self._reading.done():
            self._writer.write_eof()
        await asyncio.wait((self._reading,))
        self._writer.close()
        with suppress(ConnectionError):
            await self._writer.wait_closed()

    async def _read(self, reader: asyncio.StreamReader) -> None:
        try:
            while True:
                size = int.from_bytes(await reader.readexactly(8), "big")
                number, result, error = pickle.loads(await reader.readexactly(size))  # noqa: S301 - from our own child
                future = self._answers.pop(number)
                if future.done():
                    continue
                if error is None:
                    future.set_result(self._received(result))
                else:
                    future.set_exception(error)
        except (asyncio.IncompleteReadError, ConnectionError):  # it ended
            for future in self._answers.values():
                if not future.done():
                    future.set_exception(ConnectionError("the child ended"))

    def _received(self, result: Any) -> Any:
        if isinstance(result, list) and result and isinstance(result[0], SentEntry):
            return [self._made(entry) for entry in result]
        return result

    def _made(self, sent: SentEntry) -> InboxEntry | OutboxEntry:
        entry = unpacked(sent)
        self._entries[id(entry)] = sent.number, entry
        return entry

    def _call(
        self, method: str, *arguments: Any, entry: InboxEntry | OutboxEntry | None = None, **keywords: Any
    ) -> "asyncio.Future[Any]":
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        if self._reading is None or self._reading.done() or self._ending:
            future.set_exception(ConnectionError("the child has ended"))
            return future
        assert self._writer is not None
        number = next(self._numbers)
        known = None if entry is None else self._entries.get(id(entry))
        if entry is not None and known is None:
            self._entries[id(entry)] = known = number, entry
            arguments = (packed(number, entry), *arguments)
        call = Call(number, method, None if known is None else known[0], arguments, keywords)
        self._answers[number] = future
        data = pickle.dumps(call)
        self._writer.write(len(data).to_bytes(8, "big") + data)
        return future

    def _tell(self, method: str, *arguments: Any, entry: InboxEntry | OutboxEntry) -> None:
        self._call(method, *arguments, entry=entry).add_done_callback(lambda future: future.exception())

    # -- the storage ---------------------------------------------------------------------------------------------------

    def add_inbound(self, entry: InboxEntry) -> "asyncio.Future[bool]":
        return self._call("add_inbound", entry=entry)

    def forget_inbound(self, entry: InboxEntry) -> None:
        self._tell("forget_inbound", entry=entry)

    def start_inbound(self, entry: InboxEntry) -> "asyncio.Future[None]":
        return self._call("start_inbound", entry=entry)

    def delay_inbound(self, entry: InboxEntry) -> None:
        self._tell("delay_inbound", entry=entry)

    def finish_inbound(self, entry: InboxEntry) -> None:
        self._tell("finish_inbound", entry=entry)

    async def unfinished_inbound(
        self, accounts: Collection[str] | None = None, *, wait: bool = True
    ) -> Sequence[InboxEntry]:
        entries: list[InboxEntry] = await self._call("unfinished_inbound", accounts, wait=wait)
        return entries

    def add_outbound(self, entry: OutboxEntry) -> "asyncio.Future[Receipt | None]":
        return self._call("add_outbound", entry=entry)

    def start_outbound(self, entry: OutboxEntry) -> "asyncio.Future[None]":
        return self._call("start_outbound", entry=entry)

    def delay_outbound(self, entry: OutboxEntry) -> None:
        self._tell("delay_outbound", entry=entry)

    def note_progress(self, entry: OutboxEntry) -> "asyncio.Future[None]":
        return self._call("note_progress", entry.progress, entry=entry)

    def finish_outbound(self, entry: OutboxEntry, receipt: Receipt) -> None:
        self._tell("finish_outbound", receipt, entry=entry)

    async def unfinished_outbound(
        self, accounts: Collection[str] | None = None, *, wait: bool = True
    ) -> Sequence[OutboxEntry]:
        entries: list[OutboxEntry] = await self._call("unfinished_outbound", accounts, wait=wait)
        return entries

    async def load_session(self, lane: str) -> dict[str, dict[str, Any]]:
        state: dict[str, dict[str, Any]] = await self._call("load_session", lane)
        return state

    async def save_session(self, lane: str, state: dict[str, dict[str, Any]]) -> None:
        await self._call("save_session", lane, state)

    def notebook(self) -> NotebookInChild:
        """The notebook of the storage in the child, which has to have one."""
        return NotebookInChild(self._call)

    async def call(self, method: str, *arguments: Any, **keywords: Any) -> Any:
        """Anything else, by its name: `leases.claim`. What it is given and gives has to be picklable."""
        return await self._call(method, *arguments, **keywords)

    async def unclaimed(self, accounts: Collection[str]) -> Mapping[str, int]:
        found: Mapping[str, int] = await self._call("unclaimed", accounts)
        return found

    async def give_up(self, entry: InboxEntry | OutboxEntry, why: str) -> bool:
        done: bool = await self._call("give_up", why, entry=entry)
        return done

    async def put_off(self, entry: OutboxEntry, not_before: float, why: str) -> bool:
        done: bool = await self._call("put_off", not_before, why, entry.progress, entry=entry)
        return done

    async def take(self, lease: Lease, *, limit: int = 100) -> list[InboxEntry]:
        taken: list[InboxEntry] = await self._call("take", lease, limit=limit)
        return taken

    def commit_handled(
        self,
        lease: Lease,
        entry: InboxEntry,
        *,
        answers: Sequence[OutboxEntry] = (),
        session: Mapping[str, dict[str, Any]] | None = None,
    ) -> "asyncio.Future[None]":
        sent = [packed(next(self._numbers), answer) for answer in answers]
        return self._call("commit_handled", lease, entry=entry, answers=sent, session=session)

    def commit_said(self, lease: Lease, entry: OutboxEntry, receipt: Receipt) -> "asyncio.Future[None]":
        return self._call("commit_said", lease, receipt, entry=entry)

    async def kept(
        self, box: Box, state: EntryState, *, after: Kept | None = None, limit: int = 100, **sought: Unpack[Sought]
    ) -> list[Kept]:
        found: list[Kept] = await self._call("kept", box, state, after=after, limit=limit, **sought)
        return found

    async def count(self, box: Box, state: EntryState, **sought: Unpack[Sought]) -> int:
        number: int = await self._call("count", box, state, **sought)
        return number

    async def retry(self, box: Box, *uids: int, state: EntryState = EntryState.DEAD) -> list[int]:
        done: list[int] = await self._call("retry", box, *uids, state=state)
        return done

    async def drop(self, box: Box, *uids: int, state: EntryState = EntryState.DEAD, in_hand: bool = False) -> list[int]:
        done: list[int] = await self._call("drop", box, *uids, state=state, in_hand=in_hand)
        return done
