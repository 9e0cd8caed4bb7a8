"""How a robot speaks: by the session webhook of the conversation while it lives, else by the API."""

from imbridge.adapters.base import Sent
from imbridge.adapters.dingtalk.api import DingTalkApi
from imbridge.adapters.dingtalk.outbound import Body, api_body, webhook_body
from imbridge.adapters.dingtalk.sent.sessions import Sessions
from imbridge.adapters.errcode_calls import Answer
from imbridge.adapters.errcode_refusals import RetargetError
from imbridge.protocol import Channel, ChannelKind, Degradation, RateLimitedError, SentPart, TargetGoneError
from imbridge.rendering import Part

OUTSIDE = "$:LWCP_v1:"
"""How the id of somebody begins whom the API cannot reach."""


class Speaking:
    """Speaks for one app."""

    def __init__(self, api: DingTalkApi, sessions: Sessions) -> None:
        """Over one app's API and the conversations' webhooks."""
        self._api = api
        self._sessions = sessions

    async def say(self, channel: Channel, part: Part, key: str) -> Sent:
        """Send a part.

        Raises:
            ImbridgeError: as `Adapter.send`.
        """
        degradations: list[Degradation] = []
        session = self._sessions.find(channel.id)
        if session is not None and (self._api.config.reply_by == "webhook" or is_outside(channel)):
            body = webhook_body(part)
            try:
                answer = await self._sessions.post(session, body)
            except RetargetError:
                self._sessions.forget(channel.id)
            else:
                return Sent(SentPart(kind=body["msgtype"], key=key), answer.attempts, tuple(degradations))
        return await self.say_by_api(channel, api_body(part), key, degradations)

    async def say_by_api(self, channel: Channel, body: Body, key: str, degradations: list[Degradation]) -> Sent:
        """Send a message of the API."""
        if channel.kind is ChannelKind.GROUP:
            answer = await self._api.send_to_group(channel.id, body)
        else:
            if is_outside(channel):
                raise TargetGoneError(
                    f"{channel.address} is outside the organisation: DingTalk lets a robot answer them for some 90 "
                    "minutes after their message, and not otherwise",
                    platform="dingtalk",
                )
            answer = await self._api.send_to_users([channel.id], body)
            _check_reached(channel, answer)
        sent = SentPart(message_id=str(answer.body.get("processQueryKey") or ""), kind=body["msgKey"], key=key)
        return Sent(sent, answer.attempts, tuple(degradations))


def is_outside(channel: Channel) -> bool:
    """Whether it is the private chat with somebody outside the organisation."""
    return channel.kind is not ChannelKind.GROUP and channel.id.startswith(OUTSIDE)


def _check_reached(channel: Channel, answer: Answer) -> None:
    """The platform says success and names those whom it did not send to."""
    invalid, held = answer.body.get("invalidStaffIdList"), answer.body.get("flowControlledStaffIdList")
    if isinstance(invalid, list) and channel.id in invalid:
        raise TargetGoneError(f"dingtalk: nobody in the organisation has the id {channel.id}", platform="dingtalk")
    if isinstance(held, list) and channel.id in held:
        raise RateLimitedError(
            f"dingtalk: {channel.id} gets too many messages of this robot; this one was not sent", platform="dingtalk"
        )
