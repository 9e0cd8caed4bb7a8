"""The message log, tokens, the media cache, what is put off, and cleaning, in each database."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.fernet import Fernet
from databases import Place

from imbridge.protocol import ConfigError, DeliveryState, Message, Receipt, Sender, SentPart
from imbridge.storage import Box, EntryState, InboxEntry, Job, LogLine, Retention, SqlStorage, StorageError
from imbridge.storage.core.rows import Rows
from imbridge.storage.core.storage import DatabaseStorage
from imbridge.storage.core.work import ReadRow
from imbridge.testing.storage_entries import CHANNEL, SENT, inbox_entry, outbox_entry


@pytest.fixture
async def storage(database: Place) -> AsyncIterator[DatabaseStorage]:
    storage = database.storage()
    await storage.open()
    yield storage
    await storage.close()


def said(number: int, text: str, sender: str = "ou_1", channel: str = "oc_1") -> InboxEntry:
    message = Message(
        id=f"m{number}",
        channel=CHANNEL.model_copy(update={"id": channel}),
        sender=Sender(id=sender, name="Alice"),
        timestamp=datetime.fromtimestamp(1_000_000 + number, UTC),
        raw=text,
    )
    return InboxEntry("feishu:work", (f"e{number}",), "lane", message)


class TestTheLog:
    async def test_what_was_said_can_be_found(self, storage: DatabaseStorage) -> None:
        await asyncio.gather(
            storage.add_inbound(said(1, "Deploy the 100% thing")),
            storage.add_inbound(said(2, "部署好了", sender="ou_2")),
            storage.add_inbound(said(3, "deploy again", channel="oc_2")),
        )
        await storage.add_inbound(said(3, "deploy again", channel="oc_2"))  # known already: no second line
        answer = outbox_entry("k", "Deployed")
        await storage.add_outbound(answer)
        storage.finish_outbound(
            answer, Receipt(state=DeliveryState.SENT, channel=CHANNEL.address, parts=(SentPart(message_id="om_9"),))
        )
        lost = outbox_entry("l", "deploy never said")
        await storage.add_outbound(lost)
        storage.finish_outbound(lost, Receipt(state=DeliveryState.FAILED))
        await storage.save_session("flush", {})

        async def found(**asked: object) -> list[str]:
            return [line.text for line in await storage.log.search(**asked)]  # type: ignore[arg-type]

        assert await found() == ["Deployed", "deploy again", "部署好了", "Deploy the 100% thing"]
        assert await found(text="deploy") == ["Deployed", "deploy again", "Deploy the 100% thing"]
        assert await found(text="署好") == ["部署好了"]
        assert await found(text="100%") == ["Deploy the 100% thing"]
        assert await found(text="1_0") == await found(text="%%%") == []
        assert await found(sender="ou_2") == ["部署好了"]
        assert await found(channel=CHANNEL.model_copy(update={"id": "oc_2"}).address) == ["deploy again"]
        assert await found(since=1_000_002, until=1_000_003) == ["部署好了"]
        assert await found(direction="out") == ["Deployed"]
        (line,) = await storage.log.search(text="thing")
        assert line == LogLine(
            number=line.number, account="feishu:work", channel=CHANNEL.address, direction="in", message_id="m1",
            sender_id="ou_1", sender_name="Alice", content_type="text", text="Deploy the 100% thing", at=1_000_001.0,
        )  # fmt: skip
        assert (await storage.log.search(direction="out"))[0].message_id == "om_9"

    async def test_pages_follow_one_another(self, storage: DatabaseStorage) -> None:
        await asyncio.gather(*(storage.add_inbound(said(number // 2 * 2, str(number))) for number in range(1)))
        entries = [said(number, f"t{number}") for number in range(1, 8)]
        await asyncio.gather(*(storage.add_inbound(entry) for entry in entries))
        pages, page = [], await storage.log.search(limit=3)
        while page:
            pages.append([line.text for line in page])
            page = await storage.log.search(limit=3, before=page[-1])
        assert pages == [["t7", "t6", "t5"], ["t4", "t3", "t2"], ["t1", "0"]]

    async def test_it_can_be_left_out(self, database: Place) -> None:
        storage = database.storage(log_messages=False)
        await storage.open()
        await storage.add_inbound(said(1, "a"))
        assert await storage.log.search() == []
        await storage.close()


class TestTokens:
    async def test_values_by_account_kind_and_name(self, storage: DatabaseStorage) -> None:
        tokens = storage.tokens
        await tokens.put("feishu:work", "user", "ou_1", {"access": "一"})
        await tokens.put("feishu:work", "user", "ou_2", 2)
        await tokens.put("feishu:home", "user", "ou_1", 3)
        await tokens.put("feishu:work", "user", "ou_2", 22)
        assert await tokens.get("feishu:work", "user", "ou_1") == {"access": "一"}
        assert await tokens.get("feishu:work", "user", "ou_2") == 22
        assert await tokens.get("feishu:work", "app", "ou_2") is None
        assert await tokens.names("feishu:work", "user") == ["ou_1", "ou_2"]
        await tokens.drop("feishu:work", "user", "ou_1")
        assert await tokens.names("feishu:work", "user") == ["ou_2"]
        await tokens.put("feishu:work", "user", "old", 1, expires_at=time.time() - 60)
        assert await tokens.get("feishu:work", "user", "old") is None

    async def test_they_are_encrypted_and_keys_can_change(
        self, database: Place, caplog: pytest.LogCaptureFixture
    ) -> None:
        old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()

        plain = await database.opened()
        await plain.tokens.put("a", "k", "before", "canary-plain")
        await plain.close()
        first = await database.opened(keys=[old])
        await first.tokens.put("a", "k", "n", "canary-one")
        assert await first.tokens.get("a", "k", "before") == "canary-plain"
        rows = await database.rows("tokens", "value")
        assert sum("canary" in str(value) for (value,) in rows) == 1
        await first.close()
        both = await database.opened(keys=[new, old])
        assert await both.tokens.get("a", "k", "n") == "canary-one"
        assert await both.tokens.rotate() == 2
        assert "canary" not in str(await database.rows("tokens", "value"))
        await both.close()
        last = await database.opened(keys=[new])
        assert await last.tokens.get("a", "k", "n") == "canary-one"
        assert await last.tokens.get("a", "k", "before") == "canary-plain"
        await last.close()
        for keys, why in (((old,), "cannot be decrypted"), ((), "no key is configured")):
            wrong = await database.opened(keys=keys)
            with pytest.raises(StorageError, match=why):
                await wrong.tokens.get("a", "k", "n")
            await wrong.close()
        assert "canary" not in caplog.text

    async def test_a_row_that_was_moved_is_no_token(self, database: Place) -> None:
        storage = database.storage(keys=[Fernet.generate_key().decode()])
        await storage.open()
        await storage.tokens.put("a", "k", "mine", "m")
        await storage.tokens.put("a", "k", "yours", "y")
        values = dict(await database.rows("tokens", "name", "value"))
        await database.change("tokens", {"value": values["mine"]}, {"name": "yours"})
        with pytest.raises(StorageError, match="not where it was put"):
            await storage.tokens.get("a", "k", "yours")
        await storage.close()

    def test_what_is_no_key(self) -> None:
        with pytest.raises(ConfigError, match="32 random bytes") as raised:
            SqlStorage("x.db", keys=["canary-too-short"])
        assert "canary" not in str(raised.value)


async def test_half_a_surrogate_pair_is_kept_wherever_people_may_have_written_it(storage: DatabaseStorage) -> None:
    half = {"text": "cut in the middle: \ud83d"}
    await storage.save_session("lane", {"echo": half})
    assert await storage.load_session("lane") == {"echo": half}
    await storage.jobs.put(Job("job", 1.0, half))
    (job,) = await storage.jobs.all()
    assert job.data == half
    await storage.media.put("a", "image", "hash", half, seconds=60)
    assert await storage.media.get("a", "image", "hash") == half


async def test_a_session_that_cannot_be_read_is_told(storage: DatabaseStorage, database: Place) -> None:
    await storage.save_session("lane", {"s": {}})
    await database.change("sessions", {"state": "broken"})
    for _ in range(2):
        with pytest.raises(StorageError, match="a session cannot be read"):
            await storage.load_session("lane")


async def test_a_session_that_is_no_json_is_refused_by_its_name(storage: DatabaseStorage) -> None:
    with pytest.raises(StorageError, match="lane: the session holds something that is no JSON value"):
        await storage.save_session("lane", {"echo": {"what": object()}})


async def test_the_media_cache(storage: DatabaseStorage) -> None:
    await storage.media.put("a", "image", "hash", {"key": "img_1"}, seconds=60)
    await storage.media.put("a", "image", "hash", {"key": "img_2"}, seconds=60)
    assert await storage.media.get("a", "image", "hash") == {"key": "img_2"}
    assert await storage.media.get("a", "file", "hash") is None
    await storage.media.put("a", "image", "old", "x", seconds=-1)
    assert await storage.media.get("a", "image", "old") is None
    await storage.media.drop("a", "image", "hash")
    assert await storage.media.get("a", "image", "hash") is None


async def test_an_answer_that_is_put_off_comes_back_with_its_time(database: Place) -> None:
    storage = database.storage()
    await storage.open()
    later, hopeless = outbox_entry("later"), outbox_entry("hopeless")
    await asyncio.gather(storage.add_outbound(later), storage.add_outbound(hopeless))
    await storage.start_outbound(later)
    assert await storage.put_off(later, 12345.5, "the platform asks us to wait")
    assert await storage.give_up(hopeless, "the chat is gone")
    assert not await storage.give_up(hopeless, "twice")
    await storage.close()
    again = database.storage()
    await again.open()
    (left,) = await again.unfinished_outbound()
    assert (left.key, left.not_before, left.attempts) == ("later", 12345.5, 1)
    assert not await storage_gone_up(again, hopeless)
    (dead,) = await again.kept(Box.OUTBOX, EntryState.DEAD)
    assert [event["why"] for event in dead.history] == ["the chat is gone"]
    again.finish_outbound(left, SENT)
    await again.close()


async def storage_gone_up(storage: DatabaseStorage, entry: object) -> bool:
    """Another process's entry is not ours to give up."""
    return await storage.give_up(entry, "not ours")  # type: ignore[arg-type]


