"""What is posted to webhooks, of sessions and of custom robots.

Rules: help.dingtalk.io, "Message types" (by webhook: text, markdown, actionCard, feedCard, link) and "Custom bots send
group messages" (`at` with `atMobiles`, `atUserIds`, `isAtAll`; only members of the group can be mentioned). A body has
at most 20,000 bytes, code 460101. In markdown somebody is mentioned only if `@` and their id stand in the text as well;
in text the platform adds it. Codes: 400105 for a kind that is not supported, 40035 for what is missing.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from imbridge.emulators.dingtalk.errors import OapiError
from imbridge.emulators.dingtalk.webhook_errors import refusal

if TYPE_CHECKING:
    from imbridge.emulators.dingtalk.group import Group
    from imbridge.emulators.dingtalk.routes import Call
    from imbridge.emulators.dingtalk.user import User

REQUIRED: Mapping[str, tuple[str, ...]] = {
    "text": ("content",),
    "markdown": ("title", "text"),
    "link": ("title", "text", "messageUrl"),
    "actionCard": ("title", "text"),
}
READ: Mapping[str, tuple[str, ...]] = {
    "text": ("content",),
    "markdown": ("text",),
    "link": ("title", "text"),
    "actionCard": ("text",),
}


def posted(call: "Call") -> tuple[str, str, dict[str, Any]]:
    """The message's kind, what a person reads, and the body.

    Raises:
        OapiError: It is not as documented.
    """
    if not call.request.headers.get("Content-Type", "").startswith("application/json"):
        raise OapiError(43004)
    if len(call.raw_body) > call.world.settings.webhook_limit:
        raise refusal(call, "size")
    body = call.json()
    kind = body.get("msgtype")
    if kind == "feedCard":
        return "feedCard", "\n".join(str(link["title"]) for link in _links(body)), body
    if not isinstance(kind, str) or kind not in REQUIRED:
        raise OapiError(400105, f"不支持的消息类型: {kind!r}")
    content = _object(body, kind)
    for name in REQUIRED[kind]:
        _text(content, name, kind)
    if kind == "actionCard":
        _check_buttons(content)
    return kind, "\n".join(str(content[name]) for name in READ[kind]), body


def mentioned(body: Mapping[str, Any], text: str, group: "Group | None") -> tuple[str, ...]:
    """Who is mentioned, as the body has it: userids, mobiles, dingtalkIds, `all`.

    Raises:
        OapiError: `at` is not as documented.
    """
    at = body.get("at") or {}
    if not isinstance(at, dict):
        raise OapiError(40035, "不合法的参数: at")
    found: list[str] = []
    for name, key in (("atUserIds", "userid"), ("atMobiles", "mobile"), ("atDingtalkIds", "dingtalk_id")):
        listed = at.get(name) or []
        if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
            raise OapiError(40035, f"不合法的参数: at.{name}")
        found += [one for one in listed if _is_member(one, key, group.members if group is not None else ())]
    if body.get("msgtype") != "text":
        found = [one for one in found if f"@{one}" in text]
    if at.get("isAtAll") is True and group is not None:
        found.append("all")
    return tuple(dict.fromkeys(found))


def _is_member(value: str, key: str, members: "Iterable[User]") -> bool:
    return bool(value) and any(getattr(user, key) == value for user in members)


def _object(body: Mapping[str, Any], name: str) -> dict[str, Any]:
    content = body.get(name)
    if not isinstance(content, dict):
        raise OapiError(40035, f"缺少参数 {name}")
    return content


def _text(content: Mapping[str, Any], name: str, where: str) -> str:
    value = content.get(name)
    if not isinstance(value, str) or not value:
        raise OapiError(40035, f"缺少参数 {where}.{name}")
    return value


def _links(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    links = _object(body, "feedCard").get("links")
    if not isinstance(links, list) or not links or not all(isinstance(one, dict) for one in links):
        raise OapiError(40035, "缺少参数 feedCard.links")
    for link in links:
        for name in ("title", "messageURL", "picURL"):
            _text(link, name, "feedCard.links")
    return links


def _check_buttons(card: Mapping[str, Any]) -> None:
    """One button (`singleTitle`, `singleURL`) or several (`btns`), which the first takes the place of."""
    if card.get("singleTitle") or card.get("singleURL"):
        _text(card, "singleTitle", "actionCard")
        _text(card, "singleURL", "actionCard")
        return
    buttons = card.get("btns")
    if not isinstance(buttons, list) or not buttons or not all(isinstance(one, dict) for one in buttons):
        raise OapiError(40035, "缺少参数 actionCard.btns")
    for button in buttons:
        _text(button, "title", "actionCard.btns")
        _text(button, "actionURL", "actionCard.btns")
