"""A local stand-in for the WeChat Official Account platform (微信公众号): callbacks, replies and the message API.

Example:
    ```python
    from imbridge.emulators.wechat import WeChatEmulator

    async with WeChatEmulator() as wechat:
        account = wechat.add_account("Demo", mode="encrypted")
        alice = wechat.add_follower("Alice")
        await wechat.set_callback(account, "http://127.0.0.1:8080/wechat")
        await alice.says("hi")
        answer = await alice.receives(timeout=5)
    ```
"""

from imbridge.emulators.common.callback import CallbackRefusedError
from imbridge.emulators.common.fault import Fault
from imbridge.emulators.common.stats import Violation
from imbridge.emulators.wechat.account import Account
from imbridge.emulators.wechat.callback import Callback, CallbackAnswer
from imbridge.emulators.wechat.consent import ConsentPageError
from imbridge.emulators.wechat.emulator import WeChatEmulator
from imbridge.emulators.wechat.faults import Faults
from imbridge.emulators.wechat.follower import Follower
from imbridge.emulators.wechat.media import Media
from imbridge.emulators.wechat.message import BotMessage, SentMessage
from imbridge.emulators.wechat.requests import Forged
from imbridge.emulators.wechat.settings import EmulatorSettings
from imbridge.emulators.wechat.stats import Stats
from imbridge.emulators.wechat.templates import Template

__all__ = [
    "Account",
    "BotMessage",
    "Callback",
    "CallbackAnswer",
    "CallbackRefusedError",
    "ConsentPageError",
    "EmulatorSettings",
    "Fault",
    "Faults",
    "Follower",
    "Forged",
    "Media",
    "SentMessage",
    "Stats",
    "Template",
    "Violation",
    "WeChatEmulator",
]