async def test_a_search_through_many_has_the_time_of_each_page(
    database: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    text_of = Rows.text_of

    def slowly(rows: Rows, box: str, row: ReadRow) -> str:
        time.sleep(0.02)
        return text_of(rows, box, row)

    patience = 1.5
    storage = await database.opened(patience=patience)
    many = int(patience / 0.02) + 21
    await asyncio.gather(*(storage.add_inbound(said(number, f"text {number}")) for number in range(many)))
    monkeypatch.setattr(Rows, "text_of", slowly)
    (last,) = await storage.kept(Box.INBOX, EntryState.PENDING, text=f"Text {many - 1}", limit=1)
    assert last.text == f"text {many - 1}"
    assert await storage.count(Box.INBOX, EntryState.PENDING, text="text") == many
    await storage.close()


class TestCleaning:
    async def test_what_is_old_goes_and_the_rest_stays(self, database: Place) -> None:
        storage = database.storage(retention=Retention(log=3600, dead=3600, sessions=3600, batch=3))
        await storage.open()
        entries = [inbox_entry("a", f"e{number}") for number in range(10)]
        await asyncio.gather(*(storage.add_inbound(entry) for entry in entries))
        for entry in entries[:8]:
            await storage.give_up(entry, "old")
        await storage.save_session("old", {"s": {}})
        await storage.save_session("new", {"s": {"n": 1}})
        await storage.media.put("a", "image", "old", 1, seconds=-1)
        await storage.tokens.put("a", "k", "old", 1, expires_at=1.0)
        assert await storage.clean() == 2  # the cache and the token
        past = time.time() - 7200
        await database.change("log", {"at": past}, {"message_id": "e9"}, but=True)
        await database.change("sessions", {"used_at": past}, {"lane": "old"})
        await database.change("inbox", {"changed_at": past})
        await database.change("dedup", {"expires_at": past})
        assert await storage.clean() == 9 + 1 + 8 + 10
        assert [line.message_id for line in await storage.log.search()] == ["e9"]
        assert await storage.load_session("new") == {"s": {"n": 1}}
        assert await storage.load_session("old") == {}
        assert len(await storage.kept(Box.INBOX, EntryState.PENDING)) == 2  # what waits has no age
        assert await storage.kept(Box.INBOX, EntryState.DEAD) == []
        await storage.close()

    async def test_a_session_that_is_read_is_in_use(self, database: Place) -> None:
        storage = database.storage(retention=Retention(sessions=36_000))
        await storage.open()
        now = time.time()
        for lane, age in (("used", 7200), ("used lately", 1800)):
            await storage.save_session(lane, {"s": {"lane": lane}})
            await database.change("sessions", {"used_at": now - age}, {"lane": lane})
        assert await storage.load_session("used") == {"s": {"lane": "used"}}
        assert await storage.load_session("used lately") == {"s": {"lane": "used lately"}}
        await storage.save_session("after that", {"s": {}})
        rows = dict(await database.rows("sessions", "lane", "used_at"))
        assert rows["used"] >= now - 60
        assert rows["used lately"] == now - 1800  # it is noted again when a tenth of its time is over
        await storage.close()

    @pytest.mark.parametrize("wrong", [{"batch": 0}, {"every": 0.0}, {"log": -1.0}, {"dead": float("nan")}])
    def test_what_is_no_time_is_refused(self, wrong: dict[str, Any]) -> None:
        with pytest.raises(ValueError, match=f"{next(iter(wrong))} has to be more than 0"):
            Retention(**wrong)

    async def test_it_goes_on_in_the_background(self, database: Place) -> None:
        storage = database.storage(retention=Retention(every=0.01))
        await storage.open()
        await storage.media.put("a", "image", "old", 1, seconds=-1)
        while await database.rows("media", "id"):
            await asyncio.sleep(0.01)
        await storage.close()

    async def test_a_key_that_has_expired_is_new_also_before_it_is_cleaned(self, database: Place) -> None:
        storage = database.storage()
        await storage.open()
        assert await storage.add_inbound(inbox_entry("a", "e"))
        await database.change("dedup", {"expires_at": 1.0})
        assert await storage.add_inbound(inbox_entry("a", "e"))
        assert not await storage.add_inbound(inbox_entry("a", "e"))
        await storage.close()


async def test_a_release_keeps_the_number(storage: DatabaseStorage, caplog: pytest.LogCaptureFixture) -> None:
    lease = await storage.leases.claim("lane", seconds=60)
    assert lease is not None
    await storage.leases.release(lease)
    with caplog.at_level(logging.DEBUG):
        await storage.clean()
    again = await storage.leases.claim("lane", seconds=60)
    assert again is not None
    assert again.fence == lease.fence + 1
