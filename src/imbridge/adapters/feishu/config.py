"""Settings of a Feishu or Lark account."""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, ClassVar, Self
from urllib.parse import SplitResult, urlsplit

from pydantic import Field, SecretStr, ValidationInfo, field_validator, model_validator

from imbridge.config import AccountConfig
from imbridge.transport.hosts import LOOPBACK

_HOSTS = {"feishu": "https://open.feishu.cn", "lark": "https://open.larksuite.com"}
_ACCOUNTS_HOSTS = {"feishu": "https://accounts.feishu.cn", "lark": "https://accounts.larksuite.com"}
_HOOK_DOMAINS = (".feishu.cn", ".larksuite.com")
_HOOK_PATH = "/open-apis/bot/v2/hook/"
_HOOK = re.compile(re.escape(_HOOK_PATH) + "[A-Za-z0-9_-]+")
"""Nothing that an HTTP client would write in another way, as errors know the address by its text."""


class Domain(StrEnum):
    """Which of the two clouds."""

    FEISHU = "feishu"
    LARK = "lark"


class Mode(StrEnum):
    """How deliveries arrive."""

    LONG_CONNECTION = "long_connection"
    WEBHOOK = "webhook"
    CUSTOM_BOT = "custom_bot"


class StreamMode(StrEnum):
    """How an answer that grows is shown."""

    CARD = "card"
    EDIT = "edit"


