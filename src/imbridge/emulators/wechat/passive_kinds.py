"""The kinds of passive replies and what each must have.

Rule: https://developers.weixin.qq.com/doc/service/guide/product/message/Passive_user_reply_message.html. People who
write get one article of `news`, other actions allow eight; what is more is not shown. An empty element where a
media_id belongs makes the platform refuse the reply (https://github.com/node-webot/wechat/issues/206).
"""

from typing import TYPE_CHECKING, Any

from imbridge.emulators.wechat.message import BotMessage, SentMessage
from imbridge.emulators.wechat.readable import readable

if TYPE_CHECKING:
    from imbridge.emulators.wechat.world import World

TRANSFER = "transfer_customer_service"
MEDIA = {"image": "Image", "voice": "Voice", "video": "Video"}
ARTICLES = 8


class ReplyError(Exception):
    """The answer is no passive reply."""


def reply(world: "World", sent: SentMessage, fields: dict[str, Any]) -> BotMessage | None:
    """The message a passive reply shows; None: it hands the conversation to the staff.

    Raises:
        ReplyError: A field is missing or wrong.
    """
    follower = sent.follower
    if fields.get("ToUserName") != follower.openid:
        raise ReplyError("ToUserName is not the follower's openid")
    if fields.get("FromUserName") != follower.account.original_id:
        raise ReplyError(f"FromUserName is not {follower.account.original_id}")
    if not str(fields.get("CreateTime", "")).isdecimal():
        raise ReplyError("CreateTime is no number")
    kind = str(fields.get("MsgType"))
    if kind == TRANSFER:
        return None
    shown = _shown(world, sent, kind, fields)
    return BotMessage(
        account=follower.account,
        follower=follower,
        kind=kind,
        how="passive",
        body=fields,
        text=readable(kind, shown),
        answers=sent,
    )


def _shown(world: "World", sent: SentMessage, kind: str, fields: dict[str, Any]) -> dict[str, Any]:
    """The reply in the API's form, as the same kind of customer-service message would have it."""
    if kind == "text":
        return {"content": _content(world, fields)}
    if kind in MEDIA:
        inner = _inner(fields, MEDIA[kind])
        _media(world, sent, inner, "MediaId", kind)
        return {name: inner.get(name.title()) for name in ("title", "description")}
    if kind == "music":
        return _music(world, sent, _inner(fields, "Music"))
    if kind == "news":
        return {"articles": _articles(world, sent, fields)}
    raise ReplyError(f"MsgType {kind!r} is none of text, image, voice, video, music, news and {TRANSFER}")


def _content(world: "World", fields: dict[str, Any]) -> str:
    content = fields.get("Content")
    if not isinstance(content, str) or not content:
        raise ReplyError("Content is empty")
    size = len(content.encode())
    if size > world.settings.text_limit:
        raise ReplyError(f"Content has {size} bytes, more than {world.settings.text_limit}")
    return content


def _music(world: "World", sent: SentMessage, inner: dict[str, Any]) -> dict[str, Any]:
    if "ThumbMediaId" in inner:
        _media(world, sent, inner, "ThumbMediaId", "thumb", "image")
    names = {"title": "Title", "description": "Description", "url": "MusicUrl"}
    return {name: inner.get(element) for name, element in names.items()}


def _articles(world: "World", sent: SentMessage, fields: dict[str, Any]) -> list[dict[str, Any]]:
    given = fields.get("Articles")
    # Several items are read as a list, a single one as a dictionary that has it.
    articles = given if isinstance(given, list) else [_inner(fields, "Articles").get("item")]
    if str(fields.get("ArticleCount")) != str(len(articles)):
        raise ReplyError(f"ArticleCount is {fields.get('ArticleCount')!r}, not {len(articles)}")
    shown = []
    for number, article in enumerate(articles, 1):
        if not isinstance(article, dict) or not article.get("Title") or "Url" not in article:
            raise ReplyError(f"article {number} has no Title or no Url")
        shown.append({"title": article["Title"], "description": article.get("Description"), "url": article["Url"]})
    limit = ARTICLES if sent.event else 1
    world.stats.articles_cut += max(0, len(shown) - limit)
    return shown[:limit]


def _inner(fields: dict[str, Any], name: str) -> dict[str, Any]:
    inner = fields.get(name)
    if not isinstance(inner, dict):
        raise ReplyError(f"<{name}> is missing")
    return inner


def _media(world: "World", sent: SentMessage, inner: dict[str, Any], name: str, *kinds: str) -> None:
    media = world.media.of(sent.follower.account, inner.get(name))
    if media is None:
        raise ReplyError(f"{name} is no media of the account")
    if media.kind not in kinds:
        raise ReplyError(f"{name} is {media.kind}, not {kinds[0]}")
