"""What the platform accepts as a message's content.

Rules: https://open.feishu.cn/document/server-docs/im-v1/message-content-description/create_json
"""

import json
from collections.abc import Callable
from typing import Any

from imbridge.emulators.feishu.card_rules import CardError, parse_card
from imbridge.emulators.feishu.errors import ApiError
from imbridge.emulators.feishu.settings import EmulatorSettings

LOCALES = frozenset(
    {"zh_cn", "en_us", "ja_jp", "zh_hk", "zh_tw", "id_id", "vi_vn", "th_th", "pt_br", "es_es", "ko_kr", "de_de"}
    | {"fr_fr", "it_it", "ru_ru", "ms_my"}
)
POST_TAGS: dict[str, tuple[str, ...]] = {
    "text": ("text",),
    "a": ("text", "href"),
    "at": ("user_id",),
    "img": ("image_key",),
    "media": ("file_key",),
    "emotion": ("emoji_type",),
    "hr": (),
    "code_block": ("text",),
    "md": ("text",),
}
"""Tags of a post and the fields each must have."""

KEYED: dict[str, tuple[str, ...]] = {
    "image": ("image_key",),
    "file": ("file_key",),
    "audio": ("file_key",),
    "media": ("file_key",),
    "sticker": ("file_key",),
    "share_chat": ("chat_id",),
    "share_user": ("user_id",),
}
SENDABLE = frozenset({"text", "post", "interactive", "system", *KEYED})


def parse_content(msg_type: Any, content: Any, settings: EmulatorSettings) -> dict[str, Any]:
    """Checks type, size and shape of a content and returns it parsed.

    Raises:
        ApiError: 230001 for a wrong shape, 230025 for too long a content, 230099 for a card that is no JSON object.
    """
    if not isinstance(msg_type, str) or msg_type not in SENDABLE:
        raise ApiError(230001, f"invalid msg_type {msg_type!r}")
    if not isinstance(content, str):
        raise ApiError(230001, "content must be a JSON string")
    limit = settings.text_limit if msg_type == "text" else settings.rich_limit
    # A character has at most four bytes: short contents need no counting.
    if msg_type in {"text", "post", "interactive"} and len(content) * 4 > limit and len(content.encode()) > limit:
        raise ApiError(230025, f"{msg_type} content is limited to {limit} bytes")
    if msg_type == "interactive":
        try:
            return parse_card(content)
        except CardError as error:
            raise ApiError(230099, error.ext) from None
    try:
        parsed = json.loads(content)
    except ValueError:
        raise ApiError(230001, "content is not a string in json format") from None
    if not isinstance(parsed, dict):
        raise ApiError(230001, "content is not a JSON object")
    check = _CHECKS.get(msg_type)
    if check is not None:
        check(parsed)
    for field in KEYED.get(msg_type, ()):
        if not isinstance(parsed.get(field), str) or not parsed[field]:
            raise ApiError(230001, f"{field} is missing in the content of a {msg_type} message")
    return parsed


def _check_text(content: dict[str, Any]) -> None:
    if not isinstance(content.get("text"), str):
        raise ApiError(230001, "text field can't be nil, create message content from content error")
    if not content["text"]:
        raise ApiError(230001, "message content is empty")


def _check_post(content: dict[str, Any]) -> None:
    if not content:
        raise ApiError(230001, "message content is empty")
    for locale, body in content.items():
        if locale not in LOCALES:
            raise ApiError(230001, f"invalid message content: {locale!r} is not a locale such as 'zh_cn'")
        if not isinstance(body, dict) or not isinstance(body.get("content"), list):
            raise ApiError(230001, f"invalid message content: {locale}.content is not a list of paragraphs")
        if not isinstance(body.get("title", ""), str):
            raise ApiError(230001, f"invalid message content: {locale}.title is not a string")
        for row in body["content"]:
            _check_paragraph(locale, row)


def _check_paragraph(locale: str, row: Any) -> None:
    if not isinstance(row, list):
        raise ApiError(230001, f"invalid message content: a paragraph of {locale} is not a list of tags")
    for tag in row:
        name = tag.get("tag") if isinstance(tag, dict) else None
        if not isinstance(name, str) or name not in POST_TAGS:
            raise ApiError(230001, f"invalid message content: unknown tag {name!r} in {locale}")
        if name == "md" and len(row) > 1:
            # The rule is the platform's; that it refuses what breaks it, and how, is unverified.
            raise ApiError(230001, f"invalid message content: tag 'md' is not alone in its paragraph in {locale}")
        for field in POST_TAGS[name]:
            if not isinstance(tag.get(field), str):
                raise ApiError(230001, f"invalid message content: tag {name!r} has no {field}")


_CHECKS: dict[str, Callable[[dict[str, Any]], None]] = {
    "text": _check_text,
    "post": _check_post,
}
