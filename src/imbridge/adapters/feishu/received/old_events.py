"""Events of the older schema (`event_callback`) → the same shared events.

Their type is in `event.type`, their id is `uuid`, their time `ts`. Shapes: open.feishu.cn, approval events ("common
events"), and the deprecated pages of contact, group and bot events, of which copies exist.
"""

from imbridge.adapters.feishu.received.events import Reader, changed
from imbridge.adapters.feishu.received.facts import Facts
from imbridge.protocol import (
    ApprovalChanged,
    BotAdded,
    BotRemoved,
    ChannelClosed,
    ChannelUpdated,
    ChatOpened,
    ContactChanged,
    Event,
    MemberJoined,
    MemberLeft,
    MessageRead,
)


def _read(told: Facts) -> Event:
    """The document calls the list `open_message_ids`, the official SDK for Go `message_id_list`."""
    event = told.event
    return told.make(
        MessageRead,
        channel=told.channel(event.get("open_chat_id")),
        actor=told.person({"open_id": event.get("open_id")}),
        message_ids=tuple(event["open_message_ids"] if "open_message_ids" in event else event["message_id_list"]),
    )


def _bot(kind: type[BotAdded | BotRemoved]) -> Reader:
    def read(told: Facts) -> Event:
        event = told.event
        ids = {"open_id": event.get("operator_open_id"), "user_id": event.get("operator_employee_id")}
        return told.make(
            kind,
            channel=told.channel(event["open_chat_id"], chat_type="group", name=event.get("chat_name")),
            actor=told.person(ids, name=event.get("operator_name")),
        )

    return read


def _chat_created(told: Facts) -> Event:
    """The first time that a person and the bot talk. Where we began it, it is our own doing."""
    event = told.event
    operator = told.person(event.get("operator"))
    user = event.get("user") or {}
    if operator is None or not operator.is_self:
        operator = told.person(user, name=user.get("name"))
    return told.make(ChatOpened, channel=told.channel(event["chat_id"], chat_type="p2p"), actor=operator)


def _members(kind: type[MemberJoined | MemberLeft]) -> Reader:
    def read(told: Facts) -> Event:
        event = told.event
        return told.make(
            kind,
            channel=told.channel(event["chat_id"], chat_type="group"),
            actor=told.person(event.get("operator")),
            members=told.people(event["users"]),
        )

    return read


def _disbanded(told: Facts) -> Event:
    event = told.event
    channel = told.channel(event["chat_id"], chat_type="group")
    return told.make(ChannelClosed, channel=channel, actor=told.person(event.get("operator")))


def _group_changed(told: Facts) -> Event:
    event = told.event
    return told.make(
        ChannelUpdated,
        channel=told.channel(event["chat_id"], chat_type="group"),
        actor=told.person(event.get("operator")),
        changes=changed(event.get("before_change") or {}, event.get("after_change") or {}),
    )


def _approval_instance(told: Facts) -> Event:
    event = told.event
    return told.make(
        ApprovalChanged,
        approval_code=event["approval_code"],
        instance_code=event["instance_code"],
        status=event["status"].lower(),
    )


def _approval_task(told: Facts) -> Event:
    """A task that is passed automatically has empty ids: nobody did it."""
    event = told.event
    return told.make(
        ApprovalChanged,
        actor=told.person({"open_id": event.get("open_id"), "user_id": event.get("user_id")}),
        approval_code=event["approval_code"],
        instance_code=event["instance_code"],
        task_id=str(event["task_id"]),
        status=event["status"].lower(),
    )


def _approval_copied(told: Facts) -> Event:
    """A copy is made by `from`, and read by `user_id`; both are user_ids."""
    event = told.event
    operate = event["operate"].lower()
    by = event.get("user_id") if operate == "read" else event.get("from")
    return told.make(
        ApprovalChanged,
        actor=told.person({"user_id": by}),
        approval_code=event["approval_code"],
        instance_code=event["instance_code"],
        status=f"cc_{operate}",
    )


def _user(change: str) -> Reader:
    return lambda told: told.make(ContactChanged, subject="user", change=change, subject_id=told.event["open_id"])


def _department(change: str) -> Reader:
    def read(told: Facts) -> Event:
        ids = told.event.get("department") or {}
        subject_id = ids.get("open_id") or told.event["open_department_id"]
        return told.make(ContactChanged, subject="department", change=change, subject_id=subject_id)

    return read


def _scope(told: Facts) -> Event:
    return told.make(ContactChanged, subject="scope", change="updated")


READERS: dict[str, Reader] = {
    "message_read": _read,
    "add_bot": _bot(BotAdded),
    "remove_bot": _bot(BotRemoved),
    "p2p_chat_create": _chat_created,
    "add_user_to_chat": _members(MemberJoined),
    "remove_user_from_chat": _members(MemberLeft),
    "revoke_add_user_from_chat": _members(MemberLeft),
    "group_setting_update": _group_changed,
    "chat_disband": _disbanded,
    "approval_instance": _approval_instance,
    "approval_task": _approval_task,
    "approval_cc": _approval_copied,
    "user_add": _user("created"),
    "user_update": _user("updated"),
    "user_status_change": _user("updated"),
    "user_leave": _user("deleted"),
    "dept_add": _department("created"),
    "dept_update": _department("updated"),
    "dept_delete": _department("deleted"),
    "contact_scope_change": _scope,
}
"""Every event of the older schema that is understood, beside `message`."""
