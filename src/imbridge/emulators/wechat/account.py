"""An Official Account."""

from dataclasses import dataclass, field
from typing import Any, Literal

from imbridge.emulators.common.crypto import Crypto

Mode = Literal["plain", "compatible", "encrypted"]
"""How callbacks are sent: `plain`; `encrypted` alone; `compatible`: both forms in one body."""


@dataclass(slots=True, eq=False, kw_only=True)
class Account:
    """An Official Account, made by `WeChatEmulator.add_account`.

    Attributes:
        name: What followers see.
        app_id: `wx...`.
        original_id: `gh_...`, by which messages name the account.
        secret: The AppSecret.
        token: The callback's Token.
        aes_key: The EncodingAESKey, 43 characters.
        mode: How callbacks are sent.
        allowed_ips: Who may ask for an access token; None: everybody.
        recognises_voice: Whether voice messages come with `Recognition`.
        authorised_domains: Hosts that a web authorisation may lead back to; empty: any.
        menu: The custom menu as created.
    """

    name: str
    app_id: str
    original_id: str
    secret: str = field(repr=False)
    token: str = field(repr=False)
    aes_key: str = field(repr=False)
    mode: Mode = "encrypted"
    allowed_ips: frozenset[str] | None = None
    recognises_voice: bool = True
    authorised_domains: frozenset[str] = frozenset()
    menu: dict[str, Any] | None = None

    @property
    def crypto(self) -> Crypto:
        """The encryption of its callback."""
        return Crypto(self.token, self.aes_key, self.app_id)
