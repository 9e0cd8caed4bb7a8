"""Voice, film and files: what they are sent as, from bytes and from files that are never whole in memory."""

import asyncio
import io
import os
import threading
from pathlib import Path
from typing import Any

import pytest
from feishu_media import PNG, mp4, opus
from feishu_rig import Rig

from imbridge.adapters.base import Sent
from imbridge.adapters.feishu import FeishuAdapter
from imbridge.adapters.feishu.sent.media import _look
from imbridge.emulators.feishu import BotMessage
from imbridge.emulators.feishu.uploads import Upload
from imbridge.protocol import (
    Audio,
    Card,
    ContentRefusedError,
    DeliveryError,
    Element,
    File,
    Image,
    Media,
    Reply,
    Sticker,
    Text,
    Video,
)
from imbridge.rendering import Part, PartKind, render


def media(element: Element) -> Part:
    return Part(PartKind.MEDIA, (element,))


def upload_of(rig: Rig, message: BotMessage, key: str = "file_key") -> Upload:
    upload = rig.feishu.world.uploads.get(message.content[key])
    assert upload is not None
    return upload


async def sent(rig: Rig, adapter: FeishuAdapter, element: Element) -> tuple[Sent, BotMessage]:
    result = await adapter.send(rig.target(), media(element), "k")
    (message,) = rig.feishu.messages
    assert result.part.kind == message.msg_type
    return result, message


def written(folder: Path, name: str, data: bytes) -> str:
    path = folder / name
    path.write_bytes(data)
    return str(path)


class TestOnce:
    async def test_the_same_content_goes_up_once(self, rig: Rig, adapter: FeishuAdapter) -> None:
        for number in range(2):
            await adapter.send(rig.target(), media(Image(data=PNG)), f"k{number}")
            await adapter.send(rig.target(), media(File(data=PNG, name="a.png")), f"f{number}")
        await adapter.send(rig.target(), media(File(data=PNG, name="b.png")), "f3")  # it is shown with its name
        assert rig.feishu.stats.uploads == 3
        assert adapter.counters()["uploads_saved"] == 2

    async def test_anew_when_the_platform_has_dropped_it(self, rig: Rig, adapter: FeishuAdapter) -> None:
        for number in range(2):
            await adapter.send(rig.target(), media(Image(data=PNG)), f"k{number}")
        rig.feishu.faults.refuse_send(230001)
        sent = await adapter.send(rig.target(), media(Image(data=PNG)), "k2")
        assert (sent.part.kind, sent.degradations, rig.feishu.stats.uploads) == ("image", (), 2)
        keys = [message.content["image_key"] for message in rig.feishu.messages]
        assert keys[0] == keys[1] != keys[2]

    async def test_not_when_it_is_new_and_refused(self, rig: Rig, adapter: FeishuAdapter) -> None:
        rig.feishu.faults.refuse_send(230001)
        with pytest.raises(DeliveryError, match="230001"):
            await adapter.send(rig.target(), media(Image(data=PNG)), "k")
        assert rig.feishu.stats.uploads == 1

    async def test_a_card_gets_its_picture_back(self, rig: Rig, adapter: FeishuAdapter) -> None:
        card = Part(PartKind.CARD, (Card(title="May", body=[Image(data=PNG)]),))
        for number in range(2):
            await adapter.send(rig.target(), card, f"k{number}")
        rig.feishu.faults.refuse_send(230099)
        sent = await adapter.send(rig.target(), card, "k2")
        assert (sent.part.kind, sent.degradations, rig.feishu.stats.uploads) == ("interactive", (), 2)


