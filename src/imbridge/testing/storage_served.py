"""The child of `storage_child.py`: serves a storage to its parent."""

import asyncio
import itertools
import os
import pickle
import select
import signal
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from imbridge.storage import InboxEntry, Lease, OutboxEntry
from imbridge.testing.kept_child import called


@dataclass(frozen=True)
class Call:
    """A call of a method. `entry` is the number by which both sides know an entry; `arguments` go behind it."""

    number: int
    method: str
    entry: int | None = None
    arguments: tuple[Any, ...] = ()
    keywords: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class SentEntry:
    """An entry on its way, without what lives in one process only."""

    number: int
    inbound: bool
    fields: dict[str, Any]


def packed(number: int, entry: InboxEntry | OutboxEntry) -> SentEntry:
    """To the other process."""
    if isinstance(entry, InboxEntry):
        names: tuple[str, ...] = ("account", "dedup_keys", "lane", "item", "uid", "attempts", "suspect", "at_once")
    else:
        names = (
            "key", "channel", "reply", "reply_to", "answers", "degradations", "spool", "hops", "calls",
            "uid", "attempts", "not_before", "suspect", "progress", "at_once",
        )  # fmt: skip
    return SentEntry(number, isinstance(entry, InboxEntry), {name: getattr(entry, name) for name in names})


def unpacked(sent: SentEntry) -> InboxEntry | OutboxEntry:
    """From the other process."""
    return InboxEntry(**sent.fields) if sent.inbound else OutboxEntry(**sent.fields)


def serve() -> None:
    """What the nursery runs: one child for each connection, until its input ends."""
    import_module("imbridge.storage.sql")
    for module in sys.argv[2:]:
        import_module(module)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the children: they leave no zombies
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(sys.argv[1])
        listener.listen()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while sys.stdin not in select.select([listener, sys.stdin], [], [])[0]:
            connection, _ = listener.accept()
            if os.fork() == 0:
                try:
                    listener.close()
                    asyncio.run(_Child(connection).serve())
                finally:
                    os._exit(1)  # a storage that is not closed may have threads that hold us
            connection.close()


class _Child:
    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._entries: dict[int, Any] = {}
        self._numbers = itertools.count(-1, -1)
        self._storage: Any = None
        self._waiting: set[asyncio.Task[None]] = set()

    async def serve(self) -> None:
        reader, writer = await asyncio.open_unix_connection(sock=self._connection, limit=2**30)
        while True:
            try:
                size = int.from_bytes(await reader.readexactly(8), "big")
                call: Call = pickle.loads(await reader.readexactly(size))  # noqa: S301 - from our own parent
            except (asyncio.IncompleteReadError, ConnectionError):
                return
            begun = self._made(*call.arguments) if call.method == "made_by" else self._begun(call)
            task = asyncio.create_task(self._answer(writer, call, begun))
            self._waiting.add(task)
            task.add_done_callback(self._waiting.discard)

    def _made(self, factory: str, arguments: tuple[str, ...]) -> Any:
        module, _, function = factory.partition(":")
        try:
            self._storage = getattr(import_module(module), function)(*arguments)
        except Exception as error:  # noqa: BLE001 - the parent gets it
            return error
        return os.getpid()

    def _begun(self, call: Call) -> Any:
        """Calls are made in their order; what they give is waited for elsewhere."""
        arguments = list(call.arguments)
        if arguments and isinstance(arguments[0], SentEntry):
            sent = arguments.pop(0)
            self._entries[sent.number] = unpacked(sent)
        try:
            if call.entry is not None:  # a lease stands before the entry
                if call.method in ("note_progress", "put_off"):  # what was changed in the parent's is not known here
                    self._entries[call.entry].progress = arguments.pop()
                first = bool(arguments) and isinstance(arguments[0], Lease)
                arguments.insert(int(first), self._entries[call.entry])
            if "answers" in call.keywords:
                call.keywords["answers"] = [unpacked(answer) for answer in call.keywords["answers"]]
            return called(self._storage, call.method)(*arguments, **call.keywords)
        except Exception as error:  # noqa: BLE001 - the parent gets it
            return error

    async def _answer(self, writer: asyncio.StreamWriter, call: Call, begun: Any) -> None:
        result, error = begun, None
        if isinstance(begun, Exception):
            result, error = None, begun
        elif hasattr(begun, "__await__"):
            try:
                result = await begun
            except Exception as failure:  # noqa: BLE001 - the parent gets it
                result, error = None, failure
        if isinstance(result, Sequence) and result and isinstance(result[0], InboxEntry | OutboxEntry):
            result = [self._numbered(entry) for entry in result]
        data = pickle.dumps((call.number, result, error))
        writer.write(len(data).to_bytes(8, "big") + data)

    def _numbered(self, entry: Any) -> SentEntry:
        number = next(self._numbers)
        self._entries[number] = entry
        return packed(number, entry)
