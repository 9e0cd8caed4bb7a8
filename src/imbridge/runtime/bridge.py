"""The Bridge: accounts, skills, and the life of all of it."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from imbridge.adapters.base import Adapter, Health, Inbound, Probe, Verdict
from imbridge.config import AccountConfig
from imbridge.config.options import BridgeOptions
from imbridge.policy import DirectGate, Permissions
from imbridge.protocol import (
    Bot,
    ImbridgeError,
    SkillError,
)
from imbridge.runtime.accounts import Accounts
from imbridge.runtime.bots import Bots
from imbridge.runtime.declaring import Declaring
from imbridge.runtime.delivery import Delivery
from imbridge.runtime.ending import within
from imbridge.runtime.handling import Handling
from imbridge.runtime.intake.gate import Gate
from imbridge.runtime.recovery import Recovery
from imbridge.runtime.scheduling import Clock, Scheduler
from imbridge.runtime.scheduling.planner import Planner
from imbridge.runtime.scheduling.public import Scheduling
from imbridge.runtime.sharing import SharedWork
from imbridge.runtime.speaking import Speaking
from imbridge.skills import BaseSkill, SkillSet
from imbridge.storage import BaseStorage, notebook_at
from imbridge.storage.making import default_storage
from imbridge.transport import HttpPool, WebhookApp

log = logging.getLogger(__name__)

_GOODBYE = 0.5
"""Seconds that connections have to close in order, however short the grace is."""


class BridgeState(StrEnum):
    """Where a bridge is in its life."""

    NEW = "new"
    STARTING = "starting"
    RUNNING = "running"
    STOPPING = "stopping"
    STOPPED = "stopped"


class Bridge(Declaring, Speaking, Scheduling):
    """Connects accounts on IM platforms with skills.

    Use it as `async with Bridge(...) as bridge:`, with `start()` and `stop()`, or with `run()`, which blocks until a
    signal. It runs in the event loop it is started in and owns all its tasks.

    Args:
        accounts: Settings of each account (`FeishuConfig(...)`).
        skills: Skills in order; more can be declared with the decorators until the bridge starts.
        options: How it works: lanes, grace, prefix, language.
        permissions: Who may use which skill; the form of `permissions:` in the YAML file.
        storage: Inbox, outbox and sessions. When left out: SQLite in the user's data directory, or memory if the option
            `durability` says so.
        clock: What schedules go by.

    Raises:
        ConfigError: an account cannot be used: unknown platform, missing package, two accounts of one name; or one of
            the option `media_hosts` is no host.
    """

    def __init__(
        self,
        accounts: Iterable[AccountConfig] = (),
        *,
        skills: Iterable[BaseSkill] = (),
        options: BridgeOptions | None = None,
        permissions: Mapping[str, Any] | None = None,
        storage: BaseStorage | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.options = options or BridgeOptions()
        self.state = BridgeState.NEW
        self.storage = default_storage(self.options.durability) if storage is None else storage
        self._pool = HttpPool(media_hosts=self.options.media_hosts)
        rules = Permissions.of(permissions)
        self.skills = SkillSet(
            skills, may_use=rules.may_use, command_prefix=self.options.command_prefix, limit=rules.limit
        )
        enabled = tuple(account for account in accounts if account.enabled)
        of_storage = self.storage.notebook() if self.options.state is None else None
        self._notebook = of_storage or notebook_at(self.options.state)
        self._accounts = Accounts(self._take_in, self._pool, self._notebook, self.storage)
        adapter_of = self._accounts.find
        self._bots = Bots(self._accounts, self.options, self._take_in, self._notebook.of)
        self._delivery = Delivery(self.storage, adapter_of, self._bots, self._notebook.of, self.options)
        direct = DirectGate(enabled, knows_kind=self._bots.knows_kind)
        gate = Gate(stale_after=self.options.stale_after, may_write=direct.may_write)
        self._scheduler = Scheduler(
            self.storage, self.skills, self._delivery, adapter_of, self.options, clock or Clock()
        )
        self._planner = Planner(self._scheduler, self._account, self.options.time_zone)
        self._handling = Handling(
            self.storage, self.skills, self._delivery, gate, adapter_of, self._bots, self._planner, self.options
        )
        self._recovery = Recovery(self.storage, self._accounts, self._handling.inbox, self._delivery)
        self._shared = SharedWork(self._handling.inbox, self._delivery, self._handling.counts)
        self._webhooks: WebhookApp | None = None
        self._starting: asyncio.Task[None] | None = None
        self._stopped = asyncio.Event()
        for account in enabled:
            self._accounts.add(account)

    def _take_in(self, account: str, inbound: Inbound) -> "asyncio.Future[Verdict]":
        self._delivery.heard(inbound.item)
        return self._handling.inbox.offer(account, self._bots.heard(account, inbound))

    # -- making one ----------------------------------------------------------------------------------------------------

    @classmethod
    def from_env(cls, *, skills: Iterable[BaseSkill] = (), environ: Mapping[str, str] | None = None) -> "Bridge":
        """A bridge from environment variables alone (`FEISHU_APP_ID`, `FEISHU_APP_SECRET`, ...).

        Raises:
            ConfigError: a variable is missing or wrong; one line each.
        """
        from imbridge.runtime.settings import bridge_from

        return bridge_from(None, skills=skills, environ=environ)

    @classmethod
    def from_config(
        cls, path: str | Path, *, skills: Iterable[BaseSkill] = (), environ: Mapping[str, str] | None = None
    ) -> "Bridge":
        """A bridge from a YAML file; `skills` come on top of those named there.

        Raises:
            ConfigError: a setting is missing or wrong, with its file and line.
        """
        from imbridge.runtime.settings import bridge_from

        return bridge_from(Path(path), skills=skills, environ=environ)

    # -- declaring skills ----------------------------------------------------------------------------------------------

    def add_skill(self, skill: BaseSkill) -> None:
        """Add a skill; before the bridge starts."""
        self._check_new("add skills")
        self.skills.add(skill)

    def _check_new(self, what: str) -> None:
        if self.state is not BridgeState.NEW:
            raise SkillError(f"{what} before the bridge starts")

    # -- life ----------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Set the skills up, connect all accounts, begin to answer.

        One account that fails or cannot be reached does not keep the others from starting: it is logged and its health
        says so; one that cannot be reached goes on trying.

        Raises:
            ImbridgeError: no account could be started.
            SkillFailure: a skill's `setup` failed.
        """
        if self.state is not BridgeState.NEW:
            raise ImbridgeError(f"this bridge is {self.state.value}; make a new one to start again")
        self.state = BridgeState.STARTING
        # A task of its own, so that `stop` can end it without cancelling whoever waits here.
        self._starting = starting = asyncio.create_task(self._start(), name="bridge start")
        try:
            await asyncio.wait((starting,))
        except asyncio.CancelledError:
            starting.cancel()
            await asyncio.wait((starting,))
            await self.stop(grace=0)  # it may have been done already
            raise
        if starting.cancelled():
            raise ImbridgeError("this bridge was stopped while it started")
        starting.result()

    async def _start(self) -> None:
        try:
            await self.storage.open()
            log.info("messages are kept in %s", self.storage.where)
            await self._notebook.open()
            await self._accounts.identify(self.storage.where)
            await self.skills.setup()
            await self._scheduler.open(adapter.config for adapter in self._accounts.values())
            await self._bots.open()
            await self._delivery.choices.recall(self._accounts)
            await self._delivery.targets.recall(self._accounts)
            await self._accounts.remember()
            self.storage.share(self._shared)
            await self._recovery.start()
            await self._accounts.start()
            self._bots.ready()
            self._scheduler.start()
        except BaseException:
            await self._close()
            raise
        self.state = BridgeState.RUNNING

    async def stop(self, *, grace: float | None = None) -> None:
        """Stop reading, let what was taken in be handled and said, close. A second call waits for the first.

        Args:
            grace: Seconds for that; `options.grace` when left out. What is not done by then is cancelled and counted
                in the log.
        """
        if self.state is BridgeState.STARTING and self._starting is not None:
            self._starting.cancel()
            await asyncio.wait((self._starting,))
        if self.state is BridgeState.STOPPING:
            await self._stopped.wait()
        if self.state is not BridgeState.RUNNING:
            return
        self.state = BridgeState.STOPPING
        try:
            await self._end(self.options.grace if grace is None else grace)
        finally:
            await self._close()

    async def _end(self, grace: float) -> None:
        """Stop reading, and let what was taken in be handled and said, for so many seconds in all."""

        async def drain() -> None:
            idle = False
            while not idle:  # what is said may call another bot, which then has something to say
                await self._scheduler.drain()
                await self._handling.inbox.drain()
                await self._delivery.drain()
                idle = self._handling.inbox.idle and self._delivery.idle and self._scheduler.idle

        clock = asyncio.get_running_loop().time
        until = clock() + grace
        self._shared.end()
        await self._recovery.end()
        await self._scheduler.quiet()
        await within(max(grace, _GOODBYE), self._accounts.stop_reading(), "taken in")
        await within(max(until - clock(), 0.0), drain(), "done")

    async def _close(self) -> None:
        """Each step is done whatever becomes of those before it."""
        try:
            async with AsyncExitStack() as steps:
                steps.push_async_callback(self.storage.close)
                steps.push_async_callback(self._notebook.close)
                steps.push_async_callback(self._pool.close)
                steps.push_async_callback(self._accounts.close)
                steps.push_async_callback(self._tear_down)
                await self._recovery.end()
                await self._scheduler.cancel()
                unhandled = await self._handling.inbox.cancel()
                unsaid = await self._delivery.cancel()
                self._tell_left(unhandled, unsaid)
        finally:
            self.state = BridgeState.STOPPED
            self._stopped.set()

    def _tell_left(self, unhandled: int, unsaid: int) -> None:
        if not unhandled and not unsaid:
            return
        if self.storage.survives:
            text = "stopped with %d messages not handled and %d answers not sent: they are kept for the next start"
            log.warning(text, unhandled, unsaid)
        else:
            log.error("stopped with %d messages not handled and %d answers not sent", unhandled, unsaid)

    async def _tear_down(self) -> None:
        try:
            await self.skills.teardown()
        except ExceptionGroup:
            log.debug("each failing teardown has been logged by the skills")

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def run(self, *, listen: str | None = None) -> int:
        """Run until SIGINT or SIGTERM, then stop in good order; a second signal ends it at once.

        Callbacks are served, if an account has any; that needs the extra `serve`.

        Args:
            listen: Where, as `address:port`; the option `listen` when left out.

        Returns:
            The process's exit status: 0 after an orderly stop, 130 after a forced one.

        Raises:
            ConfigError: there are callbacks, and no HTTP server is installed or the address cannot be had.
            ImbridgeError: it could not start.
        """
        from imbridge.runtime.process import run_until_signal

        return run_until_signal(self, listen=listen)

    def _check_running(self) -> None:
        if self.state not in (BridgeState.RUNNING, BridgeState.STARTING, BridgeState.STOPPING):
            raise ImbridgeError(f"this bridge is {self.state.value}; start it first")

    # -- looking in ----------------------------------------------------------------------------------------------------

    def adapter(self, account: str) -> Adapter:
        """The adapter of an account key (`feishu:work`).

        Raises:
            ConfigError: there is no such account.
        """
        return self._accounts[account]

    @property
    def accounts(self) -> Sequence[str]:
        """Keys of all accounts."""
        return tuple(self._accounts)

    def bots(self) -> tuple[Bot, ...]:
        """The bots among the accounts, as far as their platforms have told who they are: those that can be called."""
        return self._bots.all()

    def health(self) -> dict[str, Health]:
        """How each account is doing."""
        return {key: adapter.health for key, adapter in self._accounts.items()}

    async def probe(self) -> dict[str, Probe]:
        """Ask each platform who we are there. Works on a bridge that was not started; it is then closed again."""
        if self.state is not BridgeState.NEW:
            return await self._accounts.probe()
        keeps = self.options.state is not None  # a storage is not opened to ask who we are
        if keeps:
            await self._notebook.open()
        try:
            return await self._accounts.probe()
        finally:
            await self._accounts.close()
            await self._pool.close()
            if keeps:
                await self._notebook.close()
            self.state = BridgeState.STOPPED

    def counters(self) -> dict[str, dict[str, Any]]:
        """Numbers for metrics: of the bridge itself, and of each account."""
        inbox = self._handling.inbox
        own: dict[str, Any] = {
            **self._handling.counts,
            **self._bots.counts,
            **self._scheduler.counts,
            **{f"delivery_{state}": count for state, count in self._delivery.counts.items()},
            "delivery_spared": self._delivery.targets.spared,
            "dead_targets": len(self._delivery.targets),
            "waiting": inbox.waiting,
            "storing": inbox.storing,
        }
        of = {key: {**adapter.counters(), **inbox.counters_of(key)} for key, adapter in self._accounts.items()}
        return {"bridge": own, **of}

    # -- inside another application ------------------------------------------------------------------------------------

    def asgi(self) -> WebhookApp:
        """The callbacks of all accounts as an ASGI application, to be mounted: `app.mount("/im", bridge.asgi())`.

        Run alone under uvicorn it starts and stops the bridge itself. Mounted, it cannot (no server tells a mounted
        application that it starts): use `lifespan`, or start the bridge yourself. Until then it answers 503.
        """
        if self._webhooks is None:
            from imbridge.runtime.asgi import webhook_app

            self._webhooks = webhook_app(self, tuple(self._accounts.values()))
        return self._webhooks

    @asynccontextmanager
    async def lifespan(self, app: Any = None) -> AsyncIterator[None]:
        """For FastAPI and Starlette: `FastAPI(lifespan=bridge.lifespan)` starts and stops the bridge with the app."""
        async with self:
            yield
