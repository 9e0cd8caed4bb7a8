"""What was received, from a server that means no good: the same promises on every platform.

It says one length and sends another, stops in the middle, goes silent, and calls its files what it likes.
"""

import base64
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from file_server import FileServer, file_server

from imbridge.adapters.base import Adapter, AdapterContext
from imbridge.adapters.dingtalk import DingTalkAdapter, DingTalkConfig
from imbridge.adapters.feishu import FeishuAdapter, FeishuConfig
from imbridge.adapters.qq import QQAdapter, QQConfig
from imbridge.adapters.rehearsal import NoIntake
from imbridge.adapters.wechat import WeChatAdapter, WeChatConfig
from imbridge.adapters.wecom import WeComAdapter, WeComConfig
from imbridge.emulators.common.crypto import encrypt_bytes
from imbridge.protocol import DeliveryError, File, Media, Video
from imbridge.transport import HttpPool

LIMIT = 1000
KEY = bytes(range(32))
TOKENS = {
    "/tenant_access_token/internal": {"code": 0, "tenant_access_token": "t", "expire": 7200},
    "/gettoken": {"errcode": 0, "errmsg": "ok", "access_token": "t", "expires_in": 7200},
    "/token": {"access_token": "t", "expires_in": 7200},
    "/stable_token": {"access_token": "t", "expires_in": 7200},
    "/accessToken": {"accessToken": "t", "expireIn": 7200},
}
HOSTILE = [
    ("../../etc/passwd", "etc_passwd"),
    ("..\\..\\boot.ini", "boot.ini"),
    ("/etc/passwd", "etc_passwd"),
    ("C:\\windows\\a.txt", "C__windows_a.txt"),
    ("nul.txt", "_nul.txt"),
    ("com1", "_com1"),
    (".bashrc", "bashrc"),
    ("photo\u202egnp.exe", "photognp.exe"),
    ("a\x00b\r\nc.txt", "abc.txt"),
    ("x" * 300 + ".pdf", "x" * 251 + ".pdf"),
    ("报" * 100 + ".pdf", "报" * 83 + ".pdf"),
    ("...", "file"),
]
Account = tuple[Adapter, Media, Callable[[bytes], bytes]]
Make = Callable[..., Account]


def as_it_is(data: bytes) -> bytes:
    return data


def feishu(files: FileServer, pool: HttpPool, **more: Any) -> Account:
    config = FeishuConfig(name="work", app_id="a", app_secret="s", base_url=files.place, **more)  # type: ignore[arg-type]
    return FeishuAdapter(config, AdapterContext(NoIntake(), pool)), File(key="k", name="a.bin"), as_it_is


def wecom(files: FileServer, pool: HttpPool, **more: Any) -> Account:
    config = WeComConfig(name="work", corp_id="c", secret="s", agent_id=1, base_url=files.place, **more)  # type: ignore[arg-type]
    return WeComAdapter.create(config, AdapterContext(NoIntake(), pool)), File(key="k", name="a.bin"), as_it_is


def smart_bot(files: FileServer, pool: HttpPool, **more: Any) -> Account:
    config = WeComConfig(name="work", bot_id="b", bot_secret="s", base_url=files.place, **more)  # type: ignore[arg-type]
    adapter: Any = WeComAdapter.create(config, AdapterContext(NoIntake(), pool))
    adapter.downloads.remember({"k": (f"{files.place}/file", base64.b64encode(KEY).decode())})
    return adapter, File(key="k", name="a.bin"), lambda data: encrypt_bytes(KEY, data)


def wechat(files: FileServer, pool: HttpPool, **more: Any) -> Account:
    config = WeChatConfig(name="work", app_id="a", app_secret="s", base_url=files.place, **more)  # type: ignore[arg-type]
    return WeChatAdapter(config, AdapterContext(NoIntake(), pool)), File(key="k", name="a.bin"), as_it_is


def wechat_video(files: FileServer, pool: HttpPool, **more: Any) -> Account:
    """Of a video the platform gives the address."""
    files.json["/media/get"] = {"video_url": f"{files.place}/film"}
    adapter, _, encrypted = wechat(files, pool, **more)
    return adapter, Video(key="k", name="a.bin"), encrypted


def dingtalk(files: FileServer, pool: HttpPool, **more: Any) -> Account:
    files.json["/messageFiles/download"] = {"downloadUrl": f"{files.place}/file"}
    config = DingTalkConfig(
        name="work",
        client_id="a",
        client_secret="s",
        base_url=files.place,
        oapi_url=files.place,
        **more,  # type: ignore[arg-type]
    )
    return DingTalkAdapter(config, AdapterContext(NoIntake(), pool)), File(key="k", name="a.bin"), as_it_is


