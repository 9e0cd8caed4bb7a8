"""A conversation: a private one between a user and a bot, or a group."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from imbridge.emulators.feishu.app import App

if TYPE_CHECKING:
    from imbridge.emulators.feishu.user import User


@dataclass(slots=True, eq=False)
class Chat:
    """A conversation.

    Attributes:
        chat_id: `oc_...`.
        kind: `p2p` or `group`, the `chat_type` of events.
        name: The group's name; empty for a private chat.
        topic: A topic group: every new message opens a thread.
        members: The people in it.
        apps: The bots in it.
        description: The group's description.
        owner: Who owns it; None: a bot does, or it is a private chat.
        dissolved: Whether it was disbanded.
    """

    chat_id: str
    kind: Literal["p2p", "group"]
    name: str = ""
    topic: bool = False
    members: "list[User]" = field(default_factory=list)
    apps: list[App] = field(default_factory=list)
    description: str = ""
    owner: "User | None" = None
    dissolved: bool = False

    def __repr__(self) -> str:
        return f"<Chat {self.chat_id} {self.kind} {self.name!r}>"
