"""What a person does with bots beside talking."""

from typing import TYPE_CHECKING, Any

from imbridge.emulators.feishu import chat_events, old_events
from imbridge.emulators.feishu.app import App
from imbridge.emulators.feishu.callbacks_asked import ask_and_check
from imbridge.emulators.feishu.events import LINK_PREVIEW, now_ms
from imbridge.emulators.feishu.message import Message

if TYPE_CHECKING:
    from imbridge.emulators.feishu.user import User
    from imbridge.emulators.feishu.world import World

MENU = "application.bot.menu_v6"
COMMENT_ADDED = "drive.notice.comment_add_v1"
MEETING_INVITED = "vc.bot.meeting_invited_v1"


def enters_chat(world: "World", user: "User", app: App) -> str:
    """`im.chat.access_event.bot_p2p_chat_entered_v1`, and `p2p_chat_create` the first time (if it is named)."""
    first = not world.directory.has_private_chat(user, app)
    chat = world.directory.private_chat(user, app)
    if first and app.names(old_events.PRIVATE_CHAT_CREATED):
        created = old_events.private_chat_created(chat, app, user, world.directory)
        world.push_old(app, old_events.PRIVATE_CHAT_CREATED, created)
    event = chat_events.private_chat_entered(world, chat, app, user, world.store.newest(chat))
    return world.push(app, chat_events.PRIVATE_CHAT_ENTERED, event)


def clicks_menu(world: "World", user: "User", app: App, event_key: str) -> str:
    """`application.bot.menu_v6` (https://open.feishu.cn/document/client-docs/bot-v3/events/menu); seconds."""
    operator = {"operator_name": user.name, "operator_id": world.directory.ids_of(user, app)}
    return world.push(app, MENU, {"operator": operator, "event_key": event_key, "timestamp": now_ms() // 1000})


async def previews_link(
    world: "World", user: "User", app: App, url: str, message: Message | None, timeout: float
) -> Any:
    """`url.preview.get`.

    Fields: https://open.feishu.cn/document/development-link-preview/callback/pull-link-preview-data-callback-structure.
    Before the message is sent there is no token and no message id.
    """
    ids = world.directory.ids_of(user, app)
    context: dict[str, Any] = {"url": url, "preview_token": "", "open_message_id": "", "open_chat_id": ""}
    if message is not None:
        context |= {
            "preview_token": "v-" + world.ids.derived("preview", message.message_id, url),
            "open_message_id": message.message_id,
            "open_chat_id": message.chat_id,
        }
    event = {
        "operator": {"tenant_key": world.settings.tenant_key, "user_id": ids["user_id"], "open_id": ids["open_id"]},
        "host": "im_message",
        "context": context,
    }
    return await ask_and_check(world, app, LINK_PREVIEW, event, timeout)


def comments(
    world: "World", user: "User", app: App, file_token: str, file_type: str, comment_id: str, *, mentioned: bool
) -> str:
    """`drive.notice.comment_add_v1`, with the fields of the official SDK's model and of `lark_oapi.channel`.

    The platform tells a bot of comments that mention it and of replies in discussions it takes part in; the
    document has no page of its own, `notice_type` is what clients filter by (both unverified).
    """
    now = str(now_ms())
    reply_id = world.ids.hex("reply", 16) if comment_id else ""
    event: dict[str, Any] = {
        "comment_id": comment_id or world.ids.hex("comment", 16),
        "is_mentioned": mentioned,
        "create_time": now,
        "file_token": file_token,
        "file_type": file_type,
        "notice_meta": {
            "file_token": file_token,
            "file_type": file_type,
            "from_user_id": world.directory.ids_of(user, app),
            "to_user_id": world.directory.ids_of(app, app),
            "from_user_type": "user",
            "notice_type": "add_reply" if reply_id else "add_comment",
            "timestamp": now,
            "is_mentioned": mentioned,
        },
    }
    return world.push(app, COMMENT_ADDED, event | ({"reply_id": reply_id} if reply_id else {}))


def invites_to_meeting(world: "World", user: "User", app: App, topic: str, meeting_no: str) -> str:
    """`vc.bot.meeting_invited_v1`, with the fields of the official SDK's model.

    There `id` is a text; the official openclaw-lark plug-in reads an object with the three ids, which is what is
    sent here (unverified).
    """
    directory, now = world.directory, now_ms() // 1000
    person = {"id": directory.ids_of(user, app), "user_type": 1, "user_role": 1, "user_name": user.name}
    bot = {"id": directory.ids_of(app, app), "user_type": 10, "user_role": 1, "user_name": app.name}
    meeting = {
        "id": str(7_000_000_000_000_000_000 + int(world.ids.hex("meeting", 12), 16)),
        "topic": topic,
        "meeting_no": meeting_no,
        "start_time": str(now),
        "host_user": person,
    }
    call_id = world.ids.hex("call", 16)
    event = {"meeting": meeting, "bot": bot, "inviter": person, "invite_time": str(now), "call_id": call_id}
    return world.push(app, MEETING_INVITED, event)
