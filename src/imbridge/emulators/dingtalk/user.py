"""A person: writes to robots and reads what they send."""

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from imbridge.emulators.dingtalk.app import App
from imbridge.emulators.dingtalk.group import Group
from imbridge.emulators.dingtalk.inbox import Expected, Inbox, Place
from imbridge.emulators.dingtalk.message import BotMessage
from imbridge.emulators.dingtalk.sending import Sending

if TYPE_CHECKING:
    from imbridge.emulators.dingtalk.world import World


class User(Sending):
    """Somebody of the organisation, or of elsewhere.

    Attributes:
        userid: The id in the organisation (staffId); empty: they are not in it.
        name: What people see.
        mobile: Telephone number.
        union_id: The id among all apps of one developer.
        dingtalk_id: The id for the organisation's robots, `$:LWCP_v1:$...`.
        admin: Whether they are an administrator.
        departments: Numbers of the departments, the main one first.
        corp_id: The organisation they are in.
    """

    def __init__(
        self,
        world: "World",
        name: str,
        *,
        userid: str,
        mobile: str,
        union_id: str,
        dingtalk_id: str,
        corp_id: str,
        admin: bool = False,
        departments: Sequence[int] = (),
    ) -> None:
        self._world = world
        self.userid = userid
        self.name = name
        self.mobile = mobile
        self.union_id = union_id
        self.dingtalk_id = dingtalk_id
        self.corp_id = corp_id
        self.admin = admin
        self.departments = list(departments)
        self.inbox = Inbox(name, world.settings.history)

    def __repr__(self) -> str:
        return f"User({self.userid or self.name!r})"

    @property
    def _me(self) -> "User":
        return self

    async def clicks(
        self,
        message: BotMessage,
        *,
        action_id: str = "",
        values: Mapping[str, Any] | None = None,
        timeout: float = 5.0,
    ) -> dict[str, Any]:
        """Presses a button of a card; returns what the app answered, `{}` for nothing. The answer changes the card.

        Args:
            message: The card.
            action_id: The button's id.
            values: What the button (or the form) sends along, `params`.
            timeout: Seconds to wait for the answer.

        Raises:
            ValueError: It is no card, or not seen by this person.
            TimeoutError: No answer came in time.
        """
        return await self._world.clicks.click(self, message, action_id, values or {}, timeout)

    # --- reading ------------------------------------------------------------------------------------------------------

    async def receives(
        self, expected: Expected = None, *, app: App | None = None, chat: Group | None = None, timeout: float = 5.0
    ) -> BotMessage:
        """The oldest message not looked at yet that fits.

        Args:
            expected: Its text, a pattern in its text, a test of the message, or None for any.
            app: Only of this app.
            chat: Only in this group.
            timeout: Seconds to wait for it.

        Raises:
            AssertionError: None came; says what came instead.
        """
        message = await self.inbox.receive(expected, timeout, Place(app, chat))
        message.read_by.add(self.userid or self.dingtalk_id)
        return message

    async def receives_nothing(self, *, app: App | None = None, chat: Group | None = None, within: float = 0.3) -> None:
        """Sees that no message is there or comes within so many seconds.

        Raises:
            AssertionError: One is there.
        """
        await self.inbox.receive_nothing(within, Place(app, chat))


def userid_of(name: str, taken: Mapping[str, object]) -> str:
    """A userid made of a name: its letters and digits in lower case, with a number if somebody has it already."""
    base = re.sub(r"[^a-z0-9_.@-]", "", name.lower()) or "user"
    userid, number = base, 2
    while userid in taken:
        userid, number = f"{base}{number}", number + 1
    return userid
