"""The accounts of a bridge: one adapter each, started, stopped and closed together."""

import asyncio
import functools
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping

from imbridge.adapters.base import Adapter, AdapterContext, Health, Inbound, Probe, Verdict
from imbridge.config import AccountConfig
from imbridge.protocol import ConfigError, ImbridgeError
from imbridge.runtime.registry import adapter_type
from imbridge.storage import BaseNotebook, BaseStorage, MemoryNotebook
from imbridge.storage.account_tokens import tokens_of
from imbridge.storage.account_uploads import uploads_of
from imbridge.transport import HttpPool

log = logging.getLogger(__name__)

_IDENTITY = "account"
"""The kind of the note that says which bot an account is."""

Offer = Callable[[str, Inbound], "asyncio.Future[Verdict]"]


class _AccountIntake:
    """The way into the inbox for one account."""

    __slots__ = ("_account", "_offer")

    def __init__(self, account: str, offer: Offer) -> None:
        self._account = account
        self._offer = offer

    def offer(self, inbound: Inbound) -> "asyncio.Future[Verdict]":
        return self._offer(self._account, inbound)


class _Adapters(dict[str, Adapter]):
    """By account key. Looked up several times for each message, so it is the dict that says what is missing."""

    def __missing__(self, key: str) -> Adapter:
        known = ", ".join(self) or "none"
        raise ConfigError(f"this bridge has no account {key!r}; it has: {known}", key=key)


