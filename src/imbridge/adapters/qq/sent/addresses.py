"""Addresses of the web that the platform refuses: written so that it does not take them for addresses.

Source: bot.q.qq.com, "sending messages": what a message names has to be registered in the console first. That names
of hosts without a scheme count as well is what clients report.
"""

import re
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from imbridge.adapters.notes import Notes
from imbridge.adapters.qq.sent.rights import RECHECK
from imbridge.protocol import Degradation, Loss

_KIND = "addresses"
_MOST = 10_000
_MOST_NOTED = 500
_DOT = "。"
_REST = r"[A-Za-z0-9\-._~:/?\#@!$&'()*+,;=%]{0,2000}"
_URL = re.compile(rf"https?://(?P<host>[A-Za-z0-9\-.]{{1,253}})(?P<rest>{_REST})", re.IGNORECASE)
_BARE = re.compile(
    r"(?<![\w@./-])(?P<host>(?:[a-z0-9-]{1,63}\.){1,10}(?:com|cn|net|org|io|top|xyz|cc|me|dev|app|info|link|site|vip))"
    rf"(?![\w-])(?P<rest>(?:[/:?]{_REST})?)",
    re.IGNORECASE,
)
_DOTTED = re.compile(r"(?<![\w])(?P<host>(?:[a-z0-9-]{1,63}\.){1,10}[a-z]{2,63})(?![\w-])(?P<rest>)", re.IGNORECASE)
_LINK = re.compile(r"!?\[(?P<label>[^\[\]\n]{0,1000})\]\((?P<url>[^()\s]{1,2000})(?:[ ]\"[^\"\n]{0,300}\")?\)")
_INSIDE = re.compile(r"[A-Za-z0-9]\.[A-Za-z]|://")
"""What every address has, and few other texts."""
_LEVELS = ((_URL, _BARE), (_URL, _BARE, _DOTTED))
MOST_LEVELS = len(_LEVELS)


class Addresses:
    """The hosts that one bot may name, and those that it may not, as far as the platform has said it."""

    def __init__(self, notes: Notes, *, now: Callable[[], float] = time.time) -> None:
        """None yet; `now` gives seconds since 1970."""
        self._notes = notes
        self._now = now
        self._refused: OrderedDict[str, float] = OrderedDict()
        self._passed: OrderedDict[str, None] = OrderedDict()

    async def restore(self) -> None:
        """What an earlier process was refused."""
        for host, since in (await self._notes.read(_KIND, float)).items():
            if self._now() - since < RECHECK:
                self._refused[host] = since
            else:
                self._notes.drop(_KIND, host)

    def know(self, others: "Addresses") -> None:
        """What others were refused."""
        self._refused = others._refused.copy()

    def written(self, body: dict[str, Any], level: int) -> tuple[dict[str, Any], list[Degradation]]:
        """The body with addresses written otherwise.

        Args:
            body: Its `content`, and its Markdown, are looked at.
            level: 0: those that were refused before. 1: all. 2: all that looks like one, a file's name too.
        """
        if not level and not self._refused:
            return body, []
        found: list[str] = []
        changed = dict(body)
        if isinstance(text := body.get("content"), str):
            changed["content"] = self._text(text, level, found)
        markdown = body.get("markdown")
        if isinstance(markdown, dict) and isinstance(text := markdown.get("content"), str):
            links = _LINK.sub(lambda link: self._link(link, level), text)
            changed["markdown"] = {**markdown, "content": self._text(links, level, found)}
        why = "the address is not registered: q.qq.com > the bot > Development > message URLs"
        return changed, [
            Degradation(loss=Loss.AS_TEXT, what="link", how=f"text: {shown}", why=why) for shown in dict.fromkeys(found)
        ]

    def refused(self, body: dict[str, Any]) -> None:
        """The platform took this only without its addresses; the reason is remembered where only one can be it."""
        hosts = {host for host in _hosts(body) if host not in self._passed and not self._concerns(host, 0)}
        if len(hosts) != 1:
            return
        host = hosts.pop()
        self._refused[host] = self._now()
        self._notes.put(_KIND, host, self._now())
        if len(self._refused) > _MOST_NOTED:
            self._notes.drop(_KIND, self._refused.popitem(last=False)[0])

    def passed(self, body: dict[str, Any]) -> None:
        """The platform took it."""
        for host in _hosts(body):
            self._passed[host] = None
            if self._refused.pop(host, None) is not None:
                self._notes.drop(_KIND, host)
            if len(self._passed) > _MOST:
                self._passed.popitem(last=False)

    def _concerns(self, host: str, level: int) -> bool:
        if level:
            return True
        since = self._refused.get(host.lower())
        return since is not None and self._now() - since < RECHECK

    def _text(self, text: str, level: int, found: list[str]) -> str:
        def disguised(match: re.Match[str]) -> str:
            host = match["host"]
            if not self._concerns(host, level):
                return match[0]
            shown = host.replace(".", _DOT) + match["rest"]
            found.append(shown)
            return shown

        for pattern in _LEVELS[max(level, 1) - 1]:
            text = pattern.sub(disguised, text)
        return text

    def _link(self, link: re.Match[str], level: int) -> str:
        url = _URL.fullmatch(link["url"])
        if url is None or not self._concerns(url["host"], level):
            return link[0]
        label = link["label"].strip()
        return f"{label} ({link['url']})" if label and label != link["url"] else link["url"]


def _hosts(body: dict[str, Any]) -> set[str]:
    markdown = body.get("markdown")
    texts = [body.get("content"), markdown.get("content") if isinstance(markdown, dict) else None]
    found = set()
    for text in texts:
        if isinstance(text, str) and _INSIDE.search(text):
            found |= {match["host"].lower() for pattern in (_URL, _BARE) for match in pattern.finditer(text)}
    return found
