"""The shape of what an app answers a callback with.

Rules: https://open.feishu.cn/document/feishu-cards/card-callback-communication (with the codes a person sees) and
https://open.feishu.cn/document/uAjLw4CM/ukzMukzMukzM/development-link-preview/pull-link-preview-data-callback-structure.
"""

from collections.abc import Mapping
from typing import Any

TEXTS: Mapping[int, str] = {
    200340: "the app has no way to receive callbacks",
    200341: "the app did not answer in time",
    200671: "the app answered with a failure",
    200672: "the app's answer has a wrong format",
    200673: "the app's answer has a wrong card",
    200830: "a card of schema 2.0 can not become one of schema 1.0",
}
TOASTS = frozenset({"info", "success", "warning", "error"})
CARDS = frozenset({"raw", "template"})


class CallbackError(Exception):
    """What a person sees instead of the app's answer.

    Attributes:
        code: The platform's code: 200340, 200341, 200671, 200672, 200673 or 200830.
    """

    def __init__(self, code: int, detail: str = "") -> None:
        super().__init__(f"{code}: {TEXTS[code]}{': ' if detail else ''}{detail}")
        self.code = code


def check_click_answer(answer: Any) -> dict[str, Any] | None:
    """Checks the answer to `card.action.trigger`; returns the card in it, `{"type": ..., "data": ...}`, if any.

    Raises:
        CallbackError: 200672 or 200673.
    """
    _only(answer, {"toast", "card"})
    toast = answer.get("toast")
    if toast is not None:
        _only(toast, {"type", "content", "i18n"}, "toast")
        if toast.get("type", "info") not in TOASTS:
            raise CallbackError(200672, f"toast.type {toast['type']!r} is not one of {', '.join(sorted(TOASTS))}")
        if not isinstance(toast.get("content", ""), str):
            raise CallbackError(200672, "toast.content is not a text")
        _texts_by_locale(toast.get("i18n", {}), "toast.i18n")
    return _card(answer)


def check_preview_answer(answer: Any) -> dict[str, Any] | None:
    """Checks the answer to `url.preview.get`; returns the card in it, if any.

    Raises:
        CallbackError: 200672 or 200673.
    """
    _only(answer, {"inline", "card"})
    inline = answer.get("inline")
    if inline is not None:
        _only(inline, {"title", "i18n_title", "image_key", "url"}, "inline")
        if not isinstance(inline.get("title", ""), str) or not isinstance(inline.get("image_key", ""), str):
            raise CallbackError(200672, "inline.title and inline.image_key are texts")
        _texts_by_locale(inline.get("i18n_title", {}), "inline.i18n_title")
        _texts_by_locale(inline.get("url", {}), "inline.url")
    return _card(answer)


def _card(answer: dict[str, Any]) -> dict[str, Any] | None:
    card = answer.get("card")
    if card is None:
        return None
    if not isinstance(card, dict) or card.get("type") not in CARDS or not isinstance(card.get("data"), dict):
        raise CallbackError(200673, "card is {'type': 'raw' or 'template', 'data': object}")
    return card


def _only(value: Any, known: set[str], name: str = "the answer") -> None:
    if not isinstance(value, dict):
        raise CallbackError(200672, f"{name} is not an object")
    unknown = sorted(set(value) - known)
    if unknown:
        raise CallbackError(200672, f"{name} has unknown fields: {', '.join(unknown)}")


def _texts_by_locale(value: Any, name: str) -> None:
    if not isinstance(value, dict) or not all(isinstance(one, str) for one in value.values()):
        raise CallbackError(200672, f"{name} is not an object of texts")
