"""Events of schema 2.0 → the shared events.

Shapes: open.feishu.cn, the server docs of each event, and the models of the official SDK
(`lark_oapi/api/*/*/model/p2_*.py`) where the docs have no page.
"""

from collections.abc import Callable
from typing import Any

from imbridge.adapters.feishu.received.clicks import button_clicked, link_preview_requested
from imbridge.adapters.feishu.received.facts import Facts
from imbridge.protocol import (
    ApprovalChanged,
    BotAdded,
    BotRemoved,
    ChannelClosed,
    ChannelUpdated,
    ChatOpened,
    ContactChanged,
    DocumentCommented,
    Event,
    MeetingInvited,
    MemberJoined,
    MemberLeft,
    MenuClicked,
    MessageRead,
    MessageRecalled,
    ReactionAdded,
    ReactionRemoved,
)

Reader = Callable[[Facts], Event]


def _recalled(told: Facts) -> Event:
    event = told.event
    return told.make(MessageRecalled, channel=told.channel(event.get("chat_id")), message_id=event["message_id"])


def _read(told: Facts) -> Event:
    reader = told.person(told.event["reader"]["reader_id"])
    return told.make(MessageRead, actor=reader, message_ids=tuple(told.event["message_id_list"]))


def _reaction(kind: type[ReactionAdded | ReactionRemoved]) -> Reader:
    def read(told: Facts) -> Event:
        event = told.event
        by_app = event.get("operator_type") == "app"
        actor = (by_app and told.app(event.get("app_id"))) or told.person(event.get("user_id"))
        emoji = event["reaction_type"]["emoji_type"]
        return told.make(kind, actor=actor, message_id=event["message_id"], emoji=emoji)

    return read


def _in_group(kind: type[Event]) -> Reader:
    """An event that says no more than that it happened in a group, and who did it."""
    return lambda told: told.make(kind, **_where(told))


def _members(kind: type[MemberJoined | MemberLeft]) -> Reader:
    return lambda told: told.make(kind, **_where(told), members=told.people(told.event["users"]))


def _where(told: Facts) -> dict[str, Any]:
    event = told.event
    channel = told.channel(event["chat_id"], chat_type="group", name=event.get("name"))
    if channel is None:
        raise ValueError("an event of a group without its chat_id")
    return {"channel": channel, "actor": told.person(event.get("operator_id"))}


def _chat_updated(told: Facts) -> Event:
    event = told.event
    changes = changed(event.get("before_change") or {}, event.get("after_change") or {})
    if moderators := event.get("moderator_list"):
        changes["moderator_list"] = moderators
    return told.make(ChannelUpdated, **_where(told), changes=changes)


def changed(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """What differs, as `{"name": {"before": ..., "after": ...}}`. The platform may send what stayed as it was, too."""
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return {name: {"before": before.get(name), "after": after.get(name)} for name in names}


def _chat_opened(told: Facts) -> Event:
    event = told.event
    channel = told.channel(event["chat_id"], chat_type="p2p")
    return told.make(ChatOpened, channel=channel, actor=told.person(event.get("operator_id")))


def _menu(told: Facts) -> Event:
    operator = told.event["operator"]
    actor = told.person(operator["operator_id"], name=operator.get("operator_name"))
    return told.make(MenuClicked, actor=actor, key=told.event["event_key"])


def _commented(told: Facts) -> Event:
    """The fields are at the top or below `notice_meta`; the SDK's model and its own reader differ."""
    event = told.event
    meta = event.get("notice_meta") or {}
    facts = {**meta, **event}
    return told.make(
        DocumentCommented,
        actor=told.person(meta.get("from_user_id") or event.get("user_id")),
        document_id=facts["file_token"],
        document_kind=facts.get("file_type") or "",
        comment_id=facts["comment_id"],
        reply_id=facts.get("reply_id") or "",
        mentions_me=facts.get("is_mentioned") is True or facts.get("is_mention") is True,
    )


def _meeting_invited(told: Facts) -> Event:
    meeting, inviter = told.event["meeting"], told.event.get("inviter") or {}
    ids = inviter.get("id")
    actor = told.person(ids if isinstance(ids, dict) else {"open_id": ids}, name=inviter.get("user_name"))
    return told.make(
        MeetingInvited,
        actor=actor,
        meeting_id=str(meeting["id"]),
        number=str(meeting.get("meeting_no") or ""),
        topic=meeting.get("topic") or "",
    )


def _approval(told: Facts) -> Event:
    """`approval.instance.status_changed_v4` and `approval.task.status_changed_v4`, which has the task's fields."""
    event = told.event
    return told.make(
        ApprovalChanged,
        actor=told.person(event.get("assigned_user")),
        approval_code=event["approval_code"],
        instance_code=event["instance_code"],
        task_id=str(event.get("task_id") or ""),
        status=event["status"].lower(),
    )


def _approval_defined(told: Facts) -> Event:
    return told.make(ApprovalChanged, approval_code=told.event["object"]["approval_code"], status="definition_updated")


def _contact(subject: str, change: str) -> Reader:
    key = {"user": "open_id", "department": "open_department_id"}[subject]

    def read(told: Facts) -> Event:
        record = told.event.get("object") or told.event["old_object"]
        return told.make(ContactChanged, subject=subject, change=change, subject_id=record[key])

    return read


def _contact_scope(told: Facts) -> Event:
    return told.make(ContactChanged, subject="scope", change="updated")


READERS: dict[str, Reader] = {
    "im.message.recalled_v1": _recalled,
    "im.message.message_read_v1": _read,
    "im.message.reaction.created_v1": _reaction(ReactionAdded),
    "im.message.reaction.deleted_v1": _reaction(ReactionRemoved),
    "im.chat.member.bot.added_v1": _in_group(BotAdded),
    "im.chat.member.bot.deleted_v1": _in_group(BotRemoved),
    "im.chat.member.user.added_v1": _members(MemberJoined),
    "im.chat.member.user.deleted_v1": _members(MemberLeft),
    "im.chat.member.user.withdrawn_v1": _members(MemberLeft),
    "im.chat.updated_v1": _chat_updated,
    "im.chat.disbanded_v1": _in_group(ChannelClosed),
    "im.chat.access_event.bot_p2p_chat_entered_v1": _chat_opened,
    "application.bot.menu_v6": _menu,
    "card.action.trigger": button_clicked,
    "url.preview.get": link_preview_requested,
    "drive.notice.comment_add_v1": _commented,
    "vc.bot.meeting_invited_v1": _meeting_invited,
    "approval.instance.status_changed_v4": _approval,
    "approval.task.status_changed_v4": _approval,
    "approval.approval.updated_v4": _approval_defined,
    "contact.user.created_v3": _contact("user", "created"),
    "contact.user.updated_v3": _contact("user", "updated"),
    "contact.user.deleted_v3": _contact("user", "deleted"),
    "contact.department.created_v3": _contact("department", "created"),
    "contact.department.updated_v3": _contact("department", "updated"),
    "contact.department.deleted_v3": _contact("department", "deleted"),
    "contact.scope.updated_v3": _contact_scope,
}
"""Every event of schema 2.0 that is understood, beside `im.message.receive_v1`."""
