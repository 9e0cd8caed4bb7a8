"""A rendered part → the body of `message/send`, `appchat/send`, or the answer to a callback. Pure.

Source: developer.work.weixin.qq.com, "send messages of an app" (path/90236), "send messages into a group" (path/90248),
"passive replies" (path/90241).
"""

import re
import time
from collections.abc import Iterable, Mapping
from typing import Any

from imbridge.adapters.markdown_told import told
from imbridge.adapters.pending import Answer
from imbridge.adapters.unreachable import no_address_for
from imbridge.adapters.wecom.sent.cards import has_task
from imbridge.adapters.wecom.sent.markdown import MARKDOWN, without_mentions
from imbridge.adapters.xml import write_xml
from imbridge.protocol import (
    Audio,
    Channel,
    ChannelKind,
    ContentRefusedError,
    Degradation,
    Element,
    File,
    Image,
    Link,
    Media,
    Message,
    Video,
)
from imbridge.rendering import Part, PartKind, as_plain, message_in
from imbridge.rendering.markdown.literal import ZERO_WIDTH

Body = dict[str, Any]

_TITLE_BYTES, _DESCRIPTION_BYTES, _URL_BYTES = 128, 512, 2048
_ADDRESS = re.compile(r"https?://[^\s\"'<>]{1,2000}")
_NOT_IN_A_TAG = re.compile(r"[<>]")
_LINK = re.compile(r"<(?=\s*/?a\b)", re.IGNORECASE)
_NO_WAY = "WeCom's Markdown has no such thing"
_MEDIA_KINDS: Mapping[type[Media], str] = {Image: "image", Audio: "voice", Video: "video", File: "file"}
CONTENT_KINDS = frozenset(
    {"text", "markdown", "image", "voice", "video", "file", "textcard", "news", "mpnews", "miniprogram_notice",
     "template_card"}
)  # fmt: skip
"""What a card in the platform's own JSON can be."""
_BESIDE = ("safe", "enable_id_trans")
"""Fields that may stand beside the content of a message in the platform's own JSON."""


def message_body(part: Part, *, group: bool = False) -> tuple[Body, list[Degradation]]:
    """`msgtype` and content of a part whose media have been uploaded, and what is shown otherwise than meant.

    Args:
        part: What to show; cards are written by `sent.cards`.
        group: It goes into a group, where `<@...>` calls people.

    Raises:
        ContentRefusedError: the part holds something that this version cannot send.
    """
    if part.kind is PartKind.MARKDOWN:
        made = message_in(part, MARKDOWN)
        return {"msgtype": "markdown", "markdown": {"content": made.text}}, told(made.changed, _NO_WAY)
    if part.kind in (PartKind.TEXT, PartKind.RICH):
        if (card := _textcard(part)) is not None:
            return {"msgtype": "textcard", "textcard": card}, []
        return {"msgtype": "text", "text": {"content": _quiet(_text(part.elements), group)}}, []
    if part.kind is PartKind.MEDIA:
        kind, content = _media(part.elements[0])
        return {"msgtype": kind, kind: content}, []
    raise ContentRefusedError(f"cannot send a {part.kind} part to WeCom", platform="wecom")


def as_plain_text(part: Part, *, group: bool = False) -> Body:
    """The same part as the plainest message there is, for when the platform refuses its form."""
    texts = (as_plain(element) for element in part.elements)
    return {"msgtype": "text", "text": {"content": _quiet(_unlinked("".join(texts)), group) or " "}}


def own_body(content: Mapping[str, Any], task_id: str) -> Body:
    """The body of a card that is the platform's own JSON: a whole message (`msgtype` and so on), or a template card.

    A template card that can be clicked gets a task id, unless it has one.

    Raises:
        ContentRefusedError: it is neither.
    """
    kind = content.get("msgtype", "template_card" if "card_type" in content else None)
    inner = content if "card_type" in content else content.get(str(kind))
    if kind not in CONTENT_KINDS or not isinstance(inner, Mapping):
        raise ContentRefusedError(
            'a card in WeCom\'s own JSON is {"msgtype": "news", "news": {...}} or {"card_type": ...}', platform="wecom"
        )
    if kind == "template_card" and has_task(inner):
        inner = {"task_id": task_id, **inner}
    return {"msgtype": kind, kind: dict(inner), **{name: content[name] for name in _BESIDE if name in content}}


def measure(part: Part) -> int:
    """Bytes of a part as sent."""
    if part.kind.alone:
        return 0
    text = message_in(part, MARKDOWN).text if part.kind is PartKind.MARKDOWN else _text(part.elements)
    return len(text.encode("utf-8", "replace"))


