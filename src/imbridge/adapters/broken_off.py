"""A growing text that nobody will write to its end."""

import re

from imbridge.rendering.markdown import heal

INTERRUPTED = "⏹ *已中断 (interrupted)*"
"""Stands below it, where nobody wanted it to end; in Markdown."""
STOPPED = "⏹ *已停止 (stopped)*"
"""Stands below it, where somebody stopped it."""
_FENCE = re.compile(r" {0,3}(```+|~~~+)")


def broken_off(text: str) -> str:
    """The text, in Markdown, with a word that it stopped there; one that says nothing stays so."""
    return marked(text, INTERRUPTED) if text.strip() else text


def marked(text: str, mark: str, *, markdown: bool = True) -> str:
    """The text with such a word below it; without `markdown` it is a word in plain text."""
    if not text.strip():
        return mark if markdown else mark.replace("*", "")
    return f"{closed(text)}\n\n{mark}" if markdown else f"{text}\n\n{mark.replace('*', '')}"


def closed(text: str) -> str:
    """The text with what is open in it ended (code, bold and the like), so that something can follow it.

    It begins with the text in any case, where it may be shown already: what has only begun stays as it is.
    """
    healed = heal(text)
    if healed.startswith(text):
        return healed
    fence = ""
    for line in text.split("\n"):
        found = _FENCE.match(line)
        if found and not fence:
            fence = found[1]
        elif found and found[1].startswith(fence) and not line[found.end() :].strip():
            fence = ""
    return f"{text}\n{fence}" if fence else text
