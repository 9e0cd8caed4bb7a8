"""What a transaction decides is the same as if each piece of work had been a transaction of its own."""

from dataclasses import dataclass, field
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from imbridge.protocol import DeliveryState, Receipt
from imbridge.storage import StaleLeaseError
from imbridge.storage.core.plan import Plan, plan
from imbridge.storage.core.rows import kept_receipt
from imbridge.storage.core.work import (
    AddInbound,
    AddOutbound,
    FinishInbound,
    FinishOutbound,
    ForgetInbound,
    Known,
    NoteOutbound,
    Piece,
    SaveSession,
    StartInbound,
    StartOutbound,
    Unit,
)
from imbridge.testing.storage_entries import inbox_entry

_SENT = kept_receipt(Receipt(state=DeliveryState.SENT))


@dataclass
class Tables:
    """What a database would hold, by hand."""

    keys: dict[str, int] = field(default_factory=dict)
    receipts: dict[str, str] = field(default_factory=dict)
    inbox: dict[int, int] = field(default_factory=dict)
    outbox: dict[int, int] = field(default_factory=dict)
    heads: dict[int, str] = field(default_factory=dict)
    sessions: dict[str, str] = field(default_factory=dict)
    logged: list[str] = field(default_factory=list)

    def known(self) -> Known:
        return Known(keys=dict(self.keys), receipts=dict(self.receipts), fences={"lease": 3}, now=1.0)

    def write(self, made: Plan) -> None:
        for key, uid in made.keys_dropped:
            if self.keys.get(key) == uid:
                del self.keys[key]
        for key, row in made.keys_added.items():
            assert key not in self.keys, "the primary key would refuse it"
            self.keys[key] = row["uid"]
            if row["receipt"] is not None:
                self.receipts[key] = row["receipt"]
        for box, added, started, dropped in (
            (self.inbox, made.inbox_added, made.inbox_started, made.inbox_dropped),
            (self.outbox, made.outbox_added, made.outbox_started, made.outbox_dropped),
        ):
            for uid, row in added.items():
                assert uid not in box, "the unique index would refuse it"
                box[uid] = row["attempts"]
                if "head" in row:
                    self.heads[uid] = row["head"]
            box.update({uid: attempts for uid, attempts in started.items() if uid in box})
            for uid in dropped:
                box.pop(uid, None)
        self.heads |= made.outbox_noted
        self.heads = {uid: head for uid, head in self.heads.items() if uid in self.outbox}
        self.sessions.update({key: row["state"] for key, row in made.sessions.items()})
        self.logged += [row["text"] for row in made.logged]


def carried_out(units: list[Unit], sizes: list[int]) -> tuple[Tables, list[Any]]:
    """Carry units out in transactions of these sizes."""
    tables, results = Tables(), []
    while units:
        size = sizes.pop() if sizes else len(units)
        now, units = units[:size], units[size:]
        made = plan(now, tables.known(), doubtful={}, keep=10.0)
        tables.write(made)
        results += made.results
    return tables, results


def _piece(kind: str, number: int, keys: tuple[str, ...]) -> Piece:
    row = {"attempts": 0, "started_at": None}
    match kind:
        case "add":
            logged = {"text": str(number)}
            return AddInbound(inbox_entry("a", "k"), number, keys, dict(row), logged)
        case "forget":
            return ForgetInbound(number, keys)
        case "finish":
            return FinishInbound(number)
        case "start":
            return StartInbound(number, 1)
        case "say":
            return AddOutbound(number, dict(row), f"said {keys[0]}")
        case "saying":
            return StartOutbound(number, 1)
        case "said":
            return FinishOutbound(number, {"text": f"said {number}"}, f"said {keys[0]}", _SENT)
        case "failed":
            return FinishOutbound(number)
        case "noted":
            return NoteOutbound(number, f"head of {number}")
        case _:
            return SaveSession(f"s{number % 3}", {"id": f"s{number % 3}", "state": str(number)})


