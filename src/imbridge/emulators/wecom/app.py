"""A self-built app of the corp."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from imbridge.emulators.common.crypto import Crypto


@dataclass(slots=True, eq=False)
class App:
    """A self-built app.

    Attributes:
        corp_id: The corp's id, the same for all apps.
        agent_id: The app's number.
        secret: With `corp_id` it gives the access token.
        token: The callback's Token.
        aes_key: The callback's EncodingAESKey, 43 characters.
        name: What people see.
        visible: The userids the app may see and write to; None: everybody.
        trusted_ips: Addresses that may call its API (60020 for the others); None: all.
        trusted_domains: Hosts that may be a `redirect_uri`; None: all.
        sees_private: Whether `user/get` shows it mobile, e-mail and so on, as it does to apps from before June 2022.
        contacts: Whether it is no app but the contacts secret (通讯录同步), which alone may call `user/list_id`.
        menu: The menu it has set with `menu/create`.
    """

    corp_id: str
    agent_id: int
    secret: str = field(repr=False)
    token: str = field(repr=False)
    aes_key: str = field(repr=False)
    name: str = "Demo"
    visible: Collection[str] | None = None
    trusted_ips: Collection[str] | None = None
    trusted_domains: Collection[str] | None = None
    sees_private: bool = False
    contacts: bool = False
    menu: dict[str, Any] | None = None

    @property
    def crypto(self) -> Crypto:
        """The encryption of its callback."""
        return Crypto(self.token, self.aes_key, self.corp_id)

    def sees(self, userid: str) -> bool:
        """Whether somebody is in the app's visible range."""
        return self.visible is None or userid in self.visible
