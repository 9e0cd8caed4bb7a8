"""What happens that is no message. Source: open.dingtalk.com, "event subscription", the pages of each event.

What is not listed here is an `UnknownEvent` with the platform's name of it and all that it holds. There is no event for
a group that is made: a robot learns of it when it is added.
"""

from collections.abc import Callable, Mapping
from typing import Any

from imbridge.adapters.dingtalk.received.facts import private
from imbridge.adapters.dingtalk.received.happening import Happening, person
from imbridge.protocol import (
    ApprovalChanged,
    BotAdded,
    BotRemoved,
    ChannelClosed,
    ChannelUpdated,
    ContactChanged,
    Event,
    MemberJoined,
    MemberLeft,
    MessageRead,
    MessageRecalled,
    Sender,
)

Reader = Callable[[Happening], Event]

_INSTANCE = {"start": "pending", "terminate": "canceled", "delete": "deleted"}
_TASK = {"start": "pending", "cancel": "canceled", "comment": "commented"}
_RESULT = {"agree": "approved", "refuse": "rejected", "redirect": "transferred", "audit": "done"}
"""How an approval ended, in the words that `ApprovalChanged` has on every platform."""
_BY_ACTING = frozenset({"finish", "comment"})
"""Changes of a task that come from the one whom they name. A task that starts or is cancelled names who is asked."""


# -- groups ------------------------------------------------------------------------------------------------------------


def _members(told: Happening) -> tuple[Sender, ...]:
    """Those who came or went; those from outside have a union id alone."""
    users, unions = told.ids("userId"), told.ids("unionId")
    if len(users) == len(unions):
        found = [person(user, union) for user, union in zip(users, unions, strict=True)]
    else:
        found = [person(user) for user in users] or [person("", union) for union in unions]
    members = tuple(one for one in found if one is not None)
    if not members:
        raise ValueError("nobody")
    return members


def _quit(told: Happening) -> Event:
    """`chat_quit`: who left is the operator."""
    who = told.actor
    if who is None:
        raise ValueError("nobody left")
    return told.make(MemberLeft, members=(who,))


def _changed(name: str, field: str) -> Reader:
    """One thing of the group is another now. What it was before is not told."""
    return lambda told: told.make(ChannelUpdated, changes={name: {"before": None, "after": told.filled(field)}})


def _in_a_group(event: type[Event]) -> Reader:
    def read(told: Happening) -> Event:
        if told.channel is None:
            raise ValueError("no openConversationId")
        return told.make(event)

    return read


def _robot(event: type[Event]) -> Reader:
    """`im_cool_app_install`, `im_cool_app_uninstall`: an extension of the group, which brings its robot along."""
    read = _in_a_group(event)

    def robot(told: Happening) -> Event:
        told.filled("robotCode")
        return read(told)

    return robot


# -- our messages ------------------------------------------------------------------------------------------------------


def _of_message(told: Happening) -> dict[str, Any]:
    """Who read or recalled it, and where: in the private chat with them, when no group is named."""
    user = told.text("userId")
    where = told.channel or (private(told.me.account, user) if user else None)
    return {"channel": where, "actor": person(user, told.text("unionId"))}


def _read(told: Happening) -> Event:
    """`robot_msg_read`."""
    return told.make(MessageRead, message_ids=(told.filled("processQueryKey"),), **_of_message(told))


def _recalled(told: Happening) -> Event:
    """`robot_msg_recall`."""
    return told.make(MessageRecalled, message_id=told.filled("processQueryKey"), **_of_message(told))


# -- the organisation --------------------------------------------------------------------------------------------------


def _contact(subject: str, change: str, field: str) -> Reader:
    """One or several records: several ids are joined by commas, as the platform's own calls take them."""

    def read(told: Happening) -> Event:
        ids = told.ids(field)
        if not ids:
            raise ValueError(f"no {field}")
        return told.make(ContactChanged, subject=subject, change=change, subject_id=",".join(ids))

    return read


def _instance(told: Happening) -> Event:
    """`bpms_instance_change`. It names who asked, who is also who acts when it starts or is taken back."""
    change, result = told.filled("type"), told.text("result")
    status = _RESULT.get(result, result or "done") if change == "finish" else _INSTANCE.get(change, change)
    return told.make(
        ApprovalChanged,
        actor=person(told.text("staffId")) if change in ("start", "terminate") else None,
        approval_code=told.text("processCode"),
        instance_code=told.filled("processInstanceId"),
        status=status,
    )


def _task(told: Happening) -> Event:
    """`bpms_task_change`: one person's part of an approval."""
    change, result = told.filled("type"), told.text("result")
    status = _RESULT.get(result, result or "done") if change == "finish" else _TASK.get(change, change)
    task = told.ids("taskId")
    return told.make(
        ApprovalChanged,
        actor=person(told.text("staffId")) if change in _BY_ACTING else None,
        approval_code=told.text("processCode"),
        instance_code=told.filled("processInstanceId"),
        task_id=task[0] if task else "",
        status=status,
    )


READERS: Mapping[str, Reader] = {
    "chat_add_member": lambda told: told.make(MemberJoined, members=_members(told)),
    "chat_remove_member": lambda told: told.make(MemberLeft, members=_members(told)),
    "chat_quit": _quit,
    "chat_update_owner": _changed("owner", "owner"),
    "chat_update_title": _changed("name", "title"),
    "chat_disband": _in_a_group(ChannelClosed),
    "im_cool_app_install": _robot(BotAdded),
    "im_cool_app_uninstall": _robot(BotRemoved),
    "robot_msg_read": _read,
    "robot_msg_recall": _recalled,
    "user_add_org": _contact("user", "created", "userId"),
    "user_modify_org": _contact("user", "updated", "userId"),
    "user_active_org": _contact("user", "updated", "userId"),
    "user_leave_org": _contact("user", "deleted", "userId"),
    "org_admin_add": _contact("user", "updated", "userId"),
    "org_admin_remove": _contact("user", "updated", "userId"),
    "org_dept_create": _contact("department", "created", "deptId"),
    "org_dept_modify": _contact("department", "updated", "deptId"),
    "org_dept_remove": _contact("department", "deleted", "deptId"),
    "label_user_change": _contact("user", "updated", "userIdList"),
    "label_conf_add": _contact("tag", "created", "labelIdList"),
    "label_conf_modify": _contact("tag", "updated", "labelIdList"),
    "label_conf_del": _contact("tag", "deleted", "labelIdList"),
    "bpms_instance_change": _instance,
    "bpms_task_change": _task,
}
"""By `eventType`. They raise `ValueError`, `TypeError` or `KeyError` where something is missing."""
