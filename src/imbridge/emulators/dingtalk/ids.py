"""Ids in DingTalk's shapes."""

import base64

from imbridge.emulators.common import ids


class Ids(ids.Ids):
    """Ids that a seed repeats."""

    def message_id(self) -> str:
        """A frame's `messageId`: `213d841d_972_1898bb26334_70a7`."""
        return "_".join((self.hex("frame", 8), self.hex("frame", 3), self.hex("frame", 11), self.hex("frame", 5)))

    def msg_id(self) -> str:
        """A message's `msgId`: `msg...==`."""
        return "msg" + self.base64("msg_id", 16)

    def conversation_id(self) -> str:
        """An openConversationId: `cid...==`."""
        return "cid" + self.base64("conversation", 16)

    def dingtalk_id(self) -> str:
        """Somebody's id for one organisation's robots: `$:LWCP_v1:$...`."""
        return "$:LWCP_v1:$" + self.base64("dingtalk_id", 16)

    def base64(self, kind: str, size: int) -> str:
        """The Base64 of the next `size` bytes of a kind."""
        return base64.b64encode(self.data(kind, size)).decode()

    def index(self, kind: str, count: int) -> int:
        """The next number from 0 up to `count`, which is not reached."""
        return self._stream(kind).randrange(count)
