"""How an app speaks: messages to people and into its groups, cards, and changes of cards."""

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from imbridge.adapters.base import Sent, Target
from imbridge.adapters.card_seals import Seal
from imbridge.adapters.errcode_calls import Answer
from imbridge.adapters.errcode_refusals import DegradeError
from imbridge.adapters.pieces import say_in_pieces
from imbridge.adapters.wecom.api import WeComApi
from imbridge.adapters.wecom.outbound import as_plain_text, measure, message_body, own_body, recipients, whom
from imbridge.adapters.wecom.received.facts import Identity, place_of
from imbridge.adapters.wecom.sent.cards import SETTLED, DoesNotFitError, has_task, pictures_in, template_card
from imbridge.adapters.wecom.sent.codes import Code
from imbridge.adapters.wecom.sent.markdown import MARKDOWN
from imbridge.adapters.wecom.sent.media import WeComMedia
from imbridge.protocol import (
    Capabilities,
    Card,
    Channel,
    ChannelKind,
    ContentRefusedError,
    Degradation,
    DeliveryError,
    ImbridgeError,
    Loss,
    Markdown,
    NotSupportedError,
    Reply,
    SentPart,
)
from imbridge.rendering import Part, PartKind, render
from imbridge.rendering.cards import card_text
from imbridge.rendering.media import word_for_part

INVALID_CODE = 40058
"""What the platform says of a code that is used up, among other things; that it is this code is unverified."""
_NOTABLE = 1.0
"""Seconds for which a message may be held back without a word."""
_TASK_ID = re.compile(r"[A-Za-z0-9_@-]{1,128}")
_INVALID = {
    "invaliduser": "members that do not exist or cannot see the app",
    "invalidparty": "departments that do not exist or cannot see the app",
    "invalidtag": "tags that do not exist or cannot see the app",
    "unlicenseduser": "members without a licence for the app",
}


