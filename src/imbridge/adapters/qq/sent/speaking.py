"""How a bot says something: in the best form that the platform takes from it."""

from collections.abc import Sequence

from imbridge.adapters.base import Sent, Target
from imbridge.adapters.errcode_refusals import DegradeError, RetargetError
from imbridge.adapters.qq.api import GUILD_KINDS, QQApi, kind_of
from imbridge.adapters.qq.config import QQConfig
from imbridge.adapters.qq.errors import STALE_CODES, UNFETCHED_CODES
from imbridge.adapters.qq.outbound import Form, as_part, forms_of, measure, media_form, picture_form
from imbridge.adapters.qq.received.facts import place_of
from imbridge.adapters.qq.received.identity import Identity
from imbridge.adapters.qq.sent.addresses import Addresses
from imbridge.adapters.qq.sent.delivering import Delivering
from imbridge.adapters.qq.sent.formats import FILE_BYTES, address_of, refusal
from imbridge.adapters.qq.sent.media import TAKER, QQMedia
from imbridge.adapters.qq.sent.mentions import spoken
from imbridge.adapters.qq.sent.planning import planned
from imbridge.adapters.qq.sent.plans import Plans
from imbridge.adapters.qq.sent.quoting import Quoting
from imbridge.adapters.qq.sent.rights import Rights
from imbridge.adapters.qq.sent.ways import Ways
from imbridge.adapters.qq.sent.windows import Windows
from imbridge.adapters.uploads import look
from imbridge.protocol import (
    Capabilities,
    Channel,
    Degradation,
    DeliveryError,
    Image,
    Loss,
    Media,
    NotSupportedError,
)
from imbridge.rendering import Part, Rendered

_INPUT, _TYPING_SECONDS, _SIGN = 6, 60, "typing"


class Speaking:
    """Speaks for one bot."""

    def __init__(
        self,
        config: QQConfig,
        api: QQApi,
        windows: Windows,
        rights: Rights,
        addresses: Addresses,
        media: QQMedia,
        plans: Plans,
        me: Identity,
    ) -> None:
        """Over one bot's API."""
        self._api = api
        self._windows = windows
        self._rights = rights
        self._media = media
        self._plans = plans
        self._seals = me.seals
        ways = Ways(api, windows, rights)
        self._delivering = Delivering(config, ways, rights, addresses, Quoting(me.references, rights))
        self.audits = self._delivering.audits

    async def say(self, target: Target, part: Part, key: str) -> Sent:
        """Send a part.

        Raises:
            ImbridgeError: as `Adapter.send`.
        """
        try:
            return await self._say(target, part, key)
        except DeliveryError as error:
            if error.window_closed:
                self._plans.forget(key)  # it may be said later, to something that takes more answers
            raise

    async def _say(self, target: Target, part: Part, key: str) -> Sent:
        way = kind_of(target.channel)
        media = next((element for element in part.elements if isinstance(element, Media)), None)
        if media is None:
            return await self._delivering.deliver(
                target, forms_of(part, way, self._seals.at(place_of(target.channel))), key
            )
        if way in GUILD_KINDS:
            return await self._delivering.deliver(target, await self._beside_text(part, media, way), key)
        text, degradations = spoken([element for element in part.elements if element is not media], way)
        for again in (True, False):
            try:
                up = await self._media.uploaded(target.channel, media)
            except DeliveryError as error:
                if not isinstance(error, DegradeError) and error.code not in UNFETCHED_CODES:
                    raise
                form = self._named(
                    media, text, way, Degradation(loss=Loss.AS_TEXT, what=_word(media), how="text", why=str(error))
                )
                return await self._delivering.deliver(target, [form], key)
            try:
                return await self._delivering.deliver(
                    target, [media_form(up.file_info, text, up.word, *degradations, *up.degradations)], key
                )
            except DeliveryError as error:
                if not (again and up.reused and error.code in STALE_CODES and not error.ambiguous):
                    raise
                self._media.uploads.forget_key(up.file_info)
        raise AssertionError("unreachable")

    def plan(self, target: Target, parts: Sequence[Part], key: str, capabilities: Capabilities) -> Rendered:
        """The parts so that they fit into the answers that are left; of the same key always the same."""
        if len(parts) < 2:
            return Rendered(tuple(parts))
        way = kind_of(target.channel)
        left = self._windows.left(target.channel, target.answers or target.reply_to) if way not in GUILD_KINDS else None
        if left == 0:
            if not target.pushes and not self._plans.knows(key):
                return Rendered(tuple(parts))  # nothing can be said there now
            left = 1  # a wake-up is one message
        markdown = self._rights.may("markdown")
        if left is not None:
            left, markdown = self._plans.of(key, (left, markdown))
        return planned(
            parts,
            left,
            limit=capabilities.markdown_bytes,
            measure=measure,
            markdown=markdown,
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
        except DeliveryError as error:
            if not error.ambiguous:  # it was none of the answers
                self._windows.give_back(handle, _SIGN)
            raise

    # -- media ---------------------------------------------------------------------------------------------------------

    async def _beside_text(self, part: Part, media: Media, way: str) -> list[Form]:
        """A picture with its text, as guilds have it, or what it is called; of anything else what it is called."""
        text, degradations = spoken([element for element in part.elements if element is not media], way)

        def named(why: str) -> Form:
            return self._named(media, text, way, Degradation(loss=Loss.AS_TEXT, what=_word(media), how="text", why=why))

        if not isinstance(media, Image):
            return [named("in guilds QQ's bots send pictures only")]
        if not media.is_at_hand:
            address = address_of(media)
            if not address:
                return [named("in guilds QQ takes pictures by their address or their bytes")]
            return [picture_form(address, text, None, *degradations), named("QQ does not take this picture")]
        content = await look(media, FILE_BYTES, TAKER)
        if (why := refusal(media, content.head, content.size)) is not None:
            return [named(why)]
        return [picture_form("", text, content, *degradations), named("QQ does not take this picture")]

    def _named(self, media: Media, text: str, way: str, lost: Degradation) -> Form:
        """What stands in for media that cannot be sent."""
        shown = media.as_text() or f"[{_word(media)}]"
        if address := media.url or address_of(media):
            shown = f"{shown} {address}"
        form = forms_of(as_part(shown), way)[0]
        content = f"{text}\n{form.body['content']}" if text.strip() else form.body["content"]
        return Form({**form.body, "content": content}, form.kind, (), (*form.degradations, lost))


def _word(media: Media) -> str:
    return str(getattr(media, "type", "media"))
