"""Handlers as the dispatcher calls them: everything that can be found out beforehand is."""

import asyncio
import inspect
import re
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any

from imbridge.protocol import SkillError
from imbridge.protocol.overlap import LONGEST_DEBOUNCE, Overlap
from imbridge.skills.base import BaseSkill
from imbridge.skills.conditions import AnyMessage, Condition, Match, Matcher
from imbridge.skills.parameters import EVENT_VALUES, MESSAGE_VALUES, wanted_parameters
from imbridge.skills.triggers import CONDITIONS

_NAME = re.compile(r"\w[\w.-]{0,63}")
_HANDLE_MESSAGE = "handle_message"
_LAST = 99

Call = Callable[[Any, Match | None], Awaitable[Any] | Any]
"""Gives a handler a message or event and what its condition found."""


@dataclass(frozen=True, slots=True)
class BoundHandler:
    """One handler of one skill.

    Attributes:
        skill: Whose.
        name: Method or function, for errors.
        condition: When it is asked.
        match: Its condition's matcher; None always matches.
        call: Calls it; gives an awaitable or an async generator.
    """

    skill: BaseSkill
    name: str
    condition: Condition
    match: Matcher | None
    call: Call


def bind_handlers(skill: BaseSkill, prefix: str) -> tuple[BoundHandler, ...]:
    """Check a skill and find its handlers, in the order they are tried.

    Raises:
        SkillError: it is not a usable skill; the message says what to write.
    """
    check_skill(skill)
    found: list[tuple[int, BoundHandler]] = []
    for name, function, conditions in declared_handlers(skill):
        for condition in conditions:
            names = wanted_parameters(function, condition.allowed, str(condition))
            call = _call_by_name(function, names, condition)
            handler = BoundHandler(skill, name, condition, condition.matcher(prefix), call)
            found.append((condition.rank, handler))
    catch_all = getattr(skill, _HANDLE_MESSAGE, None)
    if catch_all is not None and not getattr(catch_all, CONDITIONS, ()):
        found.append((_LAST, BoundHandler(skill, _HANDLE_MESSAGE, AnyMessage(), None, _call_with_message(catch_all))))
    if not found:
        raise SkillError(
            f"skill {skill.name!r} ({type(skill).__name__}) has no handler; write "
            "`async def handle_message(self, msg): return ...`, or mark a method with @on_command, @on_event, ..."
        )
    return tuple(handler for _, handler in sorted(found, key=lambda pair: pair[0]))


def check_skill(skill: object) -> None:
    """Refuse what is not a skill or has a name that cannot be used.

    Raises:
        SkillError: with what to write instead.
    """
    if isinstance(skill, type) and issubclass(skill, BaseSkill):
        raise SkillError(f"{skill.__name__} is a class; write {skill.__name__}() to add the skill")
    if not isinstance(skill, BaseSkill):
        raise SkillError(f"{skill!r} is not a skill; derive its class from imbridge.BaseSkill")
    name: object = skill.name  # those without a type checker give anything
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise SkillError(
            f'{type(skill).__name__} has the name {skill.name!r}; write name = "..." with 1 to 64 letters, digits, '
            "'_', '-' or '.', as permissions and logs refer to it"
        )
    for attribute in ("description", "version"):
        if not isinstance(getattr(skill, attribute), str):
            raise SkillError(f'skill {skill.name!r}: {attribute} must be a string; write {attribute} = "..."')
    if not isinstance(skill.priority, int):
        raise SkillError(f"skill {skill.name!r}: priority must be a whole number; higher is asked first")
    if skill.on_overlap not in tuple(Overlap):
        known = ", ".join(f'"{one}"' for one in Overlap)
        raise SkillError(f"skill {skill.name!r}: on_overlap is {skill.on_overlap!r}; write one of {known}")
    debounce: object = skill.debounce
    if debounce is not None and not (
        isinstance(debounce, int | float) and not isinstance(debounce, bool) and 0 <= debounce <= LONGEST_DEBOUNCE
    ):
        raise SkillError(
            f"skill {skill.name!r}: debounce is {debounce!r}; write seconds from 0 to {LONGEST_DEBOUNCE:g}, or None"
        )


def declared_handlers(skill: BaseSkill) -> Iterator[tuple[str, Callable[..., Any], tuple[Condition, ...]]]:
    """The marked methods, bases first, in the order they are written; an unmarked override takes a handler away."""
    own = getattr(skill, "__imbridge_declared__", None)
    if own is not None:
        yield from own()
        return
    names = dict.fromkeys(name for cls in reversed(type(skill).__mro__) for name in cls.__dict__)
    for name in names:
        # looked up without running properties
        static = inspect.getattr_static(type(skill), name, None)
        function = static.__func__ if isinstance(static, staticmethod | classmethod) else static
        conditions = getattr(function, CONDITIONS, ())
        if conditions and inspect.isroutine(function):
            yield name, getattr(skill, name), conditions


def awaitable(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function itself, or one that runs it in a thread when it is not async."""
    # an object with `async def __call__` is as good as an async function
    target = function if inspect.isroutine(function) else getattr(function, "__call__", function)  # noqa: B004 - the method itself is looked at
    for each in (function, target):
        if inspect.iscoroutinefunction(each) or inspect.isasyncgenfunction(each):
            return function
    if inspect.isgeneratorfunction(function) or inspect.isgeneratorfunction(target):
        where = getattr(function, "__qualname__", repr(function))
        raise SkillError(f"{where} is a plain generator; write `async def` to make a stream of what it yields")

    def guarded(*args: Any, **values: Any) -> Any:
        try:
            return function(*args, **values)
        except StopIteration as error:  # a future cannot hold it: whoever waits would wait for ever
            raise RuntimeError("the handler raised StopIteration") from error

    def in_thread(*args: Any, **values: Any) -> Awaitable[Any]:
        return asyncio.to_thread(guarded, *args, **values)

    return in_thread


def _call_by_name(function: Callable[..., Any], names: tuple[str, ...], condition: Condition) -> Call:
    call = awaitable(function)
    values = EVENT_VALUES if condition.for_events else MESSAGE_VALUES
    if not names:
        return lambda item, match: call()
    if len(names) == 1 and names[0] in ("msg", "message", "event"):
        only = names[0]
        return lambda item, match: call(**{only: item})
    getters = tuple((name, values.get(name)) for name in names)

    def with_values(item: Any, match: Match | None) -> Any:
        arguments = {}
        for name, get in getters:
            if match is not None and name in match:
                arguments[name] = match[name]
            elif get is not None:
                arguments[name] = get(item)
        return call(**arguments)

    return with_values


def _call_with_message(function: Callable[..., Any]) -> Call:
    """`handle_message` gets the message by position, whatever it calls it; further parameters by name."""
    allowed = AnyMessage().allowed
    names = wanted_parameters(function, allowed, _HANDLE_MESSAGE, skip=1)
    try:
        inspect.signature(function).bind(None, **dict.fromkeys(names))
    except TypeError as error:
        raise SkillError(
            f"handle_message must take the message; write async def handle_message(self, msg) ({error})"
        ) from error
    call = awaitable(function)
    if not names:
        return lambda item, match: call(item)
    getters = tuple((name, MESSAGE_VALUES[name]) for name in names)
    return lambda item, match: call(item, **{name: get(item) for name, get in getters})
