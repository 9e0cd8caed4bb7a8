"""The Markdown that DingTalk shows: in messages, and in cards. Pure.

Sources: open.dingtalk.com, "custom robots: message types", Markdown: headings, quotes, bold, italics, links, pictures,
lists; clients show code and lines across as well. They differ in tables (newer ones on computers show them, phones may
not). A single line break is none. Tags of HTML are taken for HTML, on phones up to an empty message. In cards there are
tables, which want an empty line before them, and a line break wants `<br>` (DingTalk's own connector,
`services/messaging/card.ts`, measured there). How a character is escaped is not documented.
"""

import re
from dataclasses import replace

from imbridge.adapters.dingtalk.sent.mentions import called_as
from imbridge.protocol import MentionAll
from imbridge.rendering.markdown.dialect import Dialect
from imbridge.rendering.markdown.literal import backslash, escaped

_FONT = r"/font>|font color=\"[#\w-]{1,21}\">"
_TAG = re.compile(rf"<(?!{_FONT})(?=[A-Za-z/!?])")
_TAG_IN_A_CARD = re.compile(rf"<(?!br>|{_FONT})(?=[A-Za-z/!?])")
_MARKUP = re.compile(r"[*_`~\[\]<>#|\\]|^[ \t]*(?:[-+=]|\d{1,9}[.)][ \t])|^(?: {4}|\t)", re.MULTILINE)
_PICTURE = re.compile(r"https?://|[@$]|upload \d", re.IGNORECASE)
"""Addresses, and ids of what was uploaded, or will be where it is only looked what would be sent."""
_SCHEMES = frozenset({"http", "https", "mailto", "dingtalk"})


def _escaped(text: str, start: bool) -> str:
    return escaped(text, start, lambda char: "&lt;" if char == "<" else backslash(char))


def without_tags(text: str) -> str:
    """All that was written, with every tag that is none of ours as text."""
    return _TAG.sub("&lt;", text) if "<" in text else text


def without_tags_in_a_card(text: str) -> str:
    """The same, where a line ends with `<br>`."""
    return _TAG_IN_A_CARD.sub("&lt;", text) if "<" in text else text


ROBOT = Dialect(
    name="DingTalk",
    shows=frozenset(
        {"heading", "bold", "italics", "code", "code block", "link", "image", "quote", "list", "rule", "color"}
    ),
    line_break="  \n",
    escape=_escaped,
    guard=without_tags,
    colors=frozenset({"*"}),
    schemes=_SCHEMES,
    images=_PICTURE,
    embeds=True,
    mention=called_as,
    mention_all=lambda: f"{MentionAll().as_text()} ",
)

ROBOT_BY_API = replace(ROBOT, name="DingTalk API", mention=None, mention_all=None)
"""By the API, which calls nobody."""

CARD = Dialect(
    name="DingTalk card",
    shows=ROBOT.shows | {"strikethrough", "table"},
    line_break="<br>",
    apart=frozenset({"table"}),
    cell_break="<br>",
    escape=_escaped,
    guard=without_tags_in_a_card,
    colors=frozenset({"*"}),
    schemes=_SCHEMES,
    images=_PICTURE,
)


def is_plain(text: str) -> bool:
    """Whether a text reads the same in Markdown."""
    return _MARKUP.search(text) is None
