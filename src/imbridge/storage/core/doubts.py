"""What this process does not know to be stored or not: the answer to its commit was lost."""

from collections import OrderedDict
from collections.abc import Collection, Iterator, Mapping, Sequence

from imbridge.storage.core.work import AddInbound, AddOutbound, FinishOutbound, Unit

_MAX = 100_000


class Doubts:
    """What may be stored although whoever asked was told that it is not.

    Nobody handles such a delivery, should it be there. So it counts as new to whoever brings it again to this process;
    and where several share their work, it is looked for when the database is back, for the platform may bring it to
    another one, which finds it known. What was to be said is asked for again by whoever wanted it said, and dropped.
    """

    def __init__(self) -> None:
        """Without any."""
        self._inbound: OrderedDict[int, int] = OrderedDict()
        self._outbound: OrderedDict[int, int] = OrderedDict()

    def __bool__(self) -> bool:
        return bool(self._inbound or self._outbound)

    def add(self, units: Sequence[Unit], node: int) -> None:
        """Nobody heard of the end of a transaction that was begun under this number of ours."""
        for piece in _added(units):
            kept = self._inbound if isinstance(piece, AddInbound) else self._outbound
            kept[piece.uid] = node
            if len(kept) > _MAX:
                kept.popitem(last=False)

    def inbound(self, node: int) -> Mapping[int, object]:
        """Deliveries of our present life. Those of an earlier one are with whoever goes on with its work."""
        return _of(self._inbound, node)

    def dropped(self, node: int) -> Unit | None:
        """The work that drops what was to be said, in our present life."""
        left = _of(self._outbound, node)
        return Unit(tuple(FinishOutbound(uid) for uid in left)) if left else None

    def end(self, uids: Collection[int]) -> None:
        """What became of these deliveries is known."""
        for uid in uids:
            self._inbound.pop(uid, None)

    def end_dropped(self, drop: Unit) -> None:
        """That work is done."""
        for piece in drop.pieces:
            if isinstance(piece, FinishOutbound):
                self._outbound.pop(piece.uid, None)

    def trust(self, units: Sequence[Unit]) -> None:
        """What became of a transaction is known after all."""
        for piece in _added(units):
            self._inbound.pop(piece.uid, None)
            self._outbound.pop(piece.uid, None)


def _of(kept: OrderedDict[int, int], node: int) -> Mapping[int, object]:
    for uid in [uid for uid, ours in kept.items() if ours != node]:
        del kept[uid]
    return kept


def _added(units: Sequence[Unit]) -> Iterator[AddInbound | AddOutbound]:
    return (piece for unit in units for piece in unit.pieces if isinstance(piece, AddInbound | AddOutbound))
