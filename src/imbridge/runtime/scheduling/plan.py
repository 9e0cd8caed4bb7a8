"""A job as it is planned: when, where, and what; and its form as a row of the storage."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from hashlib import blake2b
from typing import Any

from pydantic_core import PydanticSerializationError, from_json, to_json

from imbridge.config.account import AccountConfig
from imbridge.config.schedule import METHOD, MOST_RETRIES, Missed
from imbridge.config.timing import Every, Timing, timing_from
from imbridge.config.when import seconds_of
from imbridge.protocol import Address, Channel, Reply, to_reply
from imbridge.storage import Job
from imbridge.storage.codec import Codec

_LONGEST_NAME = 100
_MOST_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Call:
    """Whom to ask what is to be said.

    Attributes:
        skill: The skill's name; empty for a function that is declared on the bridge.
        method: Its method, or the name of the function.
        options: What it is given; JSON.
    """

    skill: str
    method: str = METHOD
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def words(self) -> str:
        """For people."""
        return f"{self.skill}.{self.method}" if self.skill else f"{self.method}()"


@dataclass(frozen=True)
class Plan:
    """A job.

    Attributes:
        owner: Whose it is, as `owner_of` says.
        name: Unique among those of a bridge.
        to: Where it is said.
        timing: When.
        missed: What becomes of times that were missed.
        reply: What is said; None when somebody is asked.
        call: Who is asked.
        declared: It is in the settings or the code: only a bridge that declares the same does it.
        timeout: Seconds that who is asked may take; None: as long as it takes.
        retries: How often it is asked again for the same time when it fails.
    """

    owner: str
    name: str
    to: Channel
    timing: Timing
    missed: Missed = Missed.ONCE
    reply: Reply | None = None
    call: Call | None = None
    declared: bool = False
    timeout: float | None = None
    retries: int = 0

    @property
    def key(self) -> str:
        """The name of its row."""
        return row_name(self.owner, self.name)

    @property
    def data(self) -> dict[str, Any]:
        """What is kept of it.

        Raises:
            ValueError: it cannot be kept; the message says why.
        """
        data: dict[str, Any] = {
            "to": self.to.address,
            "timing": self.timing.data,
            "missed": self.missed.value,
            "declared": self.declared,
        }
        if self.timeout is not None:
            data["timeout"] = self.timeout
        if self.retries:
            data["retries"] = self.retries
        try:
            if self.reply is not None:
                data["reply"] = from_json(Codec().dump_reply(self.reply))
            elif self.call is not None:
                data["call"] = {"skill": self.call.skill, "method": self.call.method, "options": self.call.options}
            written = to_json(data)
        except (ValueError, PydanticSerializationError) as error:
            raise ValueError(f"job {self.name!r} cannot be kept: {error}") from None
        if len(written) > _MOST_BYTES:
            raise ValueError(
                f"job {self.name!r} cannot be kept: it has {len(written)} bytes, {_MOST_BYTES} are allowed; "
                "name media by path or address"
            )
        kept: dict[str, Any] = from_json(written)
        return kept

    @classmethod
    def of(cls, job: Job) -> "Plan":
        """What a row says.

        Raises:
            ValueError: it cannot be read; a newer version may have written it.
        """
        try:
            owner, _, name = job.name.partition(" ")
            return cls(owner=owner, name=name, **_read(job.data))
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"it is not of a schedule ({type(error).__name__}: {error})") from None

    def begun(self, now: float) -> "Plan":
        """The same, with intervals that are counted from now unless it is said from when."""
        if isinstance(self.timing, Every) and self.timing.anchor is None:
            return replace(self, timing=replace(self.timing, anchor=now))
        return self

    def is_the_same(self, kept: "Plan") -> bool:
        """Whether a row is of this plan: it keeps its next time then."""
        if isinstance(self.timing, Every) and self.timing.anchor is None and isinstance(kept.timing, Every):
            kept = replace(kept, timing=replace(kept.timing, anchor=None))
        return self.data == kept.data


def _read(data: Any) -> dict[str, Any]:
    if ("call" in data) == ("reply" in data):
        raise ValueError("it does not say what is to be done")
    call = data.get("call")
    return {
        "to": Address(data["to"]).channel,
        "timing": timing_from(data["timing"]),
        "missed": Missed(data["missed"]),
        "reply": None if call is not None else Reply.model_validate(data["reply"]),
        "call": None if call is None else Call(call["skill"], call["method"], dict(call["options"])),
        "declared": data["declared"],
        "timeout": data.get("timeout"),
        "retries": data.get("retries", 0),
    }


def owner_of(account: AccountConfig) -> str:
    """Whose a job is: the account's, and of which bot it is one.

    Storages are shared, and two bots that know nothing of each other may both be called `feishu:default`.
    """
    bot = blake2b(account.bot.encode(), digest_size=4).hexdigest() if account.bot else ""
    return f"{account.key}#{bot}" if bot else account.key


def row_name(owner: str, name: str) -> str:
    """The name of a job's row."""
    return f"{owner} {name}"


def plan_of(
    name: str | None,
    to: Address | Channel | str,
    timing: Timing,
    account_of: Callable[[str], AccountConfig],
    *,
    content: Any = None,
    call: Call | None = None,
    missed: str = Missed.ONCE,
    declared: bool = False,
    timeout: float | str | timedelta | None = None,
    retries: int = 0,
) -> Plan:
    """A plan of what a program says; `account_of` finds the settings of an account key.

    Raises:
        ConfigError: there is no such account.
        ValueError: something of it cannot be; the message says what.
        SkillError: the content cannot be sent.
    """
    channel = to if isinstance(to, Channel) else Address(to).channel
    if (content is None) == (call is None):
        raise ValueError("say what with either content or skill")
    if callable(content):
        raise ValueError(  # noqa: TRY004 - as everything else that is wrong with it
            "a function is not kept; declare it with @bridge.scheduled, or name a skill"
        )
    reply = None if content is None else to_reply(content)
    if reply is not None and not reply:
        raise ValueError("there is nothing to say in it")
    if reply is not None and reply.key is not None:
        raise ValueError("a reply that is said again and again has no key of its own; leave it out")
    if name is not None and (not name.isprintable() or not 1 <= len(name) <= _LONGEST_NAME):
        raise ValueError(f"a job's name has 1 to {_LONGEST_NAME} characters that can be seen, not {name!r}")
    if call is None and (timeout is not None or retries):
        raise ValueError("timeout and retries go with skill")
    seconds = None if timeout is None else seconds_of(timeout)
    if seconds is not None and not 0 < seconds < math.inf:
        raise ValueError(f"timeout is a time such as 30s or 5m, not {timeout!r}")
    if not 0 <= retries <= MOST_RETRIES:
        raise ValueError(f"retries is a number from 0 to {MOST_RETRIES}, not {retries!r}")
    owner = owner_of(account_of(channel.account_key))
    plan = Plan(owner, name or "", channel, timing, Missed(missed), reply, call, declared, seconds, retries)
    return plan if name else replace(plan, name=_derived_name(plan))


def _derived_name(plan: Plan) -> str:
    """The same for the same plan: a program that plans it at each start plans it once."""
    return blake2b(to_json(plan.data), digest_size=5).hexdigest()
