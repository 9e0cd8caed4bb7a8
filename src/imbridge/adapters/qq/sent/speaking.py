"""How a bot says something: in the best form that the platform takes from it."""

import logging
from collections.abc import Sequence

from imbridge.adapters.base import Sent, Target
from imbridge.adapters.errcode_refusals import DegradeError, RetargetError
from imbridge.adapters.qq.api import GUILD_KINDS, QQApi, kind_of
from imbridge.adapters.qq.config import QQConfig
from imbridge.adapters.qq.errors import (
    ADDRESS_CODES,
    ARK_CODES,
    KEYBOARD_CODES,
    MARKDOWN_CODES,
    STALE_CODES,
)
from imbridge.adapters.qq.outbound import Body, Form, as_part, forms_of, measure, media_form, picture_form
from imbridge.adapters.qq.sent.addresses import MOST_LEVELS, Addresses
from imbridge.adapters.qq.sent.audits import Audits, audit_of
from imbridge.adapters.qq.sent.formats import FILE_BYTES, is_address, refusal
from imbridge.adapters.qq.sent.media import TAKER, QQMedia
from imbridge.adapters.qq.sent.mentions import spoken
from imbridge.adapters.qq.sent.planning import planned
from imbridge.adapters.qq.sent.rights import Rights
from imbridge.adapters.qq.sent.ways import Delivered, Ways
from imbridge.adapters.qq.sent.windows import MOST_REPLIES, Windows
from imbridge.adapters.uploads import look
from imbridge.protocol import (
    Capabilities,
    Channel,
    ContentRefusedError,
    Degradation,
    DeliveryError,
    Image,
    Media,
    NotPermittedError,
    NotSupportedError,
    RateLimitedError,
    SentPart,
    TargetGoneError,
)
from imbridge.rendering import Part, Rendered

log = logging.getLogger(__name__)

_QUOTE = "reference"
_INPUT, _TYPING_SECONDS, _SIGN = 6, 60, "typing"
_PERMISSIONS = (
    (MARKDOWN_CODES, ("markdown", "template")),
    (KEYBOARD_CODES, ("keyboard",)),
    (ARK_CODES, ("ark",)),
)
_NOT_THE_QUOTE = (RateLimitedError, TargetGoneError, NotPermittedError, DegradeError)


