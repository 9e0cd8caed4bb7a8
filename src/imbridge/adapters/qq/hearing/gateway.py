"""Hearing over the gateway: one connection for each shard, each of which comes back by itself."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence

from imbridge.adapters.base import Health
from imbridge.adapters.link_health import HEALTH_OF
from imbridge.adapters.notes import Notes
from imbridge.adapters.patience import patiently
from imbridge.adapters.qq.api import QQApi
from imbridge.adapters.qq.config import MOST_SHARDS, QQConfig
from imbridge.adapters.qq.hearing.base import Decoder, Introduced, Teller
from imbridge.adapters.qq.hearing.close_codes import CloseReaction, close_rule, explained
from imbridge.adapters.qq.hearing.starts import Starts
from imbridge.adapters.qq.intents import Asked, bits, refusable
from imbridge.adapters.qq.link import QQLink
from imbridge.adapters.qq.sessions import GatewaySession
from imbridge.adapters.taking import Taking
from imbridge.protocol import AuthError, ImbridgeError, LinkError
from imbridge.transport import HttpPool, Link, LinkOptions, LinkState, WebhookRoute

OPTIONS = LinkOptions(open_timeout=60.0, ping_interval=86_400.0)
"""The gateway's own heartbeat tells a dead connection; that it answers websocket pings is written nowhere."""
_WORST_FIRST = (LinkState.FAILED, LinkState.DOWN, LinkState.CONNECTING, LinkState.UP)
"""Each shard has events of its own: one that is down is missed."""


class Gateway:
    """The shards of one account."""

    def __init__(
        self, config: QQConfig, api: QQApi, pool: HttpPool, notes: Notes, taking: Taking, decode: Decoder,
        introduced: Introduced, tell: Teller, counts: Counter[str], *, options: LinkOptions = OPTIONS,
    ) -> None:  # fmt: skip
        """No I/O."""
        self._config = config
        self._api = api
        self._pool = pool
        self._notes = notes
        self._taking = taking
        self._decode = decode
        self._introduced = introduced
        self._tell = tell
        self._counts = counts
        self._options = options
        self.asked = Asked(config.intents, chosen="intents" in config.model_fields_set)
        self.starts = Starts(config.key)
        self.drivers: list[QQLink] = []
        self.links: list[Link] = []

    async def start(self) -> None:
        """Connect; back when each shard's first connection stands, however long that takes.

        Raises:
            AuthError: the credentials are wrong.
            LinkError: the platform refuses the connection for good.
        """
        self._taking.start()
        try:
            await self._make_links(await self._number())
            await self._connect()
        except ImbridgeError as error:
            await self.stop()
            self._tell(Health.FAILED, str(error))
            raise

    async def stop(self) -> None:
        """Close the connections; what came is taken in, and what was not is replayed to whoever resumes the session."""
        for driver in self.drivers:
            driver.reading = False
        self._taking.hurry()  # or a connection would be closed only when there is room for the frame in hand
        async with asyncio.TaskGroup() as group:
            for link in self.links:
                group.create_task(link.stop())
        await self._taking.stop()
        for driver in self.drivers:
            driver.session.close()

    def routes(self) -> Sequence[WebhookRoute]:
        """None."""
        return ()

    def problems(self) -> Sequence[str]:
        """Intents that the bot may not have."""
        names = ", ".join(self.asked.left_out)
        return (f"the bot may not have the intents {names}: apply for them at q.qq.com",) if names else ()

    def counters(self) -> Mapping[str, int]:
        """What the connections count, summed up."""
        totals: Counter[str] = Counter()
        for link in self.links:
            counts = link.counters
            totals.update({name: getattr(counts, name) for name in counts.__slots__})
        return totals

    async def _connect(self) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                for link in self.links:
                    group.create_task(link.start())
        except ExceptionGroup as errors:
            error = errors.exceptions[0]
            cause = error.__cause__
            if isinstance(cause, AuthError):
                raise cause from None
            if isinstance(cause, LinkError):
                raise LinkError(self._reason(cause), code=cause.code, fatal=True) from None
            raise error from None

    async def _number(self) -> int:
        if isinstance(self._config.shards, int):
            return self._config.shards
        # Whatever is refused here is asked for again, as it is for every connection after this.
        answer = await patiently(self._config.key, self._api.gateway, self._tell, passing=lambda error: True)
        suggested = answer.get("shards")
        if isinstance(suggested, bool) or not isinstance(suggested, int):
            return 1
        return min(max(suggested, 1), MOST_SHARDS)

    async def _make_links(self, number: int) -> None:
        config = self._config
        for shard in range(number):
            session = GatewaySession(
                self._notes, shard, number, made_for=f"{config.bot}, intents {bits(self.asked.wanted)}"
            )
            await session.restore()
            if session.user:
                self._introduced(session.user)
            driver = QQLink(
                config, self._api, self._taking, self._decode, session, self.asked, self.starts, self._introduced,
                self._counts,
            )  # fmt: skip
            name = config.key if number == 1 else f"{config.key}#{shard}"
            self.drivers.append(driver)
            self.links.append(Link(driver, self._pool, options=self._options, name=name, on_state=self._on_state))

    def _on_state(self, state: LinkState, error: Exception | None) -> None:
        states = {link.state for link in self.links}
        worst = next((one for one in _WORST_FIRST if one in states), None)
        if worst is None or state is LinkState.STOPPED:
            return
        if worst is LinkState.UP:
            reason = "; ".join(("up", *self.problems()))
        else:
            failed = next((link.error for link in self.links if link.state is worst and link.error is not None), None)
            reason = self._reason(failed) if failed is not None else worst.value
        self._tell(HEALTH_OF[worst], reason)

    def _reason(self, error: BaseException) -> str:
        """What ended a connection, with what its close code means."""
        code = error.code if isinstance(error, LinkError) else None
        meaning = explained(code)
        if close_rule(code).reaction is CloseReaction.INTENTS:
            names = ", ".join(refusable(self.asked.names))
            meaning = f"{meaning}; the platform does not say which: of those asked for, {names} have to be applied for"
        return f"{error}: {meaning}" if meaning else str(error)
