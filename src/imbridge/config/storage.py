"""The `storage:` section: where messages are kept."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator
from pydantic.alias_generators import to_camel

from imbridge.config.document import ENVIRONMENT, Node
from imbridge.config.environment import expand
from imbridge.config.missing import Missing
from imbridge.config.options import Durability
from imbridge.config.reader import Reading

VARIABLE = "IMBRIDGE_STORAGE"
_SCHEMES = {
    "sqlite": ("sqlite",),
    "postgresql": ("postgresql", "postgres"),
    "mysql": ("mysql",),
    "mariadb": ("mariadb", "mysql"),
    "mongodb": ("mongodb",),
}
_TYPES = {kind: kind for kind in _SCHEMES} | {"postgres": "postgresql"}
REFERENCE = re.compile(r"([^\W\d]\w*\.)*[^\W\d]\w*[:.][^\W\d]\w*")
_FORM = (
    "memory, sqlite, the path of a file, a URL (postgresql://user:password@host/name, mysql://..., mariadb://..., "
    "mongodb://...), "
    "or a class of your own (my_bot.storage:MyStorage)"
)


_NONE = "none"
_REDIS = ("redis://", "rediss://", "unix://")
_HINTS = (
    "expected a URL of Redis (redis://user:password@host:6379), none, a class of your own (my_bot.hints:MyHints), or a "
    "mapping with its type: and settings"
)


class DatabaseOptions(BaseModel):
    """A storage in a database. Names may be in `snake_case` or `camelCase`.

    Attributes:
        path: SQLite's file; `imbridge.db` in the user's data directory when left out.
        url: A server's URL; `dsn` and `uri` mean the same.
        schema_name: PostgreSQL's schema to work in; made when it is missing.
        pool_size: Most connections for reading.
        synchronous: Of SQLite: `full` or `normal`.
        migrate: Make and change tables, or collections, at the start.
        shared: Several processes share the conversations of their accounts, each in order; None: on a server, not on
            SQLite.
        hints: Over what they wake each other: a URL of Redis, `none`, or a class of one's own, by name or as a mapping
            with its `type` and settings; None: PostgreSQL does it itself, the others not.
        lease: Seconds without a sign of life after which others take a process's messages over.
        max_attempts: How often something may be under way when its process ends, before it is a dead letter.
        dedup_hours: For how long a delivery is known.
        log_messages: Keep the message log.
        log_days: For how long; None: for ever. So of the next two.
        dead_days: For how long dead letters are kept.
        session_days: For how long a session is kept after the last message in its conversation.
        keys: Keys that tokens are encrypted with.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, alias_generator=to_camel, populate_by_name=True
    )
    also_written: ClassVar[Mapping[str, str]] = {"dsn": "url", "uri": "url", "schema": "schema_name"}

    path: Path | None = None
    url: SecretStr | None = None
    schema_name: str | None = None
    pool_size: int = Field(default=5, ge=1, le=100)
    synchronous: Literal["full", "normal"] = "full"
    migrate: bool = True
    shared: bool | None = None
    hints: SecretStr | dict[str, Any] | None = Field(default=None, repr=False)
    lease: float = Field(default=10.0, ge=1, allow_inf_nan=False)
    max_attempts: int = Field(default=2, ge=1)
    dedup_hours: float = Field(default=12.0, gt=0, allow_inf_nan=False)
    log_messages: bool = True
    log_days: float | None = Field(default=30.0, gt=0, allow_inf_nan=False)
    dead_days: float | None = Field(default=30.0, gt=0, allow_inf_nan=False)
    session_days: float | None = Field(default=180.0, gt=0, allow_inf_nan=False)
    keys: tuple[SecretStr, ...] = ()

    @field_validator("hints", mode="before")
    @classmethod
    def _known_hints(cls, given: Any) -> Any:
        if given is False:
            return _NONE
        text = given.get("type") if isinstance(given, dict) else given
        text = text.get_secret_value() if isinstance(text, SecretStr) else text
        known = isinstance(text, str) and REFERENCE.fullmatch(text) is not None
        if not isinstance(given, dict) and isinstance(text, str):
            known |= text == _NONE or text.startswith(_REDIS)
        if given is not None and not known:
            raise ValueError(_HINTS)
        return given

    @model_validator(mode="after")
    def _one_place(self) -> "DatabaseOptions":
        if self.path is not None and self.url is not None:
            raise ValueError("a path is SQLite's and a url a server's; keep one of them")
        return self


