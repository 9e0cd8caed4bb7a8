"""Media both ways: what they are uploaded as, what is too large or of another format, and how they come back."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sounds import wav
from wecom_media import GIF, JPG, MOV, MP4, PDF, PNG, amr
from wecom_rig import Rig, channel, part, to

from imbridge.adapters.wecom import WeComAdapter
from imbridge.emulators.wecom import EmulatorSettings
from imbridge.media.formats import amr_seconds, is_amr
from imbridge.protocol import (
    Audio,
    Button,
    Card,
    ContentRefusedError,
    DeliveryError,
    File,
    Image,
    Media,
    Message,
    NotSupportedError,
    Reply,
    Video,
)
from imbridge.rendering import PartKind
from imbridge.transport.names import named

MEBI = 1 << 20


@pytest.mark.parametrize(
    ("media", "kind"),
    [
        (Image(data=PNG), "image"),
        (Image(data=JPG, alt="x"), "image"),
        (Audio(data=amr(3)), "voice"),
        (Audio(data=amr(60)), "voice"),
        (Video(data=MP4, name="film.mp4"), "video"),
        (File(data=PDF, name="报告 \"1\"\r\n.pdf"), "file"),
    ],
)  # fmt: skip
async def test_what_is_sent_as_what_it_is(rig: Rig, adapter: WeComAdapter, media: Media, kind: str) -> None:
    sent = await adapter.send(to(), part(PartKind.MEDIA, media), "key")
    message = await rig.alice.receives()
    assert message.kind == sent.part.kind == kind
    upload = rig.wecom.world.uploads.get(message.content["media_id"])
    assert upload is not None
    assert upload.data == media.data
    assert upload.kind == kind
    assert sent.degradations == ()
    if isinstance(media, File):
        assert upload.name == "报告 _1___.pdf"
    assert rig.wecom.violations == []


async def test_uploaded_once_and_anew_when_the_platform_has_dropped_it(rig: Rig, adapter: WeComAdapter) -> None:
    for number in range(2):
        await adapter.send(to(), part(PartKind.MEDIA, Image(data=PNG)), f"key-{number}")
    assert adapter.media.uploads.counts == {"uploads": 1, "uploads_saved": 1}
    rig.wecom.faults.refuse_send(40007)
    await adapter.send(to(), part(PartKind.MEDIA, Image(data=PNG)), "key-3")
    assert adapter.media.uploads.counts["uploads"] == 2
    keys = [(await rig.alice.receives()).content["media_id"] for _ in range(3)]
    assert keys[0] == keys[1] != keys[2]


async def test_any_sound_is_a_voice_message(rig: Rig, adapter: WeComAdapter) -> None:
    """Through the bridge's preparation, which makes AMR of it."""
    async with adapter.gathered(Reply(elements=(Audio(data=wav(2.0)),))) as (reply, lost):
        (audio,) = reply.elements
        sent = await adapter.send(to(), part(PartKind.MEDIA, audio), "key")
    message = await rig.alice.receives()
    upload = rig.wecom.world.uploads.get(message.content["media_id"])
    assert upload is not None
    assert (message.kind, upload.kind, lost, sent.degradations) == ("voice", "voice", (), ())
    assert is_amr(upload.data)
    assert amr_seconds(upload.data, len(upload.data)) == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize(
    ("media", "name", "why"),
    [
        (Image(data=GIF), "image.gif", "JPG and PNG"),
        (Audio(data=b"OggS" + bytes(99)), "audio.ogg", "AMR"),
        (Audio(data=amr(61)), "audio.amr", "60 seconds"),
        (Audio(data=amr(1), duration=61), "audio.amr", "60 seconds"),
        (Audio(data=b"#!AMR\n\x3c" + bytes(2 * MEBI)), "audio.amr", "2 MB"),
        (Video(data=MOV, name="clip.mov"), "clip.mov", "MP4"),
        (Video(data=MP4 + bytes(10 * MEBI), name="long.mp4"), "long.mp4", "10 MB"),
        (Image(data=PNG + bytes(10 * MEBI)), "image.png", "10 MB"),
    ],
)  # fmt: skip
async def test_what_wecom_does_not_show_goes_as_a_file(
    rig: Rig, adapter: WeComAdapter, media: Media, name: str, why: str
) -> None:
    sent = await adapter.send(to(), part(PartKind.MEDIA, media), "key")
    message = await rig.alice.receives()
    assert message.kind == "file"
    upload = rig.wecom.world.uploads.get(message.content["media_id"])
    assert upload is not None
    assert upload.name == name
    (degradation,) = sent.degradations
    assert degradation.how == "file"
    assert why in degradation.why
    assert rig.wecom.violations == []


@pytest.mark.parametrize(
    "media",
    [
        File(data=b""),
        File(data=b"12345"),  # "larger than 5 bytes"
        File(data=bytes(20 * MEBI + 1)),
        File(path="/does/not/exist"),
        File(path="\0"),
        Image(),
    ],
    ids=["empty", "five bytes", "large", "missing", "nul", "nothing"],
)
async def test_what_cannot_be_sent(rig: Rig, adapter: WeComAdapter, media: Media) -> None:
    with pytest.raises(ContentRefusedError):
        await adapter.send(to(), part(PartKind.MEDIA, media), "key")
    assert rig.wecom.messages == ()


