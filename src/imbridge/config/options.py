"""The settings of the bridge itself, whatever the platforms."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from imbridge.config.zones import DEFAULT_ZONE, zone_of
from imbridge.protocol.overlap import LONGEST_DEBOUNCE

LISTEN = r"^\S+:[0-9]{1,5}$"
"""An address and a port; an IPv6 address stands in brackets. A port alone would open it to every network there is."""


class Language(StrEnum):
    """Language of what the bridge itself says in a chat (help, refusals, failures)."""

    ENGLISH = "en"
    CHINESE = "zh"


class ThinkingMode(StrEnum):
    """What becomes of what a skill thinks (`Thinking`)."""

    APART = "apart"
    """Shown where the platform keeps it apart from the answer; elsewhere left out."""
    SHOW = "show"
    """Shown everywhere; where there is no place for it, in the answer, as a quote."""
    HIDE = "hide"
    """Left out."""


class Durability(StrEnum):
    """What becomes of messages when the process ends."""

    DURABLE = "durable"
    """They are kept in a storage, and the next process goes on with them."""
    MEMORY = "memory"
    """They are lost; nothing is written to disk."""


class OnUnclear(StrEnum):
    """What becomes of something that may have arrived, where the platform does not recognise a repetition."""

    AT_LEAST_ONCE = "at_least_once"
    """It is sent again: people may see it twice."""
    AT_MOST_ONCE = "at_most_once"
    """It is not sent again: people may never see it."""


class OnMissedWindow(StrEnum):
    """What becomes of an answer when what it answers cannot be answered any more."""

    PUSH = "push"
    """It is sent unasked, where the platform lets the bot do that; else it fails, and says so."""
    WAIT = "wait"
    """It waits until somebody writes there again, and is an answer to that; it is not sent unasked."""
    FAIL = "fail"
    """It fails, and says so; it is not sent unasked."""
    PUSH_OR_WAIT = "push_or_wait"
    """It is sent unasked, where the platform lets the bot do that; else it waits until somebody writes there again."""

    @property
    def pushes(self) -> bool:
        """Whether an answer may be sent unasked."""
        return self in (OnMissedWindow.PUSH, OnMissedWindow.PUSH_OR_WAIT)

    @property
    def waits(self) -> bool:
        """Whether what can be said only when somebody writes is kept until then."""
        return self in (OnMissedWindow.WAIT, OnMissedWindow.PUSH_OR_WAIT)


class LogLevel(StrEnum):
    """How much the command line logs."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class LogFormat(StrEnum):
    """How the command line writes its log."""

    TEXT = "text"
    JSON = "json"


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _zone(value: str) -> str:
    return zone_of(value).key


def _words(value: Any) -> Any:
    """A list, or its items in one text with blanks between them."""
    return value.split() if isinstance(value, str) else value


