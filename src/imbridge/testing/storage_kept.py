"""What a storage that keeps notes, tokens and media must do: to derive from, beside `DurableStorageContract`."""

from imbridge.storage import BaseNotebook, BaseStorage, DurableStorage
from imbridge.testing.storage_restart import RestartContract


class NotesContract(RestartContract):
    """For a storage whose `notebook()` survives."""

    async def _notebook(self, storage: BaseStorage) -> BaseNotebook:
        notebook = storage.notebook()
        assert notebook is not None
        await notebook.open()
        return notebook

    async def test_notes_are_kept_by_account_kind_and_name(self, storage: BaseStorage) -> None:
        notebook = await self._notebook(storage)
        work, home = notebook.of("dingtalk:work"), notebook.of("dingtalk:home")
        work.put("card", "a", {"text": "\u4f60\u597d \0", "since": 1.5})
        work.put("card", "b" * 400, [1, None])
        work.put("quota", "a", 7, until=1.0)
        home.put("card", "a", "other")
        home.put("text", "half a pair", "\ud83d")
        assert await work.all("card") == {"a": {"text": "\u4f60\u597d \0", "since": 1.5}, "b" * 400: [1, None]}
        assert await work.all("quota") == {"a": 7}
        assert await home.all("card") == {"a": "other"}
        assert await home.all("text") == {"half a pair": "\ud83d"}
        assert await home.all("nothing") == {}

    async def test_notes_survive_and_the_last_word_counts(self, storage: BaseStorage) -> None:
        notes = (await self._notebook(storage)).of("qq:work")
        notes.put("text", "half a pair", "\ud83d")
        for number in range(200):
            notes.put("session", "0", number)
            notes.put("many", f"n{number}", number)
        notes.put("session", "1", "gone")
        notes.drop("session", "1")
        notes.drop("session", "never there")
        await notes.flush()
        notes.drop("many", "n7")
        notes.put("session", "0", "again")
        await notes.flush()
        after = (await self._notebook(await self.reopen(storage))).of("qq:work")
        after.put("session", "2", "new")
        assert await after.all("text") == {"half a pair": "\ud83d"}
        assert await after.all("session") == {"0": "again", "2": "new"}
        assert await after.all("many") == {f"n{number}": number for number in range(200) if number != 7}

    async def test_what_another_has_changed_is_seen(self, storage: BaseStorage) -> None:
        notebook = await self._notebook(storage)
        notes = notebook.of("qq:work")
        for number in range(3):
            notes.put("gone", f"n{number}", number)
        notebook.of("qq:home").put("gone", "n0", "other")
        notes.put("card", "a", 1)
        assert await notes.reread("gone") == {"n0": 0, "n1": 1, "n2": 2}
        await notebook.of("qq:home").flush()
        assert await notebook.of_kind("gone") == {"qq:work": {"n0": 0, "n1": 1, "n2": 2}, "qq:home": {"n0": "other"}}
        notes.drop("gone", "n1")
        assert await notes.reread("gone") == {"n0": 0, "n2": 2}
        assert await notebook.of_kind("nothing") == {}

    async def test_what_is_left_is_what_the_last_process_wrote(self, storage: BaseStorage) -> None:
        notes = (await self._notebook(storage)).of("qq:work")
        notes.put("open_card", "a", 1)
        notes.put("open_card", "b", 2)
        assert await notes.left("open_card") == {}
        await notes.flush()
        assert await notes.left("open_card") == {}
        after = (await self._notebook(await self.reopen(storage))).of("qq:work")
        after.put("open_card", "b", 3)
        after.put("open_card", "c", 4)
        await after.flush()
        assert await after.left("open_card") == {"a": 1}


class TokensContract(RestartContract):
    """For a `DurableStorage`: its tokens."""

    async def test_tokens_survive_once_they_are_put(self, storage: DurableStorage) -> None:
        await storage.tokens.put("feishu:work", "user", "ou_1", {"access": "old"})
        await storage.tokens.put("feishu:work", "user", "ou_1", {"access": "\u4e00 \0"}, expires_at=4e9)
        await storage.tokens.put("feishu:work", "user", "ou_2", "gone")
        await storage.tokens.put("feishu:home", "user", "ou_3", "other")
        await storage.tokens.drop("feishu:work", "user", "ou_2")
        after = await self.reopen(storage)
        assert isinstance(after, DurableStorage)
        assert await after.tokens.get("feishu:work", "user", "ou_1") == {"access": "\u4e00 \0"}
        assert await after.tokens.get("feishu:work", "user", "ou_2") is None
        assert await after.tokens.names("feishu:work", "user") == ["ou_1"]

    async def test_a_token_that_is_over_is_none(self, storage: DurableStorage) -> None:
        await storage.tokens.put("feishu:work", "user", "ou_1", "old", expires_at=1.0)
        assert await storage.tokens.get("feishu:work", "user", "ou_1") is None
        assert await storage.tokens.names("feishu:work", "user") == []


class MediaContract(RestartContract):
    """For a `DurableStorage`: what it knows of uploads."""

    async def test_uploads_survive_until_their_end(self, storage: DurableStorage) -> None:
        await storage.media.put("qq:work", "image|" + "n" * 300, "abc", {"key": "k1"}, seconds=3600)
        await storage.media.put("qq:work", "image", "over", "k2", seconds=-1)
        await storage.media.put("qq:work", "image", "gone", "k3", seconds=3600)
        await storage.media.drop("qq:work", "image", "gone")
        after = await self.reopen(storage)
        assert isinstance(after, DurableStorage)
        assert await after.media.get("qq:work", "image|" + "n" * 300, "abc") == {"key": "k1"}
        assert await after.media.get("qq:work", "image", "abc") is None
        assert await after.media.get("qq:home", "image|" + "n" * 300, "abc") is None
        assert await after.media.get("qq:work", "image", "over") is None
        assert await after.media.get("qq:work", "image", "gone") is None
