"""The parts of a reply, so that they fit into the answers that are left. Pure.

A message can be answered four times in a single chat, five times in a group. Where a reply has more parts than that,
neighbours become one: texts and Markdown, then a picture with the text before it. If that is not enough, what is left
over goes as a file in the last answer.
In guilds, where answers are not counted, a picture goes with the text before it, as people send them.
"""

from collections.abc import Callable, Sequence

from imbridge.protocol import Degradation, Element, File, Image, Loss, Text
from imbridge.rendering import Measure, Part, PartKind, Rendered, to_plain

_TEXTS = (PartKind.TEXT, PartKind.RICH, PartKind.MARKDOWN)
Join = Callable[[Part, Part], Part | None]


def planned(
    parts: Sequence[Part], left: int | None, *, limit: int, measure: Measure, markdown: bool, files: bool
) -> Rendered:
    """The parts as they are sent.

    Args:
        parts: As rendered.
        left: How many answers can be given; None where they are not counted.
        limit: Most bytes of a text.
        measure: Bytes of a part.
        markdown: Whether the bot may send Markdown.
        files: Whether files can be sent.
    """
    if left is None:
        return Rendered(_joined(parts, 1, _picture_below))
    if len(parts) <= left or len(parts) < 2:
        return Rendered(tuple(parts))

    def texts(before: Part, after: Part) -> Part | None:
        made = _one_text(before, after, markdown=markdown)
        return made if made is not None and measure(made) <= limit else None

    least = max(left, 1)
    made = _joined(_joined(parts, least, texts), least, _picture_below)
    degradations = []
    if len(made) < len(parts):
        degradations.append(_told(Loss.JOINED, "parts", f"{len(parts)} as {len(made)} messages"))
    rest = made[least - 1 :]
    if files and len(rest) > 1 and all(_is_text(part) for part in rest):
        made = (*made[: least - 1], _as_file(rest))
        degradations.append(_told(Loss.REPLACED, "length", "the rest as a file"))
    return Rendered(made, tuple(degradations))


def _told(loss: Loss, what: str, how: str) -> Degradation:
    return Degradation(loss=loss, what=what, how=how, why="QQ takes few answers to one message")


def _joined(parts: Sequence[Part], least: int, join: Join) -> tuple[Part, ...]:
    """Neighbours as one, from the first on, until there are as few as wanted."""
    made: list[Part] = []
    for number, part in enumerate(parts):
        too_many = len(made) + len(parts) - number > least
        both = join(made[-1], part) if made and too_many else None
        if both is not None:
            made[-1] = both
        else:
            made.append(part)
    return tuple(made)


def _is_text(part: Part) -> bool:
    return part.kind in _TEXTS and not any(isinstance(element, Image) for element in part.elements)


def _one_text(before: Part, after: Part, *, markdown: bool) -> Part | None:
    """Two texts as one; Markdown where one of them is, and nothing is lost by it."""
    if not _is_text(before) or not _is_text(after):
        return None
    if PartKind.MARKDOWN not in (before.kind, after.kind):
        return Part(PartKind.TEXT, (*before.elements, *_gap(before, "\n"), *after.elements))
    if not markdown:
        plain = [_plain(part) for part in (before, after)]
        return Part(PartKind.TEXT, (*plain[0], *_gap(before, "\n"), *plain[1]))
    return Part(PartKind.MARKDOWN, (*before.elements, *after.elements))


def _gap(before: Part, gap: str) -> tuple[Element, ...]:
    last = before.elements[-1].as_text() if before.elements else ""
    return () if last.endswith("\n") else (Text(gap),)


def _plain(part: Part) -> tuple[Element, ...]:
    if part.kind is PartKind.MARKDOWN:
        return tuple(Text(to_plain(element.as_text())) for element in part.elements)
    return part.elements


def _picture_below(before: Part, after: Part) -> Part | None:
    """A text and the picture that comes after it."""
    picture = after.elements[0] if after.kind is PartKind.MEDIA else None
    if before.kind is not PartKind.TEXT or not isinstance(picture, Image):
        return None
    return Part(PartKind.RICH, (*before.elements, picture))


def _as_file(rest: Sequence[Part]) -> Part:
    written = "\n\n".join("".join(element.as_text() for element in part.elements) for part in rest)
    name = "rest.md" if any(part.kind is PartKind.MARKDOWN for part in rest) else "rest.txt"
    return Part(PartKind.MEDIA, (File(data=written.encode(), name=name),))
