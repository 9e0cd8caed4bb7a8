"""Group robots: pictures, voice and files."""

import base64
import hashlib
from pathlib import Path
from typing import Any

import pytest
from wecom_corp_rig import CorpRig, last, say

from imbridge.adapters.wecom.robot.group_robot import GroupRobotAdapter
from imbridge.protocol import (
    Audio,
    ContentRefusedError,
    File,
    Image,
    Video,
)

PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)
AMR = b"#!AMR\n" + bytes(64)
LONG = b"#!AMR\n" + (b"\x3c" + bytes(31)) * 3100  # frames of 20 ms: 62 s


class TestMedia:
    async def test_a_picture_goes_in_the_message(self, corp: CorpRig, robot: GroupRobotAdapter) -> None:
        assert await say(robot, Image(data=PNG)) == (["image"], [])
        assert base64.b64decode(last(corp).body["image"]["base64"]) == PNG
        assert last(corp).body["image"]["md5"] == hashlib.md5(PNG, usedforsecurity=False).hexdigest()

    async def test_from_a_file(self, corp: CorpRig, robot: GroupRobotAdapter, tmp_path: Path) -> None:
        (tmp_path / "x.jpg").write_bytes(b"\xff\xd8\xff" + bytes(32))
        assert await say(robot, Image.from_path(tmp_path / "x.jpg")) == (["image"], [])

    @pytest.mark.parametrize("data", [PNG + bytes(2 << 20), b"GIF89a" + bytes(64)], ids=["large", "gif"])
    async def test_what_cannot_be_shown_goes_as_a_file(
        self, corp: CorpRig, robot: GroupRobotAdapter, data: bytes
    ) -> None:
        kinds, (degradation,) = await say(robot, Image(data=data))
        assert kinds == ["file"]
        assert (degradation.what, degradation.how) == ("image", "file")
        assert uploaded(corp).data == data

    async def test_a_file_keeps_its_name(self, corp: CorpRig, robot: GroupRobotAdapter, tmp_path: Path) -> None:
        (tmp_path / "报告 1.pdf").write_bytes(b"%PDF-" + bytes(32))
        assert await say(robot, File.from_path(tmp_path / "报告 1.pdf")) == (["file"], [])
        assert uploaded(corp).name == "报告 1.pdf"

    async def test_uploaded_once_and_anew_when_the_platform_has_dropped_it(
        self, corp: CorpRig, robot: GroupRobotAdapter
    ) -> None:
        report = File(data=b"%PDF-" + bytes(32), name="a.pdf")
        for _ in range(2):
            assert await say(robot, report) == (["file"], [])
        assert robot.uploads.counts == {"uploads": 1, "uploads_saved": 1}
        corp.wecom.faults.refuse("*/webhook/send", 40007)
        assert await say(robot, report) == (["file"], [])
        assert robot.uploads.counts["uploads"] == 2

    async def test_a_voice_message(self, corp: CorpRig, robot: GroupRobotAdapter) -> None:
        assert await say(robot, Audio(data=AMR, duration=3)) == (["voice"], [])
        assert uploaded(corp).kind == "voice"

    @pytest.mark.parametrize(
        "media",
        [
            Audio(data=b"ID3" + bytes(64)),
            Audio(data=AMR, duration=61),
            Audio(data=AMR + bytes(2 << 20)),
            Audio(data=LONG),
        ],
        ids=["mp3", "long", "large", "long by its size"],
    )
    async def test_a_voice_that_is_none_goes_as_a_file(
        self, corp: CorpRig, robot: GroupRobotAdapter, media: Audio
    ) -> None:
        kinds, degradations = await say(robot, media)
        assert kinds == ["file"]
        assert [one.how for one in degradations] == ["file"]

    async def test_a_video_goes_as_a_file(self, corp: CorpRig, robot: GroupRobotAdapter) -> None:
        kinds, (degradation,) = await say(robot, Video(data=b"\0\0\0\x18ftypmp42" + bytes(64)))
        assert (kinds, degradation.what) == (["file"], "video")

    async def test_by_a_media_id_of_this_robot(self, corp: CorpRig, robot: GroupRobotAdapter) -> None:
        await say(robot, File(data=b"123456", name="a.txt"))
        media_id = last(corp).body["file"]["media_id"]
        assert await say(robot, File(key=media_id)) == (["file"], [])
        kinds, (degradation,) = await say(robot, Image(key=media_id))
        assert (kinds, degradation.how) == (["text"], "text")

    @pytest.mark.parametrize("media", [File(data=b"12345", name="x"), File(data=b""), File(path="/nowhere/at/all")])
    async def test_what_cannot_be_taken_is_refused_before_it_leaves(
        self, corp: CorpRig, robot: GroupRobotAdapter, media: File
    ) -> None:
        with pytest.raises(ContentRefusedError):
            await say(robot, media)
        assert corp.calls == []


def uploaded(corp: CorpRig) -> Any:
    content = last(corp).body[last(corp).kind]
    return corp.wecom.world.uploads.get(content["media_id"], corp.robot.key)
