"""The same content goes up once while the platform keeps it, whatever the platform."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from imbridge.adapters.kept_uploads import NotedUploads
from imbridge.adapters.notes import MemoryNotes, Notes
from imbridge.adapters.uploaded_once import Kept, UploadedOnce, again_when_gone
from imbridge.adapters.uploads import Content, Taker, look
from imbridge.protocol import ContentRefusedError, DeliveryError, File, Image
from imbridge.storage import MediaCache, SqlStorage, account_uploads, notebook_at
from imbridge.storage.account_uploads import uploads_of

TAKER = Taker("test", "Test")


async def content_of(data: bytes | Path) -> Content:
    media = File(data=data) if isinstance(data, bytes) else File(path=str(data))
    return await look(media, 1 << 20, TAKER)


class Platform:
    """Gives a new key for each upload."""

    def __init__(self, seconds: float | None = None) -> None:
        self.seconds = seconds
        self.uploads = 0

    async def __call__(self) -> Kept:
        self.uploads += 1
        number = self.uploads
        await asyncio.sleep(0)
        return Kept(f"key-{number}", self.seconds)


async def test_by_content_and_kind(tmp_path: Path) -> None:
    once, platform = UploadedOnce(NotedUploads()), Platform()
    (tmp_path / "a").write_bytes(b"a")
    asked = [("image", b"a"), ("image", b"a"), ("image", tmp_path / "a"), ("file x", b"a"), ("image", b"b")]
    found = [await once.key_of(kind, await content_of(data), platform) for kind, data in asked]  # type: ignore[arg-type]
    assert found == [("key-1", False), ("key-1", True), ("key-1", True), ("key-2", False), ("key-3", False)]
    assert once.counts == {"uploads": 3, "uploads_saved": 2}


async def test_of_two_who_want_it_one_uploads() -> None:
    once, platform = UploadedOnce(NotedUploads()), Platform()
    content = await content_of(b"a")
    found = await asyncio.gather(*(once.key_of("image", content, platform) for _ in range(10)))
    assert sorted(found) == [("key-1", False)] + [("key-1", True)] * 9
    assert not once._busy


async def test_who_waits_uploads_when_the_first_could_not() -> None:
    once, platform = UploadedOnce(NotedUploads()), Platform()
    content, begun = await content_of(b"a"), asyncio.Event()

    async def fails() -> Kept:
        begun.set()
        await asyncio.sleep(0)
        raise DeliveryError("busy")

    async def stuck() -> Kept:
        await asyncio.Event().wait()
        raise AssertionError

    first = asyncio.ensure_future(once.key_of("image", content, fails))
    await begun.wait()
    second = asyncio.ensure_future(once.key_of("image", content, stuck))
    third = asyncio.ensure_future(once.key_of("image", content, platform))
    with pytest.raises(DeliveryError, match="busy"):
        await first
    second.cancel()
    assert await third == ("key-1", False)


async def test_for_as_long_as_it_is_kept() -> None:
    now = 1000.0
    once, platform = UploadedOnce(NotedUploads(), now=lambda: now), Platform(60)
    content = await content_of(b"a")
    assert await once.key_of("image", content, platform) == ("key-1", False)
    now = 1059.0
    assert await once.key_of("image", content, platform) == ("key-1", True)
    now = 1060.0
    assert await once.key_of("image", content, platform) == ("key-2", False)
    platform.seconds = 0
    now = 2000.0
    assert [await once.key_of("image", content, platform) for _ in range(2)] == [("key-3", False), ("key-4", False)]


async def test_over_a_restart(tmp_path: Path) -> None:
    now = 1000.0
    content, forever = await content_of(b"a"), await content_of(b"b")

    async def in_a_process(platform: Platform) -> list[tuple[str, bool]]:
        notebook = notebook_at(tmp_path / "state.db")
        await notebook.open()
        try:
            notes: Notes = notebook.of("feishu:work")
            once = UploadedOnce(NotedUploads(notes), now=lambda: now)
            found = [await once.key_of("image", content, platform)]
            platform.seconds = None
            found.append(await once.key_of("image", forever, platform))
            await notes.flush()
            return found
        finally:
            await notebook.close()

    assert await in_a_process(Platform(60)) == [("key-1", False), ("key-2", False)]
    assert await in_a_process(Platform(60)) == [("key-1", True), ("key-2", True)]
    now = 2000.0
    platform = Platform(60)
    platform.uploads = 7
    assert await in_a_process(platform) == [("key-8", False), ("key-2", True)]


async def test_the_newest_are_known() -> None:
    notes = MemoryNotes()
    once, platform = UploadedOnce(NotedUploads(notes), most=2), Platform()
    contents = [await content_of(bytes((number,))) for number in range(3)]
    for content in (contents[0], contents[1], contents[0], contents[2]):
        await once.key_of("image", content, platform)
    assert [(await once.key_of("image", content, platform))[1] for content in (contents[0], contents[2])] == [
        True,
        True,
    ]
    assert len(await notes.all("uploads")) == 2
    notes.put("uploads", "image|00", {"no": "key"})
    again = UploadedOnce(NotedUploads(notes), most=2)
    assert (await again.key_of("image", contents[2], platform))[1]


async def test_again_when_the_platform_dropped_it() -> None:
    once, platform = UploadedOnce(NotedUploads()), Platform()
    picture = Image(data=b"a")
    gone: set[str] = set()
    said: list[str] = []

    async def send(more: str) -> str:
        key, _ = await once.key_of("image", await look(picture, 100, TAKER), platform)
        if key in gone:
            raise ContentRefusedError("no such file", code=40007)
        said.append(f"{key}{more}")
        return key

    async def say() -> str:
        return await again_when_gone(once, send, gone=lambda error: error.code == 40007)

    assert [await say(), await say()] == ["key-1", "key-1"]
    gone.add("key-1")
    assert await say() == "key-2"
    assert said == ["key-1", "key-1", "key-2-u"]
    gone.update({"key-2", "key-3"})
    with pytest.raises(ContentRefusedError):  # once, and not for ever
        await say()
    assert platform.uploads == 3
    assert await say() == "key-4"


async def test_a_new_upload_that_is_refused_is_not_made_anew() -> None:
    once, platform = UploadedOnce(NotedUploads()), Platform()
    picture = Image(data=b"a")

    async def send(more: str) -> None:
        await once.key_of("image", await look(picture, 100, TAKER), platform)
        raise ContentRefusedError("not this picture", code=40007)

    with pytest.raises(ContentRefusedError):
        await again_when_gone(once, send, gone=lambda error: True)
    assert platform.uploads == 1


@pytest.mark.parametrize("error", [DeliveryError("busy", code=45009), DeliveryError("cut", code=40007, ambiguous=True)])
async def test_not_for_another_reason(error: DeliveryError) -> None:
    once, platform = UploadedOnce(NotedUploads()), Platform()
    picture = Image(data=b"a")
    content = await look(picture, 100, TAKER)
    for _ in range(2):
        await once.key_of("image", content, platform)
    tries: list[str] = []

    async def send(more: str) -> None:
        tries.append(more)
        raise error

    with pytest.raises(DeliveryError) as caught:
        await again_when_gone(once, send, gone=lambda error: error.code == 40007)
    assert (caught.value, tries) == (error, [""])


async def test_two_sends_at_once_of_what_the_platform_dropped() -> None:
    """The second finds the key gone, or already replaced: neither is its fault, and the new key stays."""
    once, platform = UploadedOnce(NotedUploads()), Platform()
    content = await content_of(b"a")
    assert await once.key_of("image", content, platform) == ("key-1", False)
    both = asyncio.Barrier(2)
    second_may_fail = asyncio.Event()

    async def say(number: int) -> str:
        async def send(more: str) -> str:
            key, _ = await once.key_of("image", content, platform)
            if key == "key-1":
                await both.wait()
                if number == late:
                    await second_may_fail.wait()
                raise ContentRefusedError("no such file", code=40007)
            second_may_fail.set()
            return f"{key}{more}"

        return await again_when_gone(once, send, gone=lambda error: error.code == 40007)

    late = 1
    assert await asyncio.gather(say(0), say(1)) == ["key-2-u", "key-2-u"]
    assert (platform.uploads, await once.key_of("image", content, platform)) == (2, ("key-2", True))

    once, platform, late = UploadedOnce(NotedUploads()), Platform(), 2  # both at the same moment
    await once.key_of("image", content, platform)
    assert await asyncio.gather(say(0), say(1)) == ["key-2-u", "key-2-u"]


@pytest.mark.parametrize("gone", [False, True])
async def test_a_file_that_is_written_while_it_goes_up_is_not_known_by_what_it_was(tmp_path: Path, gone: bool) -> None:
    once, path, went_up = UploadedOnce(NotedUploads()), tmp_path / "a", {}
    path.write_bytes(b"for one")
    content = await content_of(path)

    async def upload() -> Kept:
        path.write_bytes(b"another")
        went_up["key-1"] = path.read_bytes()
        if gone:
            path.unlink()
        return Kept("key-1")

    assert await once.key_of("file", content, upload) == ("key-1", False)
    assert went_up == {"key-1": b"another"}
    assert await once.key_of("file", await content_of(b"for one"), Platform()) == ("key-1", False)  # a new platform's
    assert once.counts == {"uploads": 2}


class TestInAStorage:
    """Two processes share what they have uploaded."""

    @pytest.fixture
    async def storage(self, tmp_path: Path) -> AsyncIterator[SqlStorage]:
        storage = SqlStorage(tmp_path / "bot.db")
        await storage.open()
        yield storage
        await storage.close()

    def process(self, storage: SqlStorage, account: str = "feishu:work") -> UploadedOnce:
        return UploadedOnce(uploads_of(storage, account, MemoryNotes()))

    async def test_a_restart_uploads_nothing_again(self, storage: SqlStorage) -> None:
        platform, content = Platform(60), await content_of(b"a")
        assert await self.process(storage).key_of("file a|b", content, platform) == ("key-1", False)
        assert await self.process(storage).key_of("file a|b", content, platform) == ("key-1", True)
        assert await self.process(storage).key_of("image", content, platform) == ("key-2", False)
        assert await self.process(storage, "feishu:home").key_of("image", content, platform) == ("key-3", False)

    async def test_what_is_kept_for_ever_is_kept(self, storage: SqlStorage) -> None:
        platform, content = Platform(), await content_of(b"a")
        assert await self.process(storage).key_of("image", content, platform) == ("key-1", False)
        assert await self.process(storage).key_of("image", content, platform) == ("key-1", True)

    async def test_what_the_platform_has_dropped_is_uploaded_anew_for_all(self, storage: SqlStorage) -> None:
        platform, content = Platform(60), await content_of(b"a")
        first, second = self.process(storage), self.process(storage)
        assert await first.key_of("image", content, platform) == ("key-1", False)
        with second.taking() as taken:
            assert await second.key_of("image", content, platform) == ("key-1", True)
            assert second.forget(taken)
        assert await second.key_of("image", content, platform) == ("key-2", False)
        assert await second.key_of("image", content, platform) == ("key-2", True)
        assert await self.process(storage).key_of("image", content, platform) == ("key-2", True)

    async def test_a_storage_that_is_away_costs_an_upload_and_no_answer(
        self, storage: SqlStorage, caplog: pytest.LogCaptureFixture
    ) -> None:
        platform, content = Platform(60), await content_of(b"a")
        await storage.close()
        once = self.process(storage)
        assert await once.key_of("image", content, platform) == ("key-1", False)
        assert await once.key_of("image", content, platform) == ("key-1", True)
        assert "it cannot be told whether something is uploaded already" in caplog.text
        assert "an upload could not be kept" in caplog.text

    async def test_one_that_hangs_does_not_hold_an_answer_up(
        self, storage: SqlStorage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(account_uploads, "_PATIENCE", 0.01)

        class Hangs(MediaCache):
            async def put(self, account: str, kind: str, content: str, value: Any, *, seconds: float) -> None:
                await asyncio.Event().wait()

            async def get(self, account: str, kind: str, content: str) -> Any:
                await asyncio.Event().wait()

            async def drop(self, account: str, kind: str, content: str) -> None:
                await asyncio.Event().wait()

        monkeypatch.setattr(storage, "media", Hangs())
        assert await self.process(storage).key_of("image", await content_of(b"a"), Platform(60)) == ("key-1", False)
