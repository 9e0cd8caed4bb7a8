"""A reply as the parts that a platform can show."""

from collections.abc import Sequence

from imbridge.protocol import Capabilities, Degradation, Element, Image, Loss, Reply, Text
from imbridge.rendering.characters import repair
from imbridge.rendering.compose import Composition
from imbridge.rendering.markdown_text import MarkdownText
from imbridge.rendering.media import word_for
from imbridge.rendering.parts import Part, PartKind, Rendered
from imbridge.rendering.run import Run
from imbridge.rendering.split import Measure, split

_NOTHING = Rendered(())
_TEXT = PartKind.TEXT

# A text this much shorter than the limit is not measured. The longest form of one character is a control character in
# JSON that counts five times (a Feishu text sent as a post), 30 bytes; what stands around a text is far below 1 KiB.
_MOST_BYTES_PER_CHARACTER = 32
_MOST_BYTES_AROUND = 1024


def render(reply: Reply, capabilities: Capabilities, *, measure: Measure | None = None) -> Rendered:
    r"""Turn a reply into parts, each of which becomes one message on the platform, in order.

    What stands side by side in a reply belongs together: texts, mentions, emoji and links are joined as they were
    typed, with nothing between them (`["Hello ", Mention(id=...), "!"]` is one line, and `["a", "b"]` is `ab`: write
    the line break that you want). What is a block of its own (a place, a forwarded message, Markdown or a card that the
    platform cannot show, the note for a file that is too large) is set off by line breaks, and an address without
    title by spaces, where its neighbours do not bring them.

    Nothing is lost on the way: all that is shown otherwise than meant is in `degradations`.

    Args:
        reply: What to say.
        capabilities: What the account can show. Words in `sends` that count here: `rich`, `link` (titles in a text that
            lead somewhere; `rich` has them too), `markdown`, `card`, `contact`, `emoji`, and the media types. `mention`
            decides about `Mention` and `MentionAll`. A limit of 0 for images or files means none is known; a card's
            length is not looked at, for a card cannot be cut.
        measure: Bytes of a part as the adapter sends it, where that is more than its text in UTF-8: escaping and styles
            count on some platforms. At most 32 bytes per character plus 1 KiB, and not less for more text.

    Returns:
        The parts and what was changed. No parts when there is nothing to say.

    Raises:
        NotSupportedError: a limit has no room for one character in the form that `measure` measures.
    """
    elements = reply.elements
    if len(elements) == 1 and type(elements[0]) is Text:  # nearly all replies: nothing to look at but the length
        text = elements[0].text
        if not text:
            return _NOTHING
        if (
            len(text) * _MOST_BYTES_PER_CHARACTER + _MOST_BYTES_AROUND <= capabilities.text_bytes
            and repair(text) is text
        ):
            return Rendered((Part(_TEXT, elements),))
    composition = Composition(capabilities)
    for element in elements:
        composition.add(element)
    composed, degradations = composition.finish()
    parts: list[Part] = []
    for part in composed:
        parts += _fitted(part, capabilities, measure or _shown_bytes, degradations)
    return Rendered(tuple(parts), tuple(degradations))


def _fitted(
    part: Part, capabilities: Capabilities, measure: Measure, degradations: list[Degradation]
) -> Sequence[Part]:
    """The part, or several where it is too long."""
    if part.kind.alone:
        return (part,)
    limit = capabilities.text_bytes if part.kind is PartKind.TEXT else capabilities.markdown_bytes
    if measure(part) <= limit:
        return (part,)
    if part.kind is PartKind.MARKDOWN:
        pieces = split(MarkdownText(part.elements[0].as_text(), limit, measure), limit, measure)
    else:
        pieces = _split_run(part, limit, measure, degradations)
    why = f"one message has at most {limit} bytes"
    degradations.append(Degradation(loss=Loss.SPLIT, what="length", how=f"split into {len(pieces)}", why=why))
    return pieces


def _split_run(part: Part, limit: int, measure: Measure, degradations: list[Degradation]) -> list[Part]:
    """Cut a run; an element too long for any message becomes text that can be cut, a picture a message of its own."""
    pieces: list[Part] = []
    run: list[Element] = []

    def cut() -> None:
        if run:
            pieces.extend(split(Run(part.kind, tuple(run)), limit, measure))
            run.clear()

    for element in part.elements:
        if isinstance(element, Text) or measure(Part(part.kind, (element,))) <= limit:
            run.append(element)
        elif isinstance(element, Image):
            cut()
            pieces.append(Part(PartKind.MEDIA, (element,)))
        else:
            why = f"it alone takes more than {limit} bytes"
            degradations.append(Degradation(loss=Loss.AS_TEXT, what=word_for(element), how="text", why=why))
            run.append(Text(element.as_text()))
    cut()
    return pieces


def _shown_bytes(part: Part) -> int:
    """Bytes of the text in UTF-8, for platforms that count nothing else."""
    return sum(len(element.as_text().encode()) for element in part.elements)
