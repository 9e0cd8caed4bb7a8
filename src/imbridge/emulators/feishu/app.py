"""A self-built application with a bot."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Literal


@dataclass(slots=True, eq=False)
class App:
    """An application as its developer console shows it.

    Attributes:
        app_id: `cli_...`.
        app_secret: The secret for tokens and for the long connection.
        name: The bot's name.
        bot_open_id: The bot's open_id as the app itself sees it.
        encrypt_key: With it, HTTP callbacks are encrypted and signed.
        verification_token: Sent in the header of every event.
        group_scope: `all`: every message of its groups (scope im:message.group_msg); `at`: only those that mention
            the bot or everybody (scope im:message.group_at_msg).
        hears_bots: Whether messages of other bots that mention this one are pushed
            (scope im:message.group_at_msg.include_bot).
        redirect_uris: Addresses to which the authorisation page may send a browser back; None: any.
        user_scopes: Scopes the app has applied for, of those that people grant; None: all.
        subscriptions: Event types the app is subscribed to; None: all.
    """

    app_id: str
    app_secret: str = field(repr=False)
    name: str
    bot_open_id: str
    encrypt_key: str = field(default="", repr=False)
    verification_token: str = field(default="", repr=False)
    group_scope: Literal["all", "at"] = "all"
    hears_bots: bool = False
    subscriptions: Collection[str] | None = None
    redirect_uris: Collection[str] | None = None
    user_scopes: Collection[str] | None = None

    def wants(self, event_type: str) -> bool:
        """Whether the app is subscribed to the event type."""
        return self.subscriptions is None or event_type in self.subscriptions
