"""Who is meant: mentions by name, and shared people by an id that the message form does not take."""

import asyncio
import unicodedata
from collections import OrderedDict
from dataclasses import dataclass

from imbridge.adapters.feishu.services.chats import FeishuChats
from imbridge.adapters.feishu.services.contacts import FeishuContacts
from imbridge.protocol import Channel, ChannelKind, Contact, Degradation, DeliveryError, Element, Loss, Mention, Text
from imbridge.rendering import Part, PartKind

_KEPT_SECONDS, _FRESH_SECONDS = 300.0, 20.0
"""How long the members of a chat are believed, and how long so also when a name is not among them."""
_KEPT_CHATS, _KEPT_NAMES = 200, 50_000
_MOST_MEMBERS = 10_000


@dataclass(frozen=True, slots=True)
class _Members:
    """The members of a chat at some moment, by name; None for a name that several have."""

    by_name: dict[str, str | None]
    complete: bool
    read_at: float


class People:
    """Finds the people that a part names. Keeps the members of some chats for some minutes."""

    def __init__(self, chats: FeishuChats, contacts: FeishuContacts) -> None:
        """Over one account's look-ups."""
        self._chats = chats
        self._contacts = contacts
        self._members: OrderedDict[str, _Members] = OrderedDict()

    async def found(self, part: Part, channel: Channel) -> tuple[Part, list[Degradation]]:
        """The part with ids in place of names. Where nobody can be told for sure, the name stays text.

        Args:
            part: What is to be sent.
            channel: Where it goes: its members are the ones that can be meant.
        """
        if not any(map(_is_open, part.elements)):
            return part, []
        degradations: list[Degradation] = []
        elements = [
            await self._find(element, channel, degradations) if _is_open(element) else element
            for element in part.elements
        ]  # fmt: skip
        found = part.holding(elements)
        if part.kind is PartKind.CONTACT and isinstance(elements[0], Text):
            found.kind = PartKind.TEXT
        return found, degradations

    async def _find(self, element: Element, channel: Channel, degradations: list[Degradation]) -> Element:
        if isinstance(element, Contact):
            try:
                user = await self._contacts.user(element.id)
            except DeliveryError as error:
                degradations.append(Degradation(loss=Loss.AS_TEXT, what="contact", how="text", why=str(error)))
                return Text(element.as_text())
            return element.model_copy(update={"id": user.id})
        if isinstance(element, Mention):
            user_id, why = await self._member(element.name, channel)
            if user_id:
                return element.model_copy(update={"id": user_id})
            degradations.append(
                Degradation(loss=Loss.AS_TEXT, what="mention", how=f"text: {element.as_text()}", why=why)
            )
        return Text(element.as_text())

    async def _member(self, name: str, channel: Channel) -> tuple[str, str]:
        """The id of the one member who is called so, or why there is none."""
        wanted = _plain(name)
        if not wanted:
            return "", "a mention needs an id or a name"
        if channel.kind is ChannelKind.USER:
            return "", "only members of a chat are found by name"
        try:
            members = await self._read(channel.id, _KEPT_SECONDS)
            if wanted not in members.by_name:
                members = await self._read(channel.id, _FRESH_SECONDS)  # they may have come just now
        except DeliveryError as error:
            return "", f"the members of the chat cannot be read: {error}"
        if wanted not in members.by_name:
            return "", f"nobody in this chat is called {name}"
        user_id = members.by_name[wanted]
        if user_id is None:
            return "", f"several people in this chat are called {name}"
        if not members.complete:
            return "", f"this chat has more than {_MOST_MEMBERS} members, and another {name} may be among them"
        return user_id, ""

    async def _read(self, chat_id: str, believed: float) -> _Members:
        now = asyncio.get_running_loop().time()
        known = self._members.get(chat_id)
        if known is not None and now - known.read_at < believed:
            return known
        by_name: dict[str, str | None] = {}
        number = 0
        async for member in self._chats.members(chat_id):
            number += 1
            if number > _MOST_MEMBERS:
                break
            if name := _plain(member.name):
                by_name[name] = member.id if by_name.get(name, member.id) == member.id else None
        members = _Members(by_name, number <= _MOST_MEMBERS, now)
        self._members[chat_id] = members
        self._members.move_to_end(chat_id)
        while len(self._members) > 1 and (
            len(self._members) > _KEPT_CHATS or sum(len(kept.by_name) for kept in self._members.values()) > _KEPT_NAMES
        ):
            self._members.popitem(last=False)
        return members


class ImaginedPeople(People):
    """Finds everybody, for a rehearsal: those who are known by their id, others by words that stand for one."""

    def __init__(self, people: People) -> None:
        """Who is known is known from `people`."""
        super().__init__(people._chats, people._contacts)
        self._members = people._members

    async def _find(self, element: Element, channel: Channel, degradations: list[Degradation]) -> Element:
        name = getattr(element, "name", "") or getattr(element, "id", "")
        known = self._members.get(channel.id)
        found = known.by_name.get(_plain(name)) if known is not None else None
        return element.model_copy(update={"id": found or f"<id of {name}>"})


def _is_open(element: Element) -> bool:
    """Who is meant is not said in a form that can be sent: `share_user` takes open ids only."""
    if isinstance(element, Mention):
        return not element.id
    return isinstance(element, Contact) and element.kind == "user" and not element.id.startswith("ou_")


def _plain(name: str) -> str:
    return unicodedata.normalize("NFC", name).strip().removeprefix("@")
