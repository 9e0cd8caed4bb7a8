"""A text that grows: what of it one message can show, and how it goes on in the next."""

from imbridge.protocol import Capabilities, Element, Markdown, Text
from imbridge.rendering.markdown_text import Fits, MarkdownText
from imbridge.rendering.parts import Part, PartKind
from imbridge.rendering.plain import to_plain
from imbridge.rendering.run import Run
from imbridge.rendering.split import Measure, fill

_LOOK_AHEAD = 4  # limits of text: what lies further on has no influence on where the first message ends


def beginning(text: str, capabilities: Capabilities, measure: Measure, *, markdown: bool) -> tuple[Part, str]:
    """What one message can show of a text, and the text that is to follow it; empty when it shows all of it.

    However long the text is, the work is that for a few messages.

    Args:
        text: All of it; not empty, and such that UTF-8 can hold it.
        capabilities: What the account can show.
        measure: As for `render`.
        markdown: It is Markdown. Code that is cut goes on as code.

    Raises:
        NotSupportedError: as for `render`.
    """
    if markdown and "markdown" not in capabilities.sends:
        # It is cut as Markdown, and what follows is Markdown still: plain text would be made plain a second time.
        part, rest = _beginning(text, capabilities.text_bytes, lambda part: measure(_plain(part)), markdown=True)
        return _plain(part), rest
    limit = capabilities.markdown_bytes if markdown else capabilities.text_bytes
    return _beginning(text, limit, measure, markdown=markdown)


def _beginning(text: str, limit: int, measure: Measure, *, markdown: bool) -> tuple[Part, str]:
    head = text[: limit * _LOOK_AHEAD]
    kind = PartKind.MARKDOWN if markdown else PartKind.TEXT

    def build(elements: tuple[Element, ...]) -> Part:
        return Part(kind, elements)

    part = build((Markdown(head) if markdown else Text(head),))
    if len(head) == len(text) and measure(part) <= limit:
        return part, ""
    content = Run(part.elements, _room(limit, measure))
    end, part = fill(content, 0, limit, measure, build)
    return part, content.rest(end) + text[len(head) :]


def _room(limit: int, measure: Measure) -> Fits:
    return lambda text: 2 * measure(Part(PartKind.MARKDOWN, (Markdown(text),))) <= limit


def _plain(part: Part) -> Part:
    return Part(PartKind.TEXT, (Text(to_plain("".join(element.as_text() for element in part.elements))),))


def rest_after(text: str, shown: str, capabilities: Capabilities, measure: Measure, *, markdown: bool) -> str:
    """What of a text is still to be said when a message shows its beginning and takes no more."""
    if not markdown:
        return text.removeprefix(shown)
    return MarkdownText(text, _room(capabilities.markdown_bytes, measure)).rest(len(shown)) if shown else text
