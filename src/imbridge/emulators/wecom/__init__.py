"""A local stand-in for WeCom: the corp side (apps, group robots) and, in `bot`, its smart bots.

Example:
    ```python
    from imbridge.emulators.wecom import WeComEmulator

    async with WeComEmulator() as wecom:
        app = wecom.add_app("Demo Bot")
        alice = wecom.add_user("Alice")
        ...  # point the bot at wecom.base_url
        await wecom.set_callback(app, "http://127.0.0.1:8080/wecom")
        await alice.says("hi", app=app)
        answer = await alice.receives(app=app, timeout=5)
    ```
"""

from imbridge.emulators.common.callback import CallbackRefusedError
from imbridge.emulators.common.crypto import Crypto, CryptoError
from imbridge.emulators.common.fault import Fault
from imbridge.emulators.common.stats import Violation
from imbridge.emulators.wecom.app import App
from imbridge.emulators.wecom.appchat import AppChat
from imbridge.emulators.wecom.approvals import Approval, Approvals
from imbridge.emulators.wecom.callback_answer import CallbackAnswer, Forged
from imbridge.emulators.wecom.consent import ConsentPageError
from imbridge.emulators.wecom.contacts import Contacts
from imbridge.emulators.wecom.directory import Department, Tag
from imbridge.emulators.wecom.emulator import WeComEmulator
from imbridge.emulators.wecom.faults import Faults
from imbridge.emulators.wecom.group_robot import GroupRobot
from imbridge.emulators.wecom.happenings import Happenings
from imbridge.emulators.wecom.message import AppMessage, SentMessage, UndeliveredError
from imbridge.emulators.wecom.settings import EmulatorSettings
from imbridge.emulators.wecom.stats import Stats
from imbridge.emulators.wecom.user import User

__all__ = [
    "App",
    "AppChat",
    "AppMessage",
    "Approval",
    "Approvals",
    "CallbackAnswer",
    "CallbackRefusedError",
    "ConsentPageError",
    "Contacts",
    "Crypto",
    "CryptoError",
    "Department",
    "EmulatorSettings",
    "Fault",
    "Faults",
    "Forged",
    "GroupRobot",
    "Happenings",
    "SentMessage",
    "Stats",
    "Tag",
    "UndeliveredError",
    "User",
    "Violation",
    "WeComEmulator",
]
