"""Text that grows in an AI card.

Source: open.dingtalk.com, "streaming updates of AI cards": a card is made and delivered once, then its text is put
whole, again and again; `isFinalize` says that it is the last one. How long a text may be is not documented (one page
advises at most 3 KB, another 10 KB).
"""

import asyncio
import logging
from typing import TYPE_CHECKING
from uuid import uuid4

from imbridge.adapters.broken_off import broken_off
from imbridge.adapters.dingtalk.card_tracks import STREAM_CARD, track_of
from imbridge.adapters.dingtalk.outbound import title_of
from imbridge.adapters.dingtalk.sent.card_api import EXISTS, FULL, GONE, is_forbidden
from imbridge.adapters.dingtalk.sent.card_delivered import Delivered, delivered
from imbridge.adapters.dingtalk.sent.card_texts import WRITING, end_card, finish_card, is_platforms_own, text_variables
from imbridge.adapters.dingtalk.sent.markdown import CARD
from imbridge.adapters.growing import Growing, GrowingFullError
from imbridge.adapters.markdown_told import shown
from imbridge.adapters.plain_markdown import as_markdown
from imbridge.protocol import AuthError, Card, Channel, DeliveryError, Element, RateLimitedError
from imbridge.rendering import Part

if TYPE_CHECKING:
    from imbridge.adapters.dingtalk.sent.card_streams import CardStreams

log = logging.getLogger(__name__)

CARD_BYTES = 10_000
"""Bytes of text in one card; a longer one goes on in the next."""
MARK = "imbridge_stream"
"""Key of a growing card's id in what has to be sent so that it is seen."""
_PATIENCE = 15.0
"""Seconds for one state on the way; what ends a card has as long as a message."""
FASTEST = 0.5
"""Seconds between two states where calls are not limited."""
_SLOW, _SLOWER, _SLOWEST = 0.8, 1.15, 8.0


