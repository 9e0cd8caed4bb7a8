"""What happens that is no message. Source: developer.work.weixin.qq.com, "event format" (path/90240, 90376).

Of what is not listed here (customers, shared apps, chat archives and whatever comes) the event is an `UnknownEvent`
whose kind says what happened, `change_external_contact.add_external_contact`, and which holds all of it.
"""

from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any

from imbridge.adapters.wecom.received.clicks import button_clicked
from imbridge.adapters.wecom.received.content import on_earth
from imbridge.adapters.wecom.received.facts import Facts
from imbridge.protocol import (
    ApprovalChanged,
    BotAdded,
    BotRemoved,
    ChatOpened,
    ContactChanged,
    Event,
    LocationReported,
    MenuClicked,
)

Reader = Callable[[Facts], Event]

_APPROVAL = {
    "1": "pending",
    "2": "approved",
    "3": "rejected",
    "4": "canceled",
    "6": "reverted",
    "7": "deleted",
    "10": "paid",
}
"""`SpStatus` and `OpenSpStatus`, in the words that `ApprovalChanged` has on every platform."""
_SUBJECTS = {"user": ("user", "UserID"), "party": ("department", "Id"), "tag": ("tag", "TagId")}
_CHANGES = {"create": "created", "update": "updated", "delete": "deleted"}


def _menu(told: Facts) -> Event:
    """A menu item; of one that opens a page the key is its address."""
    return told.make(MenuClicked, key=told.text("EventKey"))


def _located(told: Facts) -> Event:
    """`LOCATION`: here the latitude is called by its name."""
    latitude, longitude = on_earth(told.fields["Latitude"], told.fields["Longitude"])
    precision = float(told.text("Precision") or "nan")
    known = precision if isfinite(precision) else None
    return told.make(LocationReported, latitude=latitude, longitude=longitude, precision=known)


def _contact(told: Facts) -> Event:
    """`change_contact`: `ChangeType` is `create_user`, `update_party`, `update_tag` and the like."""
    change, _, subject = told.filled("ChangeType").partition("_")
    word, field = _SUBJECTS[subject]
    return told.make(ContactChanged, subject=word, change=_CHANGES[change], subject_id=told.filled(field))


def _approval(told: Facts) -> Event:
    """`sys_approval_change`: of the approvals that everybody has, made of a template."""
    info = told.under("ApprovalInfo")
    return told.make(
        ApprovalChanged,
        approval_code=_text(info, "TemplateId"),
        instance_code=_text(info, "SpNoStr") or _text(info, "SpNo"),
        status=_status(_text(info, "SpStatus")),
    )


def _own_approval(told: Facts) -> Event:
    """`open_approval_change`: of the approvals that the app itself started; `ThirdNo` is its own number of it."""
    info = told.under("ApprovalInfo")
    return told.make(
        ApprovalChanged,
        approval_code=_text(info, "OpenTemplateId"),
        instance_code=_text(info, "ThirdNo"),
        status=_status(_text(info, "OpenSpStatus")),
    )


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name, "")
    return value if isinstance(value, str) else ""


def _status(code: str) -> str:
    """The word for it; a status that this version does not know stays its number."""
    return _APPROVAL.get(code, code)


READERS: Mapping[str, Reader] = {
    # A member came into the app's visible range, or left it: from now on they can talk to it, or not any more.
    "subscribe": lambda told: told.make(BotAdded),
    "unsubscribe": lambda told: told.make(BotRemoved),
    "enter_agent": lambda told: told.make(ChatOpened),
    "location": _located,
    "click": _menu,
    "view": _menu,
    "view_miniprogram": _menu,
    "scancode_push": _menu,
    "scancode_waitmsg": _menu,
    "pic_sysphoto": _menu,
    "pic_photo_or_album": _menu,
    "pic_weixin": _menu,
    "location_select": _menu,
    "template_card_event": button_clicked,
    "template_card_menu_event": button_clicked,
    "change_contact": _contact,
    "sys_approval_change": _approval,
    "open_approval_change": _own_approval,
}
"""By `Event`, in lower case."""


def kind_of(told: Facts) -> str:
    """The platform's own name of an event, with what it changed where it says so."""
    kind, change = told.text("Event"), told.text("ChangeType")
    return f"{kind}.{change}" if change else kind
