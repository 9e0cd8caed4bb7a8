"""Tokens, request rates and bounded memory."""

import asyncio
from collections.abc import Callable

import aiohttp
import pytest
from feishu_raw_client import Bot

from imbridge.emulators.feishu import App, Chat, EmulatorSettings, FeishuEmulator, User


@pytest.mark.parametrize(
    ("token", "code", "kind"),
    [("", 99991661, "no_token"), ("t-never", 99991663, None), ("None", 99991671, "malformed_token")],
)
async def test_token_errors_have_http_400(
    feishu: FeishuEmulator, app: App, bot: Bot, token: str, code: int, kind: str | None
) -> None:
    answer = await bot.call("GET", "bot/v3/info", token=token)
    assert (answer.status, answer.code) == (400, code)
    assert [one.kind for one in feishu.violations] == ([kind] if kind else [])
    assert feishu.stats.tokens_refused == 1


async def test_bot_info(app: App, bot: Bot) -> None:
    answer = await bot.call("GET", "bot/v3/info")
    assert answer.body["bot"]["open_id"] == app.bot_open_id
    assert answer.body["bot"]["app_name"] == "Demo Bot"


async def test_wrong_secret(feishu: FeishuEmulator, app: App, bot: Bot) -> None:
    url = f"{feishu.base_url}/open-apis/auth/v3/tenant_access_token/internal"
    for body, code in (({"app_id": app.app_id, "app_secret": "no"}, 10014), ({"app_id": "cli_x"}, 10003)):
        async with bot.session.post(url, json=body) as response:
            assert (response.status, (await response.json())["code"]) == (200, code)


async def test_app_token_is_the_tenant_token(feishu: FeishuEmulator, app: App, bot: Bot) -> None:
    url = f"{feishu.base_url}/open-apis/auth/v3/app_access_token/internal"
    async with bot.session.post(url, json={"app_id": app.app_id, "app_secret": app.app_secret}) as response:
        assert (await response.json())["app_access_token"] == await bot.fresh_token()


async def test_token_is_the_same_until_little_of_it_is_left(
    feishu: FeishuEmulator, settings: EmulatorSettings, app: App, bot: Bot
) -> None:
    first = await bot.fresh_token()
    assert await bot.fresh_token() == first
    settings.token_renewal = settings.token_lifetime + 1  # every token has less left than this
    second = await bot.fresh_token()
    assert second != first
    for token in (first, second):
        assert (await bot.call("GET", "bot/v3/info", token=token)).code == 0
    assert feishu.stats.tokens_issued == 2


async def test_token_ends(settings: EmulatorSettings, app: App, bot: Bot) -> None:
    settings.token_lifetime = 0.05
    token = await bot.fresh_token()
    await asyncio.sleep(0.06)
    assert (await bot.call("GET", "bot/v3/info", token=token)).code == 99991663


async def test_token_of_one_app_does_not_serve_another(feishu: FeishuEmulator, app: App, alice: User, bot: Bot) -> None:
    other = feishu.add_app(name="Other")
    other_chat = feishu.private_chat(alice, other)
    assert (await bot.send(other_chat.chat_id, "x")).code == 230002


async def test_five_messages_per_second_into_a_chat(
    feishu: FeishuEmulator, app: App, alice: User, chat: Chat, bot: Bot, halted: Callable[[float], None]
) -> None:
    await bot.fresh_token()
    codes = [(await bot.send(chat.chat_id, str(number))).code for number in range(7)]
    assert codes == [0] * 5 + [230020] * 2
    bob = feishu.add_user("Bob")
    assert (await bot.send(feishu.private_chat(bob, app).chat_id, "another chat")).code == 0
    assert feishu.stats.rate_limited == 2
    assert {one.kind for one in feishu.violations} == {"rate_exceeded"}
    halted(1.05)
    assert (await bot.send(chat.chat_id, "later")).code == 0


@pytest.mark.usefixtures("halted")
async def test_rates_of_an_api(settings: EmulatorSettings, session: aiohttp.ClientSession) -> None:
    settings.api_rate, settings.api_rate_minute = 3, 100
    async with FeishuEmulator(settings=settings) as feishu:
        app = feishu.add_app()
        bot = Bot(session, feishu.base_url, app.app_id, app.app_secret)
        await bot.fresh_token()
        answers = [await bot.call("GET", "bot/v3/info") for _ in range(4)]
        assert [answer.code for answer in answers] == [0, 0, 0, 99991400]
        assert answers[3].status == 429
        assert answers[3].headers["x-ogw-ratelimit-limit"] == "3"
        assert answers[3].headers["x-ogw-ratelimit-reset"] == "1"


async def test_rates_can_be_off(settings: EmulatorSettings, chat: Chat, bot: Bot) -> None:
    settings.rate_limits = False
    assert {(await bot.send(chat.chat_id, str(number))).code for number in range(60)} == {0}


async def test_memory_is_bounded(session: aiohttp.ClientSession) -> None:
    settings = EmulatorSettings(history=10, rate_limits=False)
    async with FeishuEmulator(settings=settings) as feishu:
        app = feishu.add_app()
        alice = feishu.add_user("Alice")
        bot = Bot(session, feishu.base_url, app.app_id, app.app_secret)
        chat = feishu.private_chat(alice, app)
        link = await bot.connect()
        for number in range(40):
            await alice.says(f"in {number}")
            await link.acked_event()
            await bot.send(chat.chat_id, f"out {number}", uuid=str(number))
            await bot.call("GET", "bot/v3/info", token="")
        assert feishu.stats.sends == 40
        assert feishu.messages[0].text == "out 30"
        store = feishu.world.store
        sizes = [len(feishu.messages), len(store._by_id), len(store._by_uuid), len(alice.inbox._unseen)]
        assert sizes == [10, 10, 10, 10]
        assert (len(feishu.violations), feishu.stats.violations) == (10, 40)
        await bot.close()


async def test_same_seed_same_ids() -> None:
    async def ids(seed: int) -> list[str]:
        async with FeishuEmulator(seed=seed) as feishu:
            app = feishu.add_app()
            alice = feishu.add_user("Alice")
            sent = await alice.says("hi")
            return [app.app_id, app.app_secret, app.bot_open_id, alice.open_id, sent.message_id, sent.event_id]

    assert await ids(1) == await ids(1) != await ids(2)