class AiCard(Growing):
    """One card that text grows in.

    Attributes:
        id: What names it before it is sent.
        track: Its outTrackId, once it is sent.
        orphan: Nobody writes to it.
        interval: Half a second; where the month's calls are limited, more with every state and with the calls used;
            and much more after a state that could not be shown.
    """

    def __init__(self, streams: "CardStreams", *, markdown: bool) -> None:
        """Nothing is made yet."""
        self.id = uuid4().hex
        self.track = ""
        self._streams = streams
        self._api = streams.api
        self._config = streams.api.api.config
        self._markdown = markdown
        self.dialect = CARD if markdown else None
        self._shown = ""
        """What it shows, as written."""
        self._newest = ""
        """What it was last told to show."""
        self.orphan = False
        self._doubt = False
        """It may show the newest text, or what it showed before."""
        self._ended = False
        self._changing = asyncio.Lock()
        quota = streams.api.api.quota
        self.interval = self._pace = _SLOW * (1 + 2 * quota.used / quota.budget) if quota.budget else FASTEST
        self._slower = _SLOWER if quota.budget else 1.0

    def measure(self, part: Part) -> int:
        """Bytes of the card's text, on the scale of its kind's limit."""
        written = self._written("".join(element.as_text() for element in part.elements), last=True)
        size = len(written.encode("utf-8", "replace"))
        capabilities = self._streams.capabilities
        limit = capabilities.markdown_bytes if self._markdown else capabilities.text_bytes
        return -(-size * limit // CARD_BYTES)

    async def open(self, text: str) -> Element:
        """What has to be sent."""
        self._newest = self._written(text, last=False)
        self._streams.waits(self)
        return Card(content={MARK: self.id, "markdown": self._markdown}, text=text)

    def adopt(self, text: str) -> None:
        """Stand for a card that another process was about to send: nobody here writes to it."""
        self._newest = self._written(text, last=False)
        self.orphan = True

    async def begin(self, channel: Channel, key: str) -> Delivered:
        """Make the card with its first text, and show it in a conversation: one call.

        Raises:
            DeliveryError: as `CardApi.create`.
            AuthError: the credentials are refused.
            NotDeliveredError: it cannot be shown there.
        """
        async with self._changing:
            self.track = track_of(STREAM_CARD, self._config.key, channel, key)
            await self._streams.claim(self.track)
            self._streams.is_open(self, self._newest)
            self._doubt = True
            variables = text_variables(self._config, self._newest, WRITING)
            try:
                template, summary = self._config.card_template, title_of(self._newest)
                answer = await self._api.create(self.track, template, variables, channel, summary, grows=True)
                done = delivered(answer)
            except DeliveryError as error:
                if error.code not in EXISTS:
                    if error.ambiguous:
                        self._streams.end_soon(self)
                    else:
                        self._done()
                    raise
                # An attempt whose answer got lost has made it, or an earlier process that said the same.
                done = await self._take_over(variables)
            except AuthError:
                self._done()
                raise
            if not is_platforms_own(self._config):
                await self._show_first()
            self._is_shown(self._newest)
            if self.orphan:
                self._streams.end_soon(self)
            return done

    async def _take_over(self, variables: dict[str, str]) -> Delivered:
        try:
            await self._api.update(self.track, variables)
        except DeliveryError as error:
            error.ambiguous = True  # the card is there, whatever it shows
            self._streams.end_soon(self)
            raise
        return Delivered()

    async def _show_first(self) -> None:
        """A template of somebody else's making shows its text when it is streamed; the card is there in any case."""
        try:
            await self._put(self._newest)
        except DeliveryError as error:
            log.info("%s: the first text of a card could not be streamed yet: %s", self._config.key, error)

    async def show(self, text: str) -> None:
        """Show the whole text, where it is not shown already."""
        written = self._written(text, last=False)
        async with self._changing:
            self._check_open()
            if written == self._shown and not self._doubt:
                return
            try:
                await self._put(written)
            except DeliveryError as error:
                self.interval = _SLOWEST  # each try costs a call
                final = self._final(error)
                if not (self._doubt or isinstance(error, RateLimitedError)):
                    self._streams.end_soon(self, interrupted=False)  # whoever writes it goes on otherwise
                raise final from None
            self._is_shown(written)

    async def close(self, text: str) -> None:
        """Show the last state, and that it is the last one."""
        written = self._written(text, last=True)
        async with self._changing:
            self._check_open()
            self._newest = written
            try:
                streamed = await finish_card(self._api, self.track, written, patience=_PATIENCE)
            except DeliveryError as error:
                self._doubt = self._doubt or error.ambiguous
                final = self._final(error)
                self._streams.end_soon(self, interrupted=False)
                raise final from None
            self._streams.worked(streamed)
            self._done()

    async def end(self, *, interrupted: bool, patience: float | None = _PATIENCE) -> None:
        """Finish it as it is: nobody will write to it any more.

        Raises:
            DeliveryError: it could not be finished.
        """
        async with self._changing:
            if self._ended:
                return
            text = self._newest if self._doubt else self._shown
            try:
                text = broken_off(text) if interrupted else text
                streamed = await end_card(self._api, self.track, text, self._shown, patience=patience)
            except DeliveryError as error:
                if error.code in GONE:
                    self._done()
                raise
            self._streams.worked(streamed)
            self._done()

    async def _put(self, written: str) -> None:
        self._newest, before = written, self._doubt
        self._doubt = True  # also when it is cancelled on the way
        self._streams.is_open(self, written)
        try:
            await self._api.stream(self.track, self._config.card_text, written, uuid4().hex, patience=_PATIENCE)
        except DeliveryError as error:
            self._doubt = before or error.ambiguous
            raise
        self._streams.worked(True)

    def _check_open(self) -> None:
        """Raise what somebody gets who writes to a card that was ended, or never sent."""
        if self._ended or not self.track:
            why = "was finished" if self._ended else "was not sent"
            raise DeliveryError(f"a growing card {why}", platform="dingtalk")

    def _is_shown(self, written: str) -> None:
        self._shown = self._newest = written
        self._doubt = False
        self.interval = self._pace = min(self._pace * self._slower, _SLOWEST)

    def _done(self) -> None:
        self._ended = True
        self._streams.is_over(self)

    def _final(self, error: DeliveryError) -> DeliveryError | GrowingFullError:
        """What a refused state ends with."""
        if is_forbidden(error):
            self._streams.refused(error)
        if error.code in FULL and not self._doubt:
            return GrowingFullError(str(error))
        error.ambiguous = error.ambiguous or self._doubt
        return error

    def _written(self, text: str, *, last: bool) -> str:
        return shown(text, CARD).text if self._markdown else as_markdown(text, CARD)


def growing_in(card: Card) -> str:
    """The id of the growing card that this stands for; empty when it stands for none."""
    found = card.content.get(MARK)
    return found if isinstance(found, str) else ""


def is_markdown(card: Card) -> bool:
    """Whether the text of a growing card is Markdown."""
    return card.content.get("markdown") is not False