class StorageSpec(BaseModel):
    """Which storage to make.

    Attributes:
        reference: `module:Class` of one's own class; empty for a database.
        options: What that class is given; not shown in a repr.
        database: Settings of a database; None for one's own class, and where nothing is kept.
        where: File and line, for errors.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    reference: str = ""
    options: Mapping[str, Any] = Field(default_factory=dict, repr=False)
    database: DatabaseOptions | None = None
    where: str = ""

    @property
    def keeps(self) -> bool:
        """Whether anything is kept."""
        return self.database is not None or bool(self.reference)


def is_mongodb(url: str) -> bool:
    """Whether a URL is one of MongoDB's."""
    return url.startswith(("mongodb://", "mongodb+srv://"))


def in_a_file() -> StorageSpec:
    """What holds where nobody says anything: SQLite in the user's data directory."""
    return StorageSpec(database=DatabaseOptions())


def read_storage(reading: Reading, node: Node, durability: Durability) -> StorageSpec:
    """Read the section, or the variable `IMBRIDGE_STORAGE`; problems are noted."""
    if node.value is None and (text := reading.environ.get(VARIABLE)):
        node = Node(text, key=VARIABLE, where=ENVIRONMENT, text=text)
    spec = in_a_file() if node.value is None else _read(reading, node)
    return StorageSpec(where=node.where) if spec is None or durability is Durability.MEMORY else spec


def _read(reading: Reading, node: Node) -> StorageSpec | None:
    known = reading.problems.noted
    node = expand(node, reading.environ, reading.problems)
    if reading.problems.noted > known:
        return None
    if isinstance(node.value, str):
        return _from_text(reading, node)
    if isinstance(node.value, dict):
        return _from_mapping(reading, node)
    reading.problems.at(node, f"expected {_FORM}; or a mapping with type: and its settings; found {node.kind}")
    return None


def _from_text(reading: Reading, node: Node) -> StorageSpec | None:
    text = node.value
    if text == "memory":
        return StorageSpec(where=node.where)
    if "://" in text:
        return _database(reading, node, {"url": node})
    if text == "sqlite":
        return _database(reading, node, {})
    if "/" in text or "\\" in text or text.endswith((".db", ".sqlite", ".sqlite3")):
        return _database(reading, node, {"path": node})
    if REFERENCE.fullmatch(text):
        return StorageSpec(reference=text, where=node.where)
    reading.problems.at(node, f"expected {_FORM}")
    return None


def _from_mapping(reading: Reading, node: Node) -> StorageSpec | None:
    kind = node.value.get("type", Node("", key=f"{node.key}.type", where=node.where))
    name = kind.value if isinstance(kind.value, str) else "?"
    if "durability" in node.value and not REFERENCE.fullmatch(name):
        reading.problems.at(node.value["durability"], "stands under bridge: (bridge: {durability: memory})")
        return None
    if name == "memory" and len(node.value) == 1:
        return StorageSpec(where=node.where)
    if name in _TYPES or not name:
        levels = reading.fields(DatabaseOptions, node, besides=("type",))
        return _database(reading, node, levels, kind=_TYPES.get(name, ""))
    if REFERENCE.fullmatch(name):
        options = {key: child.plain() for key, child in node.value.items() if key != "type"}
        return StorageSpec(reference=name, options=options, where=node.where)
    reading.problems.at(
        kind, f"no storage of this type; known are memory, {', '.join(_SCHEMES)}, or a class (my_bot.storage:MyStorage)"
    )
    return None


def _database(reading: Reading, node: Node, fields: Mapping[str, Node], kind: str = "") -> StorageSpec | None:
    known = reading.problems.noted
    options = reading.read(DatabaseOptions, [fields], Missing(node.key, node.where))
    if options is None or reading.problems.noted > known:
        return None
    scheme = "" if options.url is None else options.url.get_secret_value().partition("://")[0].partition("+")[0]
    if kind and (wrong := _mismatch(kind, scheme)):
        reading.problems.at(node, wrong)
        return None
    if options.path is not None and node.where != ENVIRONMENT:  # as skills, from where the file is
        options = options.model_copy(update={"path": reading.folder / options.path.expanduser()})
    return StorageSpec(database=options, where=node.where)


def _mismatch(kind: str, scheme: str) -> str:
    """What is wrong with a type and a URL together."""
    if kind != "sqlite" and not scheme:
        return f"{kind} needs a url: {_SCHEMES[kind][0]}://user:password@host/name"
    return f"type is {kind}, and the url begins with {scheme}://" if scheme and scheme not in _SCHEMES[kind] else ""