def recipients(channel: Channel) -> dict[str, str]:
    """The fields that say who gets it.

    Only an address that says `user` can mean several people, or all of them: never an answer.

    Raises:
        TargetGoneError: the channel is none that an app can send to.
    """
    if channel.kind is ChannelKind.USER:
        return {"touser": channel.id}
    if channel.kind is ChannelKind.DEPARTMENT:
        return {"toparty": channel.id}
    if channel.kind is ChannelKind.TAG:
        return {"totag": channel.id}
    if channel.kind is ChannelKind.PRIVATE and "|" not in channel.id and not channel.id.lstrip().startswith("@"):
        return {"touser": channel.id}
    raise no_address_for(
        channel, "an app", user="userid", department="id", tag="id", group="id of a chat that the app has made"
    )


def whom(to: Mapping[str, str]) -> dict[str, Any]:
    """The same people, as `update_template_card` wants them named."""
    if to.get("touser") == "@all":
        return {"atall": 1}
    if "touser" in to:
        return {"userids": to["touser"].split("|")}
    name, ids = ("partyids", to["toparty"]) if "toparty" in to else ("tagids", to["totag"])
    return {name: [int(one) if one.isascii() and one.isdigit() else one for one in ids.split("|")]}


# -- passive replies ---------------------------------------------------------------------------------------------------


def fits_passive(part: Part) -> bool:
    """Whether a part can be the answer to a callback: there is no Markdown and no card among these, and no file."""
    if part.kind is PartKind.TEXT:
        return True
    if part.kind is PartKind.MEDIA:
        return isinstance(part.elements[0], Image | Audio | Video)
    return part.kind is PartKind.RICH and _textcard(part) is not None


def passive_xml(message: Message, said: Answer, corp_id: str) -> str:
    """The answer to the callback that brought a message: what `fits_passive`."""
    head = {"ToUserName": message.sender.id, "FromUserName": corp_id, "CreateTime": int(time.time())}
    return write_xml({**head, **_passive(said)})


def _passive(said: Answer) -> dict[str, Any]:
    first = said[0]
    if isinstance(first, Media):
        kind, content = _media(first)
        fields = {"MediaId": content["media_id"]}
        if "title" in content:
            fields["Title"] = content["title"]
        return {"MsgType": kind, kind.capitalize(): fields}
    card = _textcard(Part(PartKind.RICH, said))
    if card is not None:
        item = {"Title": card["title"], "Description": card["description"], "PicUrl": "", "Url": card["url"]}
        return {"MsgType": "news", "ArticleCount": 1, "Articles": {"item": [item]}}
    return {"MsgType": "text", "Content": _text(said)}


# -- content -----------------------------------------------------------------------------------------------------------


def _text(elements: Iterable[Element]) -> str:
    """Links are links; what is typed is none: the platform's texts know this one tag."""
    texts = [""]  # what is typed, and links in between: only as a whole does it show what could be taken for one
    for element in elements:
        if isinstance(element, Link):
            texts += [_linked(element), ""]
        else:
            texts[-1] += element.as_text()
    texts[::2] = map(_unlinked, texts[::2])
    return "".join(texts)


def _unlinked(text: str) -> str:
    """What somebody typed, in which the platform finds no link: an invisible character breaks the tag."""
    return _LINK.sub(f"<{ZERO_WIDTH}", text) if "<" in text else text


def _linked(link: Link) -> str:
    """A title that leads somewhere."""
    if not link.title or _ADDRESS.fullmatch(link.url) is None:
        return _unlinked(link.as_text())
    return f'<a href="{link.url}">{_NOT_IN_A_TAG.sub("", link.title)}</a>'


def _quiet(text: str, group: bool) -> str:
    """In a group the platform takes `<@userid>` for a mention: nobody is called by what somebody else typed."""
    return without_mentions(text) if group else text


def _textcard(part: Part) -> dict[str, Any] | None:
    """A link that stands alone: a card to click on, if it fits."""
    link = part.elements[0] if len(part.elements) == 1 else None
    if not isinstance(link, Link) or not link.title or _ADDRESS.fullmatch(link.url) is None:
        return None
    if len(link.title.encode()) > _TITLE_BYTES or len(link.url.encode()) > _URL_BYTES:
        return None
    return {"title": link.title, "description": _cut(link.url, _DESCRIPTION_BYTES), "url": link.url}


def _cut(text: str, most: int) -> str:
    """So many bytes of it at most."""
    return text.encode()[:most].decode("utf-8", "ignore")


def _media(element: Element) -> tuple[str, dict[str, Any]]:
    kind = next((kind for sort, kind in _MEDIA_KINDS.items() if isinstance(element, sort)), None)
    if kind is None or not isinstance(element, Media):
        raise ContentRefusedError(f"cannot send a {type(element).__name__} to WeCom", platform="wecom")
    if not element.key:
        raise ContentRefusedError(f"this {type(element).__name__} has neither data nor a key", platform="wecom")
    content = {"media_id": element.key}
    if isinstance(element, Video) and element.name:
        content["title"] = _cut(element.name, _TITLE_BYTES)
    return kind, content
