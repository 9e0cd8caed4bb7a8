"""The content of a message → elements: tags are taken apart first, and what is left is unescaped once.

Source: bot.q.qq.com, "inline format" (`<@id>`, `<@!id>`, `@everyone`, `<#id>`, `<emoji:id>`; `&`, `<` and `>` come
escaped). `<faceType=1,faceId="277",ext="...">`, whose `ext` is JSON in Base64 with the emoticon's name, and `<@all>`
are as clients have seen them.
"""

import base64
import re
from binascii import Error as NotBase64
from collections.abc import Iterator

from pydantic_core import from_json

from imbridge.adapters.qq.faces import code
from imbridge.adapters.qq.received.mentions import Called
from imbridge.protocol import Element, Emoji, MentionAll, Text

_TAG = re.compile(
    r"<@!?(?P<who>[A-Za-z0-9_\-]{1,128})>"
    r"|<#(?P<room>\d{1,32})>"
    r"|<emoji:(?P<emoji>\d{1,10})>"
    r'|<faceType=\d{1,4},faceId="(?P<face>[^"<>]{0,64})",ext="(?P<ext>[^"]{0,4096})">'
    r"|(?P<everyone>@everyone)"
)
_ESCAPED = re.compile("&(amp|lt|gt);")
_PLAIN = {"amp": "&", "lt": "<", "gt": ">"}


def elements(content: str, called: Called | None = None) -> Iterator[Element]:
    """The elements of a content, in order; tags that call somebody stay text where it is not known who is called."""
    if "<" not in content and "&" not in content and (called is None or not called.everyone):
        if content:
            yield Text(content)
        return
    before = ""
    at = 0
    for match in _TAG.finditer(content):
        element = _element(match, called)
        if element is None:
            continue  # text that looks like a tag
        before += unescaped(content[at : match.start()])
        at = match.end()
        if isinstance(element, Text):
            before += element.text
            continue
        if before:
            yield Text(before)
            before = ""
        yield element
    if rest := before + unescaped(content[at:]):
        yield Text(rest)


def unescaped(text: str) -> str:
    """One level of escaping taken off: `&amp;lt;` is `&lt;`."""
    return _ESCAPED.sub(lambda match: _PLAIN[match[1]], text) if "&" in text else text


def _element(match: re.Match[str], called: Called | None) -> Element | None:
    match match.lastgroup:
        case "who":
            return called.by_tag(match["who"]) if called is not None else None
        case "room":
            # Nobody can be told its name: events do not have it.
            return Text(f"#{match['room']}")
        case "emoji":
            return Emoji(code=code(match["emoji"]))
        case "everyone":
            return MentionAll() if called is not None and called.everyone else None
        case _:
            written = code(match["face"], _name(match["ext"]))
            return Emoji(code=written) if written else Text("[emoji]")


def _name(ext: str) -> str:
    """What `ext` says; empty when it says nothing."""
    try:
        padded = ext.rstrip("=") + "=" * (-len(ext.rstrip("=")) % 4)
        read = from_json(base64.b64decode(padded, altchars=b"-_" if set(ext) & {"-", "_"} else None, validate=True))
    except (ValueError, NotBase64):
        return ""
    said = read.get("text") if isinstance(read, dict) else None
    return said if isinstance(said, str) else ""
