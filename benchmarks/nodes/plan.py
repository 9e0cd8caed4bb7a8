"""How much is tried, and what became of it."""

import json
from collections import Counter
from dataclasses import asdict, dataclass, field

KILL, STOP, CUT, LOSS, RESTART = FAULTS = ("kills", "stops", "cuts", "losses", "restarts")


@dataclass(frozen=True)
class Plan:
    """How much is tried.

    Attributes:
        nodes: Processes.
        people: How many talk, each in a conversation of their own.
        messages: What each of them says.
        kills: SIGKILLs; a killed process is started again.
        stops: SIGSTOPs, for longer than the lease.
        cuts: How often all connections to the database are cut.
        losses: How often a commit's answer is lost, and nobody reaches the database for up to two leases from then on.
        restarts: How often the database's server is ended in the middle of what it does, and started again after up to
            two leases; one of our own.
        lease: Seconds.
        pause: Seconds between two faults.
        hints: Over what the processes wake each other, as the storage's setting; empty: as it is by itself.
        shared: False: the control, with processes that do not know of conversations.
        patience: Seconds without an answer after which the run is over.
        seed: Of all chance.
    """

    nodes: int = 3
    people: int = 40
    messages: int = 100
    kills: int = 10
    stops: int = 4
    cuts: int = 4
    losses: int = 4
    restarts: int = 0
    lease: float = 2.0
    pause: float = 1.0
    hints: str = ""
    shared: bool = True
    patience: float = 30.0
    seed: int = 0

    @property
    def disturbed(self) -> float:
        """For how many seconds there are faults, about."""
        away = self.pause + 1.5 * self.lease
        seconds = self.kills * (self.pause + self.lease) + self.stops * (self.pause + 2 * self.lease)
        return seconds + self.cuts * self.pause + (self.losses + self.restarts) * away


@dataclass
class Outcome:
    """What became of it.

    Attributes:
        said: Messages of people.
        lost: Those without an answer.
        doubled: Answers that are shown twice.
        disordered: Answers that are shown before an answer to an earlier message of their conversation.
        left: What is left in the storage, by box and state, when all processes have ended.
        repeated: Answers that were sent again with their key, and not shown again.
        by: How many processes gave answers.
        done: The faults, and how many of each there were.
        seconds: From the first message to the last answer.
    """

    said: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    disordered: list[str] = field(default_factory=list)
    left: dict[str, int] = field(default_factory=dict)
    repeated: int = 0
    by: int = 0
    done: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    @property
    def faults(self) -> str:
        """What was done to them, in words."""
        return ", ".join(f"{self.done[fault]} {fault}" for fault in FAULTS)

    @property
    def is_good(self) -> bool:
        """Whether nothing is lost, doubled, out of order, or left over."""
        return not (self.lost or self.doubled or self.disordered or self.left)

    def to_json(self) -> str:
        """For a machine."""
        return json.dumps(asdict(self))
