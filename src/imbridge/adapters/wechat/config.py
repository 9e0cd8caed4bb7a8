"""Settings of a WeChat Official Account."""

from collections.abc import Mapping
from typing import ClassVar, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationInfo, field_validator, model_validator

from imbridge.adapters.envelope import is_key
from imbridge.config import AccountConfig
from imbridge.transport.hosts import LOOPBACK

_API = "https://api.weixin.qq.com"
_OPEN = "https://open.weixin.qq.com"


class WeChatConfig(AccountConfig):
    """One Official Account, a subscription account or a service account.

    Attributes:
        app_id: AppID, `wx...`.
        app_secret: AppSecret.
        token: Of callbacks. An account without it only sends.
        aes_key: EncodingAESKey of callbacks. With it, callbacks have to be encrypted, in the modes that the console
            calls safe or compatible; without it they are plain, and nothing but HTTPS protects what is in them.
        allow_plain: Take plain callbacks although there is an `aes_key`: for the moment at which the mode is changed.
        base_url: Replaces the API's address: tests, and the platform's other regions (`https://sh.api.weixin.qq.com`).
        open_url: Replaces the address of web authorisation, where people agree.
        passive_reply: Seconds that a callback may wait for the skill's answer, which then is the answer to the callback
            itself. An account that is not certified has no other way to speak. The platform cuts the connection after
            5 seconds. 0 answers at once and empty.
        customer_service: Whether the account may send customer-service messages: service accounts and certified
            subscription accounts may. True: what is late goes that way. False: a callback whose answer is late stays
            without one, so that the platform calls again, three times in all; which gives a skill some 14 seconds, and
            every message one answer. Left out, both are done until the platform has said which of them is right.
        stable_token: Take access tokens from `stable_token`, which other programs with the same AppID can use at the
            same time, and not from `token`, where each new token ends the older one.
        more: The word by which a follower of an account without customer-service messages gets what could not be said
            yet: the rest of a long answer, or one that came too late. They are told so. Empty: it is not kept.
        welcome: What somebody who begins to follow is told when no skill says anything.
        send_timeout: Seconds after which a message that the platform keeps refusing for passing reasons is given up.
        download_limit: Bytes of a received file that are fetched at most.
        download_timeout: Seconds in which a received file has to be there, with all attempts.
    """

    platform: ClassVar[str] = "wechat"
    env_prefix: ClassVar[str] = "WECHAT_"
    also_written: ClassVar[Mapping[str, str]] = {
        "encoding_aes_key": "aes_key",
        "encodingAesKey": "aes_key",
        "secret": "app_secret",
    }

    app_id: str = Field(description="mp.weixin.qq.com > Settings & Development > Basic Configuration > AppID")
    app_secret: SecretStr = Field(
        description="mp.weixin.qq.com > Settings & Development > Basic Configuration > AppSecret"
    )
    token: SecretStr | None = Field(
        default=None, description="mp.weixin.qq.com > Basic Configuration > Server Configuration > Token"
    )
    aes_key: SecretStr | None = Field(
        default=None, description="mp.weixin.qq.com > Basic Configuration > Server Configuration > EncodingAESKey"
    )
    allow_plain: bool = False
    base_url: str = Field(default=_API, description="http(s) address of the API")
    open_url: str = Field(default=_OPEN, description="http(s) address of web authorisation")
    passive_reply: float = Field(default=4.0, ge=0.0, le=4.5)
    customer_service: bool | None = None
    stable_token: bool = True
    more: str = Field(default="继续", max_length=20)
    welcome: str = Field(default="", max_length=600)
    send_timeout: float = Field(default=120.0, gt=0)
    download_limit: int = Field(default=100 << 20, gt=0)
    download_timeout: float = Field(default=120.0, gt=0, allow_inf_nan=False)

    @field_validator("app_id", "app_secret")
    @classmethod
    def _check_there(cls, value: str | SecretStr, info: ValidationInfo) -> str | SecretStr:
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        if not text.strip():
            raise ValueError(f"missing ({cls.model_fields[str(info.field_name)].description})")
        return value

    @field_validator("token", "aes_key")
    @classmethod
    def _empty_is_none(cls, value: SecretStr | None) -> SecretStr | None:
        return value if value is not None and value.get_secret_value() else None

    @field_validator("aes_key")
    @classmethod
    def _check_aes_key(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not is_key(value.get_secret_value()):
            raise ValueError("must be the EncodingAESKey: 43 letters and digits")
        return value

    @field_validator("base_url", "open_url")
    @classmethod
    def _check_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.username is not None or parts.password is not None:
            raise ValueError("must not hold a user or a password")
        if parts.scheme not in ("https", "http") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError(f"must be an address such as {_API}")
        if parts.scheme == "http" and parts.hostname not in LOOPBACK:
            raise ValueError("must be https: the secret would cross the network in the clear")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _check_callback(self) -> Self:
        if self.token is None and self.aes_key is not None:
            raise ValueError("aes_key is for callbacks, which need token too: both stand in the server configuration")
        if self.token is None and self.welcome:
            raise ValueError("welcome answers callbacks, which need token")
        return self

    @property
    def bot(self) -> str:
        """The account."""
        return f"{self.app_id} at {self.base_url}"
