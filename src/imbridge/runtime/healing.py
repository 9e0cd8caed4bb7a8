"""Markdown that is still being written, as people see it meanwhile."""

from imbridge.adapters.growing import Healing
from imbridge.protocol import Capabilities, Markdown, Text
from imbridge.rendering import Part, PartKind, beginning
from imbridge.rendering.markdown import heal
from imbridge.runtime.surfaces import Surface

_TRIES = 3


def settled(text: str, healing: Healing) -> tuple[str, str]:
    """How much of a text can be shown now, and how that is shown.

    What has only begun (half a link, the marks of a headline, the head of a table) is held back, for what is shown has
    to be a beginning of the text: where a message takes no more, the rest goes on after it.

    Args:
        text: All of it so far.
        healing: What the message is to be given.
    """
    if healing is Healing.OWN:
        return text, text
    known = text
    for _ in range(_TRIES):
        seen = heal(known)
        if seen.startswith(known):
            return known, seen if healing is Healing.CLOSED else known
        known = known[: _common(known, seen)]
    return text, text


def first_part(text: str, capabilities: Capabilities, surface: Surface, *, markdown: bool) -> tuple[Part, str]:
    """What one message can show of a text, and the text that is to follow; of no text, a part that says nothing."""
    if not text:  # so far there is nothing but thinking
        return Part(PartKind.MARKDOWN, (Markdown(""),)) if markdown else Part(PartKind.TEXT, (Text(""),)), ""
    return beginning(text, capabilities, surface.measure, markdown=markdown)


def healed(text: str, part: Part, capabilities: Capabilities, surface: Surface) -> tuple[str, str, Part]:
    """How much of Markdown that is still being written a message shows, how that is shown, and as a part.

    Args:
        text: All of it, which fits.
        part: All of it, as a part.
        capabilities: Of the account.
        surface: The message.
    """
    known, seen = settled(text, surface.healing)
    if seen == text:
        return text, text, part
    made, rest = first_part(seen, capabilities, surface, markdown=True)
    return (text, text, part) if rest else (known, seen, made)


def _common(one: str, other: str) -> int:
    """Characters that both begin with."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def text_of(part: Part) -> str:
    """What a part says."""
    return "".join(element.as_text() for element in part.elements)
