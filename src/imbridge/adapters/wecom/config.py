"""Settings of a WeCom account: a self-built app, a smart bot, or the robot of a group."""

import re
from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Any, ClassVar, Self
from urllib.parse import SplitResult, parse_qs, urlsplit

from pydantic import Field, SecretStr, ValidationInfo, field_validator, model_validator

from imbridge.adapters.envelope import is_key
from imbridge.config import AccountConfig
from imbridge.transport import Rate
from imbridge.transport.hosts import LOOPBACK

_API = "https://qyapi.weixin.qq.com"
_BOT = "wss://openws.work.weixin.qq.com"
_OAUTH = "https://open.weixin.qq.com"
_LOGIN = "https://login.work.weixin.qq.com"
_KEY = re.compile(r"[A-Za-z0-9_-]{8,128}")
_HOOK_PATH = "/cgi-bin/webhook/send"


class Mode(StrEnum):
    """What sort of account it is."""

    APP = "app"
    """A self-built app: callbacks in, `message/send` out."""
    BOT = "bot"
    """A smart bot over its long connection."""
    BOT_CALLBACK = "bot_callback"
    """A smart bot over HTTP callbacks."""
    GROUP_ROBOT = "group_robot"
    """The robot of one group: it only sends."""


class WeComConfig(AccountConfig):
    """One self-built app, one smart bot or one group robot.

    Attributes:
        mode: When left out it is what the other settings are for: `corp_id` an app, `bot_id` a smart bot over its long
            connection, `token` and `aes_key` alone a smart bot over callbacks, `webhook_url` a group robot.
        corp_id: The corp; apps need it.
        secret: The app's.
        agent_id: The app's number.
        token: Of callbacks. An app without it only sends.
        aes_key: EncodingAESKey of callbacks.
        bot_id: The smart bot; needed for its long connection.
        bot_secret: Its secret for the long connection.
        webhook_url: Address of a group's robot, or its key alone. Who has it can post into the group.
        base_url: Replaces the API's address: private deployments and tests.
        bot_url: Replaces the address of the long connection.
        oauth_url: Replaces the address of the page that tells who somebody is, inside WeCom.
        login_url: Replaces the address of the page on which somebody logs in with WeCom.
        contacts_secret: The secret of the address book's synchronisation, which alone is told the userids of all
            members (`contacts.user_ids`).
        passive_reply: Seconds that an app's callback may wait for the skill's answer, which is then its own answer and
            saves a call; the platform cuts the connection after 5. 0 answers at once and sends by `message/send`.
        markdown: How an app shows Markdown: `markdown` needs the WeCom client (it is not shown in WeChat), `text` is
            shown everywhere.
        duplicate_check: Sends `enable_duplicate_check`, and a `duplicate_check_interval` that differs from message to
            message but not between attempts, so that an attempt that may have arrived can be repeated. That the
            platform compares the whole request, the interval too, is unverified: were it not so, two equal messages
            within half an hour would be one.
        bot_name: What a smart bot is called: a call of it in a group is plain text, `@Name`. When left out, a call that
            a group's message begins with is taken for one of the bot, for it hears nothing else there.
        feedback: People can rate a smart bot's answers: `FeedbackGiven`.
        welcome: What a smart bot says to somebody who opens the chat for the first time in a day, when no skill does.
        member_rate: Messages to one member; the platform drops what is more, silently (30 a minute, 1,000 an hour).
        member_hour_rate: The second of the two.
        group_rate: An app's messages into one group; the platform gives each member 200 a minute and 10,000 a day out
            of all groups, and drops what is more, silently.
        group_day_rate: The second of the two.
        api_rate: Calls of one API; the platform allows 10,000 a minute.
        robot_rate: Messages of a group robot; the platform allows 20 a minute.
        stream_window: Seconds for which a smart bot's answer may grow; then the rest is a message of its own.
        send_timeout: Seconds after which a message that the platform keeps refusing for passing reasons is given up.
        download_limit: Bytes of a received file that are fetched at most.
        download_timeout: Seconds in which a received file has to be there, with all attempts.
    """

    platform: ClassVar[str] = "wecom"
    env_prefix: ClassVar[str] = "WECOM_"
    also_written: ClassVar[Mapping[str, str]] = {"encoding_aes_key": "aes_key", "encodingAesKey": "aes_key"}
    also_section: ClassVar[str] = "wechat_enterprise"

    mode: Mode = Field(default=Mode.APP, description="app, bot, bot_callback or group_robot")
    corp_id: str = Field(
        default="", validate_default=True, description="admin console: My Company > Company information > Company ID"
    )
    secret: SecretStr = Field(
        default=SecretStr(""), validate_default=True, description="admin console: App Management > the app > Secret"
    )
    agent_id: int = Field(
        default=0, ge=0, validate_default=True, description="admin console: App Management > the app > AgentId"
    )
    token: SecretStr | None = Field(
        default=None,
        validate_default=True,
        description="admin console: the app > Receive messages > API receive > Token",
    )
    aes_key: SecretStr | None = Field(
        default=None,
        validate_default=True,
        description="admin console: the app > Receive messages > API receive > EncodingAESKey",
    )
    bot_id: str = Field(
        default="", validate_default=True, description="smart bot > API mode > long connection > Bot ID"
    )
    bot_secret: SecretStr = Field(
        default=SecretStr(""), validate_default=True, description="smart bot > API mode > long connection > Secret"
    )
    webhook_url: SecretStr | None = Field(
        default=None, validate_default=True, description="in the group: Group Robots > the robot > Webhook URL"
    )
    base_url: str = Field(default=_API, description="http(s) address of the API, for private deployments and tests")
    bot_url: str = Field(default=_BOT, description="ws(s) address of the smart bots' long connection")
    oauth_url: str = Field(default=_OAUTH, description="http(s) address of the authorisation page, for tests")
    login_url: str = Field(default=_LOGIN, description="http(s) address of the login page, for tests")
    contacts_secret: SecretStr | None = Field(
        default=None, description="admin console: Security and Management > Management Tools > Contacts Sync > Secret"
    )
    passive_reply: float = Field(default=0.0, ge=0.0, le=4.5)
    markdown: bool = True
    duplicate_check: bool = False
    bot_name: str = ""
    feedback: bool = False
    welcome: str = Field(default="", max_length=2000)
    member_rate: str = "30/61s"
    member_hour_rate: str = "1000/3660s"
    group_rate: str = "200/61s"
    group_day_rate: str = "10000/86460s"
    api_rate: str = "10000/61s"
    robot_rate: str = "20/61s"
    stream_window: float = Field(default=330.0, gt=0, le=600)
    send_timeout: float = Field(default=120.0, gt=0)
    download_limit: int = Field(default=100 << 20, gt=0)
    download_timeout: float = Field(default=120.0, gt=0, allow_inf_nan=False)

    @classmethod
    def needs(cls, given: Mapping[str, Any]) -> tuple[str, ...]:
        """What each mode cannot do without."""
        return _NEEDS.get(_mode_of(given), _NEEDS[Mode.APP])

    @classmethod
    def accounts_among(cls, given: Collection[str]) -> Mapping[str, Collection[str]]:
        """An app, a smart bot and a group's robot, as far as variables name them.

        The first of them is `default`, the others are `bot` and `robot`. `token` and `aes_key` are the app's, if there
        is one; what belongs to none of them belongs to all. With a `mode` there is one account.
        """
        callbacks = "app" if _OWN["app"] & set(given) else "bot"
        own = {name: fields | _CALLBACK if name == callbacks else fields for name, fields in _OWN.items()}
        kinds = [name for name, fields in own.items() if fields & set(given)]
        if len(kinds) < 2 or "mode" in given:
            return {"default": given}
        accounts: dict[str, Collection[str]] = {}
        for kind in kinds:
            others = frozenset().union(*(fields for name, fields in own.items() if name != kind))
            accounts[kind if accounts else "default"] = [field for field in given if field not in others]
        return accounts

    @model_validator(mode="before")
    @classmethod
    def _find_mode(cls, given: Any) -> Any:
        if not isinstance(given, Mapping):
            return given
        plain = cls.set_fields(given)
        return {**given, "mode": _mode_of(plain)} if "mode" not in plain else given

    @field_validator(
        "corp_id", "secret", "agent_id", "token", "aes_key", "bot_id", "bot_secret", "webhook_url", "contacts_secret"
    )
    @classmethod
    def _check_there(cls, value: Any, info: ValidationInfo) -> Any:
        return cls.check_there(value, info)

    @field_validator("aes_key")
    @classmethod
    def _check_aes_key(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not is_key(value.get_secret_value()):
            raise ValueError("must be the EncodingAESKey: 43 letters and digits")
        return value

    @field_validator("webhook_url")
    @classmethod
    def _check_webhook_url(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if value is None or not value.get_secret_value():
            return None
        if info.data.get("mode") is not Mode.GROUP_ROBOT:
            raise ValueError("is for mode group_robot; a group's robot is an account of its own, beside an app's")
        hook_key(value.get_secret_value())
        return value

    @field_validator("base_url", "bot_url", "oauth_url", "login_url")
    @classmethod
    def _check_address(cls, value: str, info: ValidationInfo) -> str:
        secure, plain = ("wss", "ws") if info.field_name == "bot_url" else ("https", "http")
        parts = urlsplit(value)
        if parts.username is not None or parts.password is not None:
            raise ValueError("must not hold a user or a password")
        if parts.scheme not in (secure, plain) or not parts.hostname or parts.query or parts.fragment:
            raise ValueError(f"must be an address such as {_BOT if secure == 'wss' else _API}")
        if parts.scheme == plain and parts.hostname not in LOOPBACK:
            raise ValueError(f"must be {secure}: the secret would cross the network in the clear")
        return value.rstrip("/")

    @field_validator("member_rate", "member_hour_rate", "group_rate", "group_day_rate", "api_rate", "robot_rate")
    @classmethod
    def _check_rate(cls, value: str) -> str:
        Rate.parse(value)
        return value

    @model_validator(mode="after")
    def _check_callback(self) -> Self:
        if (self.token is None) != (self.aes_key is None):
            raise ValueError("token and aes_key belong together: both stand in the callback's settings")
        if self.mode is Mode.APP and self.passive_reply and self.token is None:
            raise ValueError("passive_reply answers callbacks, which need token and aes_key")
        return self

    @property
    def bot(self) -> str:
        """The app or the smart bot: of a smart bot only one connection lives."""
        if self.mode is Mode.APP:
            return f"{self.corp_id}/{self.agent_id} at {self.base_url}"
        return f"{self.bot_id} at {self.bot_url}" if self.mode is Mode.BOT else ""


_NEEDS: dict[Mode, tuple[str, ...]] = {
    Mode.APP: ("corp_id", "secret", "agent_id"),
    Mode.BOT: ("bot_id", "bot_secret"),
    Mode.BOT_CALLBACK: ("token", "aes_key"),
    Mode.GROUP_ROBOT: ("webhook_url",),
}


_CALLBACK = frozenset({"token", "aes_key"})
_OWN: dict[str, frozenset[str]] = {
    "app": frozenset({"corp_id", "secret", "agent_id", "contacts_secret", "passive_reply"}),
    "bot": frozenset({"bot_id", "bot_secret"}),
    "robot": frozenset({"webhook_url"}),
}
"""What tells the sorts of account apart, by the names that they get beside one another."""


def _mode_of(given: Mapping[str, Any]) -> Mode:
    if "mode" in given:
        return next((mode for mode in Mode if mode.value == given["mode"]), Mode.APP)
    if "corp_id" in given or "secret" in given or "agent_id" in given:
        return Mode.APP
    if "bot_secret" in given:
        return Mode.BOT
    if "token" in given or "aes_key" in given:
        return Mode.BOT_CALLBACK
    if "bot_id" in given:
        return Mode.BOT
    return Mode.GROUP_ROBOT if "webhook_url" in given else Mode.APP


def hook_key(address: str) -> str:
    """The key in a group robot's address, or the address itself when it is a key.

    Raises:
        ValueError: it is neither; the message does not repeat it.
    """
    if _KEY.fullmatch(address):
        return address
    parts = urlsplit(address)
    keys = parse_qs(parts.query).get("key", [])
    if parts.path != _HOOK_PATH or len(keys) != 1 or not _KEY.fullmatch(keys[0]) or not _is_safe(parts):
        raise ValueError(f"must be an address such as {_API}{_HOOK_PATH}?key=..., or the key alone")
    return keys[0]


def _is_safe(parts: SplitResult) -> bool:
    """Only the key of an address is used, with `base_url`; another host in it would be a mistake that nobody sees."""
    host = parts.hostname or ""
    return host in LOOPBACK or (parts.scheme == "https" and host == urlsplit(_API).hostname)
