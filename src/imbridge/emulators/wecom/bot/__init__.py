"""A local stand-in for WeCom's smart bots: long connection, HTTP callbacks, `response_url`, media.

Example:
    ```python
    from imbridge.emulators.wecom.bot import WeComBotEmulator

    async with WeComBotEmulator() as platform:
        bot = platform.add_bot("Bot")
        alice = platform.add_user("Alice")
        ...  # point the bot's client at platform.ws_url
        await alice.says("hi", bot=bot)
        answer = await alice.receives(bot=bot)
        await answer.finishes()
    ```
"""

from imbridge.emulators.common.callback import CallbackRefusedError
from imbridge.emulators.common.fault import Fault
from imbridge.emulators.common.stats import Violation
from imbridge.emulators.wecom.bot.bot import Bot
from imbridge.emulators.wecom.bot.chat import BotChat
from imbridge.emulators.wecom.bot.clicking import NothingToDoError
from imbridge.emulators.wecom.bot.emulator import WeComBotEmulator
from imbridge.emulators.wecom.bot.faults import Faults
from imbridge.emulators.wecom.bot.forged import CallbackAnswer, Forged
from imbridge.emulators.wecom.bot.message import BotMessage, SentMessage
from imbridge.emulators.wecom.bot.settings import BotEmulatorSettings
from imbridge.emulators.wecom.bot.stats import Stats
from imbridge.emulators.wecom.bot.user import BotUser

__all__ = [
    "Bot",
    "BotChat",
    "BotEmulatorSettings",
    "BotMessage",
    "BotUser",
    "CallbackAnswer",
    "CallbackRefusedError",
    "Fault",
    "Faults",
    "Forged",
    "NothingToDoError",
    "SentMessage",
    "Stats",
    "Violation",
    "WeComBotEmulator",
]
