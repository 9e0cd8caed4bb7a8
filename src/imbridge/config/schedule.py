"""The `schedule:` section: what is said, or which skill is called, at which times."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic.alias_generators import to_camel

from imbridge.config.document import Node
from imbridge.config.missing import Missing
from imbridge.config.problems import Problems
from imbridge.config.reader import Reading
from imbridge.config.timing import Timing
from imbridge.config.when import seconds_of, timing_of
from imbridge.protocol import Address, Card, Markdown, Text

_FORM = 'a list such as [{name: morning, cron: "0 9 * * 1-5", to: feishu:work/group/oc_1, text: Good morning}]'
MOST_RETRIES = 10
METHOD = "scheduled"
"""The method of a skill that is called when none is named."""


class Missed(StrEnum):
    """What becomes of times at which nobody was there to do the job."""

    ONCE = "once"
    """It is done once for all of them."""
    SKIP = "skip"
    """Nothing."""
    ALL = "all"
    """It is done for each, 100 at most."""


class ScheduleSpec(BaseModel):
    """One entry of the section.

    Attributes:
        name: Its name; made of the rest when left out.
        cron: A cron expression.
        every: An interval, such as `10m`.
        at: A moment, such as `2026-12-01 09:00`.
        jitter: With `every`: how much later by chance, at most.
        time_zone: For `cron` and `at`; the option `time_zone` of the bridge when left out. `timezone` means the same.
        to: The address.
        text: What is said; or `markdown`, or `card`.
        markdown: The same in Markdown.
        card: The same as a card, as its fields.
        skill: A skill that is called for what is to be said.
        method: Its method.
        options: What it is given.
        missed: What becomes of times that were missed.
        timeout: With `skill`: how long it may take, such as `5m`.
        retries: With `skill`: how often it is asked again for the same time when it fails.
        where: File and line, for errors.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, alias_generator=to_camel, populate_by_name=True
    )
    also_written: ClassVar[Mapping[str, str]] = {"timezone": "time_zone"}

    name: str | None = Field(default=None, min_length=1)
    cron: str | None = None
    every: str | None = None
    at: str | None = None
    jitter: str | None = None
    time_zone: str | None = None
    to: str
    text: str | None = None
    markdown: str | None = None
    card: Card | None = None
    skill: str | None = None
    method: str | None = None
    options: dict[str, Any] | None = None
    missed: Missed = Missed.ONCE
    timeout: str | None = None
    retries: int = Field(default=0, ge=0, le=MOST_RETRIES)
    where: str = ""

    @field_validator("to")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        return Address(value)

    @model_validator(mode="after")
    def _makes_sense(self) -> "ScheduleSpec":
        if sum(each is not None for each in (self.text, self.markdown, self.card, self.skill)) != 1:
            raise ValueError("say what with exactly one of text, markdown, card and skill")
        if self.skill is None and (self.method is not None or self.options is not None):
            raise ValueError("method and options go with skill")
        if self.skill is None and (self.timeout is not None or self.retries):
            raise ValueError("timeout and retries go with skill")
        if self.timeout is not None:
            seconds_of(self.timeout)
        self.timing("UTC")
        return self

    def timing(self, usual_zone: str) -> Timing:
        """When it is due; `usual_zone` is the time zone where it names none."""
        return timing_of(
            cron=self.cron,
            every=self.every,
            at=self.at,
            jitter=self.jitter,
            time_zone=self.time_zone or usual_zone,
        )

    @property
    def content(self) -> Text | Markdown | Card | None:
        """What is said; None when a skill is asked."""
        if self.text is not None:
            return Text(self.text)
        return self.card if self.markdown is None else Markdown(self.markdown)


def read_schedule(reading: Reading, node: Node) -> tuple[ScheduleSpec, ...]:
    """Read the section; problems are noted."""
    if node.value is None:
        return ()
    if not isinstance(node.value, list):
        reading.problems.at(node, f"expected {_FORM}, found {node.kind}")
        return ()
    specs = [spec for item in node.value if (spec := _read_one(reading, item)) is not None]
    _check_names(reading.problems, node, specs)
    return tuple(specs)


def _read_one(reading: Reading, item: Node) -> ScheduleSpec | None:
    if not isinstance(item.value, dict):
        reading.problems.at(item, f"expected a mapping such as in {_FORM}, found {item.kind}")
        return None
    fields = reading.fields(ScheduleSpec, item)
    if "where" in fields:
        reading.problems.at(fields.pop("where"), "unknown key")
    made = reading.read(ScheduleSpec, [fields], Missing(item.key, item.where))
    return None if made is None else made.model_copy(update={"where": item.where})


def _check_names(problems: Problems, node: Node, specs: list[ScheduleSpec]) -> None:
    first: dict[str, ScheduleSpec] = {}
    for spec in specs:
        if spec.name is not None and first.setdefault(spec.name, spec) is not spec:
            text = f"there is one named {spec.name!r} already, at {first[spec.name].where}"
            problems.add(text, key=f"{node.key}.name", where=spec.where)
