"""What can be asked of the writer. Pieces of work are plain data: `plan.py` decides what comes of them."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from imbridge.storage.base import InboxEntry

Row = dict[str, Any]
Statements = Callable[[Any], Awaitable[Any]]
"""What is done on the writer's own connection, of whatever kind the database has."""
RunStatements = Callable[[Statements], Awaitable[Any]]
"""Has statements carried out by the writer; what they give, once it is committed."""


class ReadRow(Protocol):
    """A row as a database gives it."""

    def __getitem__(self, name: str, /) -> Any:
        """What stands in a column."""


@dataclass(slots=True)
class AddInbound:
    """Keep a delivery unless one of its keys is known. Its answer: is it new?

    `lease` is the id of the lease that its chat has, where processes share chats: it goes to whoever holds that.
    `session` is the id of its conversation's state, where that is wanted at once and may be read on the way.
    """

    entry: InboxEntry
    uid: int
    keys: tuple[str, ...]
    row: Row
    logged: Row | None = None
    lease: str = ""
    session: str = ""


@dataclass(slots=True)
class ForgetInbound:
    """It is new again when it comes again."""

    uid: int
    keys: tuple[str, ...]


@dataclass(slots=True)
class FinishInbound:
    """It is handled."""

    uid: int


@dataclass(slots=True)
class StartInbound:
    """It is being handled from now on, for the time that `attempts` says; 0: it is not."""

    uid: int
    attempts: int


@dataclass(slots=True)
class AddOutbound:
    """Keep something to be said, unless it was said under its key. Its answer: the receipt of that, or None."""

    uid: int
    row: Row
    key: str = ""


@dataclass(slots=True)
class FinishOutbound:
    """It was said, or never will be.

    `receipt` (JSON) is what a later one under the same key is told; None where that is to be said.
    """

    uid: int
    logged: Row | None = None
    key: str = ""
    receipt: str | None = None


@dataclass(slots=True)
class NoteOutbound:
    """How far it is."""

    uid: int
    head: str


@dataclass(slots=True)
class StartOutbound:
    """It is being sent from now on, for the time that `attempts` says; 0: it is not."""

    uid: int
    attempts: int


@dataclass(slots=True)
class SaveSession:
    """Keep a conversation's state."""

    id: str
    row: Row


@dataclass(slots=True)
class TakeHanded:
    """Take what other processes took in for chats that are ours."""


@dataclass(slots=True)
class Run:
    """Anything else: statements on the writer's connection, in the same transaction, after the rows of the others.

    `then` is given what they made, and under which number of ours, once it is committed and before anybody else hears
    of the transaction.
    """

    statements: Statements
    then: Callable[[Any, int], None] | None = None


Piece = (
    AddInbound
    | ForgetInbound
    | FinishInbound
    | StartInbound
    | AddOutbound
    | FinishOutbound
    | StartOutbound
    | NoteOutbound
    | SaveSession
    | TakeHanded
    | Run
)


@dataclass(slots=True)
class Unit:
    """Pieces that are done together or not at all.

    Attributes:
        pieces: In their order.
        fence: Id of a lease and its number: when somebody else has the lease by now, nothing of it is done.
        node: The number under which what it is about is ours; it is refused when that is over. 0: it may be done
            under any.
        lane: The lease's conversation, for the error.
        what: What it is, for the log when it cannot be done and nobody waits for it.
    """

    pieces: tuple[Piece, ...]
    fence: tuple[str, int] | None = None
    node: int = 0
    lane: str = ""
    what: str = "something"


@dataclass(slots=True)
class Known:
    """What the database says before anything is written.

    Attributes:
        keys: Dedup keys that are there and have not expired, and the uid of the entry that brought them.
        receipts: What was said under those of them that are of answers, as JSON.
        expired: Keys that are there and count no more.
        fences: The current number of each lease that was asked for.
        node: The number of this process.
        handed: Whether others took something in for us.
        holders: Who has the chats that are other processes', by lease.
        free: Chats that nobody has, by lease, with the lease's last number; None where there was none.
        now: Seconds since 1970, by the database's clock.
    """

    keys: dict[str, int] = field(default_factory=dict)
    receipts: dict[str, str] = field(default_factory=dict)
    expired: set[str] = field(default_factory=set)
    fences: Mapping[str, int] = field(default_factory=dict)
    now: float = 0.0
    node: int = 0
    handed: bool = False
    holders: Mapping[str, int] = field(default_factory=dict)
    free: Mapping[str, int | None] = field(default_factory=dict)

    def see(self, key: str, uid: int, expires_at: float, receipt: str | None) -> None:
        """A key is there."""
        if expires_at <= self.now:
            self.expired.add(key)
            return
        self.keys[key] = uid
        if receipt is not None:
            self.receipts[key] = receipt


def keys_of(piece: Piece) -> Sequence[str]:
    """The keys that have to be looked for."""
    if isinstance(piece, AddInbound):
        return piece.keys
    return (piece.key,) if isinstance(piece, AddOutbound | FinishOutbound) and piece.key else ()


LARGE = 1024 * 1024
"""Characters of a row that is written alone."""


def apart(units: Sequence[Unit]) -> list[Sequence[Unit]]:
    """What is large stands alone: a server that does not take it ends the connection, for all who are beside it."""
    groups: list[Sequence[Unit]] = []
    start = 0
    for number, unit in enumerate(units):
        if any(map(_is_large, unit.pieces)):
            groups += [units[start:number], units[number : number + 1]]
            start = number + 1
    return [group for group in (*groups, units[start:]) if group]


def _is_large(piece: Piece) -> bool:
    match piece:
        case AddInbound(row=row):
            return len(row["item"]) > LARGE
        case AddOutbound(row=row):
            return len(row["reply"] or "") > LARGE
        case _:
            return False