class TestVoice:
    async def test_opus_is_a_voice_message(self, rig: Rig, adapter: FeishuAdapter) -> None:
        result, message = await sent(rig, adapter, Audio(data=opus(2.5)))
        upload = upload_of(rig, message)
        assert message.msg_type == "audio"
        assert (upload.file_type, upload.duration, upload.data) == ("opus", 2500, opus(2.5))
        assert upload.name == "audio.ogg"
        assert result.degradations == ()

    async def test_from_a_file(self, rig: Rig, adapter: FeishuAdapter, tmp_path: Path) -> None:
        data = opus(70, sound=os.urandom(90_000)[:60_000])
        _, message = await sent(rig, adapter, Audio.from_path(written(tmp_path, "memo.opus", data)))
        upload = upload_of(rig, message)
        assert (message.msg_type, upload.file_type, upload.duration) == ("audio", "opus", 70_000)
        assert (upload.name, upload.data) == ("memo.opus", data)

    async def test_a_length_that_is_given_counts(self, rig: Rig, adapter: FeishuAdapter) -> None:
        _, message = await sent(rig, adapter, Audio(data=opus(2.5), duration=9.9996))
        assert upload_of(rig, message).duration == 10_000

    async def test_a_length_that_nobody_knows(self, rig: Rig, adapter: FeishuAdapter) -> None:
        _, message = await sent(rig, adapter, Audio(data=opus(0)))
        assert upload_of(rig, message).duration is None

    @pytest.mark.parametrize(
        ("audio", "name"),
        [
            (Audio(data=b"ID3\x04sound"), "audio.mp3"),
            (Audio(data=b"RIFF\0\0\0\0WAVEfmt "), "audio.wav"),
            (Audio(data=b"sound", mime="audio/amr"), "audio.amr"),
            (Audio(data=b"OggS, but no Opus in it"), "audio.ogg"),
        ],
    )
    async def test_any_other_sound_is_a_file(self, rig: Rig, adapter: FeishuAdapter, audio: Audio, name: str) -> None:
        result, message = await sent(rig, adapter, audio)
        upload = upload_of(rig, message)
        assert message.msg_type == "file"
        assert (upload.file_type, upload.name, upload.data) == ("stream", name, audio.data)
        (degradation,) = result.degradations
        assert (degradation.what, degradation.how) == ("audio", "file")
        assert "Opus" in degradation.why

    async def test_by_its_key(self, rig: Rig, adapter: FeishuAdapter) -> None:
        upload = rig.feishu.world.uploads.add_file(opus(1), rig.app, name="a", file_type="opus", duration=1)
        _, message = await sent(rig, adapter, Audio(key=upload.key))
        assert (message.msg_type, message.content) == ("audio", {"file_key": upload.key})
        assert rig.feishu.stats.uploads == 0


class TestFilm:
    async def test_with_a_cover(self, rig: Rig, adapter: FeishuAdapter) -> None:
        result, message = await sent(
            rig, adapter, Video(data=mp4(), name="trip.mp4", duration=3.25, cover_image=Image(data=PNG))
        )
        upload = upload_of(rig, message)
        assert message.msg_type == "media"
        assert (upload.file_type, upload.name, upload.duration, upload.data) == ("mp4", "trip.mp4", 3250, mp4())
        assert upload_of(rig, message, "image_key").data == PNG
        assert result.degradations == ()

    async def test_without_a_cover(self, rig: Rig, adapter: FeishuAdapter) -> None:
        _, message = await sent(rig, adapter, Video(data=mp4()))
        assert (message.msg_type, set(message.content)) == ("media", {"file_key"})
        assert upload_of(rig, message).name == "video.mp4"

    async def test_a_cover_by_its_key(self, rig: Rig, adapter: FeishuAdapter) -> None:
        cover = rig.feishu.world.uploads.add_image(PNG, rig.app)
        _, message = await sent(rig, adapter, Video(data=mp4(), cover=cover.key))
        assert message.content["image_key"] == cover.key

    async def test_both_from_files(self, rig: Rig, adapter: FeishuAdapter, tmp_path: Path) -> None:
        video = Video.from_path(
            written(tmp_path, "trip.mp4", mp4()), cover_image=Image.from_path(written(tmp_path, "c.png", PNG))
        )
        _, message = await sent(rig, adapter, video)
        assert (upload_of(rig, message).data, upload_of(rig, message, "image_key").data) == (mp4(), PNG)

    async def test_sent_on_with_another_cover(self, rig: Rig, adapter: FeishuAdapter) -> None:
        upload = rig.feishu.world.uploads.add_file(mp4(), rig.app, name="a", file_type="mp4")
        _, message = await sent(rig, adapter, Video(key=upload.key, cover="old", cover_image=Image(data=PNG)))
        assert message.content["file_key"] == upload.key
        assert upload_of(rig, message, "image_key").data == PNG

    @pytest.mark.parametrize("cover", [Image(data=b""), Image(data=b"no image"), Image(path="/nowhere/c.png")])
    async def test_it_goes_without_a_cover_that_is_refused(
        self, rig: Rig, adapter: FeishuAdapter, cover: Image
    ) -> None:
        result, message = await sent(rig, adapter, Video(data=mp4(), cover_image=cover))
        assert (message.msg_type, set(message.content)) == ("media", {"file_key"})
        (degradation,) = result.degradations
        assert (degradation.what, degradation.how) == ("cover", "left out")

    @pytest.mark.parametrize(
        ("video", "name"),
        [
            (Video(data=b"\x1aE\xdf\xa3webm", name="clip.webm"), "clip.webm"),
            (Video(data=mp4(b"qt  ")), "video.mov"),
            (Video(data=b"what?"), "video"),
        ],
    )
    async def test_any_other_film_is_a_file(self, rig: Rig, adapter: FeishuAdapter, video: Video, name: str) -> None:
        result, message = await sent(rig, adapter, video)
        assert message.msg_type == "file"
        assert (upload_of(rig, message).file_type, upload_of(rig, message).name) == ("stream", name)
        (degradation,) = result.degradations
        assert (degradation.what, degradation.how) == ("video", "file")
        assert "MP4" in degradation.why


