"""The Markdown that QQ shows. Pure.

Source: bot.q.qq.com, "Markdown": headings, bold, italics, strikethrough, links, pictures, lists (four spaces for each
level, an empty line between a text and a list), quotes, lines across. Clients show code as well; tables they do not.
How a character is escaped is not documented.
"""

from collections.abc import Mapping
from dataclasses import replace

from imbridge.adapters.qq.sent.mentions import EVERYBODY, called, unread, unread_markdown
from imbridge.rendering.markdown.dialect import Dialect

C2C = Dialect(
    name="QQ in a single chat",
    shows=frozenset(
        {"heading", "bold", "italics", "strikethrough", "code", "code block", "link", "image", "quote", "list", "rule"}
    ),
    indent=4,
    apart=frozenset({"list"}),
    guard=unread,
)
"""Nobody can be called there."""

GROUP = replace(C2C, name="QQ in a group", mention=called)
DMS = replace(C2C, name="QQ in a private chat of a guild", guard=lambda text: unread_markdown(text, "dms"))
GUILD = replace(
    DMS, name="QQ", guard=lambda text: unread_markdown(text, "guild"), mention=called, mention_all=lambda: EVERYBODY
)
"""In a channel: the one that has everything, so it is what replies are rendered for."""

BY_WAY: Mapping[str, Dialect] = {"c2c": C2C, "group": GROUP, "guild": GUILD, "dms": DMS}
"""By the kind of a conversation, as the API names it."""
