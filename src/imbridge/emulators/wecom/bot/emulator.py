"""The emulator: start it, fill it with bots and people, and talk."""

from collections.abc import Sequence
from typing import Any

from imbridge.emulators.common.emulator import BaseEmulator
from imbridge.emulators.wecom.bot.bot import Bot
from imbridge.emulators.wecom.bot.callbacks import Callbacks
from imbridge.emulators.wecom.bot.chat import BotChat
from imbridge.emulators.wecom.bot.clicking import tell
from imbridge.emulators.wecom.bot.faults import Faults
from imbridge.emulators.wecom.bot.link import Link
from imbridge.emulators.wecom.bot.message import BotMessage, SentMessage
from imbridge.emulators.wecom.bot.server import Server
from imbridge.emulators.wecom.bot.settings import BotEmulatorSettings
from imbridge.emulators.wecom.bot.stats import Stats
from imbridge.emulators.wecom.bot.user import BotUser
from imbridge.emulators.wecom.bot.world import World


class WeComBotEmulator(BaseEmulator[Stats, Faults]):
    """WeCom's servers for smart bots, on this machine; media and `response_url` are at `base_url`.

    Args:
        host: Address to listen on.
        port: Port; 0 takes a free one.
        seed: The same seed gives the same ids.
        settings: The platform's numbers.
    """

    _world: World

    def __init__(
        self, host: str = "127.0.0.1", port: int = 0, *, seed: int = 0, settings: BotEmulatorSettings | None = None
    ) -> None:
        self.settings = settings or BotEmulatorSettings()
        world = World(seed, self.settings)
        world.link = Link(world)
        world.callbacks = Callbacks(world)
        world.faults.attach(world.link)
        super().__init__(world, Server(world).handle, host, port)

    async def _end(self) -> None:
        await self.callbacks.close()
        self._world.link.abort()

    @property
    def ws_url(self) -> str:
        """What stands for `wss://openws.work.weixin.qq.com`: `ws://127.0.0.1:PORT`."""
        return f"ws{self.base_url.removeprefix('http')}"

    @property
    def messages(self) -> Sequence[BotMessage]:
        """The bots' messages in the order of their arrival; the newest `settings.history`."""
        return self._world.messages

    @property
    def callbacks(self) -> Callbacks:
        """Callback addresses, and single requests to them that are forged or replayed."""
        return self._world.callbacks

    @property
    def world(self) -> World:
        """The state behind all this, for what the rest does not offer."""
        return self._world

    def add_bot(self, name: str, bot_id: str = "", secret: str = "") -> Bot:
        """Makes a bot; it is for the long connection until `set_callback`."""
        ids = self._world.ids
        bot = Bot(
            bot_id=bot_id or "aib" + ids.text("bot", 32),
            secret=secret or ids.text("secret", 43),
            name=name,
            token=ids.hex("token", 24),
            aes_key=ids.aes_key(),
        )
        if bot.bot_id in self._world.bots:
            raise ValueError(f"there is a bot {bot.bot_id} already")
        self._world.bots[bot.bot_id] = bot
        return bot

    def add_user(self, name: str, userid: str = "") -> BotUser:
        """Makes a person; the userid is the name in small letters if none is given."""
        userid = userid or name.lower().replace(" ", ".")
        if userid in self._world.users:
            raise ValueError(f"there is somebody with the userid {userid} already")
        user = BotUser(self._world, userid, name)
        self._world.users[userid] = user
        return user

    def add_group(self, name: str, *, members: Sequence[BotUser], bots: Sequence[Bot]) -> BotChat:
        """Makes a group."""
        chatid = "wr" + self._world.ids.text("chat", 30)
        chat = BotChat(chatid, "group", name, list(members), list(bots))
        self._world.groups[chatid] = chat
        return chat

    def single_chat(self, user: BotUser, bot: Bot) -> BotChat:
        """The conversation of a person and a bot."""
        return self._world.single_chat(user, bot)

    async def set_callback(self, bot: Bot, url: str, *, verify: bool = True) -> None:
        """Switches the bot to HTTP callbacks; the address must pass the verification first, unless `verify` is False.

        Raises:
            CallbackRefusedError: It did not.
        """
        await self.callbacks.set(bot, url, verify=verify)

    async def set_long_connection(self, bot: Bot) -> None:
        """Switches the bot back to the long connection."""
        await self.callbacks.unset(bot)

    def push_event(
        self,
        bot: Bot,
        user: BotUser,
        eventtype: str,
        details: dict[str, Any] | None = None,
        chat: BotChat | None = None,
    ) -> SentMessage:
        """Gives out any event, for what the platform may come to send; nothing is checked.

        Args:
            bot: Who is told.
            user: Who did it.
            eventtype: Its type.
            details: The structure that is named like the type.
            chat: Where; None: in the single chat.
        """
        return tell(self._world, user, chat or self.single_chat(user, bot), bot, eventtype, details)

    def connections(self, bot: Bot) -> int:
        """How many connections of the bot are open, replaced ones that are not cut yet included."""
        return len(self._world.link.connections(bot))

    def subscribed(self, bot: Bot) -> bool:
        """Whether a connection gets the bot's callbacks now."""
        return self._world.link.current(bot) is not None
