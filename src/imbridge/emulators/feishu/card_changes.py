"""Changes of a card entity's JSON, as the component APIs of CardKit make them.

Each function changes the card it is given or raises; callers give it a copy, so that a refused change changes nothing.
"""

from collections.abc import Iterable
from typing import Any

from imbridge.emulators.feishu.card_tree import CONTAINERS, Card, Element, Place, body_elements, find
from imbridge.emulators.feishu.errors import ApiError

POSITIONS = frozenset({"insert_before", "insert_after", "append"})
TEXT_TAGS = frozenset({"plain_text", "markdown"})


def add_elements(card: Card, position: Any, target_id: Any, elements: Any) -> None:
    """Adds components before or after a component, or at the end of the card or of a container.

    Raises:
        ApiError: 10002 for a wrong position, 300315 when there is no such target.
    """
    if position not in POSITIONS:
        raise ApiError(10002, f"type is one of {', '.join(sorted(POSITIONS))}")
    if not isinstance(elements, list) or not elements or not all(_is_element(one) for one in elements):
        raise ApiError(300315, "elements is not a list of components")
    if position == "append" and not target_id:
        body_elements(card).extend(elements)
        return
    if not isinstance(target_id, str) or not target_id:
        raise ApiError(10002, f"{position} needs a target_element_id")
    target = find(card, target_id)
    if target is None:
        raise ApiError(300315, f"there is no element {target_id}")
    if position == "append":
        field = CONTAINERS.get(target.element["tag"])
        if field is None:
            raise ApiError(300315, f"element {target_id} is no container")
        target.element.setdefault(field, []).extend(elements)
        return
    if target.siblings is None:
        raise ApiError(300315, f"element {target_id} is in no list of components")
    at = _index(target.siblings, target.element) + (position == "insert_after")
    target.siblings[at:at] = elements


def delete_element(card: Card, element_id: str) -> None:
    """Deletes a component and everything in it; ApiError 300314 when there is none."""
    place = find(card, element_id)
    if place is None:
        raise ApiError(300314, f"there is no element {element_id}")
    if place.siblings is not None:
        del place.siblings[_index(place.siblings, place.element)]
    elif place.holder is not None:
        del place.holder[place.key]


def delete_elements(card: Card, element_ids: Iterable[Any]) -> None:
    """Deletes several components."""
    for element_id in element_ids:
        delete_element(card, str(element_id))


def replace_element(card: Card, element_id: str, element: Any) -> None:
    """Puts another component in a component's place; ApiError 300121 when that fails."""
    place = find(card, element_id)
    if place is None:
        raise ApiError(300121, f"there is no element {element_id}")
    if not _is_element(element):
        raise ApiError(300121, "element is not a component")
    _put(place, element)


def patch_element(card: Card, element_id: str, fields: Any) -> None:
    """Changes single fields of a component; ApiError 300312 for its tag, 300313 when it fails otherwise."""
    place = find(card, element_id)
    if place is None:
        raise ApiError(300313, f"there is no element {element_id}")
    if not isinstance(fields, dict):
        raise ApiError(300313, "partial_element is not an object")
    if fields.get("tag", place.element["tag"]) != place.element["tag"]:
        raise ApiError(300312)
    place.element.update(fields)


def set_text(card: Card, element_id: str, text: str) -> None:
    """Sets the whole text of a text element; ApiError 300310 for other components, 300313 when there is none."""
    place = find(card, element_id)
    if place is None:
        raise ApiError(300313, f"there is no element {element_id}")
    if place.element["tag"] not in TEXT_TAGS:
        raise ApiError(300310)
    place.element["content"] = text


def change_settings(card: Card, settings: Any) -> None:
    """Changes `config` field by field, and `card_link`; ApiError 300122 when that fails."""
    if not isinstance(settings, dict) or not settings:
        raise ApiError(300122, "settings is not an object with config or card_link")
    for key, value in settings.items():
        if key not in {"config", "card_link"} or not isinstance(value, dict):
            raise ApiError(300122, f"{key} can not be changed here, or is not an object")
    if "config" in settings:
        card.setdefault("config", {}).update(settings["config"])
    if "card_link" in settings:
        card["card_link"] = settings["card_link"]


def _is_element(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("tag"), str)


def _index(siblings: list[Any], element: Element) -> int:
    # By identity: two components may be equal.
    return next(index for index, one in enumerate(siblings) if one is element)


def _put(place: Place, element: Element) -> None:
    if place.siblings is not None:
        place.siblings[_index(place.siblings, place.element)] = element
    elif place.holder is not None:
        place.holder[place.key] = element
