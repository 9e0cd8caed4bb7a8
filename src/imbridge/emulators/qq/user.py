"""A person: writes to robots, reads what they send, presses buttons."""

from typing import TYPE_CHECKING

from imbridge.emulators.qq.bot import Bot
from imbridge.emulators.qq.chat import Chat
from imbridge.emulators.qq.group import Group
from imbridge.emulators.qq.inbox import Expected, Inbox, Place
from imbridge.emulators.qq.message import BotMessage
from imbridge.emulators.qq.sending import Sending

if TYPE_CHECKING:
    from imbridge.emulators.qq.world import World


class User(Sending):
    """Somebody.

    Attributes:
        id: Their number in channels.
        name: What people see.
        refuses: The robots that may not write to them first: they have turned that off.
        strangers: The robots they have removed from their friends.
        typing: What input notices they saw: the robot and for how many seconds.
        last_said: When they last wrote to a robot in the single chat, in the emulator's time.
        wakeups: The wake-up periods that a robot has used since.
    """

    def __init__(self, world: "World", name: str, user_id: str) -> None:
        self._world = world
        self.id = user_id
        self.name = name
        self.refuses: set[Bot] = set()
        self.strangers: set[Bot] = set()
        self.typing: list[tuple[Bot, int]] = []
        self.last_said: dict[Bot, float] = {}
        self.wakeups: dict[Bot, set[int]] = {}
        self.inbox = Inbox(name, world.settings.history)

    def __repr__(self) -> str:
        return f"User({self.name!r})"

    @property
    def _me(self) -> "User":
        return self

    def openid_for(self, bot: Bot) -> str:
        """Their `user_openid` for a robot."""
        return self._world.people.openid(self, bot)

    def member_openid_for(self, bot: Bot, group: Group) -> str:
        """Their `member_openid` for a robot in a group."""
        return self._world.people.member_openid(self, bot, group)

    async def clicks(self, message: BotMessage, button_id: str, *, timeout: float | None = None) -> int:
        """Presses a button; returns the code that the robot answered with, 0 for success.

        Args:
            message: The message with the button.
            button_id: The button's id, or its label.
            timeout: Seconds to wait; by default `settings.click_timeout`.

        Raises:
            ValueError: There is no such button, or it is none that tells the robot.
            PermissionError: This person may not press it.
            TimeoutError: No answer came in time.
        """
        return await self._world.clicks.click(self, message, button_id, timeout)

    # --- reading ------------------------------------------------------------------------------------------------------

    async def receives(
        self, expected: Expected = None, *, bot: Bot | None = None, chat: Chat = None, timeout: float = 5.0
    ) -> BotMessage:
        """The oldest message not looked at yet that fits.

        Args:
            expected: Its text, a pattern in its text, a test of the message, or None for any.
            bot: Only of this robot.
            chat: Only in this group, channel or private messages.
            timeout: Seconds to wait for it.

        Raises:
            AssertionError: None came; says what came instead.
        """
        return await self.inbox.receive(expected, timeout, Place(bot, chat))

    async def receives_nothing(self, *, bot: Bot | None = None, chat: Chat = None, within: float = 0.3) -> None:
        """Sees that no message is there or comes within so many seconds.

        Raises:
            AssertionError: One is there.
        """
        await self.inbox.receive_nothing(within, Place(bot, chat))
