"""Access tokens: one fetch for all who wait, ahead of time, refusals that pass and those that do not; TLS."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from qq_rig import FAST, SECRET, Rig, rigged

from imbridge.adapters.base import Health
from imbridge.protocol import AuthError, DeliveryError
from imbridge.transport import Token

TOKEN = "/app/getAppAccessToken"
REFRESHED = [11241, 11243, 11244, 11251, 11255]


async def test_one_fetch_for_all_who_wait(rig: Rig) -> None:
    adapter = rig.make()
    await asyncio.gather(*(adapter.api.me() for _ in range(30)))
    assert rig.qq.stats.token_requests == 1


async def test_the_gateway_and_the_api_share_it(rig: Rig) -> None:
    adapter = await rig.start()
    await adapter.api.me()
    assert rig.qq.stats.token_requests == 1


@pytest.mark.parametrize("kind", ["number", "string"])
async def test_the_lifetime_as_a_number_and_as_digits(rig: Rig, kind: Any) -> None:
    rig.qq.faults.expires_in_as(kind)
    _, seconds = await rig.make().api.fetch_token()
    assert 7190.0 < seconds <= 7200.0


@pytest.mark.parametrize("lifetime", ["null", '"soon"', "-1", "0", "[]", "{}", "true", '"Infinity"', '"nan"', "1e400"])
async def test_a_lifetime_that_makes_no_sense(rig: Rig, lifetime: str) -> None:
    rig.qq.faults.http_fail(TOKEN, 200, body=f'{{"access_token": "t", "expires_in": {lifetime}}}')
    value, seconds = await rig.make().api.fetch_token()
    assert value == "t"
    assert seconds in (1.0, 7200.0)


@pytest.mark.parametrize(("lifetime", "ahead"), [(7200.0, 300.0), (900.0, 300.0), (300.0, 100.0), (60.0, 20.0)])
def test_it_is_fetched_again_ahead_of_its_end(lifetime: float, ahead: float) -> None:
    token = Token("t", issued_at=0.0, lifetime=lifetime)
    assert token.expires_at - token.refresh_at == ahead


async def test_the_platform_gives_the_same_one_until_its_last_minute(rig: Rig) -> None:
    """So what is fetched ahead is the old one with less to live, and it is asked for again, not all the time."""
    clock = 0.0
    async with rigged(replace(FAST, token_lifetime=7200.0)) as other:
        adapter = other.make()
        tokens = adapter.api.caller.tokens
        assert tokens is not None
        given: list[float] = []

        async def fetch() -> tuple[str, float]:
            given.append(clock)
            left = 7200.0 - clock
            return ("old", left) if left > 60.0 else ("new", 7200.0)

        tokens._fetch, tokens._clock = fetch, lambda: clock
        value = ""
        while clock < 7200.0:
            value = await tokens.get()
            await asyncio.sleep(0)
            clock += 5.0
        assert value == "new"
        assert len(given) <= 6


@pytest.mark.parametrize("code", REFRESHED)
async def test_what_a_new_token_mends(rig: Rig, code: int) -> None:
    adapter = rig.make()
    await adapter.api.me()
    await asyncio.sleep(0.35)  # a token that is refused when it is young is not replaced at once
    rig.qq.faults.refuse("/users/@me", code, 401)
    assert (await adapter.api.me())["id"] == rig.bot.bot_id
    assert adapter.counters()["token_refreshes"] == 1


@pytest.mark.parametrize("code", REFRESHED)
async def test_what_a_new_token_does_not_mend(rig: Rig, code: int) -> None:
    rig.qq.faults.refuse("/users/@me", code, 401, times=None)
    adapter = rig.make()
    with pytest.raises(DeliveryError, match="app_id and secret") as caught:
        await adapter.api.me()
    assert caught.value.code == code
    assert adapter.counters()["token_refreshes"] == 1


async def test_a_token_that_dies_early(rig: Rig) -> None:
    adapter = await rig.start()
    rig.qq.faults.expire_tokens()
    assert (await adapter.api.me())["id"] == rig.bot.bot_id


@pytest.mark.parametrize("code", [10004, 100007, 100016])
@pytest.mark.parametrize("status", [200, 400])
async def test_refusals_that_stay(rig: Rig, code: int, status: int) -> None:
    body = f'{{"code": {code}, "message": "no: {SECRET}"}}'
    rig.qq.faults.http_fail(TOKEN, status, times=None, body=body)
    adapter = rig.make()
    with pytest.raises(AuthError, match=r"AppID|bot") as caught:
        await adapter.start()
    assert adapter.health is Health.FAILED
    assert caught.value.code == code
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("body", ['{"code": 100001, "message": "x"}', '{"code": 100002}', "<html>", "", "[]", "null"])
async def test_refusals_that_pass(rig: Rig, body: str) -> None:
    rig.qq.faults.http_fail(TOKEN, 200, times=1, body=body)
    adapter = await rig.start()
    assert adapter.health is Health.UP
    assert rig.qq.stats.token_requests == 1


@asynccontextmanager
async def impostor(context: ssl.SSLContext) -> AsyncIterator[tuple[str, list[str]]]:
    """Somebody who answers in the platform's place, with a certificate that nobody vouches for."""
    seen: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        seen.append(request.path)
        return web.json_response({"access_token": "t", "expires_in": "7200", "url": "wss://127.0.0.1/"})

    runner = web.ServerRunner(web.Server(answer))  # type: ignore[arg-type]  # a request of its own kind
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    try:
        yield f"https://127.0.0.1:{runner.addresses[0][1]}", seen
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("setting", ["token_url", "api_base_url"])
async def test_an_impostor_gets_nothing(rig: Rig, certificate: tuple[Path, ssl.SSLContext], setting: str) -> None:
    async with impostor(certificate[1]) as (url, seen):
        settings: dict[str, Any] = {setting: url}
        with pytest.raises(DeliveryError, match="certificate") as caught:
            await rig.make(**settings).api.me(patience=0.3)
    assert seen == []
    assert SECRET not in str(caught.value)


async def test_an_impostor_of_the_gateway_gets_nothing(rig: Rig, certificate: tuple[Path, ssl.SSLContext]) -> None:
    async with impostor(certificate[1]) as (url, seen):
        body = json.dumps({"url": url.replace("https", "wss")})
        rig.qq.faults.http_fail("/gateway/bot", 200, times=1, body=body)
        adapter = await rig.start(shards=1)
        assert adapter.health is Health.UP, "the next answer was the platform's"
    assert "certificate" in " ".join(reason for _, reason in rig.health)
    assert seen == []
