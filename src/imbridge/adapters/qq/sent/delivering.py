"""Sends the best of some forms of the same thing that the platform takes, and says what became of it."""

import logging

from imbridge.adapters.base import Sent, Target
from imbridge.adapters.errcode_refusals import DegradeError, RetargetError
from imbridge.adapters.qq.config import QQConfig
from imbridge.adapters.qq.errors import ADDRESS_CODES, ARK_CODES, KEYBOARD_CODES, MARKDOWN_CODES, UNFETCHED_CODES
from imbridge.adapters.qq.outbound import Form
from imbridge.adapters.qq.sent.addresses import MOST_LEVELS, Addresses
from imbridge.adapters.qq.sent.audits import Audits, audit_of
from imbridge.adapters.qq.sent.quoting import Quoting
from imbridge.adapters.qq.sent.rights import Rights
from imbridge.adapters.qq.sent.ways import Delivered, Ways
from imbridge.protocol import (
    ContentRefusedError,
    Degradation,
    DeliveryError,
    Loss,
    NotPermittedError,
    RateLimitedError,
    SentPart,
    TargetGoneError,
)

log = logging.getLogger(__name__)

_PERMISSIONS = (
    (MARKDOWN_CODES, ("markdown", "template")),
    (KEYBOARD_CODES, ("keyboard",)),
    (ARK_CODES, ("ark",)),
)
_NOT_THE_QUOTE = (RateLimitedError, TargetGoneError, NotPermittedError, RetargetError)


class Delivering:
    """Delivers for one bot.

    Attributes:
        audits: What is decided about messages that somebody looks at first.
    """

    def __init__(self, config: QQConfig, ways: Ways, rights: Rights, addresses: Addresses, quoting: Quoting) -> None:
        """Over one bot's ways to send."""
        self._config = config
        self._ways = ways
        self._rights = rights
        self._addresses = addresses
        self._quoting = quoting
        self.audits = Audits()

    async def deliver(self, target: Target, forms: list[Form], key: str) -> Sent:
        """Send the best of some forms.

        Args:
            target: Where.
            forms: Best first. The last is tried whatever the bot may not do.
            key: As `Adapter.send`.

        Raises:
            ImbridgeError: as `Adapter.send`.
        """
        left = list(forms)
        refused = level = 0
        suspect: Form | None = None
        unquoted = ""
        while True:
            while len(left) > 1 and not self._rights.may_all(left[0].needs):
                left.pop(0)
                unquoted = ""
            form = left[0]
            body, changed = self._addresses.written(form.body, level)
            quote, why = self._quoting.of(target, form) if not unquoted else (None, unquoted)
            told = [*form.degradations, *changed]
            if why:
                told.append(Degradation(loss=Loss.MOVED, what="reply", how="sent to the chat", why=why))
            target.forbid(*told)
            if quote is not None:
                body = {**body, "message_reference": quote}
            try:
                found = await self._ways.through(target, body, key, form.picture)
            except DeliveryError as error:
                if error.ambiguous:
                    raise
                if error.code in ADDRESS_CODES and level < MOST_LEVELS:
                    suspect = form if level == 0 else None  # of no more help: it is something else that looks like one
                    level += 1
                elif error.code in ADDRESS_CODES and len(left) > 1:  # it is the address of a button, or of a picture
                    left.pop(0)
                    level, unquoted, suspect = 1, "", None
                elif self._learn(error, form) and len(left) > 1:
                    log.info("qq: a %s is sent in a plainer form: %s", left.pop(0).kind, error)
                    unquoted = ""
                elif quote is not None and not isinstance(error, _NOT_THE_QUOTE):
                    unquoted = str(error)
                elif (isinstance(error, DegradeError) or error.code in UNFETCHED_CODES) and len(left) > 1:
                    log.info("qq: a %s is sent in a plainer form: %s", left.pop(0).kind, error)
                    unquoted = ""
                else:
                    raise
                refused += 1
                continue
            self._addresses.passed(body)
            if suspect is form:
                self._addresses.refused(form.body)
            if quote is not None:
                self._quoting.taken(form)
            elif unquoted:
                self._quoting.refused(form, unquoted)
            part = SentPart(message_id=await self._shown(found), kind=form.kind, key=key)
            return Sent(part, found.attempts + refused, tuple(told)).offering(form.choices)

    def _learn(self, error: DeliveryError, form: Form) -> bool:
        """Whether a refusal says something about the bot, and not about this one message; it is remembered then."""
        names = [name for codes, names in _PERMISSIONS if error.code in codes for name in names if name in form.needs]
        for name in names:
            self._rights.refuse(name, str(error))
        return bool(names)

    async def _shown(self, found: Delivered) -> str:
        """The message's id, once it is shown.

        Raises:
            ContentRefusedError: somebody looked at it, and it is not shown.
            DeliveryError: nobody has looked at it in time; ambiguous.
        """
        audit_id = audit_of(found.body)
        if audit_id is None:
            return found.message_id
        within = self._config.audit_wait
        decision = await self.audits.decision(audit_id, within) if audit_id else None
        code = found.body.get("code")
        if decision is None:
            named = audit_id or "without an id"
            text = f"qq: it waits for an audit ({named}), which was not decided within {within:g} s"
            raise DeliveryError(text, code=code, platform="qq", ambiguous=True)
        if not decision.passed:
            raise ContentRefusedError(f"qq: an audit rejected it ({audit_id})", code=code, platform="qq")
        return decision.message_id
