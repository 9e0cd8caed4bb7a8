"""The messages a person sends to an account.

Source: https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Receiving_standard_messages.html
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from imbridge.emulators.wechat.message import SentMessage


class Sending(ABC):
    """Sends messages; `_send` and `_keep` are the follower's."""

    @abstractmethod
    def _send(self, msg_type: str, fields: Mapping[str, Any]) -> SentMessage:
        """Pushes a message to the account."""

    @abstractmethod
    def _keep(self, kind: str, data: bytes, name: str) -> str:
        """Uploads something; returns its media_id."""

    async def says(self, text: str) -> SentMessage:
        """Sends a text."""
        return self._send("text", {"Content": text})

    async def sends(self, msg_type: str, fields: Mapping[str, Any]) -> SentMessage:
        """Sends a message of any type with any fields; they are not checked."""
        return self._send(msg_type, fields)
