"""How cards are sent, changed, and shown otherwise where there can be none."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable

from imbridge.adapters.base import Sent, Target
from imbridge.adapters.card_seals import Seals
from imbridge.adapters.dingtalk.card_tracks import MODEL_CARD, OWN_CARD, RAW_CARD, STREAM_CARD, kind_of, track_of
from imbridge.adapters.dingtalk.outbound import title_of
from imbridge.adapters.dingtalk.sent.action_cards import pictures_in, with_pictures
from imbridge.adapters.dingtalk.sent.ai_card import growing_in, is_markdown
from imbridge.adapters.dingtalk.sent.card_api import EXISTS, TEMPLATE, CardApi, is_forbidden
from imbridge.adapters.dingtalk.sent.card_delivered import Delivered, delivered
from imbridge.adapters.dingtalk.sent.card_streams import CardStreams
from imbridge.adapters.dingtalk.sent.card_texts import BUTTON_CARD, FINISHED, is_platforms_own, text_variables
from imbridge.adapters.dingtalk.sent.cards import PLATFORM, CardData, is_raw, model_data, own_data, raw_data
from imbridge.adapters.dingtalk.sent.markdown import CARD, ROBOT
from imbridge.adapters.dingtalk.sent.media import DingTalkMedia
from imbridge.adapters.dingtalk.sent.recipients import no_card_for
from imbridge.adapters.markdown_told import shown
from imbridge.adapters.pieces import say_in_pieces
from imbridge.protocol import (
    Capabilities,
    Card,
    Channel,
    ChannelKind,
    ContentRefusedError,
    Degradation,
    DeliveryError,
    Loss,
    Markdown,
    NotSupportedError,
    RateLimitedError,
    Reply,
    SentPart,
    TargetGoneError,
    Text,
)
from imbridge.rendering import Part, PartKind, message_in, render
from imbridge.rendering.cards import all_choices
from imbridge.rendering.cards.sorting import calls_back

Say = Callable[[Target, Part, str], Awaitable[Sent]]
Measure = Callable[[Part], int]
_MOST_KNOWN = 10_000
_KIND = "card"


class CardSpeaking:
    """Sends the cards of one app."""

    def __init__(
        self,
        api: CardApi,
        streams: CardStreams,
        media: DingTalkMedia,
        seals: Seals,
        say: Say,
        measure: Measure,
        capabilities: Capabilities,
    ) -> None:
        """`say` and `measure` are for what has to be shown otherwise."""
        self._api = api
        self._config = api.api.config
        self._streams = streams
        self._media = media
        self._seals = seals
        self._say_otherwise = say
        self._measure = measure
        self._capabilities = capabilities
        self._known: OrderedDict[str, tuple[Channel, str]] = OrderedDict()
        """Where each card went, and the id of its message."""

    def card_in(self, part: Part) -> Card | None:
        """The card that has to be sent this way: one that grows, that calls back, or that is the platform's own JSON.

        Others are messages with links, which cost less.
        """
        card = part.elements[0] if part.kind is PartKind.CARD else None
        if not isinstance(card, Card):
            return None
        if card.content:
            return card if growing_in(card) or is_raw(card) else None
        return card if calls_back(card, PLATFORM) else None

    async def say(self, target: Target, card: Card, key: str) -> Sent:
        """Send a card; as text, where there can be none.

        Raises:
            ImbridgeError: as `Adapter.send`.
        """
        channel, growing = target.channel, growing_in(card)
        try:
            if why := no_card_for(channel):
                raise ContentRefusedError(why, platform="dingtalk")
            if growing:
                grown = self._streams.take(growing, card.text, markdown=is_markdown(card))
                done = await grown.begin(channel, key)
                return self._sent(grown.track, channel, key, done, [])
            return await self._say_still(channel, card, key)
        except (RateLimitedError, TargetGoneError):
            raise
        except DeliveryError as error:
            if error.ambiguous:
                raise
            if growing and (error.code in TEMPLATE or is_forbidden(error)):
                self._streams.refused(error)
            if growing or card.content:
                return await self._say_as_text(target, card, key, str(error))
            plainly = Degradation(loss=Loss.SIMPLIFIED, what="card", how="a message", why=str(error))
            target.forbid(plainly)
            plainer = await self._say_otherwise(target, Part(PartKind.CARD, (card,)), key)
            return plainer.but(plainly).offering(all_choices(card))

    async def _say_still(self, channel: Channel, card: Card, key: str) -> Sent:
        if card.content:
            kind, template = RAW_CARD, str(card.content["cardTemplateId"])
        else:
            if not self._api.hears:
                raise ContentRefusedError("clicks in cards come over stream, and not to callbacks", platform="dingtalk")
            kind = OWN_CARD if self._config.interactive_template else MODEL_CARD
            template = self._config.interactive_template or BUTTON_CARD
        track = track_of(kind, self._config.key, channel, key)
        data = raw_data(card.content) if kind == RAW_CARD else await self._data(kind, track, card)
        try:
            summary = title_of(card.title or card.as_text())
            done = delivered(
                await self._api.create(track, template, data.public, channel, summary, private=data.private)
            )
        except DeliveryError as error:
            if error.code not in EXISTS:
                raise
            done = Delivered()  # an earlier attempt has sent it
        return self._sent(track, channel, key, done, data.degradations)

    def _sent(self, track: str, channel: Channel, key: str, done: Delivered, degradations: list[Degradation]) -> Sent:
        # A person who is written to by id is in the same private chat as one who has written.
        whose = (
            channel if channel.kind is ChannelKind.GROUP else channel.model_copy(update={"kind": ChannelKind.PRIVATE})
        )
        self._known[track] = (whose, done.carrier)
        while len(self._known) > _MOST_KNOWN:
            self._known.popitem(last=False)
        return Sent(SentPart(message_id=track, kind=_KIND, key=key), done.attempts, tuple(degradations))

    async def _say_as_text(self, target: Target, card: Card, key: str, why: str) -> Sent:
        """What a card says, as one text or several."""
        said = card.as_text()
        element = Text(said) if growing_in(card) and not is_markdown(card) else Markdown(said)
        rendered = render(Reply(elements=(element,)), self._capabilities, measure=self._measure, dialects=(ROBOT,))
        told = (Degradation(loss=Loss.AS_TEXT, what="card", how="text", why=why), *rendered.degradations)
        target.forbid(*told)
        sent = await say_in_pieces(
            rendered.parts, key, lambda part, its_key: self._say_otherwise(target, part, its_key), told
        )
        if sent is None:
            raise ContentRefusedError(f"a card that says nothing: {why}", platform="dingtalk")
        return sent

    async def _data(self, kind: str, track: str, card: Card) -> CardData:
        """A card of the model, its pictures uploaded."""
        keys, lost = await self._media.keys(pictures_in(card))
        data = (own_data if kind == OWN_CARD else model_data)(with_pictures(card, keys), self._seals.at(track))
        data.degradations = [*lost, *data.degradations]
        return data

    # -- changes -------------------------------------------------------------------------------------------------------

    async def changed(self, message_id: str, card: Card) -> CardData:
        """What puts another card in the place of one, its pictures uploaded.

        Raises:
            NotSupportedError: it is none of our cards.
            ContentRefusedError: this cannot take its place.
            DeliveryError: its pictures could not be uploaded.
        """
        kind = kind_of(message_id)
        if not kind:
            raise NotSupportedError("DingTalk can change cards that this account has sent, and no other messages")
        if card.content:
            return raw_data(card.content)
        if kind == RAW_CARD:
            raise ContentRefusedError(
                "a card in DingTalk's own words can be changed by another one only: its template's variables are not "
                "known",
                platform="dingtalk",
            )
        if kind == STREAM_CARD and not is_platforms_own(self._config):
            return CardData(text_variables(self._config, shown(card.as_text(), CARD).text, FINISHED))
        return await self._data(kind, message_id, card)

    async def change(self, message_id: str, part: Part) -> Sent:
        """Put another card in the place of one; a text in the place of one that grew.

        Raises:
            NotSupportedError: it is no card.
            DeliveryError: as `CardApi.update`.
        """
        element = part.elements[0] if part.kind in (PartKind.CARD, PartKind.MARKDOWN) else None
        if isinstance(element, Markdown) and kind_of(message_id) == STREAM_CARD:
            data = CardData(text_variables(self._config, message_in(part, CARD).text, FINISHED))
        elif isinstance(element, Card):
            data = await self.changed(message_id, element)
        else:
            raise NotSupportedError("DingTalk can change cards, and no other messages")
        answer = await self._api.update(message_id, data.public, data.private)
        return Sent(SentPart(message_id=message_id, kind=_KIND), answer.attempts, tuple(data.degradations))

    def channel_of(self, track: str) -> Channel | None:
        """Where a card was sent; None when it is not known (any more)."""
        known = self._known.get(track)
        return known[0] if known is not None else None

    def carrier_of(self, message_id: str) -> str:
        """The id of a card's message, by which it can be taken back; what is no card is its own.

        Raises:
            NotSupportedError: it is not known any more.
        """
        if not kind_of(message_id):
            return message_id
        _, carrier = self._known.get(message_id, (None, ""))
        if not carrier:
            raise NotSupportedError("a card can be taken back by the process that has sent it, while it remembers it")
        return carrier
