"""Plain functions as skills: what `@bridge.on_message`, `@bridge.on_event` and `@bridge.command` make."""

import inspect
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from imbridge.protocol import Event, SkillError
from imbridge.skills.base import BaseSkill
from imbridge.skills.conditions import AnyMessage, Condition, EventOf
from imbridge.skills.parameters import wanted_parameters
from imbridge.skills.triggers import CONDITIONS, command, event_classes


class FunctionSkill(BaseSkill):
    """A skill with one handler: a function.

    Args:
        function: Async or plain; it names what it wants (see `triggers`).
        conditions: When it is asked.
        name: Default: the function's name.
        priority: Higher is asked first.
        unverified: It is also told of clicks that carry no seal.
        on_overlap: As `BaseSkill.on_overlap`; None: `queue`.

    Raises:
        SkillError: it wants what the conditions cannot fill.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        conditions: tuple[Condition, ...],
        *,
        name: str | None = None,
        priority: int = 0,
        unverified: bool = False,
        on_overlap: str | None = None,
    ) -> None:
        if not callable(function):
            raise SkillError(f"{function!r} is not a function; write the decorator directly above `async def`")
        summary = (inspect.getdoc(function) or "").strip().partition("\n")[0]
        super().__init__(
            name=name if name is not None else str(getattr(function, "__name__", type(function).__name__)),
            description=summary,
            priority=priority,
            on_overlap=on_overlap,
        )
        for condition in conditions:
            wanted_parameters(function, condition.allowed, str(condition))
        self.function = function
        self.conditions = conditions
        self.hears_unverified = unverified

    def __imbridge_declared__(self) -> Iterator[tuple[str, Callable[..., Any], tuple[Condition, ...]]]:
        """Its one handler."""
        yield getattr(self.function, "__name__", self.name), self.function, self.conditions


def message_skill(
    function: Callable[..., Any], *, name: str | None = None, priority: int = 0, on_overlap: str | None = None
) -> FunctionSkill:
    """A skill that is asked for every message, or when the triggers on the function say so."""
    conditions = getattr(function, CONDITIONS, ()) or (AnyMessage(),)
    return FunctionSkill(function, conditions, name=name, priority=priority, on_overlap=on_overlap)


def event_skill(
    function: Callable[..., Any],
    *kinds: str | type[Event],
    name: str | None = None,
    priority: int = 0,
    unverified: bool = False,
) -> FunctionSkill:
    """A skill that is asked for these events; `unverified`: also for clicks that carry no seal."""
    return FunctionSkill(
        function, (EventOf(event_classes(*kinds)),), name=name, priority=priority, unverified=unverified
    )


def command_skill(
    function: Callable[..., Any],
    command_name: str,
    *,
    aliases: Iterable[str] = (),
    usage: str = "",
    summary: str | None = None,
    name: str | None = None,
    priority: int = 10,
    on_overlap: str | None = None,
) -> FunctionSkill:
    """A skill with one command. Its priority is above 0, or a skill that takes every message would hide it."""
    condition = command(command_name, aliases, usage, summary, function)
    return FunctionSkill(function, (condition,), name=name, priority=priority, on_overlap=on_overlap)
