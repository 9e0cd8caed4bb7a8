"""What happens that is no message.

Source: developers.weixin.qq.com, doc/service/guide/product/message/Receiving_event_pushes.html, and of menus
doc/service/guide/product/menu/Custom_Menu_Push_Events.html.
"""

from collections.abc import Callable, Mapping

from imbridge.adapters.wechat.received.facts import Facts
from imbridge.protocol import BotAdded, BotRemoved, ChatOpened, Event, LocationReported, MenuClicked

Reader = Callable[[Facts], Event]


def _menu(told: Facts) -> Event:
    return told.make(MenuClicked, key=told.text("EventKey"))


def _location(told: Facts) -> Event:
    precision = told.text("Precision")
    return told.make(
        LocationReported,
        latitude=float(told.filled("Latitude")),
        longitude=float(told.filled("Longitude")),
        precision=float(precision) if precision else None,
    )


READERS: Mapping[str, Reader] = {
    # Who follows can be talked to from then on; the scene of a code that was scanned is the payload's EventKey.
    "subscribe": lambda told: told.make(BotAdded),
    "unsubscribe": lambda told: told.make(BotRemoved),
    "scan": lambda told: told.make(ChatOpened),
    "location": _location,
    "click": _menu,
    "view": _menu,
    "view_miniprogram": _menu,
    "scancode_push": _menu,
    "scancode_waitmsg": _menu,
    "pic_sysphoto": _menu,
    "pic_photo_or_album": _menu,
    "pic_weixin": _menu,
    "location_select": _menu,
}
"""By `Event`, in lower case; an event that is not here is an `UnknownEvent` of that kind."""

NOT_ANSWERED = frozenset({"unsubscribe", "view", "view_miniprogram", "templatesendjobfinish", "masssendjobfinish"})
"""Events to which a passive reply is shown to nobody: the person has gone, or did nothing."""
