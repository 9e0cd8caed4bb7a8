"""A local stand-in for DingTalk: stream gateway, api.dingtalk.com, oapi.dingtalk.com and the login page.

Example:
    ```python
    from imbridge.emulators.dingtalk import DingTalkEmulator

    async with DingTalkEmulator() as ding:
        app = ding.add_app("Demo Bot")
        alice = ding.add_user("Alice")
        ...  # point the bot at ding.base_url
        await alice.says("hi", app=app)
        answer = await alice.receives(app=app, timeout=5)
    ```
"""

from imbridge.emulators.common.callback import CallbackRefusedError
from imbridge.emulators.common.crypto import Crypto, CryptoError
from imbridge.emulators.common.fault import Fault
from imbridge.emulators.common.stats import Violation
from imbridge.emulators.dingtalk.app import App
from imbridge.emulators.dingtalk.approvals import Approval, Approvals
from imbridge.emulators.dingtalk.callback_answer import CallbackAnswer, Forged
from imbridge.emulators.dingtalk.callbacks import Callbacks
from imbridge.emulators.dingtalk.card_templates import CardTemplate
from imbridge.emulators.dingtalk.cards import Card
from imbridge.emulators.dingtalk.consent import ConsentPageError
from imbridge.emulators.dingtalk.custom_robot import CustomRobot
from imbridge.emulators.dingtalk.directory import Department
from imbridge.emulators.dingtalk.emulator import DingTalkEmulator
from imbridge.emulators.dingtalk.faults import Faults
from imbridge.emulators.dingtalk.group import Group
from imbridge.emulators.dingtalk.happenings import Happenings
from imbridge.emulators.dingtalk.message import BotMessage, PushedEvent, SentMessage
from imbridge.emulators.dingtalk.push import Ack, Push
from imbridge.emulators.dingtalk.settings import EmulatorSettings
from imbridge.emulators.dingtalk.stats import Stats
from imbridge.emulators.dingtalk.told import Told
from imbridge.emulators.dingtalk.user import User

__all__ = [
    "Ack",
    "App",
    "Approval",
    "Approvals",
    "BotMessage",
    "CallbackAnswer",
    "CallbackRefusedError",
    "Callbacks",
    "Card",
    "CardTemplate",
    "ConsentPageError",
    "Crypto",
    "CryptoError",
    "CustomRobot",
    "Department",
    "DingTalkEmulator",
    "EmulatorSettings",
    "Fault",
    "Faults",
    "Forged",
    "Group",
    "Happenings",
    "Push",
    "PushedEvent",
    "SentMessage",
    "Stats",
    "Told",
    "User",
    "Violation",
]