class Accounts(Mapping[str, Adapter]):
    """Adapters by account key (`feishu:work`), in the order of the configuration.

    Attributes:
        find: The adapter of an account key; raises `ConfigError` where there is no such account.
    """

    def __init__(self, offer: Offer, pool: HttpPool, notebook: BaseNotebook, storage: BaseStorage) -> None:
        """None yet.

        Args:
            offer: The way into the inbox, with the account's key.
            pool: Shared by all.
            notebook: Where each has its notes.
            storage: Where each has its credentials, if it survives.
        """
        self._offer = offer
        self._pool = pool
        self._notebook = notebook
        self._storage = storage
        self._adapters = _Adapters()
        self.find: Callable[[str], Adapter] = self._adapters.__getitem__
        self._starts: dict[Adapter, asyncio.Task[None]] = {}
        self._changed = asyncio.Event()

    def add(self, config: AccountConfig) -> None:
        """Make the adapter of an account.

        Raises:
            ConfigError: it cannot be used: unknown platform, missing package, a name or a bot that is here already.
        """
        if config.key in self._adapters:
            raise ConfigError(f"two accounts are called {config.key}; give each its own name", key=config.key)
        for other in self._adapters.values():
            if config.bot and (other.config.platform, other.config.bot) == (config.platform, config.bot):
                raise ConfigError(
                    f"{other.key} and {config.key} are one bot ({config.bot}): each would get a part of its messages; "
                    "leave one of them out, or give each an app of its own",
                    key=config.key,
                )
        kind = adapter_type(config.platform)
        notes = self._notebook.of(config.key)
        context = AdapterContext(
            _AccountIntake(config.key, self._offer),
            self._pool,
            self._note_health,
            notes,
            tokens_of(self._storage, config.key),
            uploads_of(self._storage, config.key, notes),
        )
        self._adapters[config.key] = kind.create(config, context)

    def _note_health(self, adapter: Adapter, health: Health, reason: str) -> None:
        self._changed.set()
        _log_health(adapter, health, reason)

    def __getitem__(self, key: str) -> Adapter:
        return self._adapters[key]

    def __contains__(self, key: object) -> bool:
        return key in self._adapters

    def __iter__(self) -> Iterator[str]:
        return iter(self._adapters)

    def __len__(self) -> int:
        return len(self._adapters)

    def _hint_at_notes(self) -> None:
        if isinstance(self._notebook, MemoryNotebook):
            for adapter in self._adapters.values():
                if adapter.noted:
                    text = "%s: notes are in memory (no durable storage, and no `state`), so a restart forgets %s"
                    log.info(text, adapter.key, adapter.noted)

    async def identify(self, where: str) -> None:
        """See that what is kept under the accounts' names is of the same bots, and note which those are.

        That a process is there already which works as one of them is told: it was started twice, most likely.

        Two bots of one name in one place would take each other's messages for repetitions, and use each other's tokens.

        Args:
            where: The place, for the error.

        Raises:
            ConfigError: another bot has been there under one of the names.
        """
        for key, adapter in self._adapters.items():
            bot = adapter.config.bot.partition(" at ")[0]  # the address may change
            if not bot:
                continue
            notes = self._notebook.of(key)
            known = (await notes.all(_IDENTITY)).get("bot", bot)
            if known != bot:
                raise ConfigError(
                    f"{key}: what is kept under this name in {where} is of another bot ({known}; this one is {bot}); "
                    "give the account a name of its own, or this bridge a storage of its own (storage: or "
                    "IMBRIDGE_STORAGE=my-bot.db)",
                    key=key,
                )
            if "bot" in await notes.held(_IDENTITY):
                log.warning(
                    "%s: another process on this machine works as this account, with what is kept in %s: a "
                    "conversation that both receive may be out of order; stop one of them, or let them share "
                    "(shared: true below storage:)",
                    key,
                    where,
                )
            notes.put(_IDENTITY, "bot", bot)

    async def remember(self) -> None:
        """Have each read what an earlier process has noted, before anything is said."""
        await self._all("its notes cannot be read", lambda adapter: adapter.remember())

    async def start(self) -> None:
        """Connect all. One that fails or cannot be reached is logged and does not keep the others from starting.

        Comes back when each of them is started, has failed, or is known to be down; those that are down go on trying.

        Raises:
            ImbridgeError: none could be started; the first one's reason.
        """
        self._hint_at_notes()
        self._starts = {adapter: asyncio.create_task(adapter.start()) for adapter in self._adapters.values()}
        for start in self._starts.values():
            start.add_done_callback(lambda task: self._changed.set())
        try:
            while any(
                not start.done() and adapter.health is not Health.DOWN for adapter, start in self._starts.items()
            ):
                self._changed.clear()
                await self._changed.wait()
        except asyncio.CancelledError:
            await self._end_starts()
            raise
        failures: list[Exception] = []
        for adapter, start in self._starts.items():
            if not start.done():
                start.add_done_callback(functools.partial(_log_late_start, adapter))
            elif (error := start.exception()) is not None:
                _log_failure(adapter, "not started", error)
                if not isinstance(error, Exception):
                    raise error
                failures.append(error)
        if failures and len(failures) == len(self._adapters):
            raise failures[0]

    async def _end_starts(self) -> None:
        starts = [start for start in self._starts.values() if not start.done()]
        for start in starts:
            start.cancel()
        if starts:
            await asyncio.wait(starts)

    async def stop_reading(self) -> None:
        """Take nothing new from any of them; what fails is logged."""
        await self._end_starts()
        await self._all("reading could not be stopped", lambda adapter: adapter.stop_reading())

    async def close(self) -> None:
        """Let go of everything; what fails is logged."""
        await self._end_starts()
        await self._all("could not be closed", lambda adapter: adapter.close())

    async def probe(self) -> dict[str, Probe]:
        """Ask each platform who we are there."""
        found = await asyncio.gather(*(adapter.probe() for adapter in self._adapters.values()))
        return dict(zip(self._adapters, found, strict=True))

    async def _all(self, what_failed: str, action: Callable[[Adapter], Awaitable[None]]) -> list[Exception]:
        adapters = tuple(self._adapters.values())
        results = await asyncio.gather(*(action(adapter) for adapter in adapters), return_exceptions=True)
        failures: list[Exception] = []
        for adapter, result in zip(adapters, results, strict=True):
            if isinstance(result, Exception):
                failures.append(result)
                _log_failure(adapter, what_failed, result)
            elif result is not None:
                raise result
        return failures


def _log_failure(adapter: Adapter, what_failed: str, error: BaseException) -> None:
    known = isinstance(error, ImbridgeError)
    log.error("%s: %s: %s", adapter.key, what_failed, error, exc_info=None if known else error)


def _log_late_start(adapter: Adapter, start: "asyncio.Task[None]") -> None:
    if not start.cancelled() and (error := start.exception()) is not None:
        _log_failure(adapter, "not started", error)


def _log_health(adapter: Adapter, health: Health, reason: str) -> None:
    level = logging.ERROR if health is Health.FAILED else logging.WARNING if health is Health.DOWN else logging.INFO
    log.log(level, "%s: %s (%s)", adapter.key, health.value, reason)
