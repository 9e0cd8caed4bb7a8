"""How a robot speaks: by the session webhook of the conversation while it lives, else by the API.

The webhook costs nothing of the month's budget and calls people, but gives no id, so nothing said by it can be taken
back. Pictures and files go by the API, which shows them as what they are; a picture goes inside Markdown by the webhook
where the API cannot reach somebody, or its budget is nearly used up.
"""

from collections.abc import Awaitable

from pydantic_core import to_json

from imbridge.adapters.base import Sent, Target
from imbridge.adapters.dingtalk.api import DingTalkApi
from imbridge.adapters.dingtalk.capabilities import ROBOT
from imbridge.adapters.dingtalk.outbound import (
    ADDRESSES,
    API_BYTES,
    RECEIVED,
    WEBHOOK_BYTES,
    Body,
    api_body,
    as_api,
    as_plain_text,
    measure,
    webhook_body,
)
from imbridge.adapters.dingtalk.sent.action_cards import pictures_in, with_pictures
from imbridge.adapters.dingtalk.sent.long_cards import say_long
from imbridge.adapters.dingtalk.sent.media import DingTalkMedia
from imbridge.adapters.dingtalk.sent.mentions import calls_somebody
from imbridge.adapters.dingtalk.sent.recipients import is_outside, unreached, users_of
from imbridge.adapters.dingtalk.sent.sessions import Session, Sessions
from imbridge.adapters.errcode_refusals import DegradeError, RetargetError
from imbridge.protocol import (
    Card,
    Channel,
    ChannelKind,
    ContentRefusedError,
    Degradation,
    Element,
    Image,
    Loss,
    Media,
    SentPart,
    Text,
)
from imbridge.rendering import Part, PartKind
from imbridge.rendering.media import word_for_part

_OUT_OF_REACH = "outside the organisation a robot answers by a session webhook, which takes no files"


