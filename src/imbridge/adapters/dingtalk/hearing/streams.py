"""Hearing by stream connections: one, or two that stand side by side."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from imbridge.adapters.dingtalk.hearing.base import Teller
from imbridge.adapters.dingtalk.link import DingTalkLink
from imbridge.adapters.link_health import HEALTH_OF
from imbridge.adapters.taking import Taking
from imbridge.protocol import AuthError, LinkError
from imbridge.transport import HttpPool, Link, LinkOptions, LinkState, ReconnectPolicy, WebhookRoute

OPTIONS = LinkOptions(ping_interval=20.0, ping_timeout=40.0, drain=15.0)
"""A ping that is not answered within 40 s: a link on which nothing was heard for 60 s is dead. The server closes a
connection 10 s after it said `disconnect`."""
_BEST_FIRST = (LinkState.UP, LinkState.CONNECTING, LinkState.DOWN, LinkState.FAILED, LinkState.STOPPED)


class Streams:
    """The stream connections of one account.

    Attributes:
        policy: When a connection is opened again. What people say meanwhile never comes: it waits less than elsewhere.
    """

    def __init__(
        self,
        name: str,
        pool: HttpPool,
        taking: Taking,
        tell: Teller,
        make: Callable[[], DingTalkLink],
        *,
        number: int = 1,
        options: LinkOptions = OPTIONS,
    ) -> None:
        """No I/O; `make` makes the driver of one connection, of which there are `number`."""
        self._taking = taking
        self._tell = tell
        self.policy = ReconnectPolicy(cap=15.0, healthy=10.0)
        self._drivers: list[DingTalkLink] = []
        self._links: list[Link] = []
        for count in range(number):
            driver = make()
            link = Link(
                driver,
                pool,
                policy=self.policy,
                options=options,
                name=name if count == 0 else f"{name}#{count + 1}",
                on_state=self._on_state,
            )
            driver.on_disconnect = link.rotate_soon
            self._drivers.append(driver)
            self._links.append(link)

    async def start(self) -> None:
        """Connect; back when the first connection stands, however long that takes.

        Raises:
            AuthError: the credentials are wrong.
            LinkError: the platform refuses the connection for good.
        """
        self._taking.start()
        for link in self._links[1:]:
            await link.start(wait=False)
        try:
            await self._links[0].start()
        except LinkError as error:
            await self._stop_links()
            await self._taking.stop(within=0)
            cause = error.__cause__
            if isinstance(cause, AuthError):
                raise cause from None
            raise

    async def stop(self) -> None:
        """Close the connections; what came is taken in."""
        self._taking.hurry()
        await self._stop_links()
        await self._taking.stop()

    def routes(self) -> Sequence[WebhookRoute]:
        """None."""
        return ()

    def counters(self) -> Mapping[str, int]:
        """What the connections count, summed up."""
        totals: Counter[str] = Counter()
        for link in self._links:
            counts = link.counters
            totals.update({name: getattr(counts, name) for name in counts.__slots__})
        return totals

    async def _stop_links(self) -> None:
        await asyncio.gather(*(driver.close() for driver in self._drivers))
        await asyncio.gather(*(link.stop() for link in self._links))

    def _on_state(self, state: LinkState, error: Exception | None) -> None:
        if state is LinkState.STOPPED:
            return
        states = {link.state for link in self._links}
        best = next(state for state in _BEST_FIRST if state in states)
        if best is not LinkState.STOPPED:
            self._tell(HEALTH_OF[best], str(error or best.value))
