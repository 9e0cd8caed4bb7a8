"""Parts as composed → parts that fit, with what has to be written for them."""

import re
from collections.abc import Sequence
from functools import cache
from itertools import groupby

from imbridge.protocol import Capabilities, Degradation, Element, Image, Loss, Markdown, Text
from imbridge.rendering.compose import part_of
from imbridge.rendering.markdown import SOURCE, Dialect, parse, write
from imbridge.rendering.media import word_for
from imbridge.rendering.message import Read, WrittenMessage, can_show, people_lost, written
from imbridge.rendering.parts import Part, PartKind
from imbridge.rendering.run import Run
from imbridge.rendering.split import Build, Measure, split

_DEFINITION = re.compile(r"^[ ]{0,3}\[[^\[\]\n]{1,999}\]:", re.MULTILINE)
_LOSSES = {"mention": Loss.AS_TEXT, "mention_all": Loss.AS_TEXT, "emoji": Loss.AS_TEXT}


class Fitting:
    """Makes parts that fit out of those composed.

    Attributes:
        degradations: What that changed.
    """

    def __init__(self, capabilities: Capabilities, measure: Measure, dialects: Sequence[Dialect]) -> None:
        """As for `render`."""
        self._capabilities = capabilities
        self._measure = measure
        self._dialects = dialects
        self.degradations: list[Degradation] = []

    def fitted(self, part: Part) -> Sequence[Part]:
        """The part, or several where it is too long; none where nothing of it can be seen."""
        if part.kind.alone:
            return (part,)
        if part.kind is PartKind.MARKDOWN and self._dialects:
            return self._markdown(part.elements)
        return self._as_it_is(part)

    def _as_it_is(self, part: Part) -> Sequence[Part]:
        """A part for which nothing has to be written."""
        limit = self._capabilities.text_bytes if part.kind is PartKind.TEXT else self._capabilities.markdown_bytes
        if self._measure(part) <= limit:
            return (part,)
        kind = part.kind
        return self._split(part.elements, limit, lambda elements: Part(kind, elements))

    def _markdown(self, elements: tuple[Element, ...]) -> Sequence[Part]:
        """In the way that loses least of all of it, the first of several."""
        made: list[tuple[Dialect, PartKind, WrittenMessage]] = []
        read = cache(parse)
        for dialect in self._dialects:
            kind = self._kind_in(dialect, elements)
            write_in = _beside if kind is PartKind.RICH else written
            made.append((dialect, kind, write_in(elements, dialect, read=read)))
            if not made[-1][2].changed:
                break
        dialect, kind, whole = min(made, key=lambda one: (people_lost(one[2].changed), len(one[2].changed)))
        if kind is PartKind.RICH:
            self._tell(whole.changed, dialect.name)
            return self._as_it_is(Part(kind, elements))
        if any(_is_apart(one, dialect) for one in elements):
            return self._around_pictures(elements, dialect)
        return self._written(elements, dialect, whole)

    def _around_pictures(self, elements: Sequence[Element], dialect: Dialect) -> Sequence[Part]:
        """Pictures that the best way to show the rest has no place for are messages of their own."""
        parts: list[Part] = []
        for apart, group in groupby(elements, lambda element: _is_apart(element, dialect)):
            some = tuple(group)
            if apart:
                parts += [Part(PartKind.MEDIA, (one,)) for one in some]
            elif not all(map(_is_gap, some)):
                parts += self.fitted(part_of(some))
        return parts

    def _kind_in(self, dialect: Dialect, elements: tuple[Element, ...]) -> PartKind:
        """Rich where the platform shows what is no Markdown in its own right."""
        others = any(not isinstance(one, Markdown) and not _is_gap(one) for one in elements)
        return PartKind.RICH if others and dialect.beside and "rich" in self._capabilities.sends else PartKind.MARKDOWN

    def _written(self, elements: tuple[Element, ...], dialect: Dialect, whole: WrittenMessage) -> Sequence[Part]:
        limit = self._capabilities.markdown_bytes
        if not whole.text.strip():
            why = "nothing of it would be seen"
            self.degradations.append(Degradation(loss=Loss.DROPPED, what="markdown", how="left out", why=why))
            return ()
        made = Part(PartKind.MARKDOWN, elements, whole.text, dialect.name, frozenset(whole.changed))
        if self._measure(made) <= limit:
            self._tell(whole.changed, dialect.name)
            return (made,)
        changed_in: dict[str, dict[str, str]] = {}

        def build(some: tuple[Element, ...]) -> Part:
            one = written(some, dialect)
            changed_in[one.text] = one.changed
            return Part(PartKind.MARKDOWN, some, one.text, dialect.name)

        parts = self._split(elements, limit, build)
        changed: dict[str, str] = {}
        for one in parts:
            changed |= changed_in.get(one.text, {})
        for one in parts:
            one.told = frozenset(changed)
        self._tell(changed, dialect.name)
        return parts

    def _tell(self, changed: dict[str, str], dialect: str) -> None:
        why = f"{dialect} has no such thing"
        self.degradations += [
            Degradation(loss=_LOSSES.get(what, Loss.SIMPLIFIED), what=what, how=how, why=why)
            for what, how in changed.items()
        ]

    def _split(self, elements: Sequence[Element], limit: int, build: Build) -> list[Part]:
        """Cut a run; an element too long for any message becomes text to be cut, a picture a message of its own."""
        pieces: list[Part] = []
        run: list[Element] = []

        def fits(text: str) -> bool:
            return 2 * self._measure(build((Markdown(text),))) <= limit

        def cut() -> None:
            if run:
                pieces.extend(split(Run(tuple(run), fits), limit, self._measure, build))
                run.clear()

        for element in map(_self_contained, elements):
            if isinstance(element, Text | Markdown) or self._measure(build((element,))) <= limit:
                run.append(element)
            elif isinstance(element, Image):
                cut()
                pieces.append(Part(PartKind.MEDIA, (element,)))
            else:
                why = f"it alone takes more than {limit} bytes"
                self.degradations.append(Degradation(loss=Loss.AS_TEXT, what=word_for(element), how="text", why=why))
                run.append(Text(element.as_text()))
        cut()
        pieces = [one for one in pieces if not one.dialect or one.text.strip()]
        why = f"one message has at most {limit} bytes"
        self.degradations.append(Degradation(loss=Loss.SPLIT, what="length", how=f"split into {len(pieces)}", why=why))
        return pieces


def _beside(elements: Sequence[Element], dialect: Dialect, read: Read) -> WrittenMessage:
    """What of the Markdown among elements that stand in their own right is shown otherwise."""
    changed: dict[str, str] = {}
    for element in elements:
        if isinstance(element, Markdown):
            changed |= written((element,), dialect, read=read).changed
    return WrittenMessage("", changed, dialect.name)


def _is_apart(element: Element, dialect: Dialect) -> bool:
    return isinstance(element, Image) and not can_show(element, dialect)


def _is_gap(element: Element) -> bool:
    return isinstance(element, Text) and element.text.isspace()


def _self_contained(element: Element) -> Element:
    """Markdown whose links say where they lead: a part has no definitions that stand in another."""
    if isinstance(element, Markdown) and _DEFINITION.search(element.text) is not None:
        return Markdown(write(parse(element.text), SOURCE).text)
    return element


def shown_bytes(part: Part) -> int:
    """Bytes of a part's text in UTF-8, for platforms that count nothing else."""
    text = part.text or "".join(element.as_text() for element in part.elements)
    return len(text.encode("utf-8", "replace"))
