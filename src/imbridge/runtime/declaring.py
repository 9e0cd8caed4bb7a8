"""Declaring skills as plain functions: the decorators of a bridge."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import Any, TypeVar, overload

from imbridge.protocol import Event
from imbridge.skills import BaseSkill, command_skill, event_skill, message_skill

Handler = TypeVar("Handler", bound=Callable[..., Any])


class Declaring(ABC):
    """Makes skills of functions and hands them to `add_skill`."""

    @abstractmethod
    def add_skill(self, skill: BaseSkill) -> None:
        """Take a skill."""

    @overload
    def on_message(self, function: Handler, /) -> Handler: ...

    @overload
    def on_message(
        self, function: None = None, /, *, name: str | None = None, priority: int = 0, on_overlap: str | None = None
    ) -> Callable[[Handler], Handler]: ...

    def on_message(
        self,
        function: Handler | None = None,
        /,
        *,
        name: str | None = None,
        priority: int = 0,
        on_overlap: str | None = None,
    ) -> Handler | Callable[[Handler], Handler]:
        """Decorator: this function is asked for every message, or when its own triggers say so.

        Args:
            function: The function, when the decorator is used without parentheses.
            name: The skill's name; the function's when left out.
            priority: Higher is asked first.
            on_overlap: What becomes of a message while the function still works on an earlier one of the same person:
                `queue`, `latest` or `interrupt`, as `BaseSkill.on_overlap`.
        """

        def declare(declared: Handler) -> Handler:
            self.add_skill(message_skill(declared, name=name, priority=priority, on_overlap=on_overlap))
            return declared

        return declare if function is None else declare(function)

    def on_event(
        self, *kinds: type[Event], name: str | None = None, priority: int = 0, unverified: bool = False
    ) -> Callable[[Handler], Handler]:
        """Decorator: this function is asked for these events; for all when none is named.

        Args:
            kinds: The events' classes.
            name: The skill's name; the function's when left out.
            priority: Higher is asked first.
            unverified: Also for clicks that carry no seal: of cards in the platform's own JSON, or forged.
        """

        def declare(function: Handler) -> Handler:
            asked_for = kinds or (Event,)
            self.add_skill(event_skill(function, *asked_for, name=name, priority=priority, unverified=unverified))
            return function

        return declare

    def command(
        self,
        command: str,
        *,
        aliases: Iterable[str] = (),
        usage: str = "",
        summary: str | None = None,
        name: str | None = None,
        priority: int = 10,
        on_overlap: str | None = None,
    ) -> Callable[[Handler], Handler]:
        """Decorator: this function answers the command `/command`. Commands go before what takes every message."""

        def declare(function: Handler) -> Handler:
            self.add_skill(
                command_skill(
                    function,
                    command,
                    aliases=aliases,
                    usage=usage,
                    summary=summary,
                    name=name,
                    priority=priority,
                    on_overlap=on_overlap,
                )
            )
            return function

        return declare
