"""Recordings, made into what platforms play."""

import asyncio
import io
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sounds import wav

from imbridge.adapters.dingtalk import capabilities as dingtalk
from imbridge.adapters.feishu.capabilities import FEISHU
from imbridge.adapters.qq.capabilities import BOT as QQ
from imbridge.adapters.wechat.capabilities import WECHAT
from imbridge.adapters.wecom.bot.capabilities import BOT as SMART_BOT
from imbridge.adapters.wecom.capabilities import APP, GROUP_ROBOT
from imbridge.media import voices
from imbridge.media.formats import amr_seconds, opus_milliseconds, sound_in
from imbridge.media.sources import gathered
from imbridge.media.voices import Bounds, NotConvertedError, convert, format_of
from imbridge.protocol import Audio, Capabilities, Degradation, Element, File, Loss, Reply, Text
from imbridge.transport import HttpPool

STEREO = wav(2.0, rate=44_100, channels=2)


def made(
    source: bytes | Path, head: bytes, wanted: str, into: Path, bounds: Bounds | None = None
) -> tuple[float, bytes]:
    seconds = convert(source, head, wanted, into, bounds or Bounds(), threading.Event())
    return seconds, into.read_bytes()


@pytest.mark.parametrize("wanted", ["opus", "amr", "silk"])
@pytest.mark.parametrize("between", ["", "opus", "amr", "silk"])
def test_from_each_into_each(tmp_path: Path, wanted: str, between: str) -> None:
    source = STEREO
    if between:
        _, source = made(source, source[:4096], between, tmp_path / "between")
    seconds, out = made(source, source[:4096], wanted, tmp_path / "out")
    assert format_of(out[:4096]) == wanted
    assert seconds == pytest.approx(2.0, abs=0.1)
    assert 1_000 < len(out) < 20_000  # of 350 KB
    told = {
        "opus": lambda: (opus_milliseconds(out[:4096], out[-65536:]) or 0) / 1000,
        "amr": lambda: amr_seconds(out[:4096], len(out)),
        "silk": lambda: seconds,
    }[wanted]()
    assert told == pytest.approx(seconds, abs=0.1)
    again, _ = made(out, out[:4096], "opus", tmp_path / "again")  # it can be played
    assert again == pytest.approx(2.0, abs=0.1)


def test_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "tone.wav"
    path.write_bytes(STEREO)
    assert made(path, STEREO[:4096], "amr", tmp_path / "out")[0] == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize(
    ("head", "container"),
    [
        (STEREO[:16], "wav"),
        (b"FORM\0\0\0\0AIFF", "aiff"),
        (b"\0\0\0\x20ftypM4A ", "mov"),
        (b"ID3\x04", "mp3"),
        (b"\xff\xfb\x90", "mp3"),
        (b"\xff\xf3\x90", "mp3"),
        (b"\xff\xf1\x50", "aac"),
        (b"fLaC", "flac"),
        (b"OggS", "ogg"),
        (b"#!AMR-WB\n", "amr"),
        (b"\x1aE\xdf\xa3", "matroska"),
        (b"#EXTM3U\nfile:///etc/passwd", ""),
        (b"ffconcat version 1.0\nfile /etc/passwd", ""),
        (b"<?xml", ""),
        (b"\xff", ""),
        (b"", ""),
    ],
)
def test_what_a_recording_is_in(head: bytes, container: str) -> None:
    assert sound_in(head) == container


@pytest.mark.parametrize(
    ("junk", "why"),
    [
        (b"ID3\x04sound", "cannot be read as mp3"),
        (b"RIFF\0\0\0\0WAVEfmt ", "cannot be read as wav"),
        (b"#!SILK_V3xx", "cannot be read as SILK"),
        (b"OggS, but no sound", "cannot be read as ogg"),
        (STEREO[:60], "no sound in it"),
        (b"#EXTM3U\nfile:///etc/passwd", "not known"),
        (b"\x02#!SILK" + bytes(5 << 20), "too long"),
    ],
)
def test_what_is_no_sound(tmp_path: Path, junk: bytes, why: str) -> None:
    with pytest.raises(NotConvertedError, match=why):
        made(junk, junk[:4096], "opus", tmp_path / "out")


def mp3(rate: int, *, channels: int) -> bytes:
    import av

    out, layout = io.BytesIO(), "stereo" if channels > 1 else "mono"
    with av.open(out, "w", format="mp3") as sink:
        stream = sink.add_stream("libmp3lame", rate=rate)
        stream.layout = layout
        for _ in range(20):
            frame = av.AudioFrame(format="s16", layout=layout, samples=1152)
            frame.sample_rate = rate
            for plane in frame.planes:
                plane.update(bytes(plane.buffer_size))
            sink.mux(stream.encode(frame))
        sink.mux(stream.encode(None))
    return out.getvalue()


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda sound: sound + mp3(22_050, channels=1), "does not match"),
        (lambda sound: sound.replace(b"Lavf", b"Lav\xb1", 1), "can't decode"),
    ],
    ids=["its rate changes", "its tags are no text"],
)
def test_what_is_sound_and_cannot_be_read(tmp_path: Path, spoil: Callable[[bytes], bytes], why: str) -> None:
    """PyAV says so with an error of Python's own."""
    sound = spoil(mp3(44_100, channels=2))
    with pytest.raises(NotConvertedError, match=why):
        made(sound, sound[:4096], "amr", tmp_path / "out")


