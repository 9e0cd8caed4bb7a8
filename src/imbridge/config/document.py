"""Values that know where they are written, so that an error can point there."""

import re
from dataclasses import dataclass, field, replace
from typing import Any

ENVIRONMENT = "environment"


@dataclass(frozen=True, slots=True)
class Node:
    """A value of a settings file or of the environment.

    Attributes:
        value: A scalar, a dict of nodes or a list of nodes; never shown in a repr, for it may be a secret.
        key: The dotted path of the setting, or the name of the environment variable.
        where: File and line (`imbridge.yaml:7`), or `environment`.
        text: A scalar as it is written. YAML reads `0123` and `1e5` as numbers; an id or a secret means the text.
        variables: The environment variables that were expanded into the value.
    """

    value: Any = field(repr=False)
    key: str
    where: str
    text: str = field(default="", repr=False)
    variables: tuple[str, ...] = ()

    @property
    def blank(self) -> bool:
        """True for nothing and for the empty text: both count as not set."""
        return self.value is None or self.value == ""

    @property
    def kind(self) -> str:
        """What it is, in words."""
        match self.value:
            case None:
                return "nothing"
            case bool():
                return "true or false"
            case int() | float():
                return "a number"
            case str():
                return "text"
            case dict():
                return "a mapping"
            case _:
                return "a list"

    def plain(self, *, as_text: bool = False) -> Any:
        """The value without positions.

        Args:
            as_text: Give numbers as the text they are written with.
        """
        if isinstance(self.value, dict):
            return {key: node.plain(as_text=as_text) for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain(as_text=as_text) for node in self.value]
        if as_text and isinstance(self.value, (int, float)) and not isinstance(self.value, bool):
            return self.text
        return self.value

    def leaves(self) -> "list[Node]":
        """All scalars in it."""
        if isinstance(self.value, dict):
            return [leaf for node in self.value.values() for leaf in node.leaves()]
        if isinstance(self.value, list):
            return [leaf for node in self.value for leaf in node.leaves()]
        return [self]

    def find(self, path: tuple[str | int, ...]) -> "Node":
        """The node at a path, or the last one on the way to it."""
        if path and isinstance(self.value, dict) and path[0] in self.value:
            child: Node = self.value[path[0]]
        elif path and isinstance(self.value, list) and isinstance(path[0], int) and path[0] < len(self.value):
            child = self.value[path[0]]
        else:
            return self
        return child.find(path[1:])

    def split(self) -> "Node":
        """The list that a text with commas stands for."""
        items = [item.strip() for item in re.split(r"[,，]", self.value)]
        nodes = [replace(self, value=item, text=item) for item in items if item]
        return replace(self, value=nodes)