class TestKindsOfFiles:
    @pytest.mark.parametrize(
        ("name", "data", "kind"),
        [
            ("a.pdf", b"%PDF-1.7", "pdf"),
            ("a.docx", b"PK\x03\x04", "doc"),
            ("a.mp4", mp4(), "stream"),
            ("a", b"x", "stream"),
        ],
    )
    async def test_types(self, rig: Rig, adapter: FeishuAdapter, name: str, data: bytes, kind: str) -> None:
        _, message = await sent(rig, adapter, File(data=data, name=name))
        assert (message.msg_type, upload_of(rig, message).file_type) == ("file", kind)

    async def test_a_sticker_that_was_never_received(self, rig: Rig, adapter: FeishuAdapter) -> None:
        result, message = await sent(rig, adapter, Sticker(data=PNG))
        assert message.msg_type == "image"
        (degradation,) = result.degradations
        assert (degradation.what, degradation.how) == ("sticker", "image")

    async def test_a_sticker_keeps_its_key(self, rig: Rig, adapter: FeishuAdapter) -> None:
        key = (await rig.alice.sends_sticker()).content["file_key"]  # bots can send those only that they were sent
        _, message = await sent(rig, adapter, Sticker(key=key, data=PNG))
        assert (message.msg_type, message.content) == ("sticker", {"file_key": key})
        assert rig.feishu.stats.uploads == 0

    async def test_what_the_capabilities_say_is_true(self, rig: Rig, adapter: FeishuAdapter) -> None:
        """Rendered as a reply is, nothing of it is degraded."""
        sticker = Sticker(key=(await rig.alice.sends_sticker()).content["file_key"])
        reply = Reply(elements=(Text("see"), Audio(data=opus(1)), Video(data=mp4()), File(data=b"x"), sticker))
        rendered = render(reply, adapter.capabilities, measure=adapter.measure)
        assert rendered.degradations == ()
        for number, part in enumerate(rendered.parts):
            assert (await adapter.send(rig.target(), part, f"k{number}")).degradations == ()
        assert [message.msg_type for message in rig.feishu.messages] == ["text", "audio", "media", "file", "sticker"]


