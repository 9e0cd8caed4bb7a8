"""Faults on demand, and watching the wire."""

import asyncio
from typing import Any

import aiohttp
import pytest
from wechat_official import SEND, access_token, code_of, refusal
from wechatpy import WeChatClient

from imbridge.emulators.wechat import Account, Follower, WeChatEmulator


async def test_wechatpy_sees_refusals(wechat: WeChatEmulator, alice: Follower, client: WeChatClient) -> None:
    await alice.says("hi")
    fault = wechat.faults.refuse_send(45009)
    assert await refusal(client.message.send_text, alice.openid, "hi") == 45009
    assert (fault.hits, wechat.faults.active) == (1, False)
    with wechat.faults.refuse("*/custom/*", 48001, times=None):
        assert await refusal(client.message.send_text, alice.openid, "hi") == 48001
    await asyncio.to_thread(client.message.send_text, alice.openid, "now")
    await alice.receives("now")


async def test_a_lost_answer(wechat: WeChatEmulator, account: Account, alice: Follower) -> None:
    await alice.says("hi")
    wechat.faults.lose_answer()
    with pytest.raises(aiohttp.ClientError):
        await code_of(wechat, account, alice, msgtype="text", text={"content": "once"})
    await alice.receives("once")


async def test_pages_delays_and_slow_answers(wechat: WeChatEmulator, account: Account, alice: Follower) -> None:
    await alice.says("hi")
    wechat.faults.http_fail("*/send", 502, body="<html>bad gateway</html>")
    async with aiohttp.ClientSession() as session, session.post(f"{wechat.base_url}{SEND}") as response:
        assert (response.status, await response.text()) == (502, "<html>bad gateway</html>")
    late = wechat.faults.http_delay("*/send", 0.01)
    slow = wechat.faults.slow_answer("*/send", 0.01)
    assert await code_of(wechat, account, alice, msgtype="text", text={"content": "late"}) == 0
    assert (late.hits, slow.hits) == (1, 1)


async def test_watching_the_wire(wechat: WeChatEmulator, account: Account, alice: Follower) -> None:
    told: list[tuple[str, str, dict[str, Any]]] = []
    stop = wechat.wire.watch(lambda *facts: told.append(facts))
    await alice.says("hi")
    assert await code_of(wechat, account, alice, msgtype="text", text={"content": "a" * 600}) == 0
    stop()
    await access_token(wechat, account)
    assert [facts["path"] for _, _, facts in told] == ["/cgi-bin/token", SEND]
    shown = repr(told)
    assert account.secret not in shown
    assert "access_token': '***'" in shown
    assert "(600 characters)" in shown
