"""`response_url` of WeCom's smart bots: one message by a plain POST."""

from typing import Any

import aiohttp
import pytest
from wecom_bot_address import Address
from wecom_bot_raw import markdown

from imbridge.emulators.wecom.bot import Bot, BotEmulatorSettings, BotUser, WeComBotEmulator


async def posted(session: aiohttp.ClientSession, url: str, body: Any) -> int:
    async with session.post(url, json=body) as answer:
        assert answer.status == 200
        return int((await answer.json())["errcode"])


async def test_a_response_url_is_good_once(
    platform: WeComBotEmulator, smart: Bot, alice: BotUser, called: Address, session: aiohttp.ClientSession
) -> None:
    url = (await alice.says("hi", bot=smart)).response_url
    assert await posted(session, url, {"msgtype": "text", "text": {"content": "x"}}) == 40008
    assert await posted(session, url, {"response_type": "update_template_card"}) == 40008
    assert await posted(session, url, []) == 40058
    assert await posted(session, url, markdown("x" * 20_481)) == 45002
    with platform.faults.refuse_response_url(45009):
        assert await posted(session, url, markdown("x")) == 45009
    with platform.faults.fail_response_url(502):
        async with session.post(url, json=markdown("x")) as answer:
            assert answer.status == 502
    assert await posted(session, url, markdown("later")) == 0
    message = await alice.receives("later", bot=smart)
    assert (message.how, message.kind) == ("response_url", "markdown")
    assert await posted(session, url, markdown("again")) == 93000
    assert await posted(session, f"{url}x", markdown("x")) == 93000
    assert [violation.kind for violation in platform.violations] == ["response_url_again"]


@pytest.mark.parametrize("bot_settings", [BotEmulatorSettings(response_seconds=-1)])
async def test_a_response_url_expires(
    smart: Bot, alice: BotUser, called: Address, session: aiohttp.ClientSession
) -> None:
    url = (await alice.says("hi", bot=smart)).response_url
    assert await posted(session, url, markdown("x")) == 93000