def qq(files: FileServer, pool: HttpPool, **more: Any) -> Account:
    config = QQConfig(name="work", app_id="1", secret="s", api_base_url=files.place, **more)  # type: ignore[arg-type]
    adapter = QQAdapter(config, AdapterContext(NoIntake(), pool))
    return adapter, File(key=f"{files.place}/file", name="a.bin"), as_it_is


@pytest.fixture(params=[feishu, wecom, smart_bot, wechat, wechat_video, dingtalk, qq], ids=lambda make: make.__name__)
def make(request: pytest.FixtureRequest) -> Make:
    found: Make = request.param
    return found


@pytest.fixture
async def files() -> AsyncIterator[FileServer]:
    async with file_server() as server:
        server.json |= TOKENS
        server.headers = {"Content-Type": "application/octet-stream"}
        yield server


@pytest.fixture
async def pool() -> AsyncIterator[HttpPool]:
    async with HttpPool(trust_env=False) as pool:
        yield pool


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def refused(adapter: Adapter, media: Media, folder: Path, why: str) -> None:
    """Neither way gives anything, and nothing is left on the disk."""
    ways: tuple[Awaitable[object], ...] = (adapter.read("m", media), adapter.save("m", media, folder))
    for way in ways:
        with pytest.raises(DeliveryError, match=why) as caught:
            await way
        assert "access_token" not in str(caught.value)
    assert names_in(folder) == []
    await adapter.close()


async def test_whole(make: Make, files: FileServer, pool: HttpPool, tmp_path: Path) -> None:
    adapter, media, encrypted = make(files, pool, download_limit=LIMIT)
    content = os.urandom(LIMIT)
    files.body = encrypted(content)
    assert await adapter.read("m", media) == content
    path = await adapter.save("m", media, tmp_path)
    assert (path.name, path.read_bytes()) == ("a.bin", content)
    assert (await adapter.save("m", media, tmp_path)).name == "a (2).bin"
    assert path.read_bytes() == content
    await adapter.close()


@pytest.mark.parametrize("how", ["whole", "chunked"])
async def test_more_than_is_allowed(make: Make, files: FileServer, pool: HttpPool, tmp_path: Path, how: str) -> None:
    """Whether a length is told, or none: what the message says of it (`size`) is believed in no case."""
    adapter, media, encrypted = make(files, pool, download_limit=LIMIT)
    files.body, files.how = encrypted(os.urandom(3 * LIMIT)), how
    await refused(adapter, media.model_copy(update={"size": 10}), tmp_path, "1000|1032")


async def test_silent_in_the_middle(make: Make, files: FileServer, pool: HttpPool, tmp_path: Path) -> None:
    adapter, media, encrypted = make(files, pool, download_timeout=0.3)
    files.body, files.how = encrypted(os.urandom(4096)), "stuck"
    await refused(adapter, media, tmp_path, r"not there after 0\.3 s \(download_timeout\)|broke off|in time")


async def test_cut_in_the_middle(make: Make, files: FileServer, pool: HttpPool, tmp_path: Path) -> None:
    adapter, media, encrypted = make(files, pool, download_timeout=3.0)
    files.body, files.how = encrypted(os.urandom(4096)), "cut"
    await refused(adapter, media, tmp_path, "broke off|not there after")
    assert len(files.asked) >= 2


@pytest.mark.parametrize(("name", "safe"), HOSTILE)
async def test_called_what_it_likes(
    make: Make, files: FileServer, pool: HttpPool, tmp_path: Path, name: str, safe: str
) -> None:
    adapter, media, encrypted = make(files, pool)
    files.body = encrypted(b"content")
    folder = tmp_path / "downloads"
    folder.mkdir()
    path = await adapter.save("m", media.model_copy(update={"name": name}), folder)
    assert path.parent == folder
    assert (path.name, names_in(folder), names_in(tmp_path)) == (safe, [safe], ["downloads"])
    await adapter.close()


async def test_called_so_in_the_answer_alone(make: Make, files: FileServer, pool: HttpPool, tmp_path: Path) -> None:
    adapter, media, encrypted = make(files, pool)
    files.body = encrypted(b"content")
    files.headers["Content-Disposition"] = "attachment; filename*=UTF-8''..%2F..%2F%E2%80%AEa.pdf"
    path = await adapter.save("m", media.model_copy(update={"name": ""}), tmp_path)
    assert (path.parent, path.name) == (tmp_path, "a.pdf")
    await adapter.close()
