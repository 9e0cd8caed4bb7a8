"""Media: uploaded before they are said, fetched when a skill reads them."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from served import served
from wechat_rig import Rig, text

from imbridge.adapters.base import Sent
from imbridge.adapters.wechat import WeChatAdapter
from imbridge.emulators.wechat.sending import AMR, JPEG, MP4
from imbridge.protocol import (
    Audio,
    ContentRefusedError,
    DeliveryError,
    File,
    Image,
    Media,
    Message,
    NotSupportedError,
    Sticker,
    Video,
)
from imbridge.rendering import Part, PartKind
from imbridge.transport import WebhookApp

PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 20
MP3 = b"ID3" + b"x" * 20
UPLOAD = "/cgi-bin/media/upload"


@pytest.fixture
async def adapter(rig: Rig) -> AsyncIterator[WeChatAdapter]:
    rig.alice.quota.grant("message", 100, 3600.0)
    adapter = await rig.start(passive_reply=0, download_limit=1000)
    async with served(WebhookApp(adapter.routes())) as url:
        await rig.wechat.set_callback(rig.account, f"{url}/wechat/work")
        yield adapter


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def sent(rig: Rig, adapter: WeChatAdapter, media: Media) -> Sent:
    return await adapter.send(rig.target(), Part(PartKind.MEDIA, (media,)), "k")


@pytest.mark.parametrize(
    ("media", "kind", "data"),
    [
        (Image(data=JPEG), "image", JPEG), (Image(data=PNG), "image", PNG), (Image(data=b"GIF89a."), "image", None),
        (Audio(data=AMR), "voice", AMR), (Audio(data=MP3), "voice", MP3), (Audio(data=b"\xff\xfb\x90x"), "voice", None),
        (Video(data=MP4, name="film"), "video", MP4),
    ],
)  # fmt: skip
async def test_sent(rig: Rig, adapter: WeChatAdapter, media: Media, kind: str, data: bytes | None) -> None:
    done = await sent(rig, adapter, media)
    (message,) = rig.wechat.messages
    assert (message.kind, done.part.kind, done.degradations) == (kind, kind, ())
    stored = rig.wechat.world.media.get(message.body["media_id"])
    assert stored is not None
    assert stored.data == (data or media.data)
    assert rig.wechat.violations == []


async def test_a_file_is_read_while_it_leaves_and_anew_for_each_attempt(
    rig: Rig, adapter: WeChatAdapter, tmp_path: Path
) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(PNG)
    rig.wechat.faults.refuse(UPLOAD, -1)
    await sent(rig, adapter, Image.from_path(path))
    stored = rig.wechat.world.media.get(rig.wechat.messages[0].body["media_id"])
    assert stored is not None
    assert stored.data == PNG


@pytest.mark.parametrize(
    ("media", "shown", "what"),
    [
        (Image(data=b"RIFF....WEBP"), "[file: image.webp]", "image"),
        (Audio(data=b"OggS...."), "[file: audio.ogg]", "audio"),
        (Video(data=b"....ftypqt  "), "[file: video.mov]", "video"),
    ],
)
async def test_what_the_platform_does_not_take_is_named(
    rig: Rig, adapter: WeChatAdapter, media: Media, shown: str, what: str
) -> None:
    done = await sent(rig, adapter, media)
    assert [message.text for message in rig.wechat.messages] == [shown]
    assert [(one.what, one.how) for one in done.degradations] == [(what, "text")]
    assert rig.wechat.stats.uploads == 0


async def test_a_sticker_is_a_picture(rig: Rig, adapter: WeChatAdapter) -> None:
    done = await sent(rig, adapter, Sticker(data=b"GIF89a.."))
    assert rig.wechat.messages[0].kind == "image"
    assert [one.how for one in done.degradations] == ["image"]


@pytest.mark.parametrize(("cover", "left_out"), [(JPEG, False), (PNG, True), (b"\xff\xd8\xff" * 30_000, True)])
async def test_a_video_with_a_still_picture(rig: Rig, adapter: WeChatAdapter, cover: bytes, left_out: bool) -> None:
    done = await sent(rig, adapter, Video(data=MP4, cover_image=Image(data=cover)))
    (message,) = rig.wechat.messages
    assert ("thumb_media_id" in message.body) != left_out
    assert [one.what for one in done.degradations] == (["cover"] if left_out else [])


@pytest.mark.parametrize("media", [Image(data=b""), Image(path="/nowhere"), Audio(data=b"#!AMR" + b"x" * (2 << 20))])
async def test_refused_before_anything_leaves(rig: Rig, adapter: WeChatAdapter, media: Media) -> None:
    with pytest.raises(ContentRefusedError):
        await sent(rig, adapter, media)
    assert rig.wechat.stats.uploads == 0
    assert not rig.wechat.messages


async def received(rig: Rig, sending: Any) -> tuple[str, Any]:
    await sending
    await rig.intake_has(1)
    (item,) = rig.intake.items
    assert isinstance(item, Message)
    return item.id, item.media[0]


@pytest.mark.parametrize("how", ["image", "voice", "video", "short_video"])
async def test_received(rig: Rig, adapter: WeChatAdapter, how: str, tmp_path: Path) -> None:
    """A video is not given out itself: the platform answers with the address where it is."""
    data = {"image": JPEG, "voice": AMR}.get(how, MP4)
    message_id, media = await received(rig, getattr(rig.alice, f"sends_{how}")(data))
    assert await adapter.read(message_id, media) == data
    path = await adapter.save(message_id, media, tmp_path)
    assert path.read_bytes() == data
    assert path.parent == tmp_path
    assert path.suffix == {"image": ".jpg", "voice": ".amr"}.get(how, ".mp4")
    assert rig.wechat.violations == []


async def test_a_file_cannot_be_fetched(rig: Rig, adapter: WeChatAdapter, tmp_path: Path) -> None:
    message_id, media = await received(rig, rig.alice.sends_file("report.pdf"))
    assert isinstance(media, File)
    with pytest.raises(NotSupportedError, match="no way to fetch"):
        await adapter.read(message_id, media)
    with pytest.raises(NotSupportedError):
        await adapter.save(message_id, media, tmp_path)
    assert names(tmp_path) == []


async def test_uploaded_once_and_anew_when_the_platform_has_dropped_it(rig: Rig, adapter: WeChatAdapter) -> None:
    for _ in range(2):
        await sent(rig, adapter, Image(data=PNG))
    assert adapter.media.uploads.counts == {"uploads": 1, "uploads_saved": 1}
    rig.wechat.faults.refuse("*/message/custom/send", 40007)
    assert (await sent(rig, adapter, Image(data=PNG))).part.kind == "image"
    assert adapter.media.uploads.counts["uploads"] == 2


@pytest.mark.parametrize("how", ["image", "video"])
async def test_too_large(rig: Rig, adapter: WeChatAdapter, how: str, tmp_path: Path) -> None:
    head = JPEG if how == "image" else MP4
    message_id, media = await received(rig, getattr(rig.alice, f"sends_{how}")(head + b"x" * 2000))
    with pytest.raises(DeliveryError, match="1000 bytes"):
        await adapter.read(message_id, media)
    with pytest.raises(DeliveryError, match="1000 bytes"):
        await adapter.save(message_id, media, tmp_path)
    assert names(tmp_path) == []


async def test_gone(rig: Rig, adapter: WeChatAdapter) -> None:
    with pytest.raises(ContentRefusedError, match="three days"):
        await adapter.read("1", Image(key="long_gone"))


async def test_a_text_needs_no_upload(rig: Rig, adapter: WeChatAdapter) -> None:
    await adapter.send(rig.target(), text("hi"), "k")
    assert rig.calls("/media/") == []