class TestFromFiles:
    async def test_it_is_read_piece_by_piece_and_off_the_loop(
        self, rig: Rig, adapter: FeishuAdapter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        data = os.urandom(5 << 20)
        path = written(tmp_path, "big.bin", data)
        largest, threads = 0, set()
        opened = Path.open

        class Watched(io.FileIO):
            def readinto(self, buffer: Any) -> Any:
                nonlocal largest
                largest = max(largest, len(buffer))
                threads.add(threading.current_thread())
                return super().readinto(buffer)

        def watching(self: Path, *args: Any, **options: Any) -> Any:
            return io.BufferedReader(Watched(path)) if self == Path(path) else opened(self, *args, **options)

        monkeypatch.setattr(Path, "open", watching)
        _, message = await sent(rig, adapter, File.from_path(path))
        upload = upload_of(rig, message)
        assert (upload.data == data, upload.name) == (True, "big.bin")
        assert 0 < largest <= 1 << 20
        assert threading.main_thread() not in threads

    @pytest.mark.parametrize("trouble", ["502", "expire", "429"])
    async def test_each_attempt_reads_it_anew(
        self, rig: Rig, adapter: FeishuAdapter, tmp_path: Path, trouble: str
    ) -> None:
        data = os.urandom(300_000)
        path = written(tmp_path, "a.bin", data)
        if trouble == "502":
            rig.feishu.faults.http_fail("*/files", 502, times=2)
        elif trouble == "expire":
            rig.feishu.faults.expire_tokens()
        else:
            rig.feishu.faults.http_fail("*/files", 429, headers={"x-ogw-ratelimit-reset": "0"})
        _, message = await sent(rig, adapter, File(path=path))
        assert upload_of(rig, message).data == data

    async def test_gone_before_the_second_attempt(self, rig: Rig, adapter: FeishuAdapter, tmp_path: Path) -> None:
        path = written(tmp_path, "a.bin", b"x")
        rig.feishu.faults.http_fail("*/files", 502)
        rig.feishu.wire.watch(lambda direction, kind, facts: Path(path).unlink(missing_ok=True))
        with pytest.raises(ContentRefusedError, match="No such file"):
            await adapter.send(rig.target(), media(File(path=path)), "k")

    @pytest.mark.parametrize("kind", [File, Image, Audio, Video])
    @pytest.mark.parametrize("trouble", ["missing", "folder", "empty", "nul", "pipe", "unreadable"])
    async def test_what_cannot_be_sent(
        self, rig: Rig, adapter: FeishuAdapter, tmp_path: Path, trouble: str, kind: type[Media]
    ) -> None:
        path = tmp_path / "a.bin"
        reason = {
            "missing": "No such file",
            "folder": "is no file",
            "nul": "null (byte|character)",
            "pipe": "is no file",
        }
        if trouble == "folder":
            path.mkdir()
        elif trouble == "empty":
            path.touch()
        elif trouble == "nul":
            path = tmp_path / "a\0b"
        elif trouble == "pipe":
            if not hasattr(os, "mkfifo"):
                pytest.skip("no pipes in folders here")
            os.mkfifo(path)
        elif trouble == "unreadable":
            path.write_bytes(b"x")
            path.chmod(0)
            if os.access(path, os.R_OK):
                pytest.skip("we may read anything")
        expected = reason.get(trouble, "Permission denied" if trouble == "unreadable" else "empty")
        with pytest.raises(ContentRefusedError, match=expected) as caught:
            await adapter.send(rig.target(), media(kind(path=str(path))), "k")
        assert not isinstance(caught.value, OSError)
        assert rig.calls("/im/") == []

    @pytest.mark.parametrize(("kind", "limit"), [(Image, 10 << 20), (File, 30 << 20), (Audio, 30 << 20)])
    async def test_too_large(
        self, rig: Rig, adapter: FeishuAdapter, tmp_path: Path, kind: type[Media], limit: int
    ) -> None:
        path = tmp_path / "a.bin"
        with path.open("wb") as file:
            file.truncate(limit + 1)
        with pytest.raises(ContentRefusedError, match=str(limit)):
            await adapter.send(rig.target(), media(kind(path=str(path))), "k")
        assert rig.calls("/im/") == []

    async def test_rendering_knows_its_size(self, adapter: FeishuAdapter, tmp_path: Path) -> None:
        path = tmp_path / "film.bin"
        with path.open("wb") as file:
            file.truncate((10 << 20) + 1)
        rendered = render(Reply(elements=(Image.from_path(path),)), adapter.capabilities)
        (part,) = rendered.parts
        assert part.elements[0] == File.from_path(path)
        (degradation,) = rendered.degradations
        assert (degradation.what, degradation.how) == ("image", "file")

    async def test_the_platform_refuses(self, rig: Rig, adapter: FeishuAdapter, tmp_path: Path) -> None:
        rig.feishu.settings.file_limit = 100
        with pytest.raises(DeliveryError, match="too large"):
            await adapter.send(rig.target(), media(File(path=written(tmp_path, "a", bytes(101)))), "k")


async def test_a_file_that_becomes_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "report.txt"
    path.write_bytes(b"x")
    content = await _look(File(path=str(path)), 100)
    path.unlink()
    os.mkfifo(path)
    opening = asyncio.create_task(content.open())
    done, _ = await asyncio.wait((opening,), timeout=5)
    if not done:
        os.close(os.open(path, os.O_RDWR | os.O_NONBLOCK))  # let the thread go
    with pytest.raises(ContentRefusedError, match="no file"):
        await opening
