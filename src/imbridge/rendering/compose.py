"""Elements × capabilities → parts, before anybody looks at their length."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from pydantic import BaseModel

from imbridge.protocol import (
    Capabilities,
    Card,
    Contact,
    Degradation,
    Element,
    Emoji,
    Image,
    Link,
    Loss,
    Markdown,
    Media,
    Mention,
    MentionAll,
    Text,
)
from imbridge.rendering.cards import Choice, card_text
from imbridge.rendering.characters import repair
from imbridge.rendering.markdown import Dialect
from imbridge.rendering.media import place, word_for
from imbridge.rendering.message import can_show
from imbridge.rendering.parts import Part, PartKind
from imbridge.rendering.plain import to_plain

_GAPS = ("", " ", "\n", "\n\n")
_WORD, _LINE, _PARAGRAPH = 1, 2, 3


class Composition:
    """Takes elements in order and gathers parts; `finish` gives them, with what had to be shown otherwise.

    Neighbours are one run, and a run is one part, unless an element is a message of its own. The rule is in `render`.
    """

    def __init__(self, capabilities: Capabilities, dialects: Sequence[Dialect]) -> None:
        """As for `render`."""
        self._capabilities = capabilities
        self._dialects = dialects
        self._rich = "rich" in capabilities.sends
        self._links = self._rich or "link" in capabilities.sends
        self._parts: list[Part] = []
        self._degradations: list[Degradation] = []
        self._run: list[Element] = []
        self._choices: list[Choice] = []
        self._gap = 0

    def add(self, element: Element) -> None:
        """Take the next element."""
        element = self._repaired(element)
        sends = self._capabilities.sends
        if isinstance(element, Text):
            self._inline(element)
        elif isinstance(element, Mention | MentionAll):
            self._inline(element if self._capabilities.mention else self._as_text(element))
        elif isinstance(element, Emoji):
            self._inline(element if "emoji" in sends else self._emoji(element))
        elif isinstance(element, Link):
            self._link(element)
        elif isinstance(element, Markdown):
            self._markdown(element)
        elif isinstance(element, Media):
            self._media(element)
        elif isinstance(element, Card) and "card" in sends:
            self._alone(PartKind.CARD, element)
        elif isinstance(element, Contact) and "contact" in sends:
            self._alone(PartKind.CONTACT, element)
        elif isinstance(element, Card) and not element.content:
            self._card(element)
        else:
            self._inline(self._as_text(element), _LINE)

    def finish(self) -> tuple[list[Part], list[Degradation]]:
        """Close the last run."""
        self._close_run()
        if len(self._parts) > 1:
            kept = [part for part in self._parts if part.kind is not PartKind.TEXT or _says_something(part.elements)]
            if len(kept) < len(self._parts):
                self._degrade(
                    Loss.DROPPED, "text", "left out", "white space between two messages would be a message of its own"
                )
            self._parts = kept
        return self._parts, self._degradations

    def _degrade(self, loss: Loss, what: str, how: str, why: str) -> None:
        self._degradations.append(Degradation(loss=loss, what=what, how=how, why=why))

    def _repaired(self, element: Element) -> Element:
        """The same without lone surrogates, which no platform can be sent."""
        repaired: Element = repair_all(element)
        if repaired is not element and any(
            value is not element.__dict__[name] and "\ufffd" in str(value) for name, value in repaired.__dict__.items()
        ):
            self._degrade(
                Loss.REPLACED, word_for(element), "U+FFFD in place of lone surrogates", "half a pair is not a character"
            )
        return repaired

    # -- elements --------------------------------------------------------------------------------------------------

    def _as_text(self, element: Element) -> Text:
        word = word_for(element)
        text = element.as_text()
        line = " ".join(text.split())  # what is logged and listed is one line
        shown = line if len(line) <= 40 else f"{line[:39]}…"
        how = f"text: {shown}" if text else "left out: it says nothing as text"
        self._degrade(Loss.AS_TEXT if text else Loss.DROPPED, word, how, f"this account shows {word} as text only")
        return Text(text)

    def _emoji(self, element: Emoji) -> Text:
        # A character is shown as itself in any text; a platform's code is not.
        return self._as_text(element) if element.code.isascii() else Text(element.as_text())

    def _card(self, card: Card) -> None:
        """A card where there are none: text, and what can be chosen in it has a number to answer with."""
        self._degrade(Loss.AS_TEXT, "card", "text", "this account shows card as text only")
        alone = "markdown" in self._capabilities.sends and not self._dialects
        said = card_text(
            card,
            "this account shows no cards",
            begun=0 if alone else len(self._choices),
            answered=bool(self._capabilities.receives),
        )
        self._degradations += said.degradations
        self._markdown(Markdown(said.markdown))
        if alone:
            self._parts[-1].choices = said.choices
        else:
            self._choices += said.choices

    def _link(self, link: Link) -> None:
        if not link.title or link.title == link.url:
            self._inline(Text(link.url), _WORD)  # text right beside it would become part of the address
        else:
            self._inline(link)  # whether it can have its title is known when the run is closed

    def _markdown(self, markdown: Markdown) -> None:
        if not markdown.text:
            return
        if "markdown" in self._capabilities.sends:
            if self._dialects:
                self._inline(markdown, _PARAGRAPH)
            else:
                self._alone(PartKind.MARKDOWN, markdown)
            return
        text = to_plain(markdown.text)
        if text != markdown.text:
            self._degrade(Loss.SIMPLIFIED, "markdown", "text without its markup", "this account shows no markdown")
        self._inline(Text(text), _LINE)

    def _media(self, media: Media) -> None:
        element, degradation = place(media, self._capabilities)
        if degradation is not None:
            self._degradations.append(degradation)
        if isinstance(element, Text):
            self._inline(element, _LINE)
        elif isinstance(element, Link):
            titled = self._links and element.title
            self._inline(element if titled else Text(element.as_text()), _LINE)
        elif isinstance(element, Image) and (self._rich or any(can_show(element, one) for one in self._dialects)):
            self._inline(element)
        else:
            self._alone(PartKind.MEDIA, element)

    # -- parts -----------------------------------------------------------------------------------------------------

    def _alone(self, kind: PartKind, element: Element) -> None:
        self._close_run()
        self._parts.append(Part(kind, (element,)))

    def _inline(self, element: Element, gap: int = 0) -> None:
        """Put an element into the run; `gap` is what must stand between it and its neighbours."""
        if isinstance(element, Text) and not element.text:
            return
        if self._run:
            between = _missing(_GAPS[max(gap, self._gap)], self._run[-1].as_text(), element.as_text())
            if between:
                self._run.append(Text(between))
        self._run.append(element)
        self._gap = gap

    def _close_run(self) -> None:
        run, self._run, self._gap = self._run, [], 0
        choices, self._choices = tuple(self._choices), []
        if not run:
            return
        has_markdown = any(isinstance(element, Markdown) for element in run)
        if not has_markdown and not self._links:
            run = [self._as_text(element) if isinstance(element, Link) else element for element in run]
        pictures = [element for element in run if isinstance(element, Image)]
        if pictures and not self._shows_among(pictures, run, has_markdown=has_markdown):
            for is_picture, group in groupby(run, lambda element: isinstance(element, Image)):
                some = list(group)
                self._parts += [Part(PartKind.MEDIA, (one,)) for one in some] if is_picture else [part_of(some)]
        else:
            self._parts.append(part_of(run))
        self._parts[-1].choices = choices

    def _shows_among(self, pictures: list[Image], run: list[Element], *, has_markdown: bool) -> bool:
        """Whether pictures are seen in one message with what stands around them."""
        if not has_markdown:
            return self._rich and _says_something(element for element in run if not isinstance(element, Image))
        return any(
            (self._rich and dialect.beside) or all(can_show(picture, dialect) for picture in pictures)
            for dialect in self._dialects
        )


def part_of(run: Sequence[Element]) -> Part:
    """What stands side by side as one part."""
    if any(isinstance(element, Markdown) for element in run):
        return Part(PartKind.MARKDOWN, _joined(run))
    rich = any(isinstance(element, Image | Link) for element in run)
    return Part(PartKind.RICH if rich else PartKind.TEXT, _joined(run))


def _missing(gap: str, before: str, after: str) -> str:
    """What of a gap between two texts is not there yet."""
    if "\n" not in gap:
        return "" if before[-1:].isspace() or after[:1].isspace() else gap
    present = len(before) - len(before.rstrip("\n")) + len(after) - len(after.lstrip("\n"))
    return gap[present:]


def _says_something(elements: Any) -> bool:
    return any(not isinstance(element, Text) or not element.text.isspace() for element in elements)


def _joined(run: Sequence[Element]) -> tuple[Element, ...]:
    """Neighbouring texts as one."""
    out: list[Element] = []
    texts: list[str] = []
    for element in (*run, None):
        if isinstance(element, Text):
            texts.append(element.text)
            continue
        if texts:
            out.append(Text("".join(texts)))
            texts = []
        if element is not None:
            out.append(element)
    return tuple(out)


def repair_all(value: Any) -> Any:
    """A value with all strings in it repaired, but for the `payload` of models; itself when none needed it."""
    if isinstance(value, str):
        return repair(value)
    if isinstance(value, dict):
        items = {repair_all(key): repair_all(item) for key, item in value.items()}
        same = all(a is b and value[a] is items[a] for a, b in zip(value, items, strict=False))
        return value if same and len(items) == len(value) else items
    if isinstance(value, BaseModel):
        changes = {
            name: repaired
            for name, item in value.__dict__.items()
            if name != "payload" and (repaired := repair_all(item)) is not item
        }
        return value.model_copy(update=changes) if changes else value
    if isinstance(value, list | tuple):
        repaired = [repair_all(item) for item in value]
        return value if all(a is b for a, b in zip(value, repaired, strict=True)) else type(value)(repaired)
    return value