class Speaking:
    """Speaks for one app."""

    def __init__(self, api: DingTalkApi, sessions: Sessions, media: DingTalkMedia) -> None:
        """Over one app's API and the conversations' webhooks."""
        self._api = api
        self._sessions = sessions
        self._media = media

    async def say(self, target: Target, part: Part, key: str) -> Sent:
        """Send a part.

        Raises:
            ImbridgeError: as `Adapter.send`.
        """
        channel, degradations = target.channel, list[Degradation]()
        part = await self._ready(channel, part, degradations)
        session = self._session(channel, part)
        if session is not None:
            sent = await self._by_webhook(target, session, part, key, degradations)
            if sent is not None:
                return sent
        return await self._by_api(target, part, key, degradations)

    # -- before it leaves ----------------------------------------------------------------------------------------------

    async def _ready(self, channel: Channel, part: Part, degradations: list[Degradation]) -> Part:
        """The part with all media uploaded, in a form that there is a way for."""
        first = part.elements[0] if part.elements else None
        if isinstance(first, Media) and not isinstance(first, Image) and is_outside(channel):
            degradations.append(Degradation(loss=Loss.AS_TEXT, what=_word(first), how="text", why=_OUT_OF_REACH))
            return Part(PartKind.TEXT, (Text(first.as_text()),))
        if isinstance(first, Card) and part.kind is PartKind.CARD:
            keys, lost = await self._media.keys(pictures_in(first))
            degradations += lost
            return Part(part.kind, (with_pictures(first, keys),))
        part, changed = await self._media.uploaded(part)
        degradations += changed
        if changed and is_outside(channel):  # a picture that is none
            degradations.append(Degradation(loss=Loss.AS_TEXT, what="file", how="text", why=_OUT_OF_REACH))
            return Part(PartKind.TEXT, (Text(part.elements[0].as_text()),))
        return part

    def _session(self, channel: Channel, part: Part) -> Session | None:
        """The webhook, where it is the way for this part."""
        session = self._sessions.find(channel.id) if channel.kind is not ChannelKind.USER else None
        if session is None:
            return None
        if is_outside(channel):
            return session
        if part.kind is PartKind.MEDIA:
            return session if isinstance(part.elements[0], Image) and self._api.quota.scarce else None
        if _is_only_for_api(part):
            return None
        preferred = self._api.config.reply_by == "webhook" or calls_somebody(part.elements)
        return session if preferred or self._api.quota.scarce else None

    # -- the two ways --------------------------------------------------------------------------------------------------

    async def _by_webhook(
        self, target: Target, session: Session, part: Part, key: str, degradations: list[Degradation]
    ) -> Sent | None:
        """None when it cannot go this way; nothing has been said then."""
        body, changed = webhook_body(part)
        if too_long(body):
            return await self._in_pieces(target, part, key, degradations)
        target.forbid(*degradations, *changed)
        try:
            answer = await self._sessions.post(session, body)
        except RetargetError:
            return None
        except DegradeError as error:
            if body["msgtype"] == "text" or error.ambiguous:
                raise
            changed.append(Degradation(loss=Loss.AS_TEXT, what=word_for_part(part), how="text", why=str(error)))
            target.forbid(*changed)
            body = as_plain_text(part)
            if too_long(body):
                return await self._in_pieces(target, part, key, [*degradations, *changed])
            try:
                answer = await self._sessions.post(session, body)
            except RetargetError:
                return None
        if part.kind is PartKind.MEDIA:
            why = (
                "they are out of the API's reach"
                if is_outside(target.channel)
                else "the month's calls are nearly used up"
            )
            changed.append(Degradation(loss=Loss.SIMPLIFIED, what="image", how="markdown", why=why))
        told = (*degradations, *changed)
        return Sent(SentPart(kind=body["msgtype"], key=key), answer.attempts, told, by_credentials=False)

    async def _by_api(self, target: Target, part: Part, key: str, degradations: list[Degradation]) -> Sent:
        body, changed = api_body(part)
        if len(body["msgParam"].encode()) > API_BYTES:
            return await self._in_pieces(target, part, key, degradations)
        told = [*degradations, *changed]
        target.forbid(*told)
        try:
            return await self.say_by_api(target.channel, body, key, told)
        except ContentRefusedError as error:
            if part.kind is PartKind.MEDIA:
                _explain(error, part.elements[0])
                raise
            if not isinstance(error, DegradeError) or body["msgKey"] == "sampleText" or error.ambiguous:
                raise
            told.append(Degradation(loss=Loss.AS_TEXT, what=word_for_part(part), how="text", why=str(error)))
            target.forbid(*told)
            plainer, _ = as_api(as_plain_text(part, calls=False))
            return await self.say_by_api(target.channel, plainer, key, told)

    async def say_by_api(self, channel: Channel, body: Body, key: str, degradations: list[Degradation]) -> Sent:
        """Send a message of the API.

        Raises:
            ImbridgeError: as `Adapter.send`.
        """
        if channel.kind is ChannelKind.GROUP:
            answer = await self._api.send_to_group(channel.id, body)
        else:
            users = users_of(channel)
            answer = await self._api.send_to_users(users, body)
            degradations = [*degradations, *unreached(users, answer.body)]
        sent = SentPart(message_id=str(answer.body.get("processQueryKey") or ""), kind=body["msgKey"], key=key)
        return Sent(sent, answer.attempts, tuple(degradations))

    async def _in_pieces(self, target: Target, part: Part, key: str, degradations: list[Degradation]) -> Sent:
        """What a card says that is too long for one message, as several."""

        def say(piece: Part, its_key: str) -> Awaitable[Sent]:
            return self.say(target, piece, its_key)

        return await say_long(part, key, say, capabilities=ROBOT, measure=measure, told=degradations)


def _explain(error: ContentRefusedError, media: Element) -> None:
    """Say what the reason may be."""
    key = getattr(media, "key", "")
    if key and not key.startswith(ADDRESSES):
        error.args = (f"{error}; {RECEIVED}",)


def too_long(body: Body) -> bool:
    """Whether a webhook would refuse it for its length."""
    return len(to_json(body)) > WEBHOOK_BYTES


def _is_only_for_api(part: Part) -> bool:
    first: Element = part.elements[0]
    return isinstance(first, Card) and "msgKey" in first.content


def _word(media: Media) -> str:
    return str(getattr(media, "type", "media"))
