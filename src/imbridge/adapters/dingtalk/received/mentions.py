"""Who is called in a group.

Source: open.dingtalk.com, "receive messages of a robot": `isInAtList` says whether the robot is called, `atUsers` lists
everybody who is, the robot too, by `dingtalkId` and, for people of the organisation, `staffId`; neither has a name. The
call of the robot is taken out of a text (rich text of some clients keeps it), the others stay in it as `@name`.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from imbridge.adapters.dingtalk.received.facts import Facts, text_of
from imbridge.protocol import Element, Mention, Text

_CALL = re.compile(r"(?<!\S)@(?P<name>[^\s@]+)")


def with_mentions(told: Facts, elements: Sequence[Element]) -> tuple[tuple[Element, ...], tuple[Mention, ...]]:
    """The elements, with those who are called in their places, and those whose place is not known.

    The platform says who is called, the text says by what names: only when one person can be meant by one call it is
    known who that is. Where the text stands, nothing of it changes.
    """
    if not told.in_group:
        return tuple(elements), ()
    called = _called(told)
    in_place = {element.id for element in elements if isinstance(element, Mention) and element.id}
    missing = [mention for mention in called if mention.id not in in_place]
    own = [mention for mention in missing if mention.is_self]
    placed = tuple(_known(told, element) for element in elements)
    # Of a text the platform has taken the call of the robot out.
    wanted = missing if told.data.get("msgtype") == "richText" else [one for one in missing if not one.is_self]
    if len(wanted) == 1:
        found = _with_the_only_one(placed, wanted[0])
        if found is not None:
            return found, tuple(one for one in missing if one is not wanted[0])
    others = [mention for mention in missing if not mention.is_self]
    return placed, (*own, *others)


def _called(told: Facts) -> list[Mention]:
    """Everybody who is called, each once; the robot first."""
    robot, listed = told.robot, told.data.get("atUsers")
    people: dict[str, Mention] = {}
    in_list = False
    entries = [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
    for entry in entries:
        other, staff = text_of(entry, "dingtalkId"), text_of(entry, "staffId")
        if other and other == robot:
            in_list = True
        elif identity := staff or other:
            people.setdefault(identity, Mention(id=identity))
    said = told.data.get("isInAtList")
    # Without either, the rule holds that a robot gets what calls it, and nothing else.
    if said is True or in_list or (said is None and not entries):
        return [_ourselves(robot, told.me.name), *people.values()]
    return list(people.values())


@lru_cache(maxsize=100)
def _ourselves(robot: str, name: str) -> Mention:
    """The same one each time: it is frozen."""
    return Mention(id=robot, name=name, is_self=True, is_bot=True)


def _known(told: Facts, element: Element) -> Element:
    """A call that rich text has by its id: whether it is ours."""
    if isinstance(element, Mention) and element.id and element.id == told.robot:
        return _ourselves(element.id, element.name)
    return element


def _with_the_only_one(elements: Sequence[Element], who: Mention) -> tuple[Element, ...] | None:
    """The elements with this person where somebody is called, if there is one such place."""
    places = [*_places(elements)]
    if len(places) != 1:
        return None
    number, start, end, name = places[0]
    there = Mention(id=who.id, name=name, is_self=who.is_self, is_bot=who.is_bot)
    element = elements[number]
    if not isinstance(element, Text):
        return (*elements[:number], there, *elements[number + 1 :])
    before, after = element.text[:start], element.text[end:]
    around: list[Element] = [Text(before)] if before else []
    around.append(there)
    if after:
        around.append(Text(after))
    return (*elements[:number], *around, *elements[number + 1 :])


def _places(elements: Sequence[Element]) -> Iterator[tuple[int, int, int, str]]:
    """Where somebody is called whose id is not known: the element, begin and end in its text, the name."""
    for number, element in enumerate(elements):
        if isinstance(element, Mention) and not element.id:
            yield number, 0, 0, element.name
        elif isinstance(element, Text) and "@" in element.text:
            for match in _CALL.finditer(element.text):
                yield number, match.start(), match.end(), match["name"]
