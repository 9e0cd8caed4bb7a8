"""Walking the JSON of a card: its components, where they are, and changing them.

A component or element is a JSON object with a `tag`
(https://open.feishu.cn/document/feishu-cards/card-json-v2-structure).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Card = dict[str, Any]
Element = dict[str, Any]

OPAQUE = frozenset({"value", "chart_spec", "rows", "template_variable", "icon"})
"""Fields whose content is data or decoration, not components."""

CONTAINERS = {
    "column_set": "columns",
    "column": "elements",
    "form": "elements",
    "interactive_container": "elements",
    "collapsible_panel": "elements",
}
"""The container tags and the field that holds what is in them."""


@dataclass(frozen=True, slots=True)
class Place:
    """One component and where it stands.

    Attributes:
        element: The component itself.
        path: The way to it as the platform writes it: `ROOT -> body -> elements -> [0](tag: div)`.
        inside: The tags around it, outermost first.
        siblings: The list it is in, or None when it is the value of a field.
        holder: The object whose field it is, when it is in no list.
        key: The name of that field.
    """

    element: Element
    path: str
    inside: tuple[str, ...]
    siblings: list[Any] | None
    holder: dict[str, Any] | None
    key: str


def is_v2(card: Card) -> bool:
    """Whether the card declares schema 2.0; without a declaration it is 1.0."""
    return card.get("schema") == "2.0"


def is_shared(card: Card) -> bool:
    """Whether a change of the card is for everybody: 2.0 cards and templates are, 1.0 cards say `update_multi`."""
    config = card.get("config")
    declared = config.get("update_multi") if isinstance(config, dict) else None
    return declared is True or (declared is None and (is_v2(card) or card.get("type") == "template"))


def body_elements(card: Card) -> list[Any]:
    """The components at the root of the card, in a list that is part of it."""
    holder = card.setdefault("body", {}) if is_v2(card) else card
    elements: list[Any] = holder.setdefault("elements", [])
    return elements


def places(node: Any, path: str = "ROOT", inside: tuple[str, ...] = ()) -> Iterator[Place]:
    """Every component below a node, in reading order, containers before what is in them."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key in OPAQUE:
                continue
            if isinstance(value, dict):
                yield from _at(value, f"{path} -> {key}", inside, None, node, key)
            elif isinstance(value, list):
                for index, item in enumerate(value):
                    yield from _at(item, f"{path} -> {key} -> [{index}]", inside, value, None, "")


def find(card: Card, element_id: str) -> Place | None:
    """The component with this `element_id`."""
    return next((place for place in places(card) if place.element.get("element_id") == element_id), None)


def _at(
    node: Any,
    path: str,
    inside: tuple[str, ...],
    siblings: list[Any] | None,
    holder: dict[str, Any] | None,
    key: str,
) -> Iterator[Place]:
    if isinstance(node, list):  # rows of rows, as in card messages that were read back
        for index, item in enumerate(node):
            yield from _at(item, f"{path} -> [{index}]", inside, node, None, "")
        return
    if not isinstance(node, dict):
        return
    tag = node.get("tag")
    if isinstance(tag, str):
        path = f"{path}(tag: {tag})"
        yield Place(node, path, inside, siblings, holder, key)
        inside = (*inside, tag)
    yield from places(node, path, inside)