class Speaking:
    """Speaks for one app."""

    def __init__(
        self, api: WeComApi, me: Identity, media: WeComMedia, capabilities: Capabilities, *, hears: bool
    ) -> None:
        """Over one app's API; `capabilities` are those that replies are rendered by; `hears`: it gets callbacks."""
        self._api = api
        self._me = me
        self._media = media
        self._capabilities = capabilities
        self._hears = hears
        self._dialects = (MARKDOWN,) if "markdown" in capabilities.sends else ()
        self.held_back = 0

    async def say(self, target: Target, part: Part, key: str) -> Sent:
        """Send a part whose media have been uploaded.

        Raises:
            ImbridgeError: as `Adapter.send`.
        """
        if part.kind is PartKind.CARD and isinstance(card := part.elements[0], Card):
            return await self._say_card(target, card, key)
        channel = target.channel
        group = channel.kind is ChannelKind.GROUP
        body, degradations = message_body(part, group=group)
        try:
            return await self._deliver(channel, body, key, degradations)
        except DegradeError as error:
            if body["msgtype"] not in ("markdown", "textcard") or error.ambiguous:
                raise
            degradations.append(Degradation(loss=Loss.AS_TEXT, what=word_for_part(part), how="text", why=str(error)))
            target.forbid(*degradations)
            return await self._deliver(channel, as_plain_text(part, group=group), f"{key}-t", degradations)

    # -- cards ---------------------------------------------------------------------------------------------------------

    async def _say_card(self, target: Target, card: Card, key: str) -> Sent:
        channel, degradations = target.channel, list[Degradation]()
        try:
            seal = self._me.seals.at(place_of(channel))
            body = await self._card_body(card, task_id(key), seal, degradations)
            if body["msgtype"] == "template_card" and channel.kind is ChannelKind.GROUP:
                return await self._say_as_text(target, card, key, "WeCom shows no template cards in an app's group")
            return await self._deliver(channel, body, key, degradations)
        except DoesNotFitError as error:
            return await self._say_as_text(target, card, key, str(error))
        except DegradeError as error:
            if error.ambiguous:
                raise  # it may have arrived, and another form would be a second message
            return await self._say_as_text(target, card, key, str(error))

    async def _card_body(self, card: Card, task: str, seal: Seal, degradations: list[Degradation]) -> dict[str, Any]:
        if card.content:
            return own_body(card.content, task)
        made = await self.card_json(card, seal, degradations)
        if has_task(made):
            made["task_id"] = task
        return {"msgtype": "template_card", "template_card": made}

    async def card_json(
        self, card: Card, seal: Seal, degradations: list[Degradation] | None = None, *, settled: str = ""
    ) -> dict[str, Any]:
        """A template card as JSON, its pictures uploaded; without its task id, unless it is the platform's own.

        Args:
            card: The card.
            seal: What seals it for the chat that it is seen in.
            degradations: Where to note what is shown otherwise than meant.
            settled: As `template_card` has it, for a card that takes the place of another.

        Raises:
            DoesNotFitError: there is no such card.
            ContentRefusedError: it is another kind of message.
            DeliveryError: its pictures could not be uploaded.
        """
        if card.content:
            body = own_body(card.content, "")
            if body["msgtype"] != "template_card":
                raise ContentRefusedError("only a template card can take the place of one", platform="wecom")
            return {name: value for name, value in body["template_card"].items() if name != "task_id" or value}
        pictures, lost = await self._media.addresses(pictures_in(card))
        made, changed = template_card(card, pictures, seal, settled=settled)
        if degradations is not None:
            degradations += [*lost, *changed]
        return made

    async def _say_as_text(self, target: Target, card: Card, key: str, why: str) -> Sent:
        """What a card says, as one text or several."""
        heard = self._hears and target.channel.kind is not ChannelKind.GROUP  # of its groups an app is told nothing
        text = card_text(card, why, answered=heard)
        rendered = render(
            Reply(elements=(Markdown(text.markdown),)), self._capabilities, measure=measure, dialects=self._dialects
        )
        as_text = Degradation(loss=Loss.AS_TEXT, what="card", how="text", why=why)
        told = (as_text, *text.degradations, *rendered.degradations)
        target.forbid(*told)
        sent = await say_in_pieces(rendered.parts, key, lambda part, its_key: self.say(target, part, its_key), told)
        if sent is None:
            raise ContentRefusedError(f"a card that says nothing: {why}", platform="wecom")
        return sent.offering(text.choices)

    async def change(self, channel: Channel, message_id: str, part: Part) -> Sent:
        """Put another card in the place of one.

        Raises:
            NotSupportedError: it is no card.
            DeliveryError: there is no code for it (any more), or the platform refused.
        """
        card = part.elements[0] if part.kind is PartKind.CARD else None
        if not isinstance(card, Card):
            raise NotSupportedError("WeCom can change cards, and no other messages")
        cards, userid = self._me.cards, channel.id
        code = cards.take(message_id, userid)
        if code is None:
            raise DeliveryError(
                f"card {message_id} cannot be changed: sending it, and each click in it, allows one "
                "change, within 72 hours",
                platform="wecom",
            )
        degradations: list[Degradation] = []
        # A code of the sending changes it for all who have it, who need not be in one chat.
        seal = self._me.seals.at(userid if code.whom == {"userids": [userid]} else "")
        try:
            made = await self.card_json(card, seal, degradations, settled=SETTLED)
        except ImbridgeError as error:
            cards.give_back(message_id, userid, code)
            if isinstance(error, DoesNotFitError):
                raise ContentRefusedError(f"this cannot take the place of a card: {error}", platform="wecom") from None
            raise
        made.pop("task_id", None)  # the card has one
        try:
            answer = await self._api.update_card(code.value, code.whom, {"template_card": made})
        except ImbridgeError as error:
            if not (isinstance(error, DeliveryError) and (error.ambiguous or error.code == INVALID_CODE)):
                cards.give_back(message_id, userid, code)
            raise
        degradations += _unreached(answer.body)
        sent = SentPart(message_id=message_id, kind="template_card")
        return Sent(sent, answer.attempts, tuple(degradations))

    # -- the way -------------------------------------------------------------------------------------------------------

    async def _deliver(self, channel: Channel, body: dict[str, Any], key: str, degradations: list[Degradation]) -> Sent:
        if channel.kind is ChannelKind.GROUP:
            answer = await self._api.send_to_group(channel.id, body)
        else:
            to = recipients(channel)
            answer = await self._api.send(to, body, key)
            self._remember_card(body, answer, to)
        told = [*degradations, *_unreached(answer.body), *self._delay(channel, answer)]
        sent = SentPart(message_id=str(answer.body.get("msgid") or ""), kind=body["msgtype"], key=key)
        return Sent(sent, answer.attempts, tuple(told))

    def _remember_card(self, body: Mapping[str, Any], answer: Answer, to: Mapping[str, str]) -> None:
        """So that clicks in it find its message, and it can be changed."""
        task = body["template_card"].get("task_id") if body["msgtype"] == "template_card" else None
        message_id, code = answer.body.get("msgid"), answer.body.get("response_code")
        if isinstance(task, str) and isinstance(message_id, str) and message_id:
            known = Code(code, whom(to)) if isinstance(code, str) and code else None
            self._me.cards.sent(task, message_id, known)

    def _delay(self, channel: Channel, answer: Answer) -> list[Degradation]:
        if answer.held <= _NOTABLE:
            return []
        self.held_back += 1
        config = self._api.config
        rates, whom = f"{config.member_rate} or {config.member_hour_rate}", "to a member"
        if channel.kind is ChannelKind.GROUP:
            rates, whom = f"{config.group_rate} or {config.group_day_rate}", "in a group"
        why = f"WeCom drops what is more than {rates} {whom}, silently"
        return [Degradation(loss=Loss.DELAYED, what="time", how=f"sent {answer.held:.0f} s later", why=why)]


def task_id(key: str) -> str:
    """The task id of a card, by the key of its sending: the platform takes each one once."""
    return key if _TASK_ID.fullmatch(key) else hashlib.blake2b(key.encode(), digest_size=24).hexdigest()


def _unreached(body: Mapping[str, Any]) -> list[Degradation]:
    """Whom the platform names as not reached: joined by `|`, or as a list."""
    found = []
    for name, why in _INVALID.items():
        if value := body.get(name):
            shown = "|".join(map(str, value)) if isinstance(value, list) else str(value)
            found.append(Degradation(loss=Loss.DROPPED, what="recipient", how=f"not sent to {shown}", why=why))
    return found