def test_bounds(tmp_path: Path) -> None:
    head = STEREO[:4096]
    with pytest.raises(NotConvertedError, match="longer than 1 seconds"):
        made(STEREO, head, "amr", tmp_path / "out", Bounds(seconds=1))
    with pytest.raises(NotConvertedError, match="more than 0 MB even so"):
        made(STEREO, head, "amr", tmp_path / "out", Bounds(size=100))
    with pytest.raises(NotConvertedError, match="not converted within 0 seconds"):
        made(STEREO, head, "amr", tmp_path / "out", Bounds(within=0))
    stop = threading.Event()
    stop.set()
    with pytest.raises(NotConvertedError, match="not converted"):
        convert(STEREO, head, "amr", tmp_path / "out", Bounds(), stop)


def test_without_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(NotConvertedError, match=r"imbridge\[media\]"):
        made(STEREO, STEREO[:4096], "amr", tmp_path / "out")


def test_without_an_encoder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(voices._ENCODERS, "amr", ("no_such_codec", "amr", 12_200))
    with pytest.raises(NotConvertedError, match="writes no amr"):
        made(STEREO, STEREO[:4096], "amr", tmp_path / "out")


# -- in a reply -------------------------------------------------------------------------------------------------------


async def sent(audio: Audio, capabilities: Capabilities) -> tuple[Element, tuple[Degradation, ...], bytes]:
    """What becomes of a recording, the losses, and what is in the file."""
    async with (
        HttpPool(trust_env=False) as pool,
        gathered(Reply(elements=(audio,)), capabilities, pool) as (reply, lost),
    ):
        (element,) = reply.elements
        path = Path(getattr(element, "path", None) or "")
        return element, lost, await asyncio.to_thread(lambda: path.read_bytes() if path.is_file() else b"")


@pytest.mark.parametrize(
    ("capabilities", "wanted"),
    [
        (FEISHU, "opus"), (QQ.model_copy(update={"voices": ("silk",)}), "silk"), (WECHAT, "amr"), (APP, "amr"),
        (SMART_BOT, "amr"), (GROUP_ROBOT, "amr"),
        *((found, "opus") for found in vars(dingtalk).values() if isinstance(found, Capabilities) and found.voices),
    ],
)  # fmt: skip
async def test_as_each_account_plays_it(capabilities: Capabilities, wanted: str) -> None:
    element, lost, data = await sent(Audio(data=STEREO, transcript="tone"), capabilities)
    assert isinstance(element, Audio)
    assert lost == ()
    assert element.data is None
    assert element.transcript == "tone"
    assert element.duration == pytest.approx(2.0, abs=0.1)
    assert element.size == len(data)
    assert format_of(data[:4096]) == wanted


async def test_what_is_played_is_left_alone() -> None:
    recording = Audio(data=STEREO)
    assert (await sent(recording, QQ))[0] is recording
    assert (await sent(recording, Capabilities(sends=frozenset({"text", "audio"}))))[0] is recording


async def test_what_is_too_long_goes_as_a_file_with_the_reason() -> None:
    long = await asyncio.to_thread(wav, 61.0, rate=8_000)
    element, (lost,), _ = await sent(Audio(data=long), APP)
    assert element == File(data=long, name="audio.wav")
    assert (lost.loss, lost.what, lost.how) == (Loss.REPLACED, "audio", "file")
    assert lost.why == "this account plays AMR as a voice message: it is longer than 60 seconds"


async def test_without_the_extra_it_goes_as_a_file_and_the_reason_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    element, (lost,), _ = await sent(Audio(data=STEREO), FEISHU)
    assert element == File(data=STEREO, name="audio.wav")
    assert "imbridge[media]" in lost.why
    element, (lost,), _ = await sent(Audio(data=STEREO, transcript="hello"), WECHAT)
    assert element == Text("hello")
    assert (lost.loss, lost.how) == (Loss.AS_TEXT, "text")


@pytest.mark.parametrize("path", ["/nowhere/at/all", "/dev/zero", "a\0b"])
async def test_what_is_no_file_is_left_to_who_sends_it(path: str) -> None:
    recording = Audio(path=path)
    assert (await sent(recording, APP))[0] is recording


async def test_when_nobody_waits_any_more_it_ends_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    begun, ended = threading.Event(), threading.Event()

    def endless(source: object, head: bytes, wanted: str, into: Path, bounds: Bounds, stop: threading.Event) -> float:
        into.write_bytes(b"half")
        begun.set()
        stop.wait()
        ended.set()
        raise NotConvertedError("ended")

    monkeypatch.setattr("imbridge.media.voicing.convert", endless)
    sending = asyncio.ensure_future(sent(Audio(data=STEREO), FEISHU))
    await asyncio.to_thread(begun.wait)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert ended.is_set()
    assert await asyncio.to_thread(lambda: [path.name for path in tmp_path.iterdir()]) == []


async def test_the_loop_goes_on_meanwhile() -> None:
    """A conversion of a minute of sound, which takes a good part of a second: the loop turns all the while."""
    long = await asyncio.to_thread(wav, 50.0, rate=8_000)
    turns = 0

    async def turn() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    turning = asyncio.ensure_future(turn())
    begun = time.perf_counter()
    element, _, _ = await sent(Audio(data=long), QQ.model_copy(update={"voices": ("silk",)}))
    turning.cancel()
    assert isinstance(element, Audio)
    assert turns > 100, time.perf_counter() - begun
