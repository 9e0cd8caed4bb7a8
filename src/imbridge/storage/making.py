"""From settings to a storage."""

import importlib
import inspect
from typing import Any

from imbridge.config.options import Durability
from imbridge.config.storage import DatabaseOptions, StorageSpec, in_a_file, is_mongodb
from imbridge.protocol import ConfigError
from imbridge.storage.base import BaseStorage
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


def _own(spec: StorageSpec) -> BaseStorage:
    """A class of somebody's own; it gets the settings beside `type` by their names."""
    module, _, name = spec.reference.rpartition(":" if ":" in spec.reference else ".")
    try:
        made: Any = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise ConfigError(f"storage: {spec.reference} cannot be loaded: {type(error).__name__}: {error}") from error
    if not (isinstance(made, type) and issubclass(made, BaseStorage)):
        raise ConfigError(f"storage: {spec.reference} is no class derived from imbridge.storage.BaseStorage")
    if missing := sorted(getattr(made, "__abstractmethods__", ())):
        raise ConfigError(f"storage: {spec.reference} lacks {', '.join(missing)}")
    try:
        inspect.signature(made).bind(**spec.options)
    except TypeError as error:
        raise ConfigError(f"storage: {spec.reference} does not take these settings: {error}") from error
    storage: BaseStorage = made(**spec.options)
    return storage
