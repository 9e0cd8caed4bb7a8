"""Emotions on messages: a short text beside a message, which stands for a reaction.

`POST /v1.0/robot/emotion/reply` and `.../recall`. They are part of the platform's SDK (`robot_1_0`) and used by
DingTalk's own connector; no page documents them. Clients show whatever text there is, an emoji among them; that some
texts are refused is what users report.
"""

from typing import Any

from imbridge.adapters.dingtalk.api import DingTalkApi
from imbridge.adapters.dingtalk.errors import REFUSED
from imbridge.protocol import DeliveryError, NotSupportedError

THINKING = "🤔思考中"
"""What DingTalk's own assistants put on a message that they are about to answer."""
_REPLY, _RECALL = "/v1.0/robot/emotion/reply", "/v1.0/robot/emotion/recall"
_TEXT_EMOTION = 2
_EMOTION_ID, _BACKGROUND_ID = "2659900", "im_bg_1"
_LONGEST = 20
_MOST_THINKING = 10_000
"""Messages whose sign is remembered: one that could not be taken away stays on them."""


class Reactions:
    """Puts emotions on messages, and takes them away."""

    def __init__(self, api: DingTalkApi) -> None:
        """Over one app's API."""
        self._api = api
        self._thinking: dict[str, None] = {}

    async def put(self, conversation: str, message_id: str, emoji: str) -> None:
        """Put one on a message; the same one again changes nothing.

        Raises:
            NotSupportedError: it is no emoji.
            DeliveryError: the platform refused.
        """
        await self._call(_REPLY, conversation, message_id, emoji)

    async def take(self, conversation: str, message_id: str, emoji: str) -> None:
        """Take ours off a message; one that is not there is none.

        Raises:
            NotSupportedError: it is no emoji.
            DeliveryError: the platform refused.
        """
        try:
            await self._call(_RECALL, conversation, message_id, emoji)
        except DeliveryError as error:
            if error.code != REFUSED:  # it is not there, as far as the platform tells
                raise

    async def thinking(self, conversation: str, message_id: str, on: bool) -> None:
        """Show, or stop showing, that an answer is on its way; not when the month's calls are nearly used up.

        Raises:
            DeliveryError: the platform refused.
        """
        if not on:
            if message_id in self._thinking:
                await self.take(conversation, message_id, THINKING)
                self._thinking.pop(message_id, None)
        elif not self._api.quota.scarce:
            self._thinking[message_id] = None
            while len(self._thinking) > _MOST_THINKING:
                del self._thinking[next(iter(self._thinking))]
            await self.put(conversation, message_id, THINKING)

    async def _call(self, path: str, conversation: str, message_id: str, emoji: str) -> None:
        if not emoji.strip() or len(emoji) > _LONGEST:
            raise NotSupportedError(f"a reaction has 1 to {_LONGEST} characters: an emoji, or a word")
        sent: dict[str, Any] = {
            "robotCode": self._api.config.robot,
            "openMsgId": message_id,
            "openConversationId": conversation,
            "emotionType": _TEXT_EMOTION,
            "emotionName": emoji,
            "textEmotion": {
                "emotionId": _EMOTION_ID,
                "emotionName": emoji,
                "text": emoji,
                "backgroundId": _BACKGROUND_ID,
            },
        }
        await self._api.caller.call("POST", path, json=sent, limits=self._api.limits(path))
