"""The content of a message: every documented field and limit of every kind.

Rule: https://developer.work.weixin.qq.com/document/path/90236.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from imbridge.emulators.wecom.cutting import cut
from imbridge.emulators.wecom.errors import ApiError

if TYPE_CHECKING:
    from imbridge.emulators.wecom.app import App
    from imbridge.emulators.wecom.world import World


def checked_content(world: "World", kind: str, body: Mapping[str, Any], *, app: "App") -> dict[str, Any]:
    """`body[kind]`, with what is too long cut.

    Raises:
        ApiError: It is not as documented.
    """
    content = body.get(kind)
    if not isinstance(content, dict):
        raise ApiError(44004 if kind in {"text", "markdown"} else 40058, f"{kind} missing")
    return CHECKS[kind](world, content)


def _text(world: "World", content: dict[str, Any]) -> dict[str, Any]:
    return {**content, "content": cut(world, "text.content", _filled(content), world.settings.text_limit)}


def _filled(content: Mapping[str, Any]) -> str:
    text = content.get("content")
    if not isinstance(text, str) or not text:
        raise ApiError(44004)
    return text


CHECKS: dict[str, Callable[["World", dict[str, Any]], dict[str, Any]]] = {"text": _text}
