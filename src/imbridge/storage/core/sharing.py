"""What a process does to share chats with others: it looks for what is handed to it, and gives back what is idle."""

import asyncio
import logging
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from imbridge.protocol import ImbridgeError
from imbridge.storage.base import OutboxEntry
from imbridge.storage.core.doubts import Doubts
from imbridge.storage.core.hinting import Hinting
from imbridge.storage.core.nodes import Nodes
from imbridge.storage.core.shares import Shares
from imbridge.storage.core.work import AddInbound, AddOutbound, Run, TakeHanded, Unit
from imbridge.storage.hints.base import BaseHints
from imbridge.storage.sharing import Partner, fence_here

log = logging.getLogger(__name__)

_LOOK, _LOOK_RARE = 0.25, 1.0
"""Seconds between looks for what others took in for us: beside others, and where there are none or hints come."""
_BETWEEN = 0.01
"""Seconds between two looks for which there are hints, at least: many hints are few looks."""
_GIVE_BACK = 1.0
"""Seconds between looks for chats to be given back."""


class Sharing:
    """The background work of one process."""

    def __init__(
        self,
        shares: Shares,
        nodes: Nodes,
        ask: Callable[[Unit], "asyncio.Future[Any]"],
        doubts: Doubts,
        hints: BaseHints | None,
    ) -> None:
        """`ask` has the writer carry a unit out. `doubts` are settled by any transaction."""
        self._doubts = doubts
        self._shares = shares
        self._nodes = nodes
        self._ask = ask
        self._tasks: list[asyncio.Task[None]] = []
        nodes.on_lost = self._lose
        self._hinting = None if hints is None else Hinting(hints, nodes)
        if self._hinting is not None:
            shares.on_handed = self._hinting.say

    def start(self) -> None:
        """Begin; what others hand over is taken once somebody works on it, see `begin`."""
        if self._hinting is not None:
            self._hinting.start()
        self._tasks = [
            asyncio.create_task(self._keep_looking(), name="storage:handed over"),
            asyncio.create_task(self._keep_giving_back(), name="storage:given back"),
        ]

    def begin(self, partner: Partner) -> None:
        """`partner` works on what is ours."""
        self._shares.partner = partner

    async def close(self) -> None:
        """End."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        if self._hinting is not None:
            await self._hinting.close()

    # -- what is under way ---------------------------------------------------------------------------------------------

    def add_inbound(self, piece: AddInbound) -> "asyncio.Future[bool]":
        """Keep a delivery; its chat is ours as long as it is under way, if it is not another process's."""
        piece.lease = self._shares.begin(piece.uid, piece.entry.chat or piece.entry.lane)
        stored: asyncio.Future[bool] = self._ask(Unit((piece,)))
        stored.add_done_callback(partial(self._added, piece))
        return stored

    def _added(self, piece: AddInbound, stored: "asyncio.Future[bool]") -> None:
        entry = piece.entry
        ours = not stored.cancelled() and stored.exception() is None and stored.result() and not entry.handed_over
        if not ours or entry.uid != piece.uid:
            self._shares.end(piece.uid)
        if ours:
            self._shares.begin(entry.uid, entry.chat or entry.lane)

    def add_outbound(self, entry: OutboxEntry, piece: AddOutbound) -> "asyncio.Future[Any]":
        """Keep something to be said; refused when it comes of work that another process goes on with."""
        entry.fence = fence_here() or self._nodes.id
        self._shares.begin(piece.uid, entry.channel.address)
        stored = self._ask(Unit((piece,), node=entry.fence, what=f"an answer to {entry.channel.address}"))
        stored.add_done_callback(partial(self._kept, piece.uid))
        return stored

    def _kept(self, uid: int, stored: "asyncio.Future[Any]") -> None:
        if stored.cancelled() or stored.exception() is not None or stored.result() is not None:
            self._shares.end(uid)

    def _lose(self, node: int) -> None:
        self._shares.forget()
        if self._shares.partner is not None:
            self._shares.partner.drop(node)

    # -- in the background ---------------------------------------------------------------------------------------------

    async def _keep_looking(self) -> None:
        had_room, took = True, 0.0
        while True:
            await self._until_next_look(had_room, took)
            had_room, began = self._shares.takes, time.monotonic()
            if not had_room:
                continue
            try:
                if self._doubts or await self._shares.waits():
                    await self._ask(Unit((TakeHanded(),)))
            except ImbridgeError as error:
                log.warning("what other processes took in could not be taken (%s)", error)
            took = time.monotonic() - began

    async def _until_next_look(self, had_room: bool, took: float) -> None:
        """The last one may have had no room for what it was hinted at, and took so many seconds.

        However many hints there are, half of the time is not spent with looks.
        """
        hinted = self._hinting is not None and self._hinting.works and had_room and not self._doubts
        seconds = _LOOK_RARE if hinted or not self._nodes.others else _LOOK
        if self._hinting is None:
            await asyncio.sleep(seconds)
            return
        await asyncio.sleep(min(max(took, _BETWEEN), _LOOK))
        await self._hinting.wait(seconds)

    async def _keep_giving_back(self) -> None:
        while True:
            await asyncio.sleep(_GIVE_BACK)
            if not self._shares.has_idle:
                continue
            try:
                await self._ask(Unit((Run(self._shares.give_back),)))
            except ImbridgeError as error:
                log.warning("conversations that are idle could not be given back (%s)", error)