@st.composite
def lives(draw: st.DrawFn) -> list[Unit]:
    """Deliveries and answers with lives of their own, mixed, each life in its order."""
    steps = [["add"], ["add", "forget"], ["add", "start", "finish"], ["add", "finish"], ["add", "start"],
             ["say", "saying", "said"], ["say", "noted", "said"], ["say", "saying", "noted"], ["say", "failed"],
             ["say"], ["session"]]  # fmt: skip
    keys = st.lists(st.sampled_from(["k1", "k2", "k3", "k4"]), min_size=1, max_size=2, unique=True)
    waiting = [
        [(kind, number, tuple(draw(keys))) for kind in draw(st.sampled_from(steps))]
        for number in range(1, draw(st.integers(1, 12)) + 1)
    ]
    waiting = [[(kind, number, life[0][2]) for kind, number, _ in life] for life in waiting]
    units: list[Unit] = []
    while waiting:
        life = draw(st.sampled_from(waiting))
        units.append(Unit((_piece(*life.pop(0)),)))
        waiting = [one for one in waiting if one]
    return units


@given(lives(), st.lists(st.integers(1, 7), max_size=12))
def test_grouping_changes_nothing(units: list[Unit], sizes: list[int]) -> None:
    alone = carried_out(_fresh(units), [1] * len(units))
    together = carried_out(_fresh(units), sizes)
    assert together == alone


def _fresh(units: list[Unit]) -> list[Unit]:
    """Rows are changed while they are decided about: each run has its own."""
    for unit in units:
        for piece in unit.pieces:
            if isinstance(piece, AddInbound | AddOutbound):
                piece.row = {"attempts": 0, "started_at": None}
    return list(units)


def test_what_is_added_and_finished_at_once_never_is_a_row() -> None:
    made = plan([Unit((_piece("add", 1, ("k1",)),)), Unit((FinishInbound(1),))], Known(), doubtful={}, keep=1.0)
    assert (made.inbox_added, made.inbox_dropped, set(made.keys_added)) == ({}, [], {"k1"})


def test_a_key_is_said_once() -> None:
    first, later, other = (Unit((_piece("say", number, (key,)),)) for number, key in ((1, "k"), (2, "k"), (3, "l")))
    made = plan([first, Unit((_piece("said", 1, ("k",)),)), later, other], Known(), doubtful={}, keep=1.0)
    assert made.results == [None, None, Receipt(state=DeliveryState.SENT), None]
    assert list(made.outbox_added) == [3]
    expired = Known(expired={"said k"}, now=5.0)
    made = plan([Unit((_piece("say", 1, ("k",)),)), Unit((_piece("said", 1, ("k",)),))], expired, doubtful={}, keep=1.0)
    assert (made.results, made.keys_expired) == ([None, None], {"said k"})
    assert made.keys_added["said k"]["expires_at"] == 6.0


def test_a_stale_lease_refuses_the_whole_unit() -> None:
    pieces = FinishInbound(7), _piece("session", 1, ())
    good, stale = Unit(pieces, fence=("lease", 3), lane="x"), Unit(pieces, fence=("lease", 2), lane="x")
    made = plan([stale], Tables().known(), doubtful={}, keep=1.0)
    assert isinstance(made.results[0], StaleLeaseError)
    assert (made.inbox_dropped, made.sessions) == ([], {})
    assert plan([good], Tables().known(), doubtful={}, keep=1.0).inbox_dropped == [7]


def test_what_may_have_been_stored_is_new_to_who_brings_it_again() -> None:
    known = Known(keys={"k1": 5}, now=1.0)
    made = plan([Unit((_piece("add", 6, ("k1", "k2")),))], known, doubtful={5: None}, keep=1.0)
    assert (made.results, made.adopted, made.inbox_added) == ([True], {6: 5}, {})
    assert {key: row["uid"] for key, row in made.keys_added.items()} == {"k2": 5}


def test_a_key_that_has_expired_counts_no_more() -> None:
    made = plan([Unit((_piece("add", 6, ("k1",)),))], Known(expired={"k1"}, now=1.0), doubtful={}, keep=1.0)
    assert (made.results, made.keys_expired, made.keys_added["k1"]["expires_at"]) == ([True], {"k1"}, 2.0)
