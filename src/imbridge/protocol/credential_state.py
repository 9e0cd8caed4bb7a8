"""Whether a platform takes an account's credentials."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class CredentialState:
    """The platform has begun to refuse an account's credentials, or takes them again.

    Attributes:
        account: The account's key (`feishu:work`).
        refused: They are refused now; False: something was taken with them again.
        since: When they were refused first (aware, UTC).
        error: What the platform said then, and what to do.
        code: Its code.
    """

    account: str
    refused: bool
    since: datetime
    error: str
    code: int | str | None = None
