"""A rendered part → the body of a robot's message. Pure: media have been uploaded.

Source: developer.work.weixin.qq.com, path/99110, "message types and formats".
"""

from collections.abc import Iterable, Sequence
from typing import Any

from imbridge.adapters.called import MOBILE
from imbridge.adapters.markdown_told import shown, told
from imbridge.adapters.wecom.robot.cards import card_markdown
from imbridge.adapters.wecom.sent.cards import DoesNotFitError, template_card
from imbridge.adapters.wecom.sent.markdown import ROBOT, ROBOT_V2, USERID, without_mentions
from imbridge.protocol import (
    Audio,
    Button,
    Card,
    ContentRefusedError,
    Degradation,
    Divider,
    Element,
    Fields,
    File,
    Link,
    Loss,
    Markdown,
    Media,
    Mention,
    MentionAll,
    Text,
)
from imbridge.rendering import Dialect, Part, PartKind, as_plain, message_in

TEXT_BYTES, MARKDOWN_BYTES = 2048, 4096
DIALECTS = (ROBOT, ROBOT_V2)
_NO_WAY = "a group robot's Markdown has no such thing"
_TITLE_BYTES, _URL_BYTES = 128, 2048
_TYPES = frozenset({"text", "markdown", "markdown_v2", "image", "news", "file", "voice", "template_card"})

Body = dict[str, Any]


def robot_body(part: Part, *dialects: Dialect) -> tuple[Body, list[Degradation]]:
    """What is posted for a part, and what had to be shown otherwise.

    Args:
        part: What to say; its media have been uploaded.
        dialects: The kinds of Markdown to choose from; both when left out.

    Raises:
        ContentRefusedError: the part holds something that a robot cannot send.
    """
    dialects = dialects or DIALECTS
    first = part.elements[0] if part.elements else None
    if part.kind is PartKind.MARKDOWN and first is not None:
        made = message_in(part, *dialects)
        return _markdown(made.text, made.dialect), told(made.changed, _NO_WAY)
    if part.kind is PartKind.CARD and isinstance(first, Card):
        return _card(first, dialects)
    if part.kind is PartKind.MEDIA and isinstance(first, Media):
        return _media(first), []
    if part.kind is PartKind.RICH and len(part.elements) == 1 and isinstance(first, Link) and _opens(first):
        return _news(first), []
    if part.kind in (PartKind.TEXT, PartKind.RICH):
        why = "a group robot calls members by userid or telephone number, and by no name"
        nobody = [one for one in part.elements if isinstance(one, Mention) and not _is_called(one)]
        lost = [Degradation(loss=Loss.AS_TEXT, what="mention", how=f"text: {one.as_text()}", why=why) for one in nobody]
        return _text(part.elements), lost
    raise ContentRefusedError(f"a group robot cannot send a {part.kind} part", platform="wecom")


def as_text(part: Part) -> Body:
    """The same part as the plainest message there is, for when the platform refuses its form.

    Raises:
        ContentRefusedError: it does not fit into a text.
    """
    body = _text(part.elements)
    if len(body["text"]["content"].encode()) > TEXT_BYTES:
        raise ContentRefusedError(f"as text it takes more than {TEXT_BYTES} bytes", platform="wecom")
    return body