class FeishuConfig(AccountConfig):
    """One self-built app on Feishu or Lark, or one custom bot of a group.

    Attributes:
        app_id: The app; a custom bot has none.
        app_secret: Its secret.
        encrypt_key: Key of callback encryption and signature; needed in webhook mode.
        verification_token: Token inside plain callbacks.
        domain: `feishu` (mainland China) or `lark` (elsewhere).
        base_url: Replaces the domain's address: private deployments and tests.
        stream: `card`: an answer that grows is streamed into a card, which needs the scope `cardkit:card:write`; where
            that fails a message is edited. `edit`: a message is edited.
        stop_button: An answer that grows in a card has a button that stops it. Clicks come as `card.action.trigger`,
            which the app has to be subscribed to: without that, whoever clicks gets an error.
        mode: `long_connection` needs no public address; `webhook` is served by `bridge.asgi()`; `custom_bot` only
            sends, and is meant when `webhook_url` is all there is.
        webhook_url: Address of a custom bot. Who has it can post into the group: it is a credential.
        webhook_secret: Signs what is posted, when the custom bot asks for that.
        approval_codes: Approval definitions whose events are wanted; subscribed to at the start.
        user_agent_tags: Extra tokens of the User-Agent. Reports say that some events depend on `channel`; empty sends
            exactly what the SDK sends.
        chat_rate: Messages into one chat. The platform allows 5 a second, shared by all bots of a group
            (im-v1/message/create). The default leaves a tenth: the platform counts what arrives, and what leaves evenly
            does not arrive evenly.
        api_rate: Calls of one API. The platform allows 50 a second and 1,000 a minute; a tenth is left here too.
        api_minute_rate: The second of the two.
        send_timeout: Seconds after which a message that the platform keeps refusing for passing reasons is given up.
        resolve_quotes: Ask for the message that a message answers to: one call for each reply.
        forward_depth: Bundles of forwarded messages inside one another that are read.
        forward_count: Messages read of a bundle, all depths together; 0 leaves bundles unread.
        read_cards: Ask for a received card as it was sent: what arrives by itself is flattened, or no card at all.
        download_limit: Bytes of a received file that are fetched at most; the platform hands out 100 MB and no more.
        download_timeout: Seconds in which a received file has to be there, with all attempts.
    """

    platform: ClassVar[str] = "feishu"
    env_prefix: ClassVar[str] = "FEISHU_"

    mode: Mode = Field(default=Mode.LONG_CONNECTION, description="long_connection, webhook or custom_bot")
    app_id: str = Field(
        default="",
        validate_default=True,
        description="App ID, such as cli_a1b2c3; console: Credentials & Basic Info > App ID",
    )
    app_secret: SecretStr = Field(
        default=SecretStr(""), validate_default=True, description="console: Credentials & Basic Info > App Secret"
    )
    encrypt_key: SecretStr | None = Field(default=None, description="console: Events & Callbacks > Encryption Strategy")
    verification_token: SecretStr | None = Field(
        default=None, description="console: Events & Callbacks > Encryption Strategy > Verification Token"
    )
    domain: Domain = Field(default=Domain.FEISHU, description="feishu (mainland China) or lark (elsewhere)")
    base_url: str | None = Field(
        default=None, description="http(s) address of the open platform, for private deployments and tests"
    )
    stream: StreamMode = Field(default=StreamMode.CARD, description="card or edit")
    stop_button: bool = False
    webhook_url: SecretStr | None = Field(
        default=None,
        validate_default=True,
        description="in the group: Settings > Bots > Custom Bot > Webhook URL",
    )
    webhook_secret: SecretStr | None = Field(
        default=None, description="in the group: Settings > Bots > Custom Bot > Set signature verification"
    )
    approval_codes: tuple[str, ...] = ()
    user_agent_tags: tuple[str, ...] = ()
    chat_rate: str = "5/1.1s"
    api_rate: str = "50/1.1s"
    api_minute_rate: str = "1000/61s"
    send_timeout: float = Field(default=120.0, gt=0)
    resolve_quotes: bool = True
    forward_depth: int = Field(default=3, ge=1, le=20)
    forward_count: int = Field(default=100, ge=0, le=1000)
    read_cards: bool = True
    download_limit: int = Field(default=100 << 20, gt=0)
    download_timeout: float = Field(default=120.0, gt=0, allow_inf_nan=False)

    @classmethod
    def needs(cls, given: Mapping[str, Any]) -> tuple[str, ...]:
        """An app needs its id and secret, a custom bot its address."""
        return ("webhook_url",) if _is_custom_bot(given) else ("app_id", "app_secret")

    @model_validator(mode="before")
    @classmethod
    def _find_mode(cls, given: Any) -> Any:
        if not isinstance(given, Mapping):
            return given
        names: dict[Any, str] = {"appId": "app_id", "webhookUrl": "webhook_url"}
        plain = {names.get(name, str(name)): value for name, value in given.items() if value not in (None, "")}
        return {**given, "mode": Mode.CUSTOM_BOT} if _is_custom_bot(plain) else given

    @field_validator("app_id", "app_secret", "webhook_url")
    @classmethod
    def _check_there(cls, value: Any, info: ValidationInfo) -> Any:
        return cls.check_there(value, info)

    @field_validator("webhook_url")
    @classmethod
    def _check_webhook_url(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if value is None or not value.get_secret_value():
            return None
        if info.data.get("mode") is not Mode.CUSTOM_BOT:
            raise ValueError("is for mode custom_bot; a custom bot is an account of its own, beside an app's")
        parts = urlsplit(value.get_secret_value())
        host = parts.hostname or ""
        ours = urlsplit(info.data.get("base_url") or "")
        if _HOOK.fullmatch(parts.path) is None or parts.query or parts.fragment or not _has_good_port(parts):
            raise ValueError(f"must be an address such as https://open.feishu.cn{_HOOK_PATH}... and nothing else")
        if parts.username is not None or parts.password is not None:
            raise ValueError("must not hold a user or a password")
        if host in LOOPBACK and parts.scheme in ("http", "https"):
            return value
        if parts.scheme != "https":
            raise ValueError("must be https: who reads the address on its way can post into the group")
        if not f".{host}".endswith(_HOOK_DOMAINS) and (not host or parts.netloc != ours.netloc):
            raise ValueError("must be on feishu.cn or larksuite.com, or where base_url is")
        return value

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
        if parts.scheme == "http" and parts.hostname not in LOOPBACK:
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
    def bot(self) -> str:
        """The app on its cloud: two connections of one app share its events at random, and its rates."""
        return f"{self.app_id} at {self.api_url}" if self.app_id else ""

    @property
    def api_url(self) -> str:
        """Where the open platform is, without a slash at the end."""
        return self.base_url or _HOSTS[self.domain.value]

    @property
    def accounts_url(self) -> str:
        """Where people authorise an app."""
        return self.base_url or _ACCOUNTS_HOSTS[self.domain.value]

    @property
    def console_url(self) -> str:
        """Where the app's settings are."""
        own = self.base_url is not None and self.base_url.startswith("https:")
        return f"{self.api_url if own else _HOSTS[self.domain.value]}/app/{self.app_id}"


def _has_good_port(parts: SplitResult) -> bool:
    try:
        return parts.port != 0
    except ValueError:
        return False


def _is_custom_bot(given: Mapping[str, Any]) -> bool:
    if "mode" in given:
        return bool(given["mode"] == Mode.CUSTOM_BOT.value)
    return "webhook_url" in given and "app_id" not in given
