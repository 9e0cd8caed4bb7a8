"""The notes of accounts in a database: read from memory, written in a moment, many at once."""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Generic

from imbridge.adapters.notes import Notes
from imbridge.protocol import ImbridgeError
from imbridge.storage import json_values
from imbridge.storage.core.database import DatabaseT
from imbridge.storage.core.ids import digest, plain
from imbridge.storage.core.nodes import Nodes
from imbridge.storage.core.portions import halves
from imbridge.storage.core.sealing import Sealing
from imbridge.storage.core.work import ReadRow, Row, RunStatements
from imbridge.storage.errors import StorageError
from imbridge.storage.notes import BaseNotebook

log = logging.getLogger(__name__)

_Key = tuple[str, str, str]
_Change = tuple[bytes | None, float | None]
"""A value as JSON, or None when it is dropped; and when it ends."""
_PAUSES = (0.1, 0.3, 1.0, 3.0, 5.0)
"""Seconds between tries while the database is away."""


class Notebook(BaseNotebook, ABC, Generic[DatabaseT]):
    """Notes of the accounts of one process. Before it is opened, and where it never is, they are in memory alone.

    What is written while the database is away is kept, and written when it is back.
    """

    def __init__(self, run: RunStatements, database: DatabaseT, nodes: Nodes, sealing: Sealing) -> None:
        """`run` has statements carried out by the writer."""
        self._run = run
        self._database = database
        self._nodes = nodes
        self._sealing = sealing
        self._opened = False
        self._closed = False
        self._accounts: dict[str, Notes] = {}
        self._known: dict[tuple[str, str], dict[str, bytes]] = {}
        self._loaded: set[str] = set()
        self._loading = asyncio.Lock()
        self._early: set[_Key] = set()
        """Changed before their account was read: what stands in the table is older."""
        self._pending: dict[_Key, _Change] = {}
        self._writing: asyncio.Task[None] | None = None
        self._round_over = asyncio.Event()
        self._hurry = asyncio.Event()
        self._failed = 0
        """Tries that came to nothing."""

    # -- life ----------------------------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Read what there is of the accounts that are known by now.

        Raises:
            StorageError: the storage cannot be read.
        """
        if not self._database.is_open:
            raise RuntimeError("open the storage before its notebook")
        self._opened = True
        await self._load(self._accounts)
        self._begin_to_write()

    async def close(self) -> None:  # noqa: D102 - inherited
        if self._closed:
            return
        self._closed = True
        await self.flush()
        if self._writing is not None:
            self._hurry.set()
            await asyncio.wait((self._writing,))
            self._writing.result()
        if self._opened and self._pending:
            log.error("closed with %d notes that could not be written", len(self._pending))

    def of(self, account: str) -> Notes:  # noqa: D102 - inherited
        notes = self._accounts.get(account)
        if notes is None:
            notes = self._accounts[account] = _Notes(self, account)
        return notes

    async def of_kind(self, kind: str) -> dict[str, dict[str, Any]]:  # noqa: D102 - inherited
        found: dict[str, dict[str, Any]] = {}
        for row, name, value in self._unsealed(await self._rows(None, plain(kind, 255))):
            found.setdefault(row["account"], {})[name] = value
        return found

    @property
    def encrypted(self) -> bool:
        """Whether there are keys."""
        return self._sealing.encrypts

    # -- for the accounts ----------------------------------------------------------------------------------------------

    async def known(self, account: str, kind: str) -> Mapping[str, bytes]:
        """All notes of a kind, by name, as JSON."""
        if self._opened and account not in self._loaded:
            await self._load((account,))
        return self._known.get((account, kind), {})

    async def again(self, account: str, kind: str) -> dict[str, Any]:
        """All notes of a kind, by name, as the table has them by now, with what is not written yet."""
        if not self._opened:
            return _parsed(await self.known(account, kind))
        await self.flush()
        rows = await self._rows((plain(account, 255),), plain(kind, 255))
        found = {name: value for _, name, value in self._unsealed(rows)}
        for (of, of_kind, name), (written, _) in self._pending.items():
            if (of, of_kind) == (account, kind):
                found.pop(name, None)
                if written is not None:
                    found[name] = json_values.read(written)
        return found

    async def left(self, account: str, kind: str) -> dict[str, bytes]:
        """Those that a process which is gone has written; of one that cannot be seen it is waited for its lease."""
        known = await self.known(account, kind)
        if not self._opened or not known:
            return {}
        ids = {digest("note", account, kind, name): name for name in known}
        seen: dict[int, float] = {}
        while True:
            try:
                alive, found = await self._owners(plain(account, 255), kind)
                owners = {one: node for one, node in found if one in ids}
            except StorageError as error:
                log.warning("what of %s (%s) is left over is found by the next start: %s", account, kind, error)
                return {}
            unclear = {node: until for node in set(owners.values()) if (until := alive.get(node)) is not None}
            unclear = {node: until for node, until in unclear.items() if seen.get(node, until) == until}
            if not unclear:
                return {ids[one]: known[ids[one]] for one, node in owners.items() if node not in alive}
            seen |= {node: until for node, until in unclear.items() if node not in seen}
            await asyncio.sleep(min(1.0, self._nodes.lease / 6))

    async def held(self, account: str, kind: str) -> set[str]:
        """Names of those that another process has written which certainly lives; none where processes share."""
        if not self._opened or self._nodes.shared:
            return set()
        ids = {digest("note", account, kind, name): name for name in await self.known(account, kind)}
        alive, found = await self._owners(plain(account, 255), kind)
        ours = self._nodes.id
        return {ids[one] for one, node in found if one in ids and node != ours and alive.get(node, 0.0) is None}

    def change(self, key: _Key, value: bytes | None, until: float | None = None) -> None:
        """Write a note in a moment; None forgets it."""
        if self._closed:
            log.warning("a note of %s (%s) comes after the end; it is not kept", key[0], key[1])
            return
        account, kind, name = key
        if value is not None:
            self._known.setdefault((account, kind), {})[name] = value
        elif self._known.get((account, kind), {}).pop(name, None) is None and account in self._loaded:
            return  # there is none
        if account not in self._loaded:
            self._early.add(key)
        self._pending.pop(key, None)
        self._pending[key] = value, until
        self._begin_to_write()

    async def flush(self) -> None:
        """Wait until all is written, or a try to do so has failed."""
        failed = self._failed
        while self._writing is not None and not self._writing.done() and self._failed == failed:
            self._hurry.set()
            await self._round_over.wait()

    # -- inside --------------------------------------------------------------------------------------------------------

    async def _load(self, accounts: Iterable[str]) -> None:
        async with self._loading:
            missing = {plain(account, 255): account for account in accounts if account not in self._loaded}
            if not missing:
                return
            for row, name, value in self._unsealed(await self._rows(missing)):
                account, kind = missing[row["account"]], row["kind"]
                if (account, kind, name) not in self._early:
                    self._known.setdefault((account, kind), {})[name] = json_values.written(value)
            self._loaded |= set(missing.values())
            self._early = {key for key in self._early if key[0] not in self._loaded}

    def _unsealed(self, rows: Iterable[ReadRow]) -> Iterator[tuple[ReadRow, str, Any]]:
        """Each row with its name and value; those that cannot be read are left out, and counted in the log."""
        unreadable = 0
        for row in rows:
            try:
                content = self._sealing.open(row["id"], row["encrypted"], row["value"])
            except (StorageError, ValueError):
                unreadable += 1
                continue
            yield row, content["name"], content["value"]
        if unreadable:
            log.error(
                "%d notes cannot be read, and are left out: is the key that they were encrypted with configured?",
                unreadable,
            )

    def _begin_to_write(self) -> None:
        if self._opened and self._pending and (self._writing is None or self._writing.done()):
            self._writing = asyncio.create_task(self._write(), name="storage:notes")

    async def _write(self) -> None:
        try:
            tries = 0
            while self._pending:
                batch, self._pending = self._pending, {}
                if await self._stored(batch):
                    tries = 0
                else:
                    self._pending = {**batch, **self._pending}
                    if self._closed:
                        return
                    await self._pause(_PAUSES[min(tries, len(_PAUSES) - 1)])
                    tries += 1
                self._end_round()
        finally:
            self._end_round()

    def _end_round(self) -> None:
        self._round_over.set()
        self._round_over = asyncio.Event()

    async def _pause(self, seconds: float) -> None:
        """Until it is time to try again, or somebody waits."""
        self._failed += 1
        self._hurry.clear()
        self._end_round()
        try:
            async with asyncio.timeout(seconds):
                await self._hurry.wait()
        except TimeoutError:
            pass  # the pause is over

    async def _stored(self, batch: Mapping[_Key, _Change]) -> bool:
        """Whether it is done with: written, or refused for good, which is logged."""
        try:
            await self._run(partial(self._store, batch))
        except ImbridgeError as error:
            if not isinstance(error, StorageError) or error.passing:
                log.warning("%d notes could not be written (%s); trying again", len(batch), error)
                return False
            if len(batch) == 1:
                ((account, kind, _),) = batch
                log.error("a note of %s (%s) could not be written: %s", account, kind, error)  # noqa: TRY400
                return True
            return all([await self._stored(dict(half)) for half in halves(list(batch.items()))])
        return True

    async def _store(self, batch: Mapping[_Key, _Change], connection: Any) -> None:
        rows, gone = [], []
        for (account, kind, name), (value, until) in batch.items():
            one = digest("note", account, kind, name)
            if value is None:
                gone.append(one)
            else:
                row = self._sealing.row(one, account, kind, name, json_values.read(value), expires_at=until)
                rows.append({**row, "node": self._nodes.id})
        if rows:  # in one order everywhere, so that two processes wait for each other and not in a circle
            rows.sort(key=lambda row: str(row["id"]))
            await self._save(connection, rows)
        if gone:
            await self._forget(connection, sorted(gone))

    # -- in the database -----------------------------------------------------------------------------------------------

    @abstractmethod
    async def _rows(self, accounts: Collection[str] | None, kind: str | None = None) -> Sequence[ReadRow]:
        """The notes of these accounts, or of all; of a kind, or of all."""

    @abstractmethod
    async def _owners(self, account: str, kind: str) -> tuple[Mapping[int, float | None], Iterable[tuple[str, int]]]:
        """The processes that live (`Nodes.alive`), and of each note of a kind the process that wrote it."""

    @abstractmethod
    async def _save(self, connection: Any, rows: Sequence[Row]) -> None:
        """Write rows, over those that are there."""

    @abstractmethod
    async def _forget(self, connection: Any, ids: Sequence[str]) -> None:
        """Delete rows."""


class _Notes(Notes):
    """One account's view."""

    def __init__(self, notebook: Notebook[Any], account: str) -> None:
        self._notebook = notebook
        self._account = account

    @property
    def encrypted(self) -> bool:
        return self._notebook.encrypted

    async def all(self, kind: str) -> dict[str, Any]:
        return _parsed(await self._notebook.known(self._account, kind))

    async def reread(self, kind: str) -> dict[str, Any]:
        return await self._notebook.again(self._account, kind)

    async def left(self, kind: str) -> dict[str, Any]:
        return _parsed(await self._notebook.left(self._account, kind))

    async def held(self, kind: str) -> set[str]:
        return await self._notebook.held(self._account, kind)

    def put(self, kind: str, name: str, value: Any, *, until: float | None = None) -> None:
        self._notebook.change((self._account, kind, name), json_values.written(value), until)

    def drop(self, kind: str, name: str) -> None:
        self._notebook.change((self._account, kind, name), None)

    async def flush(self) -> None:
        await self._notebook.flush()


def _parsed(notes: Mapping[str, bytes]) -> dict[str, Any]:
    return {name: json_values.read(value) for name, value in notes.items()}
