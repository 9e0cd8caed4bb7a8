"""Decorators that say when a method or function is asked.

A handler names what it wants and gets it. Of a message: `msg` (or `message`), `text`, `sender`, `channel`, `session`,
`elements`; of an event: `event`, `sender`, `channel`; and what its trigger found, as said below. Decorators can be
stacked: each of them then asks the handler.
"""

import inspect
import re
from collections.abc import Callable, Iterable
from typing import Any, TypeVar, overload

from imbridge.protocol import ELEMENT_TYPES, EVENT_TYPES, Element, Event, SkillError
from imbridge.skills.conditions import AnyMessage, Command, Condition, EventOf, HasElement, MentionsMe, Pattern
from imbridge.skills.parameters import wanted_parameters

Handler = TypeVar("Handler", bound=Callable[..., Any])

CONDITIONS = "__imbridge_conditions__"
"""The attribute of a handler that holds its conditions."""

_COMMAND_NAME = re.compile(r"\w[\w.:-]*")


@overload
def on_message(function: Handler, /) -> Handler: ...
@overload
def on_message() -> Callable[[Handler], Handler]: ...
def on_message(function: Handler | None = None, /) -> Handler | Callable[[Handler], Handler]:
    """Every message."""
    return _bare_or_called(AnyMessage(), function)


@overload
def on_mention(function: Handler, /) -> Handler: ...
@overload
def on_mention() -> Callable[[Handler], Handler]: ...
def on_mention(function: Handler | None = None, /) -> Handler | Callable[[Handler], Handler]:
    """A message that mentions us by name (`@all` does not)."""
    return _bare_or_called(MentionsMe(), function)


def on_command(
    name: str, *, aliases: Iterable[str] = (), usage: str = "", summary: str | None = None
) -> Callable[[Handler], Handler]:
    """A text that begins with a command: `/weather Beijing "New York"`.

    The prefix is the skill set's (`/` unless configured otherwise, also typed in full width, `／`); case does not
    matter. Fills `argument` (what follows, as one string) and `args` (split, see `split_arguments`).

    Args:
        name: Without prefix.
        aliases: Other names, without prefix.
        usage: What may follow, for the help: `<city> [days]`.
        summary: One line for the help. Default: the first line of the handler's docstring.

    Raises:
        SkillError: a name is empty or has white space or a prefix in it.
    """
    return lambda function: mark(function, command(name, aliases, usage, summary, function))


def command(
    name: str, aliases: Iterable[str], usage: str, summary: str | None, function: Callable[..., Any]
) -> Command:
    """The condition behind `on_command`."""
    if isinstance(aliases, str):
        raise SkillError(f"on_command({name!r}): aliases is one string; write aliases=({aliases!r},)")
    names = (name, *aliases)
    checked: tuple[object, ...] = names  # those without a type checker give anything
    for each in checked:
        if not isinstance(each, str) or not _COMMAND_NAME.fullmatch(each):
            raise SkillError(
                f"not a command name: {each!r}; write letters, digits, '_', '-', '.' or ':' without spaces and without "
                'the prefix, as on_command("weather")'
            )
    if summary is None:
        summary = (inspect.getdoc(function) or "").strip().partition("\n")[0]
    return Command(names=names, usage=usage, summary=summary)


def on_pattern(
    pattern: str | re.Pattern[str], flags: int = 0, *, full: bool = False, max_length: int = 2000
) -> Callable[[Handler], Handler]:
    """A text in which a regular expression is found. Fills `match`.

    Python's `re` cannot be stopped once it runs, and it runs on the event loop: some expressions (`(a+)+$`) need time
    exponential in the length of the text. The limit on the length keeps polynomial ones quick; against exponential
    ones only a better expression helps: no quantifier inside a quantifier.

    Args:
        pattern: Expression, or a compiled one.
        flags: Flags of `re`, for an expression that is not compiled.
        full: The whole text must match; otherwise it is searched for.
        max_length: Texts longer than this many characters are not looked at and do not match.

    Raises:
        SkillError: the expression does not compile.
    """
    try:
        compiled = re.compile(pattern, flags)
    except (re.error, ValueError, TypeError) as error:
        raise SkillError(f"on_pattern({pattern!r}): {error}; correct the expression or its flags") from error
    if not isinstance(compiled.pattern, str):
        raise SkillError(f"on_pattern({pattern!r}): messages are text; write a str pattern, not bytes")
    return lambda function: mark(function, Pattern(compiled, full, max_length))


def on_element(*kinds: str | type[Element]) -> Callable[[Handler], Handler]:
    """A message with an element of these kinds: `on_element("image", File)`.

    Fills `element` (the first) and `elements` (all of these kinds). `Media` stands for everything that is a file.

    Raises:
        SkillError: not an element's name or class.
    """
    classes = _classes("on_element", kinds, Element, ELEMENT_TYPES, 'on_element("image")')
    return lambda function: mark(function, HasElement(classes))


def on_event(*kinds: str | type[Event]) -> Callable[[Handler], Handler]:
    """An event of these classes: `on_event(ButtonClicked, "member_joined")`; `Event` stands for all.

    Raises:
        SkillError: not an event's name or class.
    """
    condition = EventOf(event_classes(*kinds))
    return lambda function: mark(function, condition)


def event_classes(*kinds: str | type[Event]) -> tuple[type[Event], ...]:
    """Event classes from classes and names.

    Raises:
        SkillError: not an event's name or class.
    """
    return _classes("on_event", kinds, Event, EVENT_TYPES, "on_event(ButtonClicked)")


def mark(function: Handler, condition: Condition) -> Handler:
    """Add a condition to a handler.

    Raises:
        SkillError: it is not a function, or wants what the condition cannot fill.
    """
    if isinstance(function, staticmethod | classmethod) or inspect.isclass(function) or not callable(function):
        raise SkillError(
            f"{condition} must stand directly above a function or method, not a {type(function).__name__}; "
            "put @staticmethod and @classmethod above it"
        )
    wanted_parameters(function, condition.allowed, str(condition))
    setattr(function, CONDITIONS, (condition, *getattr(function, CONDITIONS, ())))
    return function


def _bare_or_called(condition: Condition, function: Handler | None) -> Handler | Callable[[Handler], Handler]:
    if function is None:
        return lambda later: mark(later, condition)
    return mark(function, condition)


_Kind = TypeVar("_Kind", Element, Event)


def _classes(
    trigger: str, kinds: tuple[Any, ...], base: type[_Kind], known: dict[str, type[_Kind]], example: str
) -> tuple[type[_Kind], ...]:
    classes: list[type[_Kind]] = []
    for kind in kinds:
        if isinstance(kind, str) and kind in known:
            classes.append(known[kind])
        elif isinstance(kind, type) and issubclass(kind, base):
            classes.append(kind)
        else:
            shown = getattr(kind, "__name__", kind)
            raise SkillError(f"{trigger}({shown!r}): write {example}; names are {', '.join(sorted(known))}")
    if not classes:
        raise SkillError(f"{trigger}() needs to be told of what; write {example}")
    return tuple(classes)
