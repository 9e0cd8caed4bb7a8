"""Received media are written to disk piece by piece, under a name that does no harm, whole or not at all."""

import asyncio
import io
import os
import threading
from pathlib import Path
from typing import Any

import pytest
from feishu_media import PNG, opus
from feishu_rig import Rig

from imbridge.adapters.feishu import FeishuAdapter
from imbridge.protocol import DeliveryError, Image, Media, Message, NotSupportedError, Sticker
from imbridge.transport import files


async def received(rig: Rig, number: int = 1) -> tuple[str, Media]:
    """The id of the newest message and its media element."""
    await rig.intake_has(number)
    item = rig.intake.items[-1]
    assert isinstance(item, Message)
    (element,) = item.elements
    assert isinstance(element, Media)
    return item.id, element


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_into_a_folder(rig: Rig, adapter: FeishuAdapter, tmp_path: Path) -> None:
    await rig.alice.sends_file(b"one", name="a.txt")
    message_id, file = await received(rig)
    paths = [await adapter.save(message_id, file, tmp_path) for _ in range(2)]
    assert [path.name for path in paths] == ["a.txt", "a (2).txt"]
    assert [path.read_bytes() for path in paths] == [b"one", b"one"]
    assert names(tmp_path) == ["a (2).txt", "a.txt"]


async def test_to_a_file(rig: Rig, adapter: FeishuAdapter, tmp_path: Path) -> None:
    await rig.alice.sends_file(b"one", name="a.txt")
    message_id, file = await received(rig)
    (tmp_path / "mine").write_bytes(b"old")
    assert await adapter.save(message_id, file, tmp_path / "mine") == tmp_path / "mine"
    assert (tmp_path / "mine").read_bytes() == b"one"


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../x", "x"),
        ("/etc/passwd", "etc_passwd"),
        ("CON", "_CON"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("好" * 100, "好" * 85),
        (".ssh", "ssh"),
        ("\x00\x01", "file"),
    ],
)
async def test_hostile_names(rig: Rig, adapter: FeishuAdapter, tmp_path: Path, name: str, safe: str) -> None:
    await rig.alice.sends_file(b"one", name=name)
    message_id, file = await received(rig)
    folder = tmp_path / "folder" / "in"
    folder.mkdir(parents=True)
    path = await adapter.save(message_id, file, folder)
    assert path == folder / safe
    assert names(folder) == [safe]
    assert (names(tmp_path), names(folder.parent)) == (["folder"], ["in"])


async def test_what_has_no_name_gets_one_by_its_content(rig: Rig, adapter: FeishuAdapter, tmp_path: Path) -> None:
    await rig.alice.sends_image(PNG)
    message_id, image = await received(rig)
    assert (await adapter.save(message_id, image, tmp_path)).name == "image.png"
    upload = rig.feishu.world.uploads.add_file(opus(1), rig.alice, name="x", file_type="opus")
    await rig.alice.sends("audio", {"file_key": upload.key, "duration": 1000})
    message_id, audio = await received(rig, 2)
    path = await adapter.save(message_id, audio, tmp_path)
    assert (path.name, path.read_bytes()) == ("audio.ogg", opus(1))


