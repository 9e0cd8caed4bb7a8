"""wechatpy's client over our connections; what is common with WeCom's is tested there."""

import asyncio
import io
import subprocess
import sys
from typing import Any

import pytest
from wechat_rig import SECRET, Rig
from wechatpy import WeChatClient
from wechatpy.exceptions import WeChatClientException

from imbridge.adapters.wechat import WeChatAdapter
from imbridge.emulators.wechat.sending import JPEG
from imbridge.protocol import NotSupportedError


@pytest.fixture
async def adapter(rig: Rig) -> WeChatAdapter:
    rig.alice.quota.grant("message", 100, 3600.0)
    return await rig.start()


@pytest.fixture
async def client(adapter: WeChatAdapter) -> Any:
    return await adapter.sdk()


def test_nothing_is_loaded_before_it_is_asked_for() -> None:
    code = (
        "import sys, imbridge.adapters.wechat\n"
        "sys.exit('loaded' if 'wechatpy' in sys.modules or 'requests' in sys.modules else 0)"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


async def test_one_client_of_their_class(adapter: WeChatAdapter) -> None:
    one, other = await asyncio.gather(adapter.sdk(), adapter.sdk())
    assert one is other
    assert isinstance(one, WeChatClient)
    assert SECRET not in str(vars(one))


async def test_messages(rig: Rig, client: Any) -> None:
    assert (await client.message.send_text(rig.alice.openid, "灾 hello"))["errcode"] == 0
    assert (await rig.alice.receives()).text == "灾 hello"
    assert len(rig.calls("stable_token")) == 1, "the token is the adapter's"
    assert rig.wechat.violations == []


async def test_methods_that_look_into_the_answer(rig: Rig, client: Any) -> None:
    rig.wechat.add_follower("Bob")
    followers = await client.user.get_followers()
    assert followers["data"]["openid"][0] == rig.alice.openid
    assert (await client.user.get(rig.alice.openid))["subscribe"] == 1


async def test_addresses_that_are_written_out_go_to_our_api(rig: Rig, client: Any) -> None:
    """In wechatpy they lead to the platform's own host, whatever the client's address is."""
    with pytest.raises(WeChatClientException) as caught:
        await client.customservice.get_session(rig.alice.openid)
    assert caught.value.errcode == 40066  # the emulator has no such path: it was asked
    assert rig.calls("/customservice/kfsession/getsession")
    with pytest.raises(WeChatClientException):
        await client.datacube.get_user_summary("2026-01-01", "2026-01-02")
    assert rig.calls("/datacube/getusersummary")


async def test_the_token_goes_nowhere_else(client: Any) -> None:
    with pytest.raises(ValueError, match="the token is for"):
        await client.get("https://evil.example/x")


async def test_files(rig: Rig, client: Any) -> None:
    media_id = (await client.media.upload("image", ("a.jpg", io.BytesIO(JPEG))))["media_id"]
    assert (await client.media.download(media_id)).body == JPEG
    url = await client.media.get_url(media_id)
    assert url.startswith(f"{rig.wechat.base_url}/cgi-bin/media/get?access_token=")


async def test_a_dead_token_is_replaced(rig: Rig, adapter: WeChatAdapter, client: Any) -> None:
    """A stable token stays the same although it is refused: the second one is forced."""
    await client.user.get(rig.alice.openid)
    rig.wechat.faults.expire_tokens(40001)
    assert (await client.user.get(rig.alice.openid))["openid"] == rig.alice.openid
    assert adapter.counters()["token_refreshes"] == 1


async def test_errors_are_their_own(rig: Rig, client: Any) -> None:
    with pytest.raises(WeChatClientException) as caught:
        await client.message.send_text("o_nobody", "hi")
    assert caught.value.errcode == 40003


async def test_what_would_open_connections_of_its_own(client: Any) -> None:
    with pytest.raises(NotSupportedError):
        await client.cloud.upload_file("env", "path")
