"""Media wherever they stand in a reply: beside texts, in cards, as the still picture of a video."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from imbridge.protocol import Card, Element, Media, Text, Video

_MAY_HAVE = (Media, Card)


def may_have_media(elements: Sequence[Element]) -> bool:
    """False for nearly all of what bots say: texts."""
    if len(elements) == 1 and type(elements[0]) is Text:
        return False
    return any(type(element) is not Text and isinstance(element, _MAY_HAVE) for element in elements)


def media_in(elements: Iterable[Element]) -> Iterator[Media]:
    """All of them, in order."""
    for element in elements:
        if isinstance(element, Media):
            if isinstance(element, Video) and element.cover_image is not None:
                yield element.cover_image
            yield element
        elif isinstance(element, Card):
            yield from _inside(element.body)


def _inside(value: Any) -> Iterator[Media]:
    if isinstance(value, Media):
        yield value
    elif isinstance(value, BaseModel):
        for item in value.__dict__.values():
            yield from _inside(item)
    elif isinstance(value, tuple | list):
        for item in value:
            yield from _inside(item)


def with_media(elements: tuple[Element, ...], others: Mapping[int, Element | None]) -> tuple[Element, ...]:
    """The elements with some of their media replaced.

    Args:
        elements: As they are.
        others: What stands in place of a medium, by its `id()`; None where nothing does.
    """
    return tuple(_replaced(elements, others)) if others else elements


def _replaced(value: Any, others: Mapping[int, Element | None]) -> Any:
    if isinstance(value, Media) and id(value) in others:
        other = others[id(value)]
        if isinstance(value, Video) and isinstance(other, Media):
            cover = _replaced(value.cover_image, others)
            return other.model_copy(update={"cover_image": cover}) if cover is not value.cover_image else other
        return other
    if isinstance(value, BaseModel):
        changes = {
            name: changed
            for name, item in value.__dict__.items()
            if isinstance(item, BaseModel | tuple) and (changed := _replaced(item, others)) is not item
        }
        return value.model_copy(update=changes) if changes else value
    if isinstance(value, tuple):
        items = [(item, _replaced(item, others)) for item in value]
        if all(item is changed for item, changed in items):
            return value
        return tuple(changed for _, changed in items if changed is not None)
    return value
