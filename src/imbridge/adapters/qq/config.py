"""Settings of a QQ bot."""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationInfo, field_validator, model_validator

from imbridge.adapters.qq.intents import DEFAULT, INTENTS
from imbridge.config import AccountConfig
from imbridge.transport import Rate
from imbridge.transport.hosts import LOOPBACK

_API = "https://api.sgroup.qq.com"
_SANDBOX = "https://sandbox.api.sgroup.qq.com"
_TOKEN = "https://bots.qq.com/app/getAppAccessToken"  # noqa: S105 - an address
MOST_SHARDS = 256


class Mode(StrEnum):
    """How the platform's events come."""

    GATEWAY = "gateway"
    """Over the gateway's websocket."""
    WEBHOOK = "webhook"
    """To a callback address."""


class QQConfig(AccountConfig):
    """One bot.

    Attributes:
        mode: `gateway` unless `webhook` is asked for, which the console has to be told, too.
        app_id: The bot: AppID.
        secret: Its AppSecret.
        sandbox: Uses the sandbox's API.
        api_base_url: Replaces the API's address (newer clients use https://api.bot.qq.com), and for tests.
        token_url: Replaces the address that gives access tokens.
        intents: Which events the gateway sends, by name. What the bot may not have makes it refuse all of them: what is
            set here is taken at its word, and fewer are asked for only when this is left out.
        shards: Connections that share the events; `auto` asks the platform how many.
        markdown: `auto` sends Markdown and buttons until the platform says that the bot may not, and text from then
            on; `on` and `off` do not ask.
        after_window: Is no more: the bridge's `on_missed_window` decides for all platforms.
        wait_most: Is no more: the bridge's `missed_window_for` decides for all platforms.
        media_urls: `fetch`: what is at an address is fetched here, through the guard, and uploaded; `hand_over`: QQ is
            told the address and fetches it itself.
        audit_wait: Seconds for which the receipt of a message waits for an audit of it.
        api_rate: Calls of one API.
        send_timeout: Seconds after which a message that the platform keeps refusing for passing reasons is given up.
        download_limit: Bytes of a received file that are fetched at most.
        download_timeout: Seconds in which a received file has to be there, with all attempts.
    """

    platform: ClassVar[str] = "qq"
    env_prefix: ClassVar[str] = "QQ_"
    also_written: ClassVar[Mapping[str, str]] = {
        "appid": "app_id",
        "app_secret": "secret",
        "appSecret": "secret",
        "client_secret": "secret",
        "clientSecret": "secret",
        "AppID": "app_id",
        "AppSecret": "secret",
    }

    mode: Mode = Field(default=Mode.GATEWAY, description="gateway or webhook")
    app_id: str = Field(default="", validate_default=True, description="q.qq.com > the bot > Development > AppID")
    secret: SecretStr = Field(
        default=SecretStr(""), validate_default=True, description="q.qq.com > the bot > Development > AppSecret"
    )
    sandbox: bool = False
    api_base_url: str = Field(default="", description="http(s) address of the API, for tests")
    token_url: str = Field(default=_TOKEN, description="http(s) address that gives access tokens, for tests")
    intents: tuple[str, ...] = DEFAULT
    shards: int | Literal["auto"] = "auto"
    markdown: Literal["auto", "on", "off"] = "auto"
    after_window: None = Field(default=None, exclude=True, repr=False)
    wait_most: None = Field(default=None, exclude=True, repr=False)
    media_urls: Literal["fetch", "hand_over"] = "fetch"
    audit_wait: float = Field(default=60.0, ge=0)
    api_rate: str = "50/1.1s"
    send_timeout: float = Field(default=120.0, gt=0)
    download_limit: int = Field(default=100 << 20, gt=0)
    download_timeout: float = Field(default=120.0, gt=0, allow_inf_nan=False)

    @field_validator("after_window", "wait_most", mode="before")
    @classmethod
    def _say_what_to_write(cls, value: Any, info: ValidationInfo) -> None:
        if value is None:
            return
        if info.field_name == "wait_most":
            raise ValueError("is no more: write it as missed_window_for in the section bridge")
        if value == "refuse":
            raise ValueError("is no more: leave it out, for that is the default (on_missed_window: push)")
        raise ValueError("is no more: write on_missed_window: push_or_wait in the section bridge, for all platforms")

    @classmethod
    def needs(cls, given: Mapping[str, Any]) -> tuple[str, ...]:
        """What a bot cannot do without."""
        return ("app_id", "secret")

    @field_validator("app_id", mode="before")
    @classmethod
    def _read_number(cls, value: Any) -> Any:
        """Without quotes it is a number to YAML."""
        return str(value) if isinstance(value, int) and not isinstance(value, bool) else value

    @field_validator("app_id", "secret")
    @classmethod
    def _check_there(cls, value: Any, info: ValidationInfo) -> Any:
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        if not text:
            raise ValueError(f"missing ({cls.model_fields[str(info.field_name)].description})")
        if info.field_name == "app_id" and not (text.isascii() and text.isdigit()):
            raise ValueError("must be digits")
        return value

    @field_validator("api_base_url", "token_url")
    @classmethod
    def _check_address(cls, value: str, info: ValidationInfo) -> str:
        if not value and info.field_name == "api_base_url":
            return value
        parts = urlsplit(value)
        if parts.username is not None or parts.password is not None:
            raise ValueError("must not hold a user or a password")
        if parts.scheme not in ("https", "http") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError(f"must be an address such as {_API}")
        if parts.scheme == "http" and parts.hostname not in LOOPBACK:
            raise ValueError("must be https: the secret would cross the network in the clear")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _check_mode(self) -> "QQConfig":
        if self.mode is Mode.WEBHOOK:
            for name in ("intents", "shards"):
                if name in self.model_fields_set:
                    raise ValueError(f"{name} is for mode gateway; for webhooks the console says which events come")
        return self

    @field_validator("shards", mode="before")
    @classmethod
    def _check_shards(cls, value: Any) -> int | str:
        if value == "auto":
            return "auto"
        text = str(value)
        if isinstance(value, bool) or not (re.fullmatch(r"[0-9]{1,3}", text) and 1 <= int(text) <= MOST_SHARDS):
            raise ValueError(f"must be auto or a number from 1 to {MOST_SHARDS}")
        return int(text)

    @field_validator("intents")
    @classmethod
    def _check_intents(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        unknown = [name[:40] for name in value if name not in INTENTS]
        if unknown or not value:
            raise ValueError(f"must be some of {', '.join(INTENTS)}, not {', '.join(unknown[:3]) or 'none'}")
        return value

    @field_validator("api_rate")
    @classmethod
    def _check_rate(cls, value: str) -> str:
        Rate.parse(value)
        return value

    @property
    def base_url(self) -> str:
        """The API's address."""
        return self.api_base_url or (_SANDBOX if self.sandbox else _API)

    @property
    def bot(self) -> str:
        """The bot: its sessions push one another out."""
        return f"{self.app_id} at {self.base_url}"
