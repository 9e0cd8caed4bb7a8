"""A local stand-in for QQ's official robots: token, API, gateway and callbacks.

Example:
    ```python
    from imbridge.emulators.qq import QQEmulator

    async with QQEmulator() as qq:
        bot = qq.add_bot("Demo Bot")
        alice = qq.add_user("Alice")
        ...  # point the bot at qq.base_url and qq.token_url
        await alice.says("hi", bot=bot)
        answer = await alice.receives(bot=bot, timeout=5)
    ```
"""

from imbridge.emulators.common.callback import CallbackRefusedError
from imbridge.emulators.common.fault import Fault
from imbridge.emulators.common.stats import Violation
from imbridge.emulators.qq.bot import Bot
from imbridge.emulators.qq.emulator import QQEmulator
from imbridge.emulators.qq.faults import Faults
from imbridge.emulators.qq.group import Group
from imbridge.emulators.qq.guild import Channel, Direct, Guild
from imbridge.emulators.qq.happenings import Happenings
from imbridge.emulators.qq.message import BotMessage, SentMessage
from imbridge.emulators.qq.pushed import Pushed
from imbridge.emulators.qq.session import Session
from imbridge.emulators.qq.settings import EmulatorSettings
from imbridge.emulators.qq.stats import Stats
from imbridge.emulators.qq.user import User
from imbridge.emulators.qq.webhook_answer import Forged, WebhookAnswer
from imbridge.emulators.qq.webhooks import Webhooks

__all__ = [
    "Bot",
    "BotMessage",
    "CallbackRefusedError",
    "Channel",
    "Direct",
    "EmulatorSettings",
    "Fault",
    "Faults",
    "Forged",
    "Group",
    "Guild",
    "Happenings",
    "Pushed",
    "QQEmulator",
    "SentMessage",
    "Session",
    "Stats",
    "User",
    "Violation",
    "WebhookAnswer",
    "Webhooks",
]
