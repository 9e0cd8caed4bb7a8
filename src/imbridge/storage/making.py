"""From settings to a storage."""

import importlib
import inspect
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import SecretStr

from imbridge.config.options import Durability
from imbridge.config.storage import REFERENCE, DatabaseOptions, StorageSpec, in_a_file, is_mongodb
from imbridge.protocol import ConfigError
from imbridge.storage.base import BaseStorage
from imbridge.storage.hints.base import BaseHints
from imbridge.storage.memory import MemoryStorage
from imbridge.storage.retention import Retention

_DAY = 86_400.0


def default_storage(durability: Durability) -> BaseStorage:
    """The storage of a bridge that is given none, not opened yet."""
    return make_storage(in_a_file()) if durability is Durability.DURABLE else MemoryStorage()


def make_storage(spec: StorageSpec) -> BaseStorage:
    """The storage that the settings name, not opened yet.

    Raises:
        ConfigError: it cannot be made; the message begins with where the setting stands, and holds no value of it.
    """
    if not spec.keeps:
        return MemoryStorage()
    try:
        return _own(spec) if spec.database is None else _database(spec.database)
    except ConfigError as error:
        place = f"{spec.where}: " if spec.where and not str(error).startswith(spec.where) else ""
        raise ConfigError(f"{place}{error}", key="storage", where=spec.where) from error


def _database(options: DatabaseOptions) -> BaseStorage:
    url = None if options.url is None else options.url.get_secret_value()
    if url is not None and is_mongodb(url):
        return _mongodb(url, options)
    from imbridge.storage.sql import SqlStorage

    return SqlStorage(
        options.path if url is None else url,
        schema=options.schema_name,
        pool_size=options.pool_size,
        synchronous=options.synchronous,
        migrate=options.migrate,
        shared=options.shared,
        hints=_hints(options),
        lease=options.lease,
        max_attempts=options.max_attempts,
        dedup_seconds=options.dedup_hours * 3600,
        log_messages=options.log_messages,
        retention=_retention(options),
        keys=options.keys,
    )


def _mongodb(url: str, options: DatabaseOptions) -> BaseStorage:
    if options.schema_name is not None:
        raise ConfigError("storage: a schema is PostgreSQL's; MongoDB's database stands in the url")
    try:
        from imbridge.storage.mongo import MongoStorage
    except ImportError as error:
        raise ConfigError(
            f"storage: {error.name} is missing for MongoDB; pip install 'imbridge[mongodb]'", key="storage"
        ) from error
    return MongoStorage(
        url,
        pool_size=options.pool_size,
        migrate=options.migrate,
        shared=options.shared is not False,
        hints=_hints(options),
        lease=options.lease,
        max_attempts=options.max_attempts,
        dedup_seconds=options.dedup_hours * 3600,
        log_messages=options.log_messages,
        retention=_retention(options),
        keys=options.keys,
    )


def _retention(options: DatabaseOptions) -> Retention:
    def seconds(days: float | None) -> float | None:
        return None if days is None else days * _DAY

    return Retention(
        log=seconds(options.log_days), dead=seconds(options.dead_days), sessions=seconds(options.session_days)
    )


def _hints(options: DatabaseOptions) -> BaseHints | str | None:
    if options.hints is None:
        return None
    if isinstance(options.hints, SecretStr):
        text = options.hints.get_secret_value()
        if not REFERENCE.fullmatch(text):
            return text
        given = {"type": text}
    else:
        given = dict(options.hints)
    hints: BaseHints = _made(BaseHints, given.pop("type"), given, "storage: hints")
    return hints


def _own(spec: StorageSpec) -> BaseStorage:
    storage: BaseStorage = _made(BaseStorage, spec.reference, spec.options, "storage")
    return storage


def _made(base: type, reference: str, options: Mapping[str, Any], what: str) -> Any:
    """One of a class of somebody's own; it gets the settings beside `type` by their names."""
    module, _, name = reference.rpartition(":" if ":" in reference else ".")
    try:
        found: Any = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise ConfigError(f"{what}: {reference} cannot be loaded: {type(error).__name__}: {error}") from error
    if not (isinstance(found, type) and issubclass(found, base)):
        raise ConfigError(f"{what}: {reference} is no class derived from {_public(base)}")
    if missing := sorted(getattr(found, "__abstractmethods__", ())):
        raise ConfigError(f"{what}: {reference} lacks {', '.join(missing)}")
    if wrong := ", ".join(_wrongly_async(base, found)):
        raise ConfigError(f"{what}: {reference}: no `async def` may be {wrong}: see {_public(base)}")
    try:
        inspect.signature(found).bind(**options)
    except TypeError as error:
        raise ConfigError(f"{what}: {reference} does not take these settings: {error}") from error
    return found(**options)


def _wrongly_async(base: type, found: type) -> Iterator[str]:
    """Methods that begin to work when they are called, and in that order; some of them give a future."""
    for name, method in inspect.getmembers(base, inspect.isfunction):
        if not inspect.iscoroutinefunction(method) and inspect.iscoroutinefunction(getattr(found, name)):
            yield name


def _public(base: type) -> str:
    """Where people import it from."""
    return f"{base.__module__.removesuffix('.base')}.{base.__name__}"