def measure(part: Part) -> int:
    """Bytes of the text or the Markdown, which the platform's limits count; 0 for what has none.

    On the scale of the part's kind: what is rich and goes as a text has half the room of Markdown, and counts twice.
    """
    if part.kind.alone or not part.elements:
        return 0
    body, _ = robot_body(part)
    size = len(body[body["msgtype"]].get("content", "").encode())
    return size * (MARKDOWN_BYTES // TEXT_BYTES) if part.kind is PartKind.RICH else size


def image(base64: str, md5: str) -> Body:
    """A picture."""
    return {"msgtype": "image", "image": {"base64": base64, "md5": md5}}


def _text(elements: Iterable[Element]) -> Body:
    """A text: members are called where they are named, telephone numbers and everybody by lists beside it.

    What is typed calls nobody: the platform reads `<@userid>` in texts too.
    """
    spoken = [""]  # what is typed and, in between, who is called: only as a whole does a text show what calls somebody
    lists: dict[str, dict[str, None]] = {}
    unnamed = ""
    for element in elements:
        if isinstance(element, MentionAll):
            lists.setdefault("mentioned_list", {})["@all"] = None
            unnamed = unnamed or element.as_text()
        elif isinstance(element, Mention) and element.id.startswith(MOBILE):
            lists.setdefault("mentioned_mobile_list", {})[element.id.removeprefix(MOBILE)] = None
            unnamed = unnamed or f"@{element.name}"
        elif isinstance(element, Mention) and _is_called(element):
            spoken += [f"<@{element.id}>", ""]
        else:
            spoken[-1] += as_plain(element)
    spoken[::2] = map(without_mentions, spoken[::2])
    content = "".join(spoken)
    if not content.strip():
        content = unnamed or content  # the platform takes no empty text, whoever is called beside it
    return {"msgtype": "text", "text": {"content": content, **{name: list(who) for name, who in lists.items()}}}


def _is_called(mention: Mention) -> bool:
    by_id = USERID.fullmatch(mention.id) is not None and mention.id.casefold() != "all"
    return by_id or mention.id.startswith(MOBILE)


def _markdown(text: str, dialect: str) -> Body:
    kind = "markdown" if dialect == ROBOT.name else "markdown_v2"
    return {"msgtype": kind, kind: {"content": text}}


def _card(card: Card, dialects: Sequence[Dialect]) -> tuple[Body, list[Degradation]]:
    if card.content:
        return _own_card(card.content), []
    if (notice := _notice(card)) is not None:
        return notice, []
    text, degradations = card_markdown(card)
    made = shown(text, *dialects)
    body, further = _markdown(made.text, made.dialect.name), told(made.changed, _NO_WAY)
    size = len(body[body["msgtype"]]["content"].encode())
    if size > MARKDOWN_BYTES:
        raise ContentRefusedError(
            f"as Markdown the card takes {size} bytes; a robot's message has at most {MARKDOWN_BYTES}",
            platform="wecom",
        )
    return body, degradations + further


def _notice(card: Card) -> Body | None:
    """The card as a template card, if a robot's two kinds show it just as it is meant."""
    try:
        made, degradations = template_card(card, {})
    except DoesNotFitError:
        return None
    plain = all(isinstance(part, Text | Markdown | Fields | Button | Divider) for part in card.body)
    if degradations or not plain or made["card_type"] != "text_notice":
        return None
    return {"msgtype": "template_card", "template_card": made}


def _own_card(content: Body) -> Body:
    """A message in the platform's own JSON: all of it (`msgtype`), or a template card, or the articles of a news."""
    kind = content.get("msgtype")
    if kind in _TYPES:
        return content
    if kind is None and "card_type" in content:
        return {"msgtype": "template_card", "template_card": content}
    if kind is None and "articles" in content:
        return {"msgtype": "news", "news": content}
    raise ContentRefusedError(
        f"a group robot sends {', '.join(sorted(_TYPES))}; this content says msgtype {kind!r}", platform="wecom"
    )


def _opens(link: Link) -> bool:
    return bool(link.title) and link.url.startswith(("https://", "http://")) and len(link.url.encode()) <= _URL_BYTES


def _news(link: Link) -> Body:
    return {"msgtype": "news", "news": {"articles": [{"title": _cut(link.title, _TITLE_BYTES), "url": link.url}]}}


def _media(media: Media) -> Body:
    if media.key and isinstance(media, Audio):
        return {"msgtype": "voice", "voice": {"media_id": media.key}}
    if media.key and isinstance(media, File):
        return {"msgtype": "file", "file": {"media_id": media.key}}
    raise ContentRefusedError(f"a group robot cannot send this {type(media).__name__}", platform="wecom")


def _cut(text: str, most: int) -> str:
    """So many bytes of it at most: what is longer the platform would cut, or refuse."""
    if len(text.encode()) <= most:
        return text
    return text.encode()[: most - 3].decode("utf-8", "ignore") + "…"
