"""Every way in which messages come, each with a few people who write: what is done there when an inbox is full."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr
from runtime_world import account, settings

from imbridge.adapters.dingtalk import DingTalkConfig
from imbridge.adapters.qq import QQConfig
from imbridge.adapters.wechat import WeChatConfig
from imbridge.adapters.wecom import WeComConfig
from imbridge.config import AccountConfig
from imbridge.emulators.dingtalk import DingTalkEmulator
from imbridge.emulators.dingtalk import EmulatorSettings as DingTalkSettings
from imbridge.emulators.feishu import FeishuEmulator
from imbridge.emulators.qq import EmulatorSettings as QQSettings
from imbridge.emulators.qq import QQEmulator
from imbridge.emulators.wechat import EmulatorSettings as WeChatSettings
from imbridge.emulators.wechat import WeChatEmulator
from imbridge.emulators.wecom import EmulatorSettings as WeComSettings
from imbridge.emulators.wecom import WeComEmulator
from imbridge.emulators.wecom.bot import BotEmulatorSettings, WeComBotEmulator

PEOPLE = 4
AGAIN = (0.1,) * 100
"""A platform that comes back often: what it holds is to arrive, and the test is to be short."""


@dataclass
class Stage:
    """A platform with some people.

    Attributes:
        account: The bot's settings.
        says: The person of that number says a text.
        platform: The emulator.
        set_callback: Tells the platform an address, where it calls back.
        is_read: Whether it is a connection that is read until nothing more fits, with nothing refused to the platform.
    """

    account: AccountConfig
    says: Callable[[int, str], Awaitable[Any]]
    platform: Any
    set_callback: Callable[[str], Awaitable[Any]] | None = None
    is_read: bool = False

    def answers(self) -> list[str]:
        """What the bot has said."""
        return [message.text for message in self.platform.messages]


@asynccontextmanager
async def feishu(*, webhook: bool = False) -> AsyncIterator[Stage]:
    async with FeishuEmulator(settings=settings(redelivery=AGAIN)) as platform:
        app = platform.add_app(encrypt_key="a key") if webhook else platform.add_app()
        people = [platform.add_user(f"P{number}") for number in range(PEOPLE)]
        more: dict[str, Any] = {}
        if webhook:
            more = {"mode": "webhook", "encrypt_key": app.encrypt_key, "verification_token": app.verification_token}

        async def set_callback(url: str) -> None:
            await platform.set_callback(app, f"{url}/feishu/work")

        yield Stage(
            account(platform, app, **more),
            lambda number, text: people[number].says(text),
            platform,
            set_callback if webhook else None,
        )


@asynccontextmanager
async def wecom_app() -> AsyncIterator[Stage]:
    async with WeComEmulator(settings=WeComSettings(redelivery=AGAIN, verify_timeout=30.0)) as platform:
        app = platform.add_app("Demo")
        people = [platform.add_user(f"P{number}") for number in range(PEOPLE)]
        yield Stage(
            WeComConfig(
                name="work",
                corp_id=app.corp_id,
                secret=SecretStr(app.secret),
                agent_id=app.agent_id,
                token=app.token,
                aes_key=app.aes_key,
                base_url=platform.base_url,
            ),
            lambda number, text: people[number].says(text, app=app),
            platform,
            lambda url: platform.set_callback(app, f"{url}/wecom/work"),
        )


@asynccontextmanager
async def wecom_bot(*, callback: bool = False) -> AsyncIterator[Stage]:
    quick = BotEmulatorSettings(rate_limits=False, poll_seconds=0.02, callback_retries=AGAIN, verify_seconds=30.0)
    async with WeComBotEmulator(settings=quick) as platform:
        bot = platform.add_bot("Demo")
        people = [platform.add_user(f"P{number}") for number in range(PEOPLE)]
        own: dict[str, Any] = {"bot_id": bot.bot_id, "bot_secret": SecretStr(bot.secret), "bot_url": platform.ws_url}
        if callback:
            own = {"mode": "bot_callback", "token": bot.token, "aes_key": bot.aes_key}
        yield Stage(
            WeComConfig(name="work", base_url=platform.base_url, member_rate="1000/s", **own),
            lambda number, text: people[number].says(text, bot=bot),
            platform,
            (lambda url: platform.set_callback(bot, f"{url}/wecom/work")) if callback else None,
            is_read=not callback,
        )


@asynccontextmanager
async def wechat() -> AsyncIterator[Stage]:
    patient = WeChatSettings(message_quota=1000, callback_attempts=100, callback_pause=0.1)
    async with WeChatEmulator(settings=patient) as platform:
        own = platform.add_account("Demo", mode="encrypted")
        people = [platform.add_follower(f"P{number}") for number in range(PEOPLE)]
        yield Stage(
            WeChatConfig(
                name="work",
                app_id=own.app_id,
                app_secret=SecretStr(own.secret),
                token=own.token,
                aes_key=own.aes_key,
                base_url=platform.base_url,
                passive_reply=0,
                customer_service=True,
            ),
            lambda number, text: people[number].says(text),
            platform,
            lambda url: platform.set_callback(own, f"{url}/wechat/work"),
        )


@asynccontextmanager
async def dingtalk(*, callback: bool = False) -> AsyncIterator[Stage]:
    async with DingTalkEmulator(
        settings=DingTalkSettings(
            redelivery=AGAIN, callback_timeout=10.0, card_callback_timeout=10.0, rate_limits=False
        )
    ) as platform:
        app = platform.add_app("Demo")
        people = [platform.add_user(f"P{number}") for number in range(PEOPLE)]
        own: dict[str, Any] = {}
        if callback:
            own = {"mode": "callback", "token": app.token, "aes_key": app.aes_key}

        async def set_callback(url: str) -> None:
            await platform.set_callback(app, f"{url}/dingtalk/work", events_url=f"{url}/dingtalk/work/events")

        yield Stage(
            DingTalkConfig(
                name="work",
                client_id=app.client_id,
                client_secret=SecretStr(app.client_secret),
                robot_code=app.robot_code,
                base_url=platform.base_url,
                oapi_url=platform.base_url,
                corp_id=platform.corp_id,
                **own,
            ),
            lambda number, text: people[number].says(text, app=app),
            platform,
            set_callback if callback else None,
            is_read=not callback,
        )


@asynccontextmanager
async def qq(*, webhook: bool = False) -> AsyncIterator[Stage]:
    quick = QQSettings(redelivery=AGAIN, rate_limits=False, heartbeat_interval=0.1)
    async with QQEmulator(settings=quick) as platform:
        bot = platform.add_bot("Demo")
        people = [platform.add_user(f"P{number}") for number in range(PEOPLE)]
        yield Stage(
            QQConfig(
                name="work",
                app_id=bot.app_id,
                secret=SecretStr(bot.secret),
                api_base_url=platform.base_url,
                token_url=platform.token_url,
                mode="webhook" if webhook else "gateway",
            ),
            lambda number, text: people[number].says(text, bot=bot),
            platform,
            (lambda url: platform.set_webhook(bot, f"{url}/qq/work")) if webhook else None,
            is_read=not webhook,
        )


STAGES: dict[str, Callable[[], Any]] = {
    "feishu": feishu,
    "feishu webhook": lambda: feishu(webhook=True),
    "wecom app": wecom_app,
    "wecom bot": wecom_bot,
    "wecom bot callback": lambda: wecom_bot(callback=True),
    "wechat": wechat,
    "dingtalk": dingtalk,
    "dingtalk callback": lambda: dingtalk(callback=True),
    "qq": qq,
    "qq webhook": lambda: qq(webhook=True),
}
