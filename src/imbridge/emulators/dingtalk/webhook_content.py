"""What is posted to webhooks, of sessions and of custom robots.

Rule: open.dingtalk.com, "Custom robots: message types and data formats".
"""

from typing import TYPE_CHECKING, Any

from imbridge.emulators.dingtalk.errors import OapiError

if TYPE_CHECKING:
    from imbridge.emulators.dingtalk.routes import Call


def posted(call: "Call") -> tuple[str, str, tuple[str, ...]]:
    """The message's kind, what a person reads, and who is mentioned.

    Raises:
        OapiError: It is not as documented.
    """
    body = call.json()
    kind = body.get("msgtype")
    content: Any = body.get(str(kind))
    if kind == "text" and isinstance(content, dict):
        return "text", str(content.get("content", "")), _mentioned(body)
    if kind == "markdown" and isinstance(content, dict):
        return "markdown", str(content.get("text", "")), _mentioned(body)
    raise OapiError(400105, "unsupported msgtype")


def _mentioned(body: dict[str, Any]) -> tuple[str, ...]:
    at = body.get("at") or {}
    found = [*at.get("atUserIds", ()), *at.get("atMobiles", ()), *at.get("atDingtalkIds", ())]
    return (*found, "all") if at.get("isAtAll") else tuple(found)
