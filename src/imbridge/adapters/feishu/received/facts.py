"""What every event has, whichever of the two schemas it came in: which, when, where, who."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from imbridge.adapters.feishu.received.identity import Identity, sender
from imbridge.protocol import Channel, Event, Sender

Occurrence = TypeVar("Occurrence", bound=Event)

_IDS = ("open_id", "union_id", "user_id")


@dataclass(slots=True)
class Facts:
    """One event, with its envelope taken off.

    Attributes:
        id: The platform's id of it.
        kind: The platform's name of it.
        time: When it was sent.
        event: Its body.
        payload: All of it, as it came.
        me: Who received it.
    """

    id: str
    kind: str
    time: datetime
    event: dict[str, Any]
    payload: Any
    me: Identity

    def make(
        self, made: type[Occurrence], /, *, channel: Channel | None = None, actor: Sender | None = None, **fields: Any
    ) -> Occurrence:
        """The shared event."""
        return made(
            id=self.id,
            platform="feishu",
            account=self.me.account,
            channel=channel,
            actor=actor,
            timestamp=self.time,
            payload=self.payload,
            **fields,
        )

    def channel(self, chat_id: Any, *, chat_type: Any = None, name: Any = None) -> Channel | None:
        """A chat; None where the event names none."""
        if not isinstance(chat_id, str) or not chat_id:
            return None
        return Channel(
            platform="feishu",
            account=self.me.account,
            kind=self.me.kind_of(chat_id, chat_type),
            id=chat_id,
            name=name if isinstance(name, str) and name else None,
        )

    def person(self, who: Any, *, name: Any = None) -> Sender | None:
        """Somebody by their ids, whatever else stands beside these; None where there is nobody."""
        if not isinstance(who, dict):
            return None
        found = sender({key: who[key] for key in _IDS if key in who}, self.me, name=name)
        return found if found.id else None

    def people(self, wire: Any) -> tuple[Sender, ...]:
        """The members an event is about: their ids are below `user_id`, in the older schema beside the name."""
        people = []
        for one in wire:
            ids = one.get("user_id")
            found = self.person(ids if isinstance(ids, dict) else one, name=one.get("name"))
            if found is not None:
                people.append(found)
        return tuple(people)

    def app(self, app_id: Any) -> Sender | None:
        """An app that did something."""
        if not isinstance(app_id, str) or not app_id:
            return None
        return Sender(id=app_id, is_bot=True, is_self=app_id == self.me.app_id)
