"""`imbridge run` with an account that gets callbacks: they are served, over a real socket, by a process of its own."""

import asyncio
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from pydantic import SecretStr

from imbridge import Bridge, BridgeOptions, ConfigError, WeComConfig
from imbridge.emulators.dingtalk import DingTalkEmulator
from imbridge.emulators.qq import CallbackRefusedError as QQCallbackRefusedError
from imbridge.emulators.qq import QQEmulator
from imbridge.emulators.wecom import App, CallbackRefusedError, EmulatorSettings, WeComEmulator
from imbridge.runtime.callback_server import serving_callbacks
from imbridge.skills.builtin import EchoSkill

PREFIXES = ("WECOM_", "FEISHU_", "DINGTALK_", "QQ_", "IMBRIDGE_L")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def environment(wecom: WeComEmulator, app: App) -> dict[str, str]:
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(PREFIXES)},
        "WECOM_CORP_ID": app.corp_id,
        "WECOM_SECRET": app.secret,
        "WECOM_AGENT_ID": str(app.agent_id),
        "WECOM_TOKEN": app.token,
        "WECOM_AES_KEY": app.aes_key,
        "WECOM_BASE_URL": wecom.base_url,
    }


@asynccontextmanager
async def running(environ: dict[str, str], folder: Path, *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "error", "-m", "imbridge", "run", "echo", *arguments,
        env=environ, cwd=folder, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def callbacks_set(wecom: WeComEmulator, app: App, url: str) -> None:
    """As soon as the address answers."""
    async with asyncio.timeout(30):
        while True:
            with suppress(CallbackRefusedError):
                return await wecom.set_callback(app, url)
            await asyncio.sleep(0.1)


async def test_callbacks_are_served(tmp_path: Path) -> None:
    async with WeComEmulator(settings=EmulatorSettings(verify_timeout=30.0)) as wecom:
        app, alice = wecom.add_app("Demo", agent_id=1000002), wecom.add_user("Alice")
        port = free_port()
        async with running(environment(wecom, app), tmp_path, "--listen", f"127.0.0.1:{port}") as process:
            await callbacks_set(wecom, app, f"http://127.0.0.1:{port}/wecom/default")
            await alice.says("hi", app=app)
            await alice.receives("hi", app=app, timeout=20)
            process.send_signal(signal.SIGTERM)
            _, log = await process.communicate()
            assert process.returncode == 0, log
            assert f"callbacks are served at http://127.0.0.1:{port}: /wecom/default".encode() in log
            assert app.secret.encode() not in log
        assert wecom.violations == []


async def test_dingtalks_are_served_at_two_addresses(tmp_path: Path) -> None:
    async with DingTalkEmulator() as ding:
        app, alice = ding.add_app("Demo"), ding.add_user("Alice")
        port = free_port()
        environ = {name: value for name, value in os.environ.items() if not name.startswith(PREFIXES)} | {
            "DINGTALK_MODE": "callback",
            "DINGTALK_CLIENT_ID": app.client_id,
            "DINGTALK_CLIENT_SECRET": app.client_secret,
            "DINGTALK_TOKEN": app.token,
            "DINGTALK_AES_KEY": app.aes_key,
            "DINGTALK_BASE_URL": ding.base_url,
            "DINGTALK_OAPI_URL": ding.base_url,
        }
        async with running(environ, tmp_path, "--listen", f"127.0.0.1:{port}") as process:
            url = f"http://127.0.0.1:{port}/dingtalk/default"
            async with asyncio.timeout(30):
                while True:
                    with suppress(CallbackRefusedError):
                        await ding.set_callback(app, url, events_url=f"{url}/events")
                        break
                    await asyncio.sleep(0.1)
            await alice.says("hi", app=app)
            await alice.receives("hi", app=app, timeout=20)
            assert await ding.push_event(app, "chat_quit", {}).taken()
            process.send_signal(signal.SIGTERM)
            _, log = await process.communicate()
            assert process.returncode == 0, log
            assert b"/dingtalk/default, /dingtalk/default/events" in log
            assert b"Mode stream has no such weakness" in log
            assert app.client_secret.encode() not in log
        assert ding.violations == []


async def test_qqs_are_served(tmp_path: Path) -> None:
    async with QQEmulator() as qq:
        bot, alice = qq.add_bot("Demo"), qq.add_user("Alice")
        port = free_port()
        environ = {name: value for name, value in os.environ.items() if not name.startswith(PREFIXES)} | {
            "QQ_MODE": "webhook",
            "QQ_APP_ID": bot.app_id,
            "QQ_SECRET": bot.secret,
            "QQ_API_BASE_URL": qq.base_url,
            "QQ_TOKEN_URL": qq.token_url,
        }
        async with running(environ, tmp_path, "--listen", f"127.0.0.1:{port}") as process:
            async with asyncio.timeout(30):
                while True:
                    with suppress(QQCallbackRefusedError, OSError):
                        await qq.set_webhook(bot, f"http://127.0.0.1:{port}/qq/default")
                        break
                    await asyncio.sleep(0.1)
            await alice.says("hi", bot=bot)
            await alice.receives("hi", bot=bot, timeout=20)
            process.send_signal(signal.SIGTERM)
            _, log = await process.communicate()
            assert process.returncode == 0, log
            assert f"callbacks are served at http://127.0.0.1:{port}: /qq/default".encode() in log
            assert bot.secret.encode() not in log
        assert qq.violations == []


async def test_an_address_that_is_taken_is_said(tmp_path: Path) -> None:
    async with WeComEmulator() as wecom:
        app = wecom.add_app("Demo", agent_id=1000002)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            environ = environment(wecom, app) | {"IMBRIDGE_LISTEN": f"127.0.0.1:{listener.getsockname()[1]}"}
            async with running(environ, tmp_path) as process:
                _, log = await asyncio.wait_for(process.communicate(), 30)
                assert process.returncode == 2, log
                assert b"bridge.listen: 127.0.0.1:" in log
                assert b"Traceback" not in log


def bridge(**more: str) -> Bridge:
    config = WeComConfig(
        corp_id="ww1", secret=SecretStr("s"), agent_id=1, token=SecretStr("t"), aes_key=SecretStr("k" * 43)
    )
    return Bridge([config], skills=[EchoSkill()], options=BridgeOptions(**more))


async def test_without_a_server_installed_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    with pytest.raises(ConfigError, match=r"/wecom/default.*pip install 'imbridge\[serve\]'"):
        async with serving_callbacks(bridge()):
            raise AssertionError("entered")


async def test_a_bridge_without_callbacks_opens_no_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    config = WeComConfig(corp_id="ww1", secret=SecretStr("s"), agent_id=1)  # it only sends
    async with serving_callbacks(Bridge([config], skills=[EchoSkill()])):
        pass


@pytest.mark.parametrize("listen", ["127.0.0.1", "8000", "a b:80", ""])
def test_an_address_is_checked(listen: str) -> None:
    with pytest.raises(ValueError, match="listen"):
        BridgeOptions(listen=listen)


@pytest.mark.parametrize("listen", ["8000", "abc", "", ":8000", "127.0.0.1:http", "127.0.0.1:８0", f"{'a' * 70}.b:80"])
async def test_an_address_on_the_command_line_is_checked_too(listen: str) -> None:
    """`--listen 8000` opened the port to every network, where the same in a file is refused."""
    with pytest.raises(ConfigError, match=r"bridge\.listen: .*(no address:port|cannot be had)"):
        async with serving_callbacks(bridge(), listen):
            raise AssertionError("entered")


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
async def test_the_port_that_was_found_is_said(host: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    async with serving_callbacks(bridge(), f"{host}:0"):
        said = re.search(r"served at http://(\S+):(\d+): /wecom/default", caplog.text)
        assert said is not None
        assert said[1] == host
        reader, writer = await asyncio.open_connection(host.strip("[]"), int(said[2]))
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        assert (await reader.read()).startswith(b"HTTP/1.1 200 ")
        writer.close()
        await writer.wait_closed()


async def test_an_address_at_which_nothing_is_served_is_said(caplog: pytest.LogCaptureFixture) -> None:
    config = WeComConfig(corp_id="ww1", secret=SecretStr("s"), agent_id=1)  # it only sends
    async with serving_callbacks(Bridge([config], skills=[EchoSkill()]), "127.0.0.1:0"):
        assert "nothing is served at 127.0.0.1:0" in caplog.text
