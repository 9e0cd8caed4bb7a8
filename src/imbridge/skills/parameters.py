"""What a handler can ask for by naming a parameter."""

import inspect
from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any

from imbridge.protocol import SkillError


def _itself(item: Any) -> Any:
    return item


MESSAGE_VALUES: Mapping[str, Callable[[Any], Any]] = {
    "msg": _itself,
    "message": _itself,
    "text": attrgetter("text"),
    "sender": attrgetter("sender"),
    "channel": attrgetter("channel"),
    "session": attrgetter("session"),
    "elements": attrgetter("elements"),
}
"""For handlers of messages."""

EVENT_VALUES: Mapping[str, Callable[[Any], Any]] = {
    "event": _itself,
    "sender": attrgetter("actor"),
    "channel": attrgetter("channel"),
}
"""For handlers of events. There is no session: an event need not belong to a conversation."""


def wanted_parameters(
    function: Callable[..., Any], allowed: frozenset[str], trigger: str, *, skip: int = 0
) -> tuple[str, ...]:
    """The names a handler wants filled in.

    A leading `self` is not counted. A parameter with a default whose name means nothing here keeps its default.

    Args:
        function: The handler, or the method before it is bound.
        allowed: Names its trigger can fill.
        trigger: The trigger, for the error.
        skip: Leading parameters that are filled by position.

    Raises:
        SkillError: it names something else, or is written with `*args` or `**kwargs`.
    """
    where = getattr(function, "__qualname__", repr(function))
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError) as error:
        raise SkillError(f"{where} cannot be a handler: its parameters cannot be read ({error})") from error
    if parameters and parameters[0].name == "self":
        del parameters[0]
    names: list[str] = []
    for parameter in parameters[skip:]:
        by_name = parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
        if by_name and parameter.name in allowed:
            names.append(parameter.name)
        elif parameter.default is parameter.empty:
            shown = str(parameter).split(":")[0]
            raise SkillError(
                f"{where}: parameter {shown!r} cannot be filled by {trigger}; "
                f"name any of {', '.join(sorted(allowed))}, or give it a default"
            )
    return tuple(names)
