"""Text with mentions in it, and text that must not be read as one. Pure.

Source: bot.q.qq.com, "text interaction": `<qqbot-at-user id="" />` in groups and channels, `<qqbot-at-everyone />` in
channels, `<emoji:id>` in guilds; "embedded formats": in guilds `&`, `<` and `>` are sent as entities. That entities
are understood in single chats and groups is not documented, so what begins like a tag there is broken up.
"""

import re
from collections.abc import Iterable

from imbridge.adapters.qq.api import GUILD_KINDS
from imbridge.adapters.qq.faces import face_id
from imbridge.protocol import Degradation, Element, Emoji, Loss, Mention, MentionAll

_GAP = "\u200b"
_TAG = re.compile(r"(<|&lt;)(?=[@#]|/?qqbot-|emoji:|faceType=)", re.IGNORECASE)
_EVERYBODY = re.compile(r"@(?=everyone)", re.IGNORECASE)
_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
EVERYBODY = "<qqbot-at-everyone />"
_NO_CALL = {
    "c2c": "there is nobody to call in a single chat",
    "dms": "there is nobody to call in a private chat",
}
_BROKEN = "QQ would take it for a mention, a command or an emoji"


def spoken(elements: Iterable[Element], way: str) -> tuple[str, list[Degradation]]:
    """The text of some elements, as `content`.

    Args:
        elements: What is said.
        way: `c2c`, `group`, `guild` or `dms`.
    """
    degradations: list[Degradation] = []
    text = "".join(_said(element, way, degradations) for element in elements)
    return text, degradations


def called(identity: str, name: str) -> str:
    """The tag that calls somebody; empty for what is no id of QQ's."""
    return f'<qqbot-at-user id="{identity}" />' if _ID.fullmatch(identity) else ""


def literal(text: str, way: str) -> str:
    """The text so that nothing in it is read as a tag."""
    if way not in GUILD_KINDS:
        return unread(text)
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _EVERYBODY.sub(f"@{_GAP}", text)


def unread(text: str) -> str:
    """Text, or Markdown, with whatever looks like one of QQ's tags broken up by a space that nobody sees."""
    return _TAG.sub(rf"\1{_GAP}", text) if "<" in text or "&" in text else text


def unread_markdown(text: str, way: str) -> str:
    """Markdown in which nobody is called."""
    text = unread(text)
    return _EVERYBODY.sub(f"@{_GAP}", text) if way in GUILD_KINDS else text


def broken_up(before: str, after: str) -> list[Degradation]:
    """What to tell of it."""
    if before.count(_GAP) == after.count(_GAP):
        return []
    return [Degradation(loss=Loss.REPLACED, what="tag", how="text, with a space of no width in it", why=_BROKEN)]


def _said(element: Element, way: str, degradations: list[Degradation]) -> str:
    if isinstance(element, Mention) and way not in _NO_CALL and (call := called(element.id, element.name)):
        return call
    if isinstance(element, MentionAll) and way == "guild":
        return EVERYBODY
    said = element.as_text()
    if isinstance(element, Mention | MentionAll):
        why = _NO_CALL.get(way, "no id of QQ's is known for this name")
        if isinstance(element, MentionAll) and way == "group":
            why = "a bot cannot call all of a group"
        degradations.append(Degradation(loss=Loss.AS_TEXT, what=element.type, how=f"text: {said}", why=why))
    elif isinstance(element, Emoji) and (face := face_id(element.code)):
        if way in GUILD_KINDS:
            return f"<emoji:{face}>"
        why = "QQ's bots can send its own emoticons in guilds only"
        degradations.append(Degradation(loss=Loss.AS_TEXT, what="emoji", how=f"text: {said}", why=why))
    elif isinstance(element, Emoji) and element.code.isascii():
        why = "it is none of QQ's own emoticons"
        degradations.append(Degradation(loss=Loss.AS_TEXT, what="emoji", how=f"text: {said}", why=why))
    shown = literal(said, way)
    degradations += broken_up(said, shown)
    return shown
