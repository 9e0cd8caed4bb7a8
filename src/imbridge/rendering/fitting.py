"""Parts as composed → parts that fit, with what has to be written for them."""

import re
from collections.abc import Sequence

from imbridge.protocol import Capabilities, Degradation, Element, Image, Loss, Markdown, Text
from imbridge.rendering.markdown import EVERYTHING, Dialect, parse, write
from imbridge.rendering.media import word_for
from imbridge.rendering.message import written
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
            return self._markdown(part)
        if part.kind is PartKind.RICH and self._dialects:
            self._tell_of_markdown_in(part)
        limit = self._capabilities.text_bytes if part.kind is PartKind.TEXT else self._capabilities.markdown_bytes
        if self._measure(part) <= limit:
            return (part,)
        kind = part.kind
        return self._split(part.elements, limit, lambda elements: Part(kind, elements))

    def _markdown(self, part: Part) -> Sequence[Part]:
        """Written in the account's dialect: of several, in the one that loses least of all of it."""
        limit = self._capabilities.markdown_bytes
        whole = written(part.elements, *self._dialects)
        dialects = [dialect for dialect in self._dialects if dialect.name == whole.dialect]
        made = Part(part.kind, part.elements, whole.text, whole.dialect)
        if not whole.text.strip():
            why = "nothing of it would be seen"
            self.degradations.append(Degradation(loss=Loss.DROPPED, what="markdown", how="left out", why=why))
            return ()
        if self._measure(made) <= limit:
            self._tell(whole.changed, whole.dialect)
            return (made,)

        def build(elements: tuple[Element, ...]) -> Part:
            one = written(elements, *dialects)
            return Part(PartKind.MARKDOWN, elements, one.text, one.dialect)

        parts = self._split(part.elements, limit, build)
        changed: dict[str, str] = {}
        for one in parts:
            if one.kind is PartKind.MARKDOWN:
                changed |= written(one.elements, *dialects).changed
        self._tell(changed, whole.dialect)
        return parts

    def _tell_of_markdown_in(self, part: Part) -> None:
        """What of the Markdown in a rich part, which the adapter writes, is shown otherwise."""
        changed: dict[str, str] = {}
        for element in part.elements:
            if isinstance(element, Markdown):
                made = written((element,), *self._dialects)
                changed |= made.changed
        self._tell(changed, self._dialects[0].name)

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


def _self_contained(element: Element) -> Element:
    """Markdown whose links say where they lead: a part has no definitions that stand in another."""
    if isinstance(element, Markdown) and _DEFINITION.search(element.text) is not None:
        return Markdown(write(parse(element.text), EVERYTHING).text)
    return element


def shown_bytes(part: Part) -> int:
    """Bytes of a part's text in UTF-8, for platforms that count nothing else."""
    text = part.text or "".join(element.as_text() for element in part.elements)
    return len(text.encode("utf-8", "replace"))
