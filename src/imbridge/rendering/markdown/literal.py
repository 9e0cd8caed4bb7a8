"""Literal text among markup: what would be taken for markup is escaped, and what would be taken for a tag is broken.

Whether a character is escaped depends on what stands before it and on a character or two after it, never on what is
far behind: so a text that grows is written the same while it does.
"""

import re
from collections.abc import Callable
from html.entities import html5

ZERO_WIDTH = "\u200b"
"""A space that nobody sees: it breaks a tag where the platform has no escape."""

_MARKUP = re.compile(
    r"""(?P<escape>\\(?=[!-/:-@\[-`{-~]|\Z))
    |(?P<code>`)
    |(?P<star>\*)
    |(?P<line>(?<![^\W_])_|_(?![^\W_]))
    |(?P<strike>(?<=~)~|~(?=~))
    |(?P<link>(?<=\])\()
    |(?P<definition>(?<=\]):)
    |&(?=(?P<name>\#?[A-Za-z0-9]{1,32});)
    |(?P<tag><(?=[A-Za-z/!@?]))""",
    re.VERBOSE,
)
_START = re.compile(
    r"[ \t]*(?:(?P<mark>\#{1,6}(?=[ \t]|\Z)|[>|]|[-+](?=[ \t]|\Z)|-(?=-*(?:[ \t|:]|\Z))|=(?=[= \t]|\Z)|:(?=-)"
    r"|:(?=[ ]*-))|(?P<number>\d{1,9})(?=[.)](?:[ \t]|\Z)))"
)
_TAG = re.compile(r"(<|&lt;|&\#60;|&\#x3c;)(?=[A-Za-z@#!?/]|\s+/?at\b)", re.IGNORECASE)
_OPENING = re.compile(r"\](?=[(:])")


def escaped(text: str, start: bool, escape: Callable[[str], str]) -> str:
    """One line of literal text.

    Args:
        text: Without line breaks.
        start: It begins a line, where other characters are markup than within.
        escape: How one character that would be markup is written.
    """

    def one(found: re.Match[str]) -> str:
        if found.lastgroup == "name" and found["name"][0] != "#" and f"{found['name']};" not in html5:
            return "&"
        if found.lastgroup in ("star", "line"):
            at = found.start()
            before, after = text[at - 1 : at], text[at + 1 : at + 2]
            if (before.isspace() or (not before and not start)) and after.isspace():
                return found[0]  # a multiplication: it opens nothing, and closes nothing
        return escape(found[0])

    lead = _START.match(text) if start else None
    if lead is None:
        return _MARKUP.sub(one, text)
    name = "mark" if lead["mark"] else "number"
    at, end = lead.span(name)
    if name == "number":
        return f"{text[:end]}{escape(text[end])}{_MARKUP.sub(one, text[end + 1 :])}"
    return f"{text[:at]}{escape(text[at])}{_MARKUP.sub(one, text[at + 1 :])}"


def backslashed(text: str, start: bool) -> str:
    """With backslashes, as CommonMark has it.

    A tag, and what says where a link by reference leads (`[label]: address`), are broken, which reads well also where
    these are no escapes.
    """
    return escaped(text, start, backslash)


def backslash(char: str) -> str:
    """One character that would be markup, as `backslashed` writes it."""
    if char == "<":
        return f"<{ZERO_WIDTH}"
    return f"{ZERO_WIDTH}:" if char == ":" else f"\\{char}"


def escaped_source(text: str, start: bool) -> str:
    """With nothing but backslashes, for a text that is read again by ourselves."""
    return escaped(text, start, lambda char: f"\\{char}")


def as_entities(text: str, start: bool) -> str:
    """With entities (`&#42;`), as Feishu's cards have it."""
    return escaped(text, start, lambda char: f"&#{ord(char)};")


def unescaped(text: str, start: bool) -> str:
    """For Markdown that knows no escape: only links are broken, by an invisible character."""
    return _OPENING.sub(f"]{ZERO_WIDTH}", text)


def guarded(text: str) -> str:
    """All that begins like a tag is broken by an invisible character: for people it reads the same."""
    return _TAG.sub(rf"\1{ZERO_WIDTH}", text) if "<" in text or "&" in text else text
