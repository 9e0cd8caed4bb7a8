"""What Feishu's clients show as a block of their own → `Notice`, with a text for people and the platform's facts.

Shapes: open.feishu.cn, im-v1 "content of received messages". Times there are milliseconds, as text.
"""

import re
from typing import Any

from imbridge.adapters.feishu.received.mentions import MentionTable
from imbridge.adapters.feishu.received.moments import shown
from imbridge.adapters.feishu.received.posts import in_locale, post_elements
from imbridge.protocol import Notice

_Body = dict[str, Any]
_MOST, _LONGEST = 100, 10_000
"""Variables in a template, and characters of each: one that is there often, and long, must not fill the memory."""
_VARIABLE = re.compile(r"\{(\w+)\}")


def todo(body: _Body, mentions: MentionTable) -> Notice:
    """A task; its summary is a rich text."""
    summary = body["summary"]
    if isinstance(summary, dict):
        summary = "".join(element.as_text() for element in post_elements(in_locale(summary, "en_us"), mentions))
    due = shown(body.get("due_time"))
    title = str(summary).strip()
    return Notice(kind="todo", title=title, text=_line("todo", title, f"due {due}" if due else ""), details=body)


def vote(body: _Body, mentions: MentionTable) -> Notice:
    """A poll and its options."""
    title = str(body["topic"])
    options = [_said(option) for option in body.get("options") or ()]
    text = "\n".join([_line("vote", title), *(f"- {option}" for option in options)])
    return Notice(kind="vote", title=title, text=text, details=body)


def calendar(what: str, body: _Body) -> Notice:
    """An appointment that somebody shares, invites to, or hands over."""
    title, begin, end = str(body["summary"] or ""), shown(body.get("start_time")), shown(body.get("end_time"))
    when = " - ".join(each for each in (begin, end) if each)
    return Notice(kind="calendar", title=title, text=_line(what, title, when), details=body)


def video_chat(body: _Body, mentions: MentionTable) -> Notice:
    """A call that began."""
    title, begin = str(body["topic"] or ""), shown(body.get("start_time"))
    return Notice(kind="video_chat", title=title, text=_line("video call", title, begin), details=body)


def hongbao(body: _Body, mentions: MentionTable) -> Notice:
    """A red packet. The platform gives its label alone, in its own language."""
    return Notice(kind="hongbao", title=str(body.get("text") or ""), text="[red packet]", details=body)


def folder(body: _Body, mentions: MentionTable) -> Notice:
    """A folder. The platform lets nobody download it by API."""
    name = str(body.get("file_name") or "")
    details = {"file_key": str(body["file_key"]), **body}
    return Notice(kind="folder", title=name, text=_line("folder", name), details=details)


def system(body: _Body, mentions: MentionTable) -> Notice:
    """A line the client writes itself: `{from_user} invited {to_chatters} to this chat.` with its variables."""
    template = body["template"]
    if not isinstance(template, str):
        raise TypeError("a system message's template is not text")
    text = _VARIABLE.sub(lambda match: _value(body, match)[:_LONGEST], template, count=_MOST).strip()
    return Notice(kind="system", text=text or "[system message]", details=body)


def _value(body: _Body, match: re.Match[str]) -> str:
    """A variable's value; one that is not there stays as it is written."""
    value = body.get(match[1])
    if isinstance(value, list):
        return ", ".join(_said(each) for each in value)
    return match[0] if value is None else _said(value)


def _said(value: Any) -> str:
    """A name, a text, or one of several languages."""
    if isinstance(value, dict):
        if isinstance(languages := value.get("i18n_text"), dict) and languages.get("en_us"):
            return str(languages["en_us"])
        return next((str(value[key]) for key in ("text", "name", "content", "open_id", "id") if value.get(key)), "")
    return str(value)


def _line(what: str, title: str, more: str = "") -> str:
    said = f"[{what}: {title}]" if title else f"[{what}]"
    return f"{said} {more}" if more else said
