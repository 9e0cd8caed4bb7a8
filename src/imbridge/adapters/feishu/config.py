"""Settings of a Feishu or Lark account."""

from enum import StrEnum
from typing import ClassVar, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from imbridge.config import AccountConfig

_HOSTS = {"feishu": "https://open.feishu.cn", "lark": "https://open.larksuite.com"}


class Domain(StrEnum):
    """Which of the two clouds."""

    FEISHU = "feishu"
    LARK = "lark"


class Mode(StrEnum):
    """How deliveries arrive."""

    LONG_CONNECTION = "long_connection"
    WEBHOOK = "webhook"


class FeishuConfig(AccountConfig):
    """One self-built app on Feishu or Lark.

    Attributes:
        app_id: The app.
        app_secret: Its secret.
        encrypt_key: Key of callback encryption and signature; needed in webhook mode.
        verification_token: Token inside plain callbacks.
        domain: `feishu` (mainland China) or `lark` (elsewhere).
        base_url: Replaces the domain's address: private deployments and tests.
        mode: `long_connection` needs no public address; `webhook` is served by `bridge.asgi()`.
        user_agent_tags: Extra tokens of the User-Agent. Reports say that some events depend on `channel`; empty sends
            exactly what the SDK sends.
        chat_rate: Messages into one chat. The platform allows 5 a second, shared by all bots of a group
            (im-v1/message/create). The default leaves a tenth: the platform counts what arrives, and what leaves evenly
            does not arrive evenly.
        api_rate: Calls of one API. The platform allows 50 a second and 1,000 a minute; a tenth is left here too.
        api_minute_rate: The second of the two.
        send_timeout: Seconds after which a message that the platform keeps refusing for passing reasons is given up.
        download_limit: Bytes of a received file that are fetched at most; the platform hands out 100 MB and no more.
    """

    platform: ClassVar[str] = "feishu"
    env_prefix: ClassVar[str] = "FEISHU_"

    app_id: str = Field(
        min_length=1, description="App ID, such as cli_a1b2c3; console: Credentials & Basic Info > App ID"
    )
    app_secret: SecretStr = Field(min_length=1, description="console: Credentials & Basic Info > App Secret")
    encrypt_key: SecretStr | None = Field(default=None, description="console: Events & Callbacks > Encryption Strategy")
    verification_token: SecretStr | None = Field(
        default=None, description="console: Events & Callbacks > Encryption Strategy > Verification Token"
    )
    domain: Domain = Field(default=Domain.FEISHU, description="feishu (mainland China) or lark (elsewhere)")
    base_url: str | None = Field(
        default=None, description="http(s) address of the open platform, for private deployments and tests"
    )
    mode: Mode = Field(default=Mode.LONG_CONNECTION, description="long_connection or webhook")
    user_agent_tags: tuple[str, ...] = ()
    chat_rate: str = "5/1.1s"
    api_rate: str = "50/1.1s"
    api_minute_rate: str = "1000/61s"
    send_timeout: float = Field(default=120.0, gt=0)
    download_limit: int = Field(default=100 << 20, gt=0)

    @field_validator("base_url")
    @classmethod
    def _check_base_url(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.username is not None or parts.password is not None:
            raise ValueError("must not hold a user or a password")
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError("must be an address such as https://open.feishu.example")
        if parts.scheme == "http" and parts.hostname not in ("127.0.0.1", "::1", "localhost"):
            raise ValueError("must be https: the app secret would cross the network in the clear")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _check_webhook(self) -> Self:
        if self.mode is Mode.WEBHOOK and self.encrypt_key is None and self.verification_token is None:
            raise ValueError(
                "webhook mode needs encrypt_key (or at least verification_token), or anybody could post events; "
                "console: Events & Callbacks > Encryption Strategy"
            )
        return self

    @property
    def api_url(self) -> str:
        """Where the open platform is, without a slash at the end."""
        return self.base_url or _HOSTS[self.domain.value]
