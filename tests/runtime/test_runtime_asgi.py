"""The HTTP side: mounted in FastAPI and Starlette, alone under uvicorn, in webhook mode against the emulator."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
import uvicorn
from fastapi import FastAPI
from runtime_world import account, counts, echo, skill, until
from starlette.applications import Starlette
from starlette.routing import Mount

from imbridge import Bridge, BridgeOptions, FeishuConfig
from imbridge.runtime import BridgeState

KEY = "an encrypt key"


@asynccontextmanager
async def served(app: Any, *, lifespan: str = "on") -> AsyncIterator[str]:
    """Serve an ASGI application on a free port; gives its address."""
    config = uvicorn.Config(app, port=0, log_config=None, lifespan=lifespan, ws="none", timeout_graceful_shutdown=2)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server._serve())  # without taking the signals of the test run
    try:
        await until(lambda: server.started or serving.done())
        assert not serving.done(), serving.exception()
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving


async def get(url: str, method: str = "GET", data: bytes | None = None) -> tuple[int, Any]:
    async with aiohttp.ClientSession() as session, session.request(method, url, data=data) as response:
        body = await response.read()
        return response.status, (await response.json() if body else None)


@pytest.fixture
def app(feishu):
    return feishu.add_app(encrypt_key=KEY)


def webhook_account(feishu, app, name: str = "work") -> FeishuConfig:
    return account(
        feishu, app, name, mode="webhook", encrypt_key=app.encrypt_key, verification_token=app.verification_token
    )


@pytest.fixture
def bridge(feishu, app) -> Bridge:
    return Bridge([webhook_account(feishu, app)], skills=[skill(echo)])


def in_fastapi(bridge: Bridge) -> Any:
    app = FastAPI(lifespan=bridge.lifespan)
    app.mount("/im", bridge.asgi())
    return app


def in_starlette(bridge: Bridge) -> Any:
    return Starlette(routes=[Mount("/im", app=bridge.asgi())], lifespan=bridge.lifespan)


@pytest.mark.parametrize("mount", [in_fastapi, in_starlette])
async def test_mounted_with_the_bridges_lifespan(feishu, app, bridge, mount) -> None:
    alice = feishu.add_user("Alice")
    async with served(mount(bridge)) as url:
        assert bridge.state is BridgeState.RUNNING
        await feishu.set_callback(app, f"{url}/im/feishu/work")
        await alice.says("hi")
        await alice.receives("echo: hi")
        assert await get(f"{url}/im/healthz") == (200, {"status": "ok"})
        assert await get(f"{url}/im/readyz") == (200, {"ready": True, "accounts": {"feishu:work": "up"}})
        assert (await get(f"{url}/im/feishu/other"))[0] == 404
        assert feishu.violations == []
    assert bridge.state is BridgeState.STOPPED


async def test_alone_under_uvicorn_it_starts_and_stops_itself(feishu, app, bridge) -> None:
    alice = feishu.add_user("Alice")
    async with served(bridge.asgi()) as url:
        await feishu.set_callback(app, f"{url}/feishu/work")
        for number in range(3):
            await alice.says(f"{number}")
            await alice.receives(f"echo: {number}")
        assert feishu.stats.callbacks >= 3
    assert bridge.state is BridgeState.STOPPED


async def test_a_start_that_fails_is_told_to_the_server(feishu, app) -> None:
    other = feishu.add_app(encrypt_key=KEY)
    wrong = webhook_account(feishu, app).model_copy(update={"app_secret": account(feishu, other).app_secret})
    said: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "lifespan.startup"}

    async def send(message) -> None:
        said.append(message)

    await Bridge([wrong]).asgi()({"type": "lifespan"}, receive, send)
    assert [message["type"] for message in said] == ["lifespan.startup.failed"]
    assert "credentials" in said[0]["message"]


async def test_before_the_start_and_after_the_end_it_says_503(feishu, app, bridge) -> None:
    async with served(bridge.asgi(), lifespan="off") as url:
        assert bridge.state is BridgeState.NEW
        assert await get(f"{url}/healthz") == (200, {"status": "ok"})
        assert await get(f"{url}/readyz") == (503, {"ready": False, "accounts": {"feishu:work": "starting"}})
        assert (await get(f"{url}/feishu/work", "POST", b"{}"))[0] == 503
        with pytest.raises(Exception, match="503"):
            await feishu.set_callback(app, f"{url}/feishu/work")
        async with bridge:
            await feishu.set_callback(app, f"{url}/feishu/work")
            assert (await get(f"{url}/readyz"))[0] == 200
        assert (await get(f"{url}/readyz"))[0] == 503
        assert (await get(f"{url}/feishu/work", "POST", b"{}"))[0] == 503


async def test_what_is_not_the_platforms_is_refused(feishu, app, bridge) -> None:
    async with served(bridge.asgi()) as url:
        for body in (b"{}", b"not json", b'{"type":"url_verification","challenge":"x","token":"wrong"}'):
            assert (await get(f"{url}/feishu/work", "POST", body))[0] in (400, 403)
        assert (await get(f"{url}/feishu/work"))[0] == 405
        assert counts(bridge)["accepted"] == 0


async def test_a_repeated_callback_is_answered_once(feishu, app, bridge) -> None:
    alice = feishu.add_user("Alice")
    async with served(bridge.asgi()) as url:
        await feishu.set_callback(app, f"{url}/feishu/work")
        said = await alice.says("hi")
        await alice.receives("echo: hi")
        from imbridge.emulators.feishu import events

        again = events.message_received(said, app, feishu.world.directory, feishu.settings.tenant_key)
        feishu.push_event(app, events.MESSAGE_RECEIVE, again, event_id=said.event_id)
        await until(lambda: counts(bridge)["duplicate"] == 1)
        await alice.receives_nothing()


async def test_overload_is_told_and_delivered_again(feishu, app) -> None:
    release = asyncio.Event()

    async def slow(msg):
        await release.wait()
        return f"echo: {msg.text}"

    alice = feishu.add_user("Alice")
    bridge = Bridge([webhook_account(feishu, app)], skills=[skill(slow)], options=BridgeOptions(lane_length=1))
    async with served(bridge.asgi()) as url:
        await feishu.set_callback(app, f"{url}/feishu/work")
        for number in range(4):
            await alice.says(f"{number}")
            await until(lambda number=number: counts(bridge)["accepted"] + counts(bridge)["overloaded"] > number)
        assert counts(bridge)["overloaded"] >= 1
        release.set()
        for number in range(4):
            await alice.receives(f"echo: {number}", timeout=10)
        await alice.receives_nothing()


async def test_two_accounts_each_at_its_own_path(feishu) -> None:
    one, two = feishu.add_app(encrypt_key=KEY), feishu.add_app(encrypt_key="another")
    alice = feishu.add_user("Alice")

    async def who(msg):
        return f"{msg.channel.account}: {msg.text}"

    bridge = Bridge([webhook_account(feishu, one, "one"), webhook_account(feishu, two, "two")], skills=[skill(who)])
    async with served(bridge.asgi()) as url:
        with pytest.raises(Exception, match="403"):
            await feishu.set_callback(one, f"{url}/feishu/two")
        for app, name in ((one, "one"), (two, "two")):
            await feishu.set_callback(app, f"{url}/feishu/{name}")
            await alice.says("hi", chat=app)
            await alice.receives(f"{name}: hi", chat=app)


async def test_what_a_platform_comes_back_for_is_served_while_the_bridge_stops(feishu, app, monkeypatch) -> None:
    """Only where the adapter says so: it takes nothing new then."""
    from imbridge.adapters.feishu import FeishuAdapter
    from imbridge.transport import WebhookResponse, WebhookRoute

    async def handle(request: Any) -> WebhookResponse:
        return WebhookResponse(200, b"1", {"Content-Type": "application/json"})

    routes = (
        WebhookRoute("/rest", ("GET",), handle, while_stopping=True),
        WebhookRoute("/new", ("GET",), handle),
    )
    monkeypatch.setattr(FeishuAdapter, "routes", lambda self: routes)
    bridge = Bridge([webhook_account(feishu, app)])
    seen: list[tuple[int, int]] = []

    async def statuses() -> tuple[int, int]:
        return (await get(f"{url}/rest"))[0], (await get(f"{url}/new"))[0]

    async def stop_reading(self: FeishuAdapter) -> None:
        seen.append(await statuses())

    monkeypatch.setattr(FeishuAdapter, "stop_reading", stop_reading)
    async with served(bridge.asgi(), lifespan="off") as url:
        seen.append(await statuses())
        await bridge.start()
        seen.append(await statuses())
        await bridge.stop()
        seen.append(await statuses())
    assert seen[:3] == [(503, 503), (200, 200), (200, 503)]
    assert seen[-1] == (503, 503)
