"""The content of a message: the documented fields and limits of every kind.

Rules: https://developer.work.weixin.qq.com/document/path/90236 (apps), /path/90248 (groups of apps), /path/91770 (group
robots). What is too long in a title or a description is cut; what is wrong is refused. The codes of the refusals are of
the general table; which of them the platform takes for which mistake is unverified, except 40007, 40008 and 44004.
"""

import base64
import binascii
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from imbridge.emulators.wecom.card_rules import checked_card
from imbridge.emulators.wecom.cutting import cut
from imbridge.emulators.wecom.errors import ApiError

if TYPE_CHECKING:
    from imbridge.emulators.wecom.world import World

TITLE, DESCRIPTION, URL, AUTHOR, PAGE = 128, 512, 2048, 64, 666 * 1024
BUTTON_CHARACTERS = 4
ARTICLES = 8
PICTURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")
"""How JPG and PNG begin."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends, as far as the rules differ.

    Attributes:
        text_limit: Longest text, in bytes.
        markdown_limit: Longest markdown, in bytes.
        cuts: Whether a text that is too long is cut; otherwise it is refused.
        robot_key: The group robot's key; empty: an app.
        agent_id: The app's number, for task ids that must not repeat.
    """

    text_limit: int
    markdown_limit: int
    cuts: bool = True
    robot_key: str = ""
    agent_id: int = 0


def checked_content(world: "World", kind: str, body: Mapping[str, Any], sender: Sender) -> dict[str, Any]:
    """`body[kind]`, with what is too long cut.

    Raises:
        ApiError: It is not as documented.
    """
    content = body.get(kind)
    if not isinstance(content, dict):
        if kind in {"text", "markdown", "markdown_v2"}:
            raise ApiError(44004)
        raise ApiError(40058, f"{kind} missing")
    return CHECKS[kind](world, content, sender)


def required(content: Mapping[str, Any], name: str, where: str, code: int = 40058) -> str:
    """A text that must be there.

    Raises:
        ApiError: It is not.
    """
    value = content.get(name)
    if not isinstance(value, str) or not value:
        raise ApiError(code, f"{where}.{name} missing")
    return value


def _text(world: "World", content: dict[str, Any], sender: Sender) -> dict[str, Any]:
    text = _filled(content)
    for name in ("mentioned_list", "mentioned_mobile_list"):
        listed = content.get(name, [])
        if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
            raise ApiError(40058, f"text.{name} is not a list of strings")
    if not sender.cuts and len(text.encode()) > sender.text_limit:
        raise ApiError(40058, f"text.content exceed max length {sender.text_limit}")
    return {**content, "content": cut(world, "text.content", text, sender.text_limit)}


def _markdown(kind: str) -> "Check":
    def check(world: "World", content: dict[str, Any], sender: Sender) -> dict[str, Any]:
        text = _filled(content)
        if len(text.encode()) > sender.markdown_limit:
            # Apps: 45002 is the table's "content too long"; robots say what they say of texts.
            code = 40058 if sender.robot_key else 45002
            raise ApiError(code, f"{kind}.content exceed max length {sender.markdown_limit}")
        return content

    return check


def _media(kind: str) -> "Check":
    def check(world: "World", content: dict[str, Any], sender: Sender) -> dict[str, Any]:
        if kind == "image" and sender.robot_key:
            return _robot_image(world, content)
        check_media(world, content.get("media_id"), kind, sender)
        if kind == "video":
            return _cut_titles(world, kind, content)
        return content

    return check


def check_media(world: "World", media_id: object, kind: str, sender: Sender) -> None:
    """Refuses a media_id that is not there, has expired or is of another kind: 41006, 40007."""
    if not media_id:
        raise ApiError(41006)
    upload = world.uploads.get(media_id, sender.robot_key)
    if upload is None or upload.kind != kind:
        raise ApiError(40007)


def _robot_image(world: "World", content: dict[str, Any]) -> dict[str, Any]:
    try:
        data = base64.b64decode(required(content, "base64", "image"), validate=True)
    except (binascii.Error, ValueError):
        raise ApiError(40058, "image.base64 is no Base64") from None
    if len(data) > world.settings.robot_image_limit:
        raise ApiError(40009)
    if not data.startswith(PICTURES):
        raise ApiError(40004)
    digest = hashlib.md5(data).hexdigest()  # noqa: S324 - the platform's choice
    if digest != required(content, "md5", "image").lower():
        raise ApiError(301019)
    return content


