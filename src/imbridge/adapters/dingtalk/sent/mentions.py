"""Who is called by `@`: lists beside the text, and `@id` in it, which clients show as the name. Pure.

Source: open.dingtalk.com, "custom robots", `at`: `atUserIds`, `atMobiles`, `isAtAll`; in Markdown somebody is called
only if `@` and the id stand in the text as well. `atDingtalkIds` is for people outside the organisation. Nobody is
called by a text alone, so what somebody else typed calls nobody.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from imbridge.adapters.called import MOBILE
from imbridge.protocol import Degradation, Element, Loss, Mention, MentionAll

_USER_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}")
_PHONE = re.compile(r"\+?[0-9-]{3,20}")
_OUTSIDE = "$:LWCP_v1:"
_GOES_ON = re.compile(r"[A-Za-z0-9_.@-]")
NOT_BY_API = "DingTalk's API calls nobody; a session webhook does, for some 90 minutes after a message"


@dataclass(slots=True)
class Called:
    """Who is called.

    Attributes:
        lists: Ids by the name of their list, each once, in order.
        everybody: All of the group.
    """

    lists: dict[str, dict[str, None]] = field(default_factory=dict)
    everybody: bool = False

    def __bool__(self) -> bool:
        """Somebody is."""
        return self.everybody or bool(self.lists)

    def at(self) -> dict[str, Any]:
        """What stands beside the text."""
        found: dict[str, Any] = {name: list(ids) for name, ids in self.lists.items()}
        return {**found, "isAtAll": True} if self.everybody else found


def calls_somebody(elements: Iterable[Element]) -> bool:
    """Whether something has to go where people can be called."""
    return any(isinstance(element, Mention | MentionAll) for element in elements)


def spoken(elements: Iterable[Element], *, calls: bool, link: Any = None) -> tuple[str, Called, list[Degradation]]:
    """The text of some elements, who is called by it, and who is named only.

    Args:
        elements: What is said.
        calls: Whether people can be called this way.
        link: Writes a link; as text when left out.
    """
    called, degradations = Called(), []
    text = ""
    open_end = False
    for element in elements:
        if isinstance(element, MentionAll):
            said, found = element.as_text(), calls
            called.everybody = called.everybody or calls
        elif isinstance(element, Mention):
            said, found = _mention(element, called if calls else None)
        else:
            said, found = (link or _as_text)(element), True
            if open_end and _GOES_ON.match(said):
                said = f" {said}"  # the letter would become part of the id
        if not found:
            why = "no id of DingTalk's is known for this name" if calls else NOT_BY_API
            degradations.append(
                Degradation(
                    loss=Loss.AS_TEXT, what=str(getattr(element, "type", "mention")), how=f"text: {said}", why=why
                )
            )
        text += said
        open_end = isinstance(element, Mention) and found if said else open_end
    return text, called, degradations


def called_as(identity: str, name: str) -> str:
    """How somebody is named in Markdown who is called by a list beside it; empty for whom no list can call."""
    said, found = _mention(Mention(id=identity, name=name), Called())
    return f"{said} " if found else ""  # a letter after it would become part of the id


def _mention(mention: Mention, called: Called | None) -> tuple[str, bool]:
    """What is said, and whether it calls."""
    identity = mention.id
    name = ""
    if identity.startswith(MOBILE) and _PHONE.fullmatch(identity.removeprefix(MOBILE)):
        identity, name = identity.removeprefix(MOBILE), "atMobiles"
    elif identity.startswith(_OUTSIDE):
        name = "atDingtalkIds"
    elif _USER_ID.fullmatch(identity):
        name = "atUserIds"
    if called is None or not name:
        return f"@{mention.name or identity}", False
    called.lists.setdefault(name, {})[identity] = None
    return f"@{identity}", True


def _as_text(element: Element) -> str:
    return element.as_text()