async def test_a_file_is_read_while_it_is_sent_and_anew_for_each_attempt(
    rig: Rig, adapter: WeComAdapter, tmp_path: Path
) -> None:
    path = tmp_path / "big.bin"
    path.write_bytes(os.urandom(3 * MEBI))
    rig.wecom.faults.http_fail("*/media/upload", 502)
    await adapter.send(to(), part(PartKind.MEDIA, File.from_path(path)), "key")
    message = await rig.alice.receives()
    upload = rig.wecom.world.uploads.get(message.content["media_id"])
    assert upload is not None
    assert upload.data == path.read_bytes()
    assert upload.name == "big.bin"


async def test_an_upload_without_a_name_for_what_was_uploaded_is_no_success(rig: Rig, adapter: WeComAdapter) -> None:
    said = {"Content-Type": "application/json"}
    rig.wecom.faults.http_fail("*/media/upload", 200, 1, '{"errcode": 0, "errmsg": "ok"}', said)
    with pytest.raises(DeliveryError, match="media/upload: the answer holds no media_id"):
        await adapter.send(to(), part(PartKind.MEDIA, Image(data=PNG)), "key")
    rig.wecom.faults.http_fail("*/media/uploadimg", 200, 1, '{"errcode": 0, "errmsg": "ok", "url": ""}', said)
    card = Card(title="T", body=(Image(data=PNG), Button("Open", url="https://example.com")))
    with pytest.raises(DeliveryError, match="media/uploadimg: the answer holds no url"):
        await adapter.send(to(), part(PartKind.CARD, card), "key2")
    assert rig.shown == []


async def test_a_pipe_is_no_file(adapter: WeComAdapter, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ContentRefusedError, match="no file"):
        await adapter.send(to(), part(PartKind.MEDIA, File(path=str(tmp_path / "pipe"))), "key")


# -- in ----------------------------------------------------------------------------------------------------------------


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def received(rig: Rig, number: int = 1) -> Media:
    item = (await rig.takes_in(number))[number - 1]
    assert isinstance(item, Message)
    media = item.elements[0]
    assert isinstance(media, Media)
    return media


async def test_what_comes_in_is_fetched(rig: Rig, adapter: WeComAdapter, tmp_path: Path) -> None:
    data = {"image": PNG, "voice": amr(1), "video": MP4, "file": PDF}
    await rig.alice.sends_image(PNG, name="cat.png")
    await rig.takes_in(1)
    await rig.alice.sends_voice(data["voice"], recognition="hello")
    await rig.takes_in(2)
    await rig.alice.sends_video(MP4)
    await rig.takes_in(3)
    await rig.alice.sends_file(PDF, "../../报告.pdf")
    for number, expected in enumerate(data.values(), 1):
        media = await received(rig, number)
        assert await adapter.read("m", media) == expected
        saved = await adapter.save("m", media, tmp_path)
        assert saved.read_bytes() == expected
        assert saved.parent == tmp_path
    assert names_in(tmp_path) == sorted(["cat.png", "voice.amr", "video.mp4", "报告.pdf"])


async def test_more_than_the_limit_is_not_fetched(rig: Rig, tmp_path: Path) -> None:
    adapter = await rig.start(download_limit=100)
    await rig.alice.sends_file(bytes(101), "a.bin")
    media = await received(rig)
    with pytest.raises(DeliveryError):
        await adapter.read("m", media)
    with pytest.raises(DeliveryError):
        await adapter.save("m", media, tmp_path)
    assert names_in(tmp_path) == []


async def test_what_is_gone_cannot_be_fetched(rig: Rig, tmp_path: Path) -> None:
    adapter = await rig.start()
    with pytest.raises(DeliveryError, match="40007"):
        await adapter.read("m", Image(key="long gone"))
    with pytest.raises(DeliveryError, match="40007"):
        await adapter.save("m", Image(key="long gone"), tmp_path)
    assert names_in(tmp_path) == []
    with pytest.raises(NotSupportedError):
        await adapter.read("m", Image())


async def test_a_dead_token_is_replaced_while_fetching(rig: Rig, adapter: WeComAdapter, tmp_path: Path) -> None:
    await rig.alice.sends_image(PNG, name="cat.png")
    media = await received(rig)
    rig.wecom.faults.forget_tokens()
    assert (await adapter.save("m", media, tmp_path)).read_bytes() == PNG


# -- formats -----------------------------------------------------------------------------------------------------------


@given(st.integers(0, 7), st.integers(1, 5000))
def test_how_long_a_recording_is(mode: int, frames: int) -> None:
    data = amr(frames / 50, mode)
    assert is_amr(data)
    seconds = amr_seconds(data[:4096], len(data))
    assert seconds == pytest.approx(frames / 50, rel=0.02)


@given(st.binary(max_size=300), st.integers(0, 1 << 40))
def test_any_bytes_have_a_length_or_none(data: bytes, size: int) -> None:
    seconds = amr_seconds(b"#!AMR\n" + data, size + len(data) + 6)
    assert seconds is None or seconds >= 0


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ('attachment; filename="a b.png"', "a b.png"),
        ("attachment; filename=plain.png", "plain.png"),
        ("attachment; filename=\"x.png\"; filename*=UTF-8''%E6%8A%A5.png", "报.png"),
        ("attachment", ""),
        ("", ""),
        ('attachment; filename="', ""),
    ],
)
def test_what_a_download_is_called(header: str, name: str) -> None:
    assert named(header) == name


@given(st.text(max_size=2000))
def test_any_header(header: str) -> None:
    assert isinstance(named(header), str)


def test_the_settings_hold_what_the_platform_allows() -> None:
    platform = EmulatorSettings()
    assert (platform.image_limit, platform.voice_limit, platform.file_limit) == (10 * MEBI, 2 * MEBI, 20 * MEBI)
    assert channel().kind == "private"
