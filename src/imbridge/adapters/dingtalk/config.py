"""Settings of a DingTalk account: an app's robot, or the custom robot of a group."""

import re
from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Any, ClassVar, Literal, Self
from urllib.parse import parse_qs, urlsplit

from pydantic import Field, SecretStr, ValidationInfo, field_validator, model_validator

from imbridge.adapters.envelope import is_key
from imbridge.config import AccountConfig
from imbridge.transport import Rate
from imbridge.transport.hosts import LOOPBACK

_API = "https://api.dingtalk.com"
_OAPI = "https://oapi.dingtalk.com"
_LOGIN = "https://login.dingtalk.com"
_TOKEN = re.compile(r"[A-Za-z0-9]{16,128}")
_HOST = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+")
_HOOK_PATH = "/robot/send"
AI_CARD = "02fcf2f4-5e02-4a85-b672-46d1f715543e.schema"
"""The platform's own template of an AI card, which every organisation has."""


class Mode(StrEnum):
    """What sort of account it is."""

    STREAM = "stream"
    """An app's robot over stream: messages, events and clicks on one long connection."""
    CALLBACK = "callback"
    """An app's robot over HTTP callbacks; see docs/dingtalk.md for why stream is better."""
    CUSTOM_ROBOT = "custom_robot"
    """The custom robot of one group: it only sends."""


