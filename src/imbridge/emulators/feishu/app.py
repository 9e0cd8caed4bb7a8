"""A self-built application with a bot."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from imbridge.emulators.feishu.department import Department
    from imbridge.emulators.feishu.user import User


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
        subscriptions: Event types the app is subscribed to; None: all of schema 2.0, and approval events.
        scopes: API scopes the tenant granted; None: all, and nothing is checked.
        asked_scopes: Scopes the app applied for and was not granted.
        contact_scope: The people and departments the app may see; None: everybody.
        redirect_uris: Addresses to which the authorisation page may send a browser back; None: any.
        user_scopes: Scopes the app has applied for, of those that people grant; None: all.
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
    scopes: Collection[str] | None = None
    asked_scopes: Collection[str] = ()
    contact_scope: "Collection[User | Department] | None" = None
    redirect_uris: Collection[str] | None = None
    user_scopes: Collection[str] | None = None

    def wants(self, event_type: str) -> bool:
        """Whether the app is subscribed to the event type."""
        return self.subscriptions is None or event_type in self.subscriptions

    def names(self, event_type: str) -> bool:
        """Whether the subscriptions name the event type.

        Events of schema 1.0 that have a successor are pushed by themselves to such apps only: an app that did not
        choose would get everything twice.
        """
        return self.subscriptions is not None and event_type in self.subscriptions