class BridgeOptions(BaseModel):
    """How a bridge works. In a file these stand under `bridge:`.

    Every option may be written in `snake_case` or `camelCase`, or come from the environment variable `IMBRIDGE_` plus
    its name in capitals (`IMBRIDGE_LOG_LEVEL`).

    Attributes:
        command_prefix: What a command starts with: `/weather`.
        max_lanes: Conversations of one account that are worked on at the same time; more of them wait.
        lane_length: Messages that may wait in one conversation before the platform is told to retry later.
        max_waiting: Messages that may wait in all conversations of one account before its platform has to retry later.
        durability: `durable` keeps messages in a storage: the one that is named, or SQLite in the user's data
            directory. `memory` keeps nothing, whatever storage is named in the settings.
        grace: Seconds that running skills get to finish when the bridge stops.
        stale_after: Seconds after which a message that arrives late is no longer answered.
        debounce: Seconds for which a message is held for what the same person says next in the conversation: quick
            successive messages become one. 0: none is held.
        typing_after: Seconds after which a message whose answer takes longer gets the typing sign; None: never.
        strict: Nothing is sent that would be shown otherwise than meant, unless a reply says `strict=False`.
        retry_for: Seconds for which something is tried again that the platform does not take for passing reasons; 0:
            not beyond the account's `send_timeout`.
        on_unclear: What becomes of something that may have arrived, where the platform does not recognise a repetition:
            `at_least_once` sends it again, `at_most_once` does not.
        on_missed_window: What becomes of an answer when what it answers cannot be answered any more: `push` sends it
            unasked where the bot may do that and else fails, `wait` keeps it until somebody writes there again, `fail`
            fails, `push_or_wait` keeps what cannot be sent unasked.
        missed_window_for: Seconds for which it is kept at most.
        dead_target_for: Seconds for which nothing is sent to a chat that the platform says is gone, unless something
            comes from there; 0: each send is tried.
        stop_words: What the person for whom a skill works says to stop it: nothing but the word, in any case. Empty: no
            word does.
        choices_last: Seconds for which the numbered choices of a card that had to be text can be answered.
        thinking: What becomes of what skills think: `apart` shows it where the platform keeps it apart from the answer,
            `show` everywhere, `hide` nowhere.
        language: Language of what the bridge itself says.
        listen: Where `bridge.run()` and `imbridge run` serve callbacks, if an account has any: `address:port`. The
            default is for a reverse proxy on the same machine, which has the certificate.
        state: File (SQLite) of what accounts have to know again after a restart: cards that are not finished, calls of
            the month. Made when it is missing. Left out, it is where the storage keeps things.
        media_hosts: Hosts and networks of your own from which media may be fetched by address: `files.corp`, `*.corp`,
            `10.1.0.0/16`. Without them it is the open network alone.
        bots: Whether bots of this bridge that share a group hear each other's calls.
        bot_hops: Calls from bot to bot that may follow one message of a person.
        bot_turns: Bots' messages that are taken in one group within `bot_window`.
        bot_window: Seconds.
        bot_notice: What is said in a group, once, when bots are stopped there; empty: nothing is said.
        same_chats: Groups that are one and the same, each as the addresses that the accounts have of it. For platforms
            where every bot sees another id of a group.
        time_zone: Of schedules that name none.
        log_level: How much the command line logs. The library configures no logging.
        log_format: `text` for people, `json` for log collectors.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, alias_generator=to_camel, populate_by_name=True
    )

    env_prefix: ClassVar[str] = "IMBRIDGE_"

    command_prefix: str = Field(default="/", min_length=1, max_length=8, pattern=r"^\S+$")
    max_lanes: int = Field(default=256, ge=1)
    lane_length: int = Field(default=200, ge=1)
    max_waiting: int = Field(default=10_000, ge=1)
    durability: Annotated[Durability, BeforeValidator(_lower)] = Durability.DURABLE
    grace: float = Field(default=10.0, ge=0, allow_inf_nan=False)
    stale_after: float = Field(default=1800.0, gt=0, allow_inf_nan=False)
    debounce: float = Field(default=0.0, ge=0, le=LONGEST_DEBOUNCE, allow_inf_nan=False)
    typing_after: float | None = Field(default=1.0, ge=0, allow_inf_nan=False)
    strict: bool = False
    retry_for: float = Field(default=3600.0, ge=0, allow_inf_nan=False)
    on_unclear: Annotated[OnUnclear, BeforeValidator(_lower)] = OnUnclear.AT_LEAST_ONCE
    on_missed_window: Annotated[OnMissedWindow, BeforeValidator(_lower)] = OnMissedWindow.PUSH
    missed_window_for: float = Field(default=86_400.0, gt=0, allow_inf_nan=False)
    dead_target_for: float = Field(default=600.0, ge=0, allow_inf_nan=False)
    stop_words: tuple[Annotated[str, Field(pattern=r"\S", max_length=40)], ...] = ("停止", "停", "stop")
    choices_last: float = Field(default=24 * 3600.0, gt=0, allow_inf_nan=False)
    thinking: Annotated[ThinkingMode, BeforeValidator(_lower)] = ThinkingMode.APART
    language: Annotated[Language, BeforeValidator(_lower)] = Language.ENGLISH
    listen: str = Field(default="127.0.0.1:8000", pattern=LISTEN)
    state: Path | None = None
    media_hosts: tuple[str, ...] = ()
    bots: bool = True
    bot_hops: int = Field(default=3, ge=1)
    bot_turns: int = Field(default=20, ge=1)
    bot_window: float = Field(default=600.0, gt=0, allow_inf_nan=False)
    bot_notice: str = ""
    same_chats: tuple[Annotated[tuple[str, ...], BeforeValidator(_words)], ...] = ()
    time_zone: Annotated[str, AfterValidator(_zone)] = DEFAULT_ZONE
    log_level: Annotated[LogLevel, BeforeValidator(_lower)] = LogLevel.INFO
    log_format: Annotated[LogFormat, BeforeValidator(_lower)] = LogFormat.TEXT