def _textcard(world: "World", content: dict[str, Any], sender: Sender) -> dict[str, Any]:
    required(content, "title", "textcard", 41016)
    required(content, "description", "textcard")
    _url(required(content, "url", "textcard", 41010), "textcard.url")
    button = content.get("btntxt", "")
    if not isinstance(button, str):
        raise ApiError(40058, "textcard.btntxt is not a string")
    return {**_cut_titles(world, "textcard", content), "btntxt": button[:BUTTON_CHARACTERS] or "详情"}


def _news(world: "World", content: dict[str, Any], sender: Sender) -> dict[str, Any]:
    checked = []
    for article in _articles(content):
        required(article, "title", "news.articles", 41016)
        if article.get("appid") or article.get("pagepath"):
            required(article, "appid", "news.articles")
            required(article, "pagepath", "news.articles")
        else:
            _url(required(article, "url", "news.articles", 41010), "news.articles.url")
        checked.append(_cut_titles(world, "news.articles", article))
    return {**content, "articles": checked}


def _mpnews(world: "World", content: dict[str, Any], sender: Sender) -> dict[str, Any]:
    checked = []
    for article in _articles(content):
        required(article, "title", "mpnews.articles", 41016)
        check_media(world, article.get("thumb_media_id"), "image", sender)
        if len(required(article, "content", "mpnews.articles").encode()) > PAGE:
            raise ApiError(45002)
        shown = _cut_titles(world, "mpnews.articles", article)
        for name, limit in (("author", AUTHOR), ("digest", DESCRIPTION)):
            if isinstance(shown.get(name), str):
                shown[name] = cut(world, f"mpnews.articles.{name}", shown[name], limit)
        checked.append(shown)
    return {**content, "articles": checked}


def _template_card(world: "World", content: dict[str, Any], sender: Sender) -> dict[str, Any]:
    checked_card(content, robot=bool(sender.robot_key))
    for item in content.get("horizontal_content_list") or ():
        if item.get("type") == 2:
            check_media(world, item.get("media_id"), "file", sender)
    task_id = content.get("task_id")
    if task_id and not sender.robot_key:
        key = (sender.agent_id, str(task_id))
        if key in world.task_ids:
            raise ApiError(40058, f"template_card.task_id {task_id} was used before")
        world.task_ids[key] = None
    return content


def _filled(content: Mapping[str, Any]) -> str:
    text = content.get("content")
    if not isinstance(text, str) or not text:
        raise ApiError(44004)
    return text


def _articles(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    articles = content.get("articles")
    if not isinstance(articles, list) or not all(isinstance(one, dict) for one in articles):
        raise ApiError(40058, "articles is not a list of objects")
    if not 1 <= len(articles) <= ARTICLES:
        raise ApiError(45008)
    return articles


def _cut_titles(world: "World", where: str, content: Mapping[str, Any]) -> dict[str, Any]:
    shown = dict(content)
    for name, limit in (("title", TITLE), ("description", DESCRIPTION)):
        value = shown.get(name)
        if value is not None and not isinstance(value, str):
            raise ApiError(40058, f"{where}.{name} is not a string")
        if value:
            shown[name] = cut(world, f"{where}.{name}", value, limit)
    return shown


def _url(url: str, where: str) -> None:
    if not url.startswith(("http://", "https://")) or len(url.encode()) > URL:
        raise ApiError(40058, f"{where} is no URL of at most {URL} bytes")


Check = Callable[["World", dict[str, Any], Sender], dict[str, Any]]

CHECKS: dict[str, Check] = {
    "text": _text,
    "markdown": _markdown("markdown"),
    "markdown_v2": _markdown("markdown_v2"),
    "image": _media("image"),
    "voice": _media("voice"),
    "video": _media("video"),
    "file": _media("file"),
    "textcard": _textcard,
    "news": _news,
    "mpnews": _mpnews,
    "template_card": _template_card,
}
