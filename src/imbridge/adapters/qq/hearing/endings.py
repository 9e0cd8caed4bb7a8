"""What the end of a connection means for the session, and whether and when there is another."""

import asyncio
import logging

from imbridge.adapters.qq.api import QQApi
from imbridge.adapters.qq.hearing.close_codes import CloseReaction, CloseRule, close_rule
from imbridge.adapters.qq.hearing.starts import LaterError
from imbridge.adapters.qq.intents import Asked
from imbridge.adapters.qq.sessions import GatewaySession
from imbridge.protocol import AuthError, LinkError, RateLimitedError
from imbridge.transport import LinkVerdict

log = logging.getLogger(__name__)

_SHORT, _SHORT_ONES = 60.0, 3
"""Sessions that last less than so many seconds, and how many in a row are more than bad luck."""


class Endings:
    """Judges what ends the connections of one shard.

    Attributes:
        identified_for: The intents, as bits, that were asked for last.
        ready_at: When the session began, on the event loop's clock.
    """

    def __init__(self, name: str, api: QQApi, session: GatewaySession, asked: Asked) -> None:
        """For one shard; `asked` is shared with the others."""
        self._name = name
        self._api = api
        self._session = session
        self._asked = asked
        self._short = 0
        self.identified_for = 0
        self.ready_at = 0.0

    def judge(self, error: Exception) -> LinkVerdict:
        """Whether and when to try again; afterwards the session is what is to be resumed, or none."""
        if isinstance(error, LaterError):
            return LinkVerdict.after(error.seconds)
        if isinstance(error, AuthError) or (isinstance(error, LinkError) and error.fatal):
            return LinkVerdict.FATAL
        if isinstance(error, RateLimitedError):
            return LinkVerdict.after(error.retry_after or 0.0)
        return self._closed(close_rule(error.code if isinstance(error, LinkError) else None))

    def _closed(self, rule: CloseRule) -> LinkVerdict:
        reaction = rule.reaction
        if reaction is CloseReaction.STOP:
            return LinkVerdict.FATAL
        if reaction is CloseReaction.INTENTS:
            return self._ask_for_fewer()
        if reaction is CloseReaction.TOKEN:
            self._api.caller.forget_token()
            self._session.refused()
        elif reaction is CloseReaction.IDENTIFY:
            self._note_short()
            self._session.forget()
        elif reaction is CloseReaction.RESUME_ONCE:
            self._session.refused()
        return LinkVerdict.after(rule.delay)

    def _note_short(self) -> None:
        """Two programs with one bot end each other's sessions, and use up those that may be started in a day."""
        lasted = asyncio.get_running_loop().time() - self.ready_at
        self._short = self._short + 1 if self._session.id and lasted < _SHORT else 0
        if self._short == _SHORT_ONES:
            log.warning(
                "%s: the gateway has ended %d sessions in a row right after their start: is the bot connected by "
                "another program, too?",
                self._name, _SHORT_ONES,
            )  # fmt: skip

    def _ask_for_fewer(self) -> LinkVerdict:
        self._session.forget()
        before = self._asked.names
        if not self._asked.fewer(self.identified_for):
            return LinkVerdict.FATAL
        if self._asked.names != before:
            log.warning(
                "%s: the bot may not have all of the intents %s; it goes on without %s. Apply for them at q.qq.com, or "
                "set intents to what the bot may have",
                self._name, ", ".join(self._asked.wanted), ", ".join(self._asked.left_out),
            )  # fmt: skip
        return LinkVerdict.RETRY
