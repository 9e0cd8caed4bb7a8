"""The kinds of customer-service messages and what each must have.

Rule: https://developers.weixin.qq.com/doc/service/api/customer/message/api_sendcustommessage.html. More than one
article of `news` is refused with 45008. What a missing field is refused with is not documented; 40035 here.
"""

from typing import Any

from imbridge.emulators.wechat.errors import ApiError
from imbridge.emulators.wechat.gateway import Call

NEEDED: dict[str, tuple[str, ...]] = {
    "image": ("media_id",),
    "voice": ("media_id",),
    "video": ("media_id",),
    "music": ("musicurl", "hqmusicurl", "thumb_media_id"),
    "mpnews": ("media_id",),
    "mpnewsarticle": ("article_id",),
    "wxcard": ("card_id",),
    "miniprogrampage": ("title", "appid", "pagepath", "thumb_media_id"),
}
MEDIA_KINDS: dict[str, tuple[str, ...]] = {
    "image": ("image",),
    "voice": ("voice",),
    "video": ("video",),
    "mpnews": ("news",),
}
THUMBS = ("thumb", "image")
ARTICLES = 1


def checked(call: Call, kind: object, body: dict[str, Any]) -> dict[str, Any]:
    """The part of the request that belongs to its `msgtype`.

    Raises:
        ApiError: 40008 no such kind, 44004 and 45002 of texts, 44003 and 45008 of articles, 40007 no such media,
            40004 media of another kind, 40035 a field is missing.
    """
    inner = body.get(str(kind))
    if kind == "text":
        return _text(call, inner)
    if kind == "news":
        return _news(inner)
    if kind == "msgmenu":
        return _menu(inner)
    needed = NEEDED.get(str(kind))
    if needed is None:
        raise ApiError(40008)
    if not isinstance(inner, dict):
        raise ApiError(40035, f"{kind} is missing")
    for name in needed:
        if not inner.get(name):
            raise ApiError(41006 if name == "media_id" else 40035, f"{kind}.{name} is missing")
    if str(kind) in MEDIA_KINDS:
        _media(call, inner["media_id"], MEDIA_KINDS[str(kind)])
    if inner.get("thumb_media_id"):
        _media(call, inner["thumb_media_id"], THUMBS)
    return inner


def _text(call: Call, inner: Any) -> dict[str, Any]:
    content = inner.get("content") if isinstance(inner, dict) else None
    if not isinstance(content, str) or not content:
        raise ApiError(44004)
    if len(content.encode()) > call.world.settings.text_limit:
        raise ApiError(45002)
    return {"content": content}


def _news(inner: Any) -> dict[str, Any]:
    articles = inner.get("articles") if isinstance(inner, dict) else None
    if not isinstance(articles, list) or not articles:
        raise ApiError(44003)
    if len(articles) > ARTICLES:
        raise ApiError(45008)
    for article in articles:
        if not isinstance(article, dict) or not article.get("title"):
            raise ApiError(44003)
    return {"articles": articles}


def _menu(inner: Any) -> dict[str, Any]:
    lines = inner.get("list") if isinstance(inner, dict) else None
    if not isinstance(lines, list) or not lines:
        raise ApiError(40035, "msgmenu.list is missing")
    for line in lines:
        if not isinstance(line, dict) or not line.get("id") or not line.get("content"):
            raise ApiError(40035, "a line of msgmenu.list has no id or no content")
    return dict(inner)


def _media(call: Call, media_id: object, kinds: tuple[str, ...]) -> None:
    media = call.world.media.of(call.account, media_id)
    if media is None:
        raise ApiError(40007)
    if media.kind not in kinds:
        raise ApiError(40004, f"it is {media.kind}")
