"""Media that skills send: from where they come, and what becomes of what cannot be had."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from media_world import PNG, answered, files_in, pieces, uploaded
from runtime_world import account, chat, emulated, skill, until
from sounds import wav
from storage_double import Disk, GroupCommitStorage

from imbridge import Bridge
from imbridge.config.options import BridgeOptions
from imbridge.media.formats import is_opus
from imbridge.media.spool import remove
from imbridge.protocol import (
    Audio,
    Channel,
    ChannelKind,
    Degradation,
    DeliveryState,
    File,
    Image,
    Loss,
    Receipt,
    Reply,
    SkillError,
)
from imbridge.storage import OutboxEntry

pytestmark = pytest.mark.usefixtures("spool")


async def test_a_stream_is_sent_whole_and_leaves_nothing_behind(spool: Path) -> None:
    data = os.urandom(700_000)
    receipt, message, room = await answered(lambda: File.from_stream(pieces(data, 9_999), name="../reports/may.pdf"))
    assert receipt.state is DeliveryState.SENT
    upload = uploaded(room, message)
    assert (upload.data, upload.name) == (data, "../reports/may.pdf")
    assert files_in(spool) == []


async def test_a_stream_of_a_picture(spool: Path) -> None:
    receipt, message, room = await answered(lambda: Image.from_stream(pieces(PNG), alt="a chart"))
    assert (receipt.state, receipt.degradations) == (DeliveryState.SENT, ())
    assert uploaded(room, message, "image_key").data == PNG
    assert files_in(spool) == []


async def test_a_stream_that_stands_in_a_reply_twice_is_read_once(spool: Path) -> None:
    picture = Image.from_stream(pieces(PNG))
    receipt, message, room = await answered(Reply(elements=(picture, picture)))
    assert (receipt.state, receipt.degradations) == (DeliveryState.SENT, ())
    assert uploaded(room, message, "image_key").data == PNG
    assert files_in(spool) == []


async def test_a_stream_is_read_again_when_an_upload_is_tried_again(spool: Path) -> None:
    receipts: list[Receipt] = []

    async def answer(msg: Any) -> None:
        receipts.append(await msg.reply(File.from_stream(pieces(PNG), name="a.png")))

    async with chat(skill(answer)) as room:
        room.feishu.faults.http_fail("/open-apis/im/v1/files", 503)
        room.user.says("please")
        message = await room.user.receives()
        assert uploaded(room, message).data == PNG
        await until(lambda: receipts)
        assert receipts[0].state is DeliveryState.SENT
    assert files_in(spool) == []


async def test_a_stream_that_is_too_long_is_not_read_on(spool: Path) -> None:
    read: list[int] = []
    closed = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        try:
            while True:
                read.append(1 << 20)
                yield bytes(1 << 20)
        finally:
            closed.set()

    receipt, message, _ = await answered(lambda: File.from_stream(endless(), name="all.bin"))
    assert message.text == "[file: all.bin]"
    (lost,) = receipt.degradations
    assert (lost.loss, lost.what, lost.how) == (Loss.AS_TEXT, "file", "text")
    assert "larger than 30.0 MB" in lost.why
    assert sum(read) == 31 << 20
    assert closed.is_set()
    assert files_in(spool) == []


async def test_what_a_stream_raises_is_raised_where_it_is_sent(spool: Path) -> None:
    caught: list[BaseException] = []

    async def breaks() -> AsyncIterator[bytes]:
        yield b"half"
        raise ConnectionResetError("the other side went away")

    async def text() -> AsyncIterator[Any]:
        yield "text"

    async def answer(msg: Any) -> str:
        for stream in (breaks(), text()):
            try:
                await msg.reply(File.from_stream(stream, name="a"))
            except (ConnectionResetError, SkillError) as error:
                caught.append(error)
        return "done"

    async with chat(skill(answer)) as room:
        room.user.says("please")
        await room.user.receives("done")
    assert [type(error) for error in caught] == [ConnectionResetError, SkillError]
    assert files_in(spool) == []


async def test_a_stop_in_the_middle_leaves_nothing_behind(spool: Path) -> None:
    begun = asyncio.Event()

    async def stuck() -> AsyncIterator[bytes]:
        yield b"half"
        begun.set()
        await asyncio.Event().wait()

    async def answer(msg: Any) -> Any:
        return File.from_stream(stuck(), name="a")

    async with chat(skill(answer), options=BridgeOptions(grace=0)) as room:
        room.user.says("please")
        await begun.wait()
        assert len(files_in(spool)) == 1
    assert files_in(spool) == []


# -- addresses ---------------------------------------------------------------------------------------------------------


async def test_any_sound_is_a_voice_message(spool: Path) -> None:
    receipt, message, room = await answered(Audio(data=wav(2.0)))
    assert (receipt.state, receipt.degradations, message.msg_type) == (DeliveryState.SENT, (), "audio")
    upload = uploaded(room, message)
    assert is_opus(upload.data[:4096])
    assert upload.duration == pytest.approx(2000, abs=100)
    assert files_in(spool) == []


async def test_an_empty_file_is_refused_by_its_name() -> None:
    receipts: list[Receipt] = []

    async def answer(msg: Any) -> str:
        receipts.append(await msg.reply(File(data=b"", name="may.pdf")))
        return "done"

    async with chat(skill(answer)) as room:
        room.user.says("please")
        await room.user.receives("done")
    assert receipts[0].state is DeliveryState.FAILED
    assert "this File 'may.pdf' is empty" in receipts[0].error


async def test_a_picture_that_is_not_shown_goes_as_a_file() -> None:
    receipt, message, room = await answered(Image(data=b"<svg></svg>", alt="chart"))
    assert (message.msg_type, uploaded(room, message).data) == ("file", b"<svg></svg>")
    assert [(lost.what, lost.how) for lost in receipt.degradations] == [("image", "file")]


async def test_what_a_killed_process_had_ready_is_sent_by_the_next_and_removed(spool: Path) -> None:
    """A stream is a file before its message is kept, so the message can be said from it."""
    folder = spool / "imbridge-left" / "0"
    folder.mkdir(parents=True)
    path = folder / "may.pdf"
    path.write_bytes(b"%PDF-1.7 ...")
    async with emulated() as feishu:
        app, alice = feishu.add_app(), feishu.add_user("Alice")
        private = Channel(
            platform="feishu", account="work", kind=ChannelKind.PRIVATE, id=feishu.private_chat(alice, app).chat_id
        )
        lost = Degradation(loss=Loss.AS_TEXT, what="audio", how="text", why="too large")
        disk = Disk()
        disk.outbox[0] = OutboxEntry(
            key="k",
            channel=private,
            reply=Reply(elements=(File(path=str(path), size=12, name="may.pdf"),)),
            degradations=(lost,),
            spool=str(folder.parent),
        )
        async with Bridge([account(feishu, app)], storage=GroupCommitStorage(disk)):
            message = await alice.receives()
            upload = feishu.world.uploads.get(message.content["file_key"])
            assert upload is not None
            assert upload.data == b"%PDF-1.7 ..."
            await until(lambda: files_in(spool) == [], what="the folder to be gone")
        assert disk.outbox == {}


async def test_a_folder_that_is_none_of_ours_is_not_removed(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no folder that was made for media"):
        await remove(tmp_path)
    assert tmp_path.exists()  # noqa: ASYNC240 - a look
