"""Passive replies: the encrypted XML an app answers a callback with.

Rules: https://developer.work.weixin.qq.com/document/path/90930 (the envelope) and /path/90241 (the messages). What is
wrong is shown to nobody; the platform tells the app nothing of it, here it is the violation `passive_reply`.
"""

from typing import TYPE_CHECKING, Any

from imbridge.emulators.common.crypto import CryptoError
from imbridge.emulators.wecom.cutting import cut
from imbridge.emulators.wecom.errors import ApiError
from imbridge.emulators.wecom.message import AppMessage, SentMessage
from imbridge.emulators.wecom.passive_card import PassiveError, card_of, update_card
from imbridge.emulators.wecom.strict_xml import Node, XmlError, parse

if TYPE_CHECKING:
    from imbridge.emulators.wecom.app import App
    from imbridge.emulators.wecom.user import User
    from imbridge.emulators.wecom.world import World

ANSWERABLE = frozenset(
    {
        "",
        "subscribe",
        "enter_agent",
        "LOCATION",
        "click",
        "view",
        "view_miniprogram",
        "scancode_waitmsg",
        "template_card_event",
        "template_card_menu_event",
    }
)
"""Events that may be answered; the empty one is a message."""

ENVELOPE = frozenset({"Encrypt", "MsgSignature", "TimeStamp", "Nonce"})
HEAD = frozenset({"ToUserName", "FromUserName", "CreateTime", "MsgType"})
OPTIONAL = frozenset({"AgentID"})
"""What older documents had in a reply, and clients send."""
OWN = {
    "text": frozenset({"Content"}),
    "image": frozenset({"Image"}),
    "voice": frozenset({"Voice"}),
    "video": frozenset({"Video"}),
    "news": frozenset({"ArticleCount", "Articles"}),
    "update_button": frozenset({"Button"}),
    "update_template_card": frozenset({"TemplateCard"}),
}
"""What a reply of each kind has beside the head."""


def show_reply(world: "World", app: "App", user: "User | None", sent: SentMessage, body: str) -> AppMessage | None:
    """Shows a passive reply to the person whose message or event it answers; None: it was wrong."""
    try:
        reply = _open(app, body)
        reader = _reader(user, sent)
        kind = _checked(app, reader, reply)
        message = _message(world, app, reader, sent, kind, reply)
    except (PassiveError, XmlError, CryptoError, ApiError) as error:
        world.stats.passive_refused += 1
        world.violation("passive_reply", f"the answer to {sent.event or 'message ' + sent.msg_id}: {error}")
        return None
    world.stats.passive_replies += 1
    return message


def _open(app: "App", body: str) -> Node:
    """The reply inside the envelope, its signature checked."""
    envelope = parse(body)
    unknown = {child.name for child in envelope.children} - ENVELOPE
    if envelope.name != "xml" or unknown:
        raise PassiveError(f"the envelope is <{envelope.name}> with unknown {sorted(unknown)}")
    encrypted, signature = envelope.value("Encrypt"), envelope.value("MsgSignature")
    timestamp, nonce = envelope.value("TimeStamp"), envelope.value("Nonce")
    if not encrypted or not timestamp.isdigit() or not nonce:
        raise PassiveError("Encrypt, TimeStamp or Nonce is missing")
    if not app.crypto.is_signed(signature, timestamp, nonce, encrypted):
        raise PassiveError("MsgSignature is wrong")
    return parse(app.crypto.decrypt(encrypted))


def _reader(user: "User | None", sent: SentMessage) -> "User":
    """Who sees the reply."""
    if sent.event not in ANSWERABLE:
        raise PassiveError("it can not be answered")
    if user is None:
        raise PassiveError("nobody would see it")
    return user


def _checked(app: "App", user: "User", reply: Node) -> str:
    """The reply's MsgType; its head and the names of its fields are right."""
    if reply.name != "xml":
        raise PassiveError(f"the reply is <{reply.name}>")
    kind = reply.value("MsgType")
    if kind not in OWN:
        raise PassiveError(f"MsgType {kind!r} is unknown")
    for child in reply.children:
        if child.name not in HEAD | OPTIONAL | OWN[kind]:
            raise PassiveError(f"{child.name} is no field of a {kind} reply")
        reply.one(child.name)
    missing = (HEAD | OWN[kind]) - {child.name for child in reply.children}
    if missing:
        raise PassiveError(f"{', '.join(sorted(missing))} is missing")
    if reply.value("ToUserName").lower() != user.userid.lower() or reply.value("FromUserName") != app.corp_id:
        raise PassiveError("ToUserName must be the member and FromUserName the corp")
    if not reply.value("CreateTime").isdigit():
        raise PassiveError("CreateTime is no number")
    return kind


def _message(world: "World", app: "App", user: "User", sent: SentMessage, kind: str, reply: Node) -> AppMessage:
    content: dict[str, Any]
    if kind == "update_button":
        button = reply.one("Button")
        return update_card(world, app, user, sent, replace_name=button.value("ReplaceName") if button else "")
    if kind == "update_template_card":
        card = reply.one("TemplateCard")
        return update_card(world, app, user, sent, card=card_of(card) if card else {})
    if kind == "text":
        if not reply.value("Content"):
            raise PassiveError("Content is empty")
        content = {
            "content": cut(world, "Content of a passive reply", reply.value("Content"), world.settings.text_limit)
        }
    elif kind == "news":
        content = {"articles": _articles(reply)}
    else:
        part = reply.one(kind.capitalize())
        media_id = part.value("MediaId") if part else ""
        upload = world.uploads.get(media_id)
        if upload is None or upload.kind != kind:
            raise PassiveError(f"MediaId {media_id!r} is no {kind} that was uploaded")
        content = {"media_id": media_id}
        if part and kind == "video":
            content |= {"title": part.value("Title"), "description": part.value("Description")}
    body = {"msgtype": kind, kind: content}
    return world.show(app, [user], kind, body, content, passive=True)


def _articles(reply: Node) -> list[dict[str, str]]:
    articles = reply.one("Articles")
    items = articles.children if articles else []
    if any(item.name != "item" for item in items) or not 1 <= len(items) <= 8:
        raise PassiveError("Articles must hold 1 to 8 items")
    if reply.value("ArticleCount") != str(len(items)):
        raise PassiveError(f"ArticleCount is {reply.value('ArticleCount')!r} for {len(items)} articles")
    names = {"Title": "title", "Description": "description", "PicUrl": "picurl", "Url": "url"}
    return [{names[key]: item.value(key) for key in names} for item in items]
