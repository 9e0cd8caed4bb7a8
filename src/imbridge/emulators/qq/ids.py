"""Ids in QQ's shapes."""

import base64
import zlib

from imbridge.emulators.common import ids


class Ids(ids.Ids):
    """Ids that a seed repeats."""

    def openid(self, *parts: str) -> str:
        """An openid that depends on the parts alone: 32 upper-case hexadecimal digits."""
        return self.derived(*parts, digits=32).upper()

    def message_id(self) -> str:
        """A message's id in single chats and groups: `ROBOT1.0_...!`."""
        return f"ROBOT1.0_{self.text('message', 48, ids.ALPHANUMERIC + '.-_')}!"

    def guild_message_id(self) -> str:
        """A message's id in channels: hexadecimal digits."""
        return "08" + self.hex("guild_message", 44)

    def event_id(self, event_type: str) -> str:
        """The id of an event: its type and something unique."""
        if event_type.endswith("MESSAGE_CREATE"):
            return f"{event_type}:{self.text('event', 48, ids.ALPHANUMERIC[:26] + '0123456789')}"
        return f"{event_type}:{self.uuid('event')}"

    def ref_idx(self) -> str:
        """What a message is quoted by: `REFIDX_...==`."""
        return "REFIDX_" + base64.b64encode(self.data("ref_idx", 16)).decode()


def slot(key: str, count: int) -> int:
    """A number below `count` that depends on the key alone."""
    return zlib.crc32(key.encode()) % count
