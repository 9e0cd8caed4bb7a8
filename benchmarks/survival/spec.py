"""What a bridge in a child process is made of, as JSON between the processes."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Self

from imbridge.config.storage import is_mongodb
from imbridge.storage import MongoStorage, SqlStorage


class Keeping(StrEnum):
    """Where the child keeps its messages."""

    DURABLE = "durable"
    """In a database."""
    MEMORY = "memory"
    """Nowhere: a control, in which messages have to be lost."""
    HASTY = "hasty"
    """In a database, but acknowledged before the commit: a control, too."""


@dataclass(frozen=True)
class Spec:
    """One bridge.

    Attributes:
        account: The account's settings, with `platform`.
        folder: Where its files are.
        keeping: Where its messages are kept.
        database: URL of a server; empty: SQLite in the folder.
        listen: Where it serves callbacks, `address:port`; empty: it has none.
        skill: `echo`, or another of `benchmarks.survival.skills`.
        options: Of the bridge (`BridgeOptions`).
        storage: Further arguments of the storage.
    """

    account: Mapping[str, Any]
    folder: str
    keeping: Keeping = Keeping.DURABLE
    database: str = ""
    listen: str = ""
    skill: str = "echo"
    options: Mapping[str, Any] = field(default_factory=dict)
    storage: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> str:
        """One line."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """What `to_json` wrote."""
        facts = json.loads(text)
        return cls(**{**facts, "keeping": Keeping(facts["keeping"])})

    @property
    def where(self) -> str:
        """What the storage is given first."""
        return self.database or f"{self.folder}/bridge.db"

    @property
    def kind(self) -> "type[SqlStorage | MongoStorage]":
        """Of storage, where something is kept."""
        return MongoStorage if is_mongodb(self.where) else SqlStorage
