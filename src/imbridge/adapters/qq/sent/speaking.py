"""How a bot speaks: as an answer while something can be answered, else unasked, which few may."""

from imbridge.adapters.base import Sent, Target
from imbridge.adapters.errcode_refusals import RetargetError
from imbridge.adapters.qq.api import QQApi
from imbridge.adapters.qq.outbound import message_body
from imbridge.adapters.qq.sent.windows import Windows
from imbridge.protocol import SentPart
from imbridge.rendering import Part


class Speaking:
    """Speaks for one bot."""

    def __init__(self, api: QQApi, windows: Windows) -> None:
        """Over one bot's API."""
        self._api = api
        self._windows = windows

    async def say(self, target: Target, part: Part, key: str) -> Sent:
        """Send a part.

        Raises:
            ImbridgeError: as `Adapter.send`.
        """
        body = message_body(part)
        handle = self._windows.find(target.channel, target.answers)
        if handle is not None:
            body |= handle.next()
            self._windows.used(handle)
        try:
            answer = await self._api.send(target.channel, body)
        except RetargetError:
            if handle is not None:
                self._windows.over(handle)
            raise
        return Sent(SentPart(message_id=str(answer.body.get("id") or ""), kind="text", key=key), answer.attempts)
