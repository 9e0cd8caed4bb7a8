"""Reading the platform's JSON without trusting its shapes."""

from collections.abc import Iterator, Mapping
from typing import Any

Facts = Mapping[str, Any]


def text(facts: Facts, *names: str) -> str:
    """The first of these fields that holds a text or a number, as text."""
    for name in names:
        value = facts.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
            return str(value)
    return ""


def number(facts: Facts, name: str) -> int | None:
    """A whole number, which some fields write as text."""
    value = facts.get(name)
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def numbers(facts: Facts, name: str) -> tuple[int, ...]:
    """The whole numbers in a list."""
    return tuple(value for value in items(facts, name) if isinstance(value, int) and not isinstance(value, bool))


def texts(facts: Facts, name: str) -> tuple[str, ...]:
    """The texts in a list."""
    return tuple(value for value in items(facts, name) if isinstance(value, str))


def objects(facts: Facts, name: str) -> Iterator[dict[str, Any]]:
    """The objects in a list."""
    return (value for value in items(facts, name) if isinstance(value, dict))


def items(facts: Facts, name: str) -> list[Any]:
    """A list; empty where there is none."""
    value = facts.get(name)
    return value if isinstance(value, list) else []