class Speaking:
    """Speaks for one bot."""

    def __init__(
        self, config: QQConfig, api: QQApi, windows: Windows, rights: Rights, addresses: Addresses, media: QQMedia
    ) -> None:
        """Over one bot's API."""
        self._config = config
        self._windows = windows
        self._rights = rights
        self._addresses = addresses
        self._media = media
        self._api = api
        self.audits = Audits()
        self._ways = Ways(config, api, windows, rights)

    async def say(self, target: Target, part: Part, key: str) -> Sent:
        """Send a part.

        Raises:
            ImbridgeError: as `Adapter.send`.
        """
        way = kind_of(target.channel)
        media = next((element for element in part.elements if isinstance(element, Media)), None)
        if media is None:
            return await self.deliver(target, forms_of(part, way), key)
        if way in GUILD_KINDS:
            return await self.deliver(target, [await self._beside_text(part, media, way)], key)
        text, degradations = spoken([element for element in part.elements if element is not media], way)
        for again in (True, False):
            try:
                up = await self._media.uploaded(target.channel, media)
            except DegradeError as error:
                form = self._named(media, text, way, Degradation(what=_word(media), how="text", why=str(error)))
                return await self.deliver(target, [form], key)
            try:
                return await self.deliver(
                    target, [media_form(up.file_info, text, up.word, *degradations, *up.degradations)], key
                )
            except DeliveryError as error:
                if not (again and up.reused and error.code in STALE_CODES and not error.ambiguous):
                    raise
                self._media.forget(up.file_info)
        raise AssertionError("unreachable")

    async def deliver(self, target: Target, forms: list[Form], key: str) -> Sent:
        """Send the best of some forms of the same thing that the platform takes.

        Args:
            target: Where.
            forms: Best first. The last is tried whatever the bot may not do.
            key: As `Adapter.send`.

        Raises:
            ImbridgeError: as `Adapter.send`.
        """
        left = list(forms)
        refused = level = 0
        quote, lost = self._quote(target)
        while True:
            while len(left) > 1 and not self._rights.may_all(left[0].needs):
                left.pop(0)
            form = left[0]
            body, changed = self._addresses.written(form.body, level)
            quoted = quote is not None and _takes_quote(form)
            if quoted:
                body = {**body, "message_reference": quote}
            try:
                found = await self._ways.through(target.channel, target.answers or target.reply_to, body, key,
                                                 form.picture)  # fmt: skip
            except DeliveryError as error:
                if error.ambiguous:
                    raise
                if isinstance(error, DegradeError) and error.code in ADDRESS_CODES:
                    self._addresses.refused(form.body)
                    level += 1
                    if level > MOST_LEVELS and len(left) == 1:
                        raise
                    if level > MOST_LEVELS:  # it is the address of a button
                        left.pop(0)
                        level = 1
                elif isinstance(error, DegradeError) and len(left) > 1:
                    self._learn(error, left.pop(0))
                elif quoted and not isinstance(error, _NOT_THE_QUOTE):
                    quote, lost = None, Degradation(what="reply", how="sent to the chat", why=str(error))
                else:
                    raise
                refused += 1
                continue
            if quoted and lost is None:
                self._rights.grant(_QUOTE)
            elif quote is None and lost is not None and refused:
                self._rights.refuse(_QUOTE, lost.why)
            self._addresses.passed(body)
            if lost is None and quote is not None and not quoted:
                lost = Degradation(what="reply", how="sent to the chat", why=f"QQ's {form.kind} messages quote none")
            degradations = [*form.degradations, *changed, *found.degradations, *([lost] if lost is not None else [])]
            message_id = await self._shown(found)
            return Sent(SentPart(message_id=message_id, kind=form.kind, key=key), found.attempts + refused,
                        tuple(degradations))  # fmt: skip

    def _learn(self, error: DegradeError, form: Form) -> None:
        """What a refusal says about the bot, and not about this one message."""
        for codes, names in _PERMISSIONS:
            for name in names:
                if error.code in codes and name in form.needs:
                    self._rights.refuse(name, str(error))
        log.info("qq: a %s is sent in a plainer form: %s", form.kind, error)

    def plan(self, target: Target, parts: Sequence[Part], capabilities: Capabilities) -> Rendered:
        """The parts so that they fit into the answers that are left."""
        if len(parts) < 2:
            return Rendered(tuple(parts))
        way = kind_of(target.channel)
        left = self._windows.left(target.channel, target.answers or target.reply_to) if way not in GUILD_KINDS else None
        if left == 0:  # a wake-up is one message; who waits gets a whole window
            left = MOST_REPLIES if self._config.after_window == "wait" and way != "c2c" else 1
        return planned(
            parts,
            left,
            limit=capabilities.markdown_bytes,
            measure=measure,
            markdown=self._rights.may("markdown"),
            files=way not in GUILD_KINDS,
        )

    async def typing(self, channel: Channel, message_id: str, *, on: bool) -> None:
        """Show that an answer is on its way; it cannot be taken away, and ends by itself.

        It uses up one of the answers, so it is shown once for a message, and not when few are left.

        Raises:
            NotSupportedError: not here.
            DeliveryError: the platform refuses it.
        """
        if kind_of(channel) != "c2c":
            raise NotSupportedError("QQ shows in single chats only that an answer is on its way")
        handle = self._windows.find(channel, message_id) if on else None
        if handle is None or _SIGN in handle.numbers or not self._windows.spare(handle):
            return
        notify = {"input_type": 1, "input_second": _TYPING_SECONDS}
        fields = self._windows.take(handle, _SIGN)
        try:
            await self._api.send(channel, {"msg_type": _INPUT, "input_notify": notify, **fields})
        except RetargetError:
            self._windows.over(handle)
            raise

    # -- quotes --------------------------------------------------------------------------------------------------------

    def _quote(self, target: Target) -> tuple[Body | None, Degradation | None]:
        """What is said of the message that this is attached to; and what to tell when nothing can be."""
        if target.reply_to is None:
            return None, None
        if kind_of(target.channel) in GUILD_KINDS:
            return {"message_id": target.reply_to, "ignore_get_message_error": True}, None
        index = self._windows.quoted_as(target.reply_to)
        if index and self._rights.may(_QUOTE):
            return {"message_id": index}, None
        why = "QQ gave no index for it" if not index else "the platform refused it lately"
        return None, Degradation(what="reply", how="sent to the chat", why=why)

    # -- media ---------------------------------------------------------------------------------------------------------

    async def _beside_text(self, part: Part, media: Media, way: str) -> Form:
        """A picture with its text, as guilds have it; of anything else what it is called."""
        text, degradations = spoken([element for element in part.elements if element is not media], way)
        word = _word(media)
        if not isinstance(media, Image):
            why = "in guilds QQ's bots send pictures only"
            return self._named(media, text, way, Degradation(what=word, how="text", why=why))
        if not media.has_content:
            if is_address(media.key):
                return picture_form(media.key, text, None, *degradations)
            why = "in guilds QQ takes pictures by their address or their bytes"
            return self._named(media, text, way, Degradation(what=word, how="text", why=why))
        content = await look(media, FILE_BYTES, TAKER)
        if (why := refusal(media, content.head, content.size) or "") != "":
            return self._named(media, text, way, Degradation(what=word, how="text", why=why))
        return picture_form("", text, content, *degradations)

    def _named(self, media: Media, text: str, way: str, lost: Degradation) -> Form:
        """What stands in for media that cannot be sent."""
        shown = media.as_text() or f"[{_word(media)}]"
        if is_address(media.key):
            shown = f"{shown} {media.key}"
        form = forms_of(as_part(shown), way)[0]
        content = f"{text}\n{form.body['content']}" if text.strip() else form.body["content"]
        return Form({**form.body, "content": content}, form.kind, (), (*form.degradations, lost))

    # -- audits --------------------------------------------------------------------------------------------------------

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
            text = (
                f"qq: it waits for an audit ({audit_id or 'without an id'}), which was not decided within {within:g} s"
            )
            raise DeliveryError(text, code=code, platform="qq", ambiguous=True)
        if not decision.passed:
            raise ContentRefusedError(f"qq: an audit rejected it ({audit_id})", code=code, platform="qq")
        return decision.message_id


def _takes_quote(form: Form) -> bool:
    return "markdown" not in form.body and "ark" not in form.body and "embed" not in form.body and form.picture is None


def _word(media: Media) -> str:
    return str(getattr(media, "type", "media"))
