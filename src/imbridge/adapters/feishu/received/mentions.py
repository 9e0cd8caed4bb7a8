"""Who is mentioned in a message: by placeholder and by id, never by name.

Source: open.feishu.cn, im-v1 "message overview", the field `mentions`. `@all` often comes without an entry there.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from imbridge.protocol import Element, Mention, MentionAll, Text

_EVERYBODY = MentionAll()
# `@_all_hands` is a word that somebody typed.
_PLACEHOLDER = re.compile(r"@_user_\d+|@_all(?![A-Za-z0-9_])")


class MentionTable:
    """The mentions of one message, by their placeholder (`@_user_1`)."""

    __slots__ = ("_bot_id", "_by_id", "_by_key")

    def __init__(self, wire: Iterable[Any] = (), bot_id: str = "") -> None:
        """Read the wire's `mentions`; what is not understood there is left out and stays text."""
        self._bot_id = bot_id
        self._by_key: dict[str, Mention | MentionAll] = {"@_all": _EVERYBODY}
        self._by_id: dict[str, Mention] = {}
        for entry in wire:
            if not isinstance(entry, dict) or not isinstance(entry.get("key"), str):
                continue
            ids = entry.get("id")
            if entry["key"] == "@_all" or ids == "all" or (isinstance(ids, dict) and "all" in ids.values()):
                self._by_key[entry["key"]] = _EVERYBODY
                continue
            mention_id = _chosen(ids) if isinstance(ids, dict) else ids or ""
            if isinstance(mention_id, str):
                name, is_bot = str(entry.get("name") or ""), entry.get("mentioned_type") == "bot"
                mention = self._by_key[entry["key"]] = self.made(mention_id, name, is_bot=is_bot)
                self._by_id.setdefault(mention_id, mention)

    def made(self, mention_id: str, name: str, *, is_bot: bool = False) -> Mention:
        """A mention; whether it is of us is told by the id: anybody may be called like the bot."""
        is_self = self._bot_id != "" and mention_id == self._bot_id
        return Mention(id=mention_id, name=name, is_self=is_self, is_bot=is_self or is_bot)

    def find(self, key: str, name: str = "") -> Mention | MentionAll:
        """Who is behind a placeholder, or behind an id as rich text has it in some places.

        Args:
            key: `@_user_1`, `ou_...`, or `all`.
            name: What the text calls them.
        """
        known = self._by_key.get(key)
        if known is not None:
            return known
        if key == "all":
            return _EVERYBODY
        return self._by_id.get(key) or self.made(key, name)

    @property
    def people(self) -> tuple[Mention, ...]:
        """Who is mentioned, each once."""
        return tuple(self._by_id.values())

    def split(self, text: str) -> Iterator[Element]:
        """Cut a text at its placeholders. `@_user_1` is never taken for the beginning of `@_user_10`."""
        if "@_" not in text:
            if text:
                yield Text(text)
            return
        start = 0
        for match in _PLACEHOLDER.finditer(text):
            mention = self._by_key.get(match[0])
            if mention is None:
                continue
            if match.start() > start:
                yield Text(text[start : match.start()])
            yield mention
            start = match.end()
        if start < len(text):
            yield Text(text[start:])


def _chosen(ids: dict[str, Any]) -> Any:
    """The open_id, which is what we know ourselves by; else any other."""
    return ids.get("open_id") or ids.get("union_id") or ids.get("user_id") or ""
