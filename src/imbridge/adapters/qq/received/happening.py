"""What every event says."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from imbridge.adapters.qq.received.facts import first_id, group, id_of, moment_or_none, private, room, somebody
from imbridge.adapters.qq.received.identity import Identity
from imbridge.protocol import Channel, Event, Sender

_TIMES = ("timestamp", "audit_time", "apply_at")
_PEOPLE = ("op_member_openid", "group_member_openid", "member_openid", "openid", "user_openid")
_IN_GUILDS = ("op_user_id", "user_id", "author_id")
_NO_TALK = ("FORUM_", "OPEN_FORUM_", "AUDIO_")
"""Events of channels in which nobody can say anything."""


@dataclass(slots=True)
class Happening:
    """One event.

    Attributes:
        kind: Its name, `t`.
        key: Its id.
        data: What it holds, `d`.
        me: Who receives it.
    """

    kind: str
    key: str
    data: Mapping[str, Any]
    me: Identity

    def needed(self, name: str) -> str:
        """A field that has to be an id.

        Raises:
            ValueError: it is not.
        """
        value = id_of(self.data, name)
        if not value:
            raise ValueError(f"no {name}")
        return value

    @property
    def timestamp(self) -> datetime:
        """When it happened; now, when nothing says so that makes sense."""
        told = (moment_or_none(self.data.get(name)) for name in _TIMES)
        return next((found for found in told if found is not None), None) or datetime.now(UTC)

    @property
    def channel(self) -> Channel | None:
        """Where, if it is a place in which one can speak. A guild is none, only its channels are."""
        if openid := first_id(self.data, "group_openid"):
            return group(self.me.account, openid)
        if openid := first_id(self.data, "openid", "user_openid"):
            return private(self.me.account, openid)
        if self.kind.startswith(_NO_TALK):
            return None
        channel = id_of(self.data, "channel_id")
        return room(self.me.account, channel) if channel else None

    @property
    def actor(self) -> Sender | None:
        """Who did it."""
        for name in (*_PEOPLE, *_IN_GUILDS):
            if identity := id_of(self.data, name):
                return somebody(identity, "id" if name in _IN_GUILDS else name.removeprefix("op_"))
        return None

    def make(self, event: type[Event], /, **facts: Any) -> Event:
        """An event of this happening."""
        common = {
            "id": self.key,
            "platform": "qq",
            "account": self.me.account,
            "channel": self.channel,
            "actor": self.actor,
            "timestamp": self.timestamp,
            "payload": dict(self.data),
        }
        return event(**{**common, **facts})