class DingTalkConfig(AccountConfig):
    """One app's robot or one custom robot.

    Attributes:
        mode: `stream` unless `webhook_url` is all there is; `callback` has to be asked for.
        client_id: The app: Client ID, of old AppKey or SuiteKey.
        client_secret: Its secret: Client Secret, of old AppSecret.
        robot_code: The app's robot; the client id when left out, which it is for apps of the organisation's own.
        links: Permanent connections, 1 or 2. The platform never sends a message again: with two of them a connection
            that breaks costs only what was on its way on it.
        token: Of the encrypted event callback, mode `callback`.
        aes_key: Of the encrypted event callback, mode `callback`.
        corp_id: The organisation, where the platform does not tell: the receiver of encrypted events when the console
            encrypts for the organisation, and people's logins.
        webhook_url: Address of a custom robot, or its access token alone. Who has it can post into the group.
        sign_secret: The custom robot's secret (`SEC...`), if its security setting is the signature.
        base_url: Replaces the API's address, tests and dedicated deployments.
        oapi_url: Replaces the older API's address.
        login_url: Replaces the address of the login page.
        session_hosts: Hosts that a message's session webhook may name. An answer is posted to no other.
        reply_by: `webhook` answers by a message's session webhook while it lives, which counts against no budget;
            `api` always uses the API, whose messages can be recalled.
        stream_by: `card` shows a growing answer as an AI card, one call for each state; `message` sends it when done.
        card_template: Template of the AI card.
        card_text: The template's variable that holds the text.
        interactive_template: Template of cards with buttons that call back, made on the card platform; without one,
            such cards become action cards or text. Its variables are told in docs/dingtalk.md.
        api_rate: Calls of one API; the platform allows an app 20 a second.
        robot_rate: Messages of a custom robot; the platform allows 20 a minute, and silences it for 10 when it is more.
        monthly_calls: What the organisation may call in a month (10,000 in the free edition); 0 when not limited.
        send_timeout: Seconds after which a message that the platform keeps refusing for passing reasons is given up.
        download_limit: Bytes of a received file that are fetched at most.
        download_timeout: Seconds in which a received file has to be there, with all attempts.
    """

    platform: ClassVar[str] = "dingtalk"
    env_prefix: ClassVar[str] = "DINGTALK_"
    also_written: ClassVar[Mapping[str, str]] = {
        "app_key": "client_id",
        "appKey": "client_id",
        "app_secret": "client_secret",
        "appSecret": "client_secret",
        "encoding_aes_key": "aes_key",
        "encodingAesKey": "aes_key",
    }

    mode: Mode = Field(default=Mode.STREAM, description="stream, callback or custom_robot")
    client_id: str = Field(
        default="", validate_default=True, description="developer console: the app > Credentials > Client ID"
    )
    client_secret: SecretStr = Field(
        default=SecretStr(""),
        validate_default=True,
        description="developer console: the app > Credentials > Client Secret",
    )
    robot_code: str = Field(default="", description="developer console: the app > Robot > RobotCode")
    links: int = Field(default=1, ge=1, le=2)
    token: SecretStr | None = Field(
        default=None, description="developer console: the app > Events and callbacks > HTTP push > token"
    )
    aes_key: SecretStr | None = Field(
        default=None, description="developer console: the app > Events and callbacks > HTTP push > aes_key"
    )
    corp_id: str = Field(default="", description="developer console: the organisation's CorpId, top right")
    webhook_url: SecretStr | None = Field(
        default=None, validate_default=True, description="in the group: Group settings > Robots > the robot > Webhook"
    )
    sign_secret: SecretStr | None = Field(
        default=None, description="in the group: the robot > Security settings > Additional signature"
    )
    base_url: str = Field(default=_API, description="http(s) address of the API, for tests")
    oapi_url: str = Field(default=_OAPI, description="http(s) address of the older API, for tests")
    login_url: str = Field(default=_LOGIN, description="http(s) address of the login page, for tests")
    session_hosts: tuple[str, ...] = ("oapi.dingtalk.com", "api.dingtalk.com")
    reply_by: Literal["webhook", "api"] = "webhook"
    stream_by: Literal["card", "message"] = "card"
    card_template: str = Field(default=AI_CARD, min_length=1)
    card_text: str = Field(default="msgContent", min_length=1)
    interactive_template: str = ""
    api_rate: str = "20/1.1s"
    robot_rate: str = "20/61s"
    monthly_calls: int = Field(default=10_000, ge=0)
    send_timeout: float = Field(default=120.0, gt=0)
    download_limit: int = Field(default=100 << 20, gt=0)
    download_timeout: float = Field(default=120.0, gt=0, allow_inf_nan=False)

    @classmethod
    def needs(cls, given: Mapping[str, Any]) -> tuple[str, ...]:
        """What each mode cannot do without."""
        return ("webhook_url",) if _mode_of(given) is Mode.CUSTOM_ROBOT else ("client_id", "client_secret")

    @classmethod
    def accounts_among(cls, given: Collection[str]) -> Mapping[str, Collection[str]]:
        """An app and a custom robot, as far as variables name them: `default` and `robot`, when there are both."""
        if "mode" in given or not (_APP & set(given) and "webhook_url" in given):
            return {"default": given}
        return {
            "default": [field for field in given if field not in _ROBOT],
            "robot": [field for field in given if field not in _APP],
        }

    @model_validator(mode="before")
    @classmethod
    def _find_mode(cls, given: Any) -> Any:
        if not isinstance(given, Mapping):
            return given
        plain = cls.set_fields(given)
        return {**given, "mode": _mode_of(plain)} if "mode" not in plain else given

    @field_validator("client_id", "client_secret", "token", "aes_key", "webhook_url", "sign_secret")
    @classmethod
    def _check_there(cls, value: Any, info: ValidationInfo) -> Any:
        return cls.check_there(value, info)

    @field_validator("aes_key")
    @classmethod
    def _check_aes_key(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not is_key(value.get_secret_value()):
            raise ValueError("must be the aes_key of the event callback: 43 letters and digits")
        return value

    @field_validator("webhook_url")
    @classmethod
    def _check_webhook_url(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if value is None:
            return None
        if info.data.get("mode") is not Mode.CUSTOM_ROBOT:
            raise ValueError("is for mode custom_robot; a group's robot is an account of its own, beside an app's")
        hook_token(value.get_secret_value())
        return value

    @field_validator("sign_secret")
    @classmethod
    def _check_sign_secret(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if value is not None and info.data.get("mode") is not Mode.CUSTOM_ROBOT:
            raise ValueError("signs what is posted to a custom robot's webhook_url, and there is none")
        return value

    @field_validator("session_hosts")
    @classmethod
    def _check_session_hosts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        hosts = tuple(host.lower() for host in value)
        if not all(_HOST.fullmatch(host) for host in hosts):
            raise ValueError("must be names of hosts, such as oapi.dingtalk.com, without https:// and paths")
        return hosts

    @field_validator("base_url", "oapi_url", "login_url")
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

    @field_validator("api_rate", "robot_rate")
    @classmethod
    def _check_rate(cls, value: str) -> str:
        Rate.parse(value)
        return value

    @model_validator(mode="after")
    def _check_callback(self) -> Self:
        if (self.token is None) != (self.aes_key is None):
            raise ValueError("token and aes_key belong together: both stand in the event callback's settings")
        if self.token is not None and self.mode is not Mode.CALLBACK:
            raise ValueError("token and aes_key are for mode callback; stream gets its events on the connection")
        if self.links > 1 and self.mode is not Mode.STREAM:
            raise ValueError("links is for mode stream: there are no connections in the others")
        return self

    @property
    def robot(self) -> str:
        """The code of the app's robot."""
        return self.robot_code or self.client_id

    @property
    def bot(self) -> str:
        """The app: its messages are shared out among all connections it has."""
        return "" if self.mode is Mode.CUSTOM_ROBOT else f"{self.client_id} at {self.base_url}"


_ROBOT = frozenset({"webhook_url", "sign_secret"})
_APP = frozenset({"client_id", "client_secret", "robot_code", "links", "token", "aes_key"})
"""What tells the two sorts of account apart."""


def _mode_of(given: Mapping[str, Any]) -> Mode:
    if "mode" in given:
        return next((mode for mode in Mode if mode.value == given["mode"]), Mode.STREAM)
    return Mode.CUSTOM_ROBOT if _ROBOT & set(given) and "client_id" not in given else Mode.STREAM


def hook_token(address: str) -> str:
    """The access token in a custom robot's address, or the address itself when it is one.

    Raises:
        ValueError: it is neither; the message does not repeat it.
    """
    if _TOKEN.fullmatch(address):
        return address
    parts = urlsplit(address)
    tokens = parse_qs(parts.query).get("access_token", [])
    host = parts.hostname or ""
    safe = host in LOOPBACK or (parts.scheme == "https" and host == urlsplit(_OAPI).hostname)
    if parts.path != _HOOK_PATH or len(tokens) != 1 or not _TOKEN.fullmatch(tokens[0]) or not safe:
        raise ValueError(f"must be an address such as {_OAPI}{_HOOK_PATH}?access_token=..., or the token alone")
    return tokens[0]
