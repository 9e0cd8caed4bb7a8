"""What the outbox's tests share: a platform with a key and one without, tries that follow soon, ends that are told."""

from typing import Any

from runtime_world import account

from backoffs import SoOften
from imbridge import Bridge, BridgeOptions, FeishuConfig
from imbridge.emulators.feishu import FeishuEmulator
from imbridge.protocol import Receipt
from imbridge.runtime.outbox.patience import Patience
from imbridge.storage import BaseStorage

ROBOT = "feishu:robot/group/hook"
"""Its custom bot has no key: the platform shows twice what is sent twice."""


def robot_of(feishu: FeishuEmulator, **more: Any) -> FeishuConfig:
    """A group's custom bot."""
    bot = feishu.add_custom_bot(feishu.add_group("alerts", members=[feishu.add_user("Alice")], apps=[]))
    return FeishuConfig(name="robot", webhook_url=bot.url, chat_rate="1000/s", **more)


def app_of(feishu: FeishuEmulator, **more: Any) -> tuple[FeishuConfig, str]:
    """An app, whose platform has a key, and the address of somebody there."""
    app, alice = feishu.add_app(), feishu.add_user("Alice")
    return account(feishu, app, "app", **more), f"feishu:app/private/{feishu.private_chat(alice, app).chat_id}"


class Ends(list[Receipt]):
    """What was told at last."""

    def __init__(self, bridge: Bridge) -> None:
        super().__init__()
        bridge.on_receipt(self.append)


def hurry(bridge: Bridge, **pauses: float) -> None:
    """Other pauses between tries."""
    options = bridge.options
    patience = Patience(options.retry_for, missed_window_for=options.missed_window_for, **pauses)
    bridge._delivery._putting_off.patience = patience


def soon_tired(bridge: Bridge, account: str, times: int = 1) -> None:
    """An app's adapter tries passing trouble again so many times, at once, and then puts it off."""
    bridge.adapter(account).caller._backoff = SoOften(times)  # type: ignore[attr-defined]


def hurried(*accounts: FeishuConfig, storage: BaseStorage | None = None, **options: Any) -> tuple[Bridge, Ends]:
    """A bridge that tries again soon."""
    bridge = Bridge(accounts, storage=storage, options=BridgeOptions(**options))
    hurry(bridge, shortest=0.05, longest=0.2)
    return bridge, Ends(bridge)
