"""Two bots, Ann and Bea, with Alice in one group of each platform."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from imbridge.adapters.dingtalk import DingTalkConfig
from imbridge.adapters.qq import QQConfig
from imbridge.adapters.wecom import WeComConfig
from imbridge.config import AccountConfig
from imbridge.emulators.dingtalk import DingTalkEmulator
from imbridge.emulators.qq import EmulatorSettings as QQSettings
from imbridge.emulators.qq import QQEmulator
from imbridge.emulators.wecom.bot import WeComBotEmulator


@dataclass
class Stage:
    """A platform with the two of them.

    Attributes:
        accounts: Their settings, by name.
        groups: The group's address for each.
        say: Alice says a text in the group, to one of them (`ann`) or both (`ann bea`).
        hear: Waits for a text in the group.
        texts: What bots have said there.
        violations: What no client may do, and was done.
    """

    accounts: dict[str, AccountConfig]
    groups: dict[str, str]
    say: Callable[[str, str], Awaitable[Any]]
    hear: Callable[[str], Awaitable[Any]]
    texts: Callable[[], list[str]]
    violations: Callable[[], Any]


@asynccontextmanager
async def wecom() -> AsyncIterator[Stage]:
    async with WeComBotEmulator() as platform:
        bots = {"ann": platform.add_bot("Ann"), "bea": platform.add_bot("Bea")}
        alice = platform.add_user("Alice")
        group = platform.add_group("team", members=[alice], bots=[*bots.values()])
        yield Stage(
            {
                name: WeComConfig(
                    name=name,
                    bot_id=bot.bot_id,
                    bot_secret=SecretStr(bot.secret),
                    bot_name=bot.name,
                    bot_url=platform.ws_url,
                    base_url=platform.base_url,
                )
                for name, bot in bots.items()
            },
            {name: f"wecom:{name}/group/{group.chatid}" for name in bots},
            lambda text, to: alice.says(text, chat=group, mentions=[bots[name] for name in to.split()]),
            lambda text: alice.receives(text, chat=group),
            lambda: [message.text for message in platform.messages],
            lambda: platform.violations,
        )


@asynccontextmanager
async def dingtalk() -> AsyncIterator[Stage]:
    async with DingTalkEmulator() as ding:
        apps = {"ann": ding.add_app("Ann"), "bea": ding.add_app("Bea")}
        alice = ding.add_user("Alice")
        group = ding.add_group("team", members=[alice], apps=[*apps.values()])
        yield Stage(
            {
                name: DingTalkConfig(
                    name=name,
                    client_id=app.client_id,
                    client_secret=SecretStr(app.client_secret),
                    base_url=ding.base_url,
                    oapi_url=ding.base_url,
                    aliases=(app.name,),
                )
                for name, app in apps.items()
            },
            {name: f"dingtalk:{name}/group/{group.open_conversation_id}" for name in apps},
            lambda text, to: alice.says(text, chat=group, mentions=[apps[name] for name in to.split()]),
            lambda text: alice.receives(text, chat=group),
            lambda: [message.text for message in ding.messages],
            lambda: ding.violations,
        )


@asynccontextmanager
async def qq(*, guild: bool = False) -> AsyncIterator[Stage]:
    async with QQEmulator(settings=QQSettings(rate_limits=False)) as platform:
        bots = {"ann": platform.add_bot("Ann"), "bea": platform.add_bot("Bea")}
        alice = platform.add_user("Alice")
        if guild:
            chat: Any = platform.add_guild("guild", members=[alice], bots=[*bots.values()]).add_channel("talk")
            addresses = {name: f"qq:{name}/guild/{chat.id}" for name in bots}
        else:
            chat = platform.add_group("team", members=[alice], bots=[*bots.values()])
            addresses = {name: f"qq:{name}/group/{platform.group_openid(chat, bot)}" for name, bot in bots.items()}
        yield Stage(
            {
                name: QQConfig(
                    name=name,
                    app_id=bot.app_id,
                    secret=SecretStr(bot.secret),
                    api_base_url=platform.base_url,
                    token_url=platform.token_url,
                )
                for name, bot in bots.items()
            },
            addresses,
            lambda text, to: alice.says(text, chat=chat, mentions=[bots[name] for name in to.split()]),
            lambda text: alice.receives(text, chat=chat),
            lambda: [message.text for message in platform.messages],
            lambda: platform.violations,
        )


STAGES: dict[str, Callable[[], Any]] = {
    "wecom": wecom,
    "dingtalk": dingtalk,
    "qq group": qq,
    "qq guild": lambda: qq(guild=True),
}
