"""What a message says of the one it quotes.

Fields as clients have seen them in `text.isReplyMsg`, `text.repliedMsg` and `originalMsgId`, and in the older
`quoteMessage` (github.com/soimy/openclaw-channel-dingtalk, `src/types.ts` and the logged payloads in its tests); the
documents name none of them.
"""

from typing import TYPE_CHECKING, Any

from imbridge.emulators.dingtalk.message import BotMessage, SentMessage

if TYPE_CHECKING:
    from imbridge.emulators.dingtalk.world import World

Quotable = SentMessage | BotMessage
WHOLE = frozenset({"picture", "file", "audio", "video", "chatRecord", "interactiveCard"})
"""Kinds whose content is quoted as it is."""


def quoting(world: "World", quoted: Quotable, data: dict[str, Any]) -> dict[str, Any]:
    """A message's data with what it quotes."""
    if isinstance(quoted, BotMessage):
        quoted.shown_as = quoted.shown_as or world.ids.msg_id()
        replied = _of_robot(quoted)
    else:
        replied = _of_person(quoted)
    place = "text" if data.get("msgtype") == "text" else "content"
    answer = {
        **data,
        place: {**data.get(place, {}), "isReplyMsg": True, "repliedMsg": replied},
        "originalMsgId": replied["msgId"],
    }
    if isinstance(quoted, BotMessage) and quoted.message_id:
        answer["originalProcessQueryKey"] = quoted.message_id
    if world.settings.old_quotes:
        answer["quoteMessage"] = _old(quoted, replied)
    return answer


def _of_person(quoted: SentMessage) -> dict[str, Any]:
    kind = str(quoted.fields.get("msgtype", "text"))
    return {
        "createdAt": quoted.created_at,
        "senderId": quoted.sender.dingtalk_id,
        "msgType": kind,
        "msgId": quoted.msg_id,
        "content": _content(kind, quoted.fields),
    }


def _of_robot(quoted: BotMessage) -> dict[str, Any]:
    kind = {"card": "interactiveCard", "image": "picture"}.get(quoted.kind, quoted.kind)
    return {
        "createdAt": int(quoted.sent_at * 1000),
        "senderId": quoted.app.chatbot_user_id if quoted.app is not None else "",
        "msgType": kind,
        "msgId": quoted.shown_as,
        "content": {"text": quoted.text} if quoted.text else {},
    }


def _content(kind: str, fields: Any) -> dict[str, Any]:
    if kind == "text":
        return {"text": str(fields["text"]["content"]).strip()}
    content = dict(fields.get("content", {}))
    if kind == "richText":
        return {"richText": [_quoted_item(item) for item in content.get("richText", [])]}
    return content if kind in WHOLE else {}


def _quoted_item(item: dict[str, Any]) -> dict[str, Any]:
    if "text" in item:
        return {"msgType": "text", "content": item["text"]}
    return {"msgType": "picture", **{name: value for name, value in item.items() if name != "type"}}


def _old(quoted: Quotable, replied: dict[str, Any]) -> dict[str, Any]:
    old: dict[str, Any] = {"msgId": replied["msgId"], "msgtype": replied["msgType"], "senderId": replied["senderId"]}
    if isinstance(quoted, SentMessage):
        old["senderNick"] = quoted.sender.name
    text = replied["content"].get("text")
    return {**old, "text": {"content": text}} if text else old
