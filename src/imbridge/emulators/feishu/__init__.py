"""A local stand-in for Feishu's servers: long connection, HTTP callbacks and the message API.

Example:
    ```python
    from imbridge.emulators.feishu import FeishuEmulator

    async with FeishuEmulator() as feishu:
        app = feishu.add_app(name="Demo Bot")
        alice = feishu.add_user("Alice")
        ...  # point the bot's Feishu domain at feishu.base_url
        await alice.says("hi", chat=feishu.private_chat(alice, app))
        answer = await alice.receives(timeout=5)
    ```
"""

from imbridge.emulators.common.fault import Fault
from imbridge.emulators.common.stats import Violation
from imbridge.emulators.feishu.app import App
from imbridge.emulators.feishu.approvals import Approval, ApprovalInstance, ApprovalTask
from imbridge.emulators.feishu.callback_answer import CallbackError
from imbridge.emulators.feishu.card_action import NothingToDoError
from imbridge.emulators.feishu.card_entity import CardEntity
from imbridge.emulators.feishu.chat import Chat
from imbridge.emulators.feishu.consent import ConsentPageError
from imbridge.emulators.feishu.custom_bot import CustomBot
from imbridge.emulators.feishu.department import Department
from imbridge.emulators.feishu.emulator import FeishuEmulator
from imbridge.emulators.feishu.faults import Faults
from imbridge.emulators.feishu.forged import CallbackAnswer, Forged
from imbridge.emulators.feishu.message import BotMessage, Edit, Message, Pin, Reaction, SentMessage, Urgent
from imbridge.emulators.feishu.profile import Profile
from imbridge.emulators.feishu.settings import EmulatorSettings
from imbridge.emulators.feishu.stats import Stats
from imbridge.emulators.feishu.user import User

__all__ = [
    "App",
    "Approval",
    "ApprovalInstance",
    "ApprovalTask",
    "BotMessage",
    "CallbackAnswer",
    "CallbackError",
    "CardEntity",
    "Chat",
    "ConsentPageError",
    "CustomBot",
    "Department",
    "Edit",
    "EmulatorSettings",
    "Fault",
    "Faults",
    "FeishuEmulator",
    "Forged",
    "Message",
    "NothingToDoError",
    "Pin",
    "Profile",
    "Reaction",
    "SentMessage",
    "Stats",
    "Urgent",
    "User",
    "Violation",
]