async def test_it_is_never_whole_in_memory(
    rig: Rig, adapter: FeishuAdapter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = os.urandom(5 << 20)
    await rig.alice.sends_file(data, name="big.bin")
    message_id, file = await received(rig)
    written: list[int] = []
    threads = set()

    class Watched(io.FileIO):
        def write(self, piece: Any) -> int:
            written.append(len(piece))
            threads.add(threading.current_thread())
            return super().write(piece)

    monkeypatch.setattr(files, "_create", lambda path: Watched(path, "x+"))
    path = await adapter.save(message_id, file, tmp_path)
    assert path.read_bytes() == data
    assert max(written) <= 1 << 20
    assert threading.main_thread() not in threads


@pytest.mark.parametrize("trouble", ["502", "expire", "429"])
async def test_trouble_on_the_way(rig: Rig, adapter: FeishuAdapter, tmp_path: Path, trouble: str) -> None:
    data = os.urandom(300_000)
    await rig.alice.sends_file(data, name="a.bin")
    message_id, file = await received(rig)
    if trouble == "502":
        rig.feishu.faults.http_fail("*/resources/*", 502, times=2)
    elif trouble == "expire":
        rig.feishu.faults.expire_tokens()
    else:
        rig.feishu.faults.http_fail("*/resources/*", 429, headers={"x-ogw-ratelimit-reset": "0"})
    assert (await adapter.save(message_id, file, tmp_path)).read_bytes() == data
    assert names(tmp_path) == ["a.bin"]


async def test_a_refusal_with_a_status_of_success_is_not_the_file(
    rig: Rig, adapter: FeishuAdapter, tmp_path: Path
) -> None:
    await rig.alice.sends_file(b"one", name="a.json")
    message_id, file = await received(rig)
    json = {"Content-Type": "application/json; charset=utf-8"}
    rig.feishu.faults.http_fail("*/resources/*", 200, body='{"code": 99991663, "msg": "token"}', headers=json)
    assert (await adapter.save(message_id, file, tmp_path)).read_bytes() == b"one"
    rig.feishu.faults.http_fail("*/resources/*", 200, body='{"code": 230002, "msg": "out"}', headers=json)
    with pytest.raises(DeliveryError, match="230002"):
        await adapter.save(message_id, file, tmp_path)
    assert names(tmp_path) == ["a.json"]


async def test_nothing_is_left_of_a_refused_download(rig: Rig, adapter: FeishuAdapter, tmp_path: Path) -> None:
    await rig.alice.sends_image(PNG)
    message_id, _ = await received(rig)
    with pytest.raises(DeliveryError, match="234003"):
        await adapter.save(message_id, Image(key="img_other"), tmp_path)
    assert names(tmp_path) == []


async def test_a_download_has_a_limit(rig: Rig, tmp_path: Path) -> None:
    adapter = await rig.start(download_limit=1000)
    await rig.alice.sends_file(bytes(1001), name="a.bin")
    message_id, file = await received(rig)
    with pytest.raises(DeliveryError, match="longer than 1000"):
        await adapter.save(message_id, file, tmp_path)
    assert names(tmp_path) == []
    assert rig.feishu.stats.downloads == 1
    rig.feishu.settings.file_limit = 1000
    await rig.alice.sends_file(bytes(1000), name="a.bin")
    message_id, file = await received(rig, 2)
    assert (await adapter.save(message_id, file, tmp_path)).stat().st_size == 1000


async def test_cancelled(rig: Rig, adapter: FeishuAdapter, tmp_path: Path) -> None:
    await rig.alice.sends_file(b"one", name="a.bin")
    message_id, file = await received(rig)
    rig.feishu.faults.http_delay("*/resources/*", 30)
    saving = asyncio.create_task(adapter.save(message_id, file, tmp_path))
    async with asyncio.timeout(10):
        while not names(tmp_path):
            await asyncio.sleep(0.01)
    saving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await saving
    assert names(tmp_path) == []


async def test_stickers(adapter: FeishuAdapter, tmp_path: Path) -> None:
    with pytest.raises(NotSupportedError, match="stickers"):
        await adapter.save("om_1", Sticker(key="k"), tmp_path)
    assert names(tmp_path) == []


async def test_where_nothing_can_be_written(rig: Rig, adapter: FeishuAdapter, tmp_path: Path) -> None:
    await rig.alice.sends_image(PNG)
    message_id, image = await received(rig)
    with pytest.raises(OSError, match="No such file"):
        await adapter.save(message_id, image, tmp_path / "missing" / "a.png")
    assert rig.feishu.stats.downloads == 0
