"""Who receives, and what every delivery says."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from imbridge.protocol import Channel, ChannelKind
from imbridge.protocol.message import utc


@dataclass(slots=True)
class Identity:
    """The bot that receives.

    Attributes:
        account: Its name in the configuration.
        bot_id: The bot's id in guilds, once known.
        name: What it is called, once known.
    """

    account: str
    bot_id: str = ""
    name: str = ""

    def channel(self, kind: ChannelKind, identity: str) -> Channel:
        """A conversation."""
        return Channel(platform="qq", account=self.account, kind=kind, id=identity)


def moment(value: Any) -> datetime:
    """A time as RFC 3339 or in seconds; now, when it makes no sense."""
    if isinstance(value, str):
        if value.isascii() and value.isdigit():
            value = int(value)
        else:
            try:
                found = datetime.fromisoformat(value)
            except ValueError:
                return datetime.now(UTC)
            return found.astimezone(UTC) if found.tzinfo is not None else datetime.now(UTC)
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10**11:
        return utc(value * 1000)
    return datetime.now(UTC)


def text_of(data: Mapping[str, Any], name: str) -> str:
    """A field that is a text; empty when it is missing or something else."""
    value = data.get(name)
    return value if isinstance(value, str) else ""


def digest(content: bytes) -> str:
    """Stands for the id of something that has none."""
    return hashlib.sha256(content).hexdigest()[:32]
