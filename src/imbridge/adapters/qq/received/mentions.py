"""Who is called in a message.

Source: bot.q.qq.com, "message objects" (`mentions`, `mention_everyone`). In groups the list is as clients have seen it:
`scope` is `single` or `all`, `is_you` marks the bot, `bot` any bot. What calls us is taken off the content of
`GROUP_AT_MESSAGE_CREATE`, and left in that of `GROUP_MESSAGE_CREATE`, where some clients have not seen it either.
"""

import re
from collections.abc import Mapping
from typing import Any

from imbridge.adapters.qq.received.facts import first_id, items, text_of
from imbridge.adapters.qq.received.identity import Identity
from imbridge.adapters.qq.received.senders import group_of
from imbridge.protocol import Element, Mention, MentionAll

_NAMES = ("member_openid", "user_openid", "id")
_IN_GUILD, _IN_GROUP = re.compile(r"\d{5,32}"), re.compile(r"[0-9A-Fa-f]{32}")


class Called:
    """Who is called in one message.

    Attributes:
        everyone: Everybody is.
    """

    __slots__ = ("_calls_us", "_group", "_ids", "_listed", "_me", "_placed", "_rule", "everyone")

    def __init__(self, kind: str, data: Mapping[str, Any], me: Identity) -> None:
        """By the message's list."""
        self._me = me
        self._group = group_of(data) if kind.startswith("GROUP_") else ""
        self._calls_us = "_AT_" in kind or kind.startswith("AT_")
        self._rule = _IN_GROUP if self._group else None if kind.startswith("C2C_") else _IN_GUILD
        self._listed: list[Mention] = []
        self._ids: dict[str, Mention] = {}
        self._placed: set[str] = set()
        self.everyone = data.get("mention_everyone") is True
        entries = [entry for entry in items(data, "mentions") if isinstance(entry, Mapping)]
        bots = sum(entry.get("bot") is True for entry in entries)
        for entry in entries:
            if entry.get("scope") == "all":
                self.everyone = True
            else:
                self._list(entry, alone=bots == 1)

    def _list(self, entry: Mapping[str, Any], *, alone: bool) -> None:
        identity = first_id(entry, *_NAMES)
        if not identity or identity in self._ids:
            return
        is_self = self._is_self(entry, identity, alone=alone)
        if is_self and self._group and (self._calls_us or entry.get("is_you") is True):
            self._me.is_member(self._group, identity)
        name = text_of(entry, "username") or text_of(entry, "nick") or (self._me.name if is_self else "")
        who = Mention(id=identity, name=name, is_self=is_self, is_bot=is_self or entry.get("bot") is True)
        self._listed.append(who)
        for other in _NAMES:
            self._ids[first_id(entry, other) or identity] = who

    def _is_self(self, entry: Mapping[str, Any], identity: str, *, alone: bool) -> bool:
        told = entry.get("is_you")
        if isinstance(told, bool):
            return told
        if self._me.is_me(self._group, identity):
            return True
        # As long as it is not known who we are, the only bot that is called is us: of others we should hardly hear.
        return alone and entry.get("bot") is True and not self._me.knows(self._group)

    def by_tag(self, identity: str) -> Element | None:
        """Who a tag calls; None when it calls nobody, for somebody typed it."""
        known = self._ids.get(identity)
        if known is not None:
            self._placed.add(known.id)
            return known
        if identity in ("all", "everyone") and self.everyone:
            return MentionAll()
        if self._rule is None or not self._rule.fullmatch(identity):
            return None
        is_self = self._me.is_me(self._group, identity)
        if is_self:
            self._placed.add(identity)
        return Mention(id=identity, name=self._me.name if is_self else "", is_self=is_self, is_bot=is_self)

    def is_us(self, identity: str) -> bool:
        """Whether somebody in the same chat is us, as far as that is known."""
        return self._me.is_me(self._group, identity)

    def unplaced(self) -> list[Element]:
        """Those who are called in no place of the content."""
        return [who for who in self._listed if who.id not in self._placed]

    def ourselves(self) -> Mention:
        """The call of us that an event implies."""
        return Mention(id=self._me.bot_id if not self._group else "", name=self._me.name, is_self=True, is_bot=True)
