"""Who wrote a message or caused an event."""

from pydantic import Field

from imbridge.protocol.model import ProtocolModel


class Sender(ProtocolModel):
    """A person or a bot.

    Attributes:
        id: The id to answer and to compare with (Feishu `open_id`, WeCom `userid`, ...).
        ids: The platform's other ids, by their names (`union_id`, `user_id`).
        name: Display name when the platform gave one. Never an identity: anybody can take any name.
        is_bot: A program wrote it.
        is_self: Our own account wrote it.
    """

    id: str
    ids: dict[str, str] = Field(default_factory=dict)
    name: str | None = None
    is_bot: bool = False
    is_self: bool = False
