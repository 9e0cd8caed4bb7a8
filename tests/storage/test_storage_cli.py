"""The command line looks at what is kept, tries it again and drops it, whether a bot runs or not."""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from databases import Place
from storage_commands import Imbridge

from imbridge.protocol import Message, Text
from imbridge.storage import Box, EntryState, InboxEntry
from imbridge.testing.storage_child import Nursery, StorageInChild
from imbridge.testing.storage_entries import inbox_entry, outbox_entry


@pytest.fixture
async def bot(kept_in: Place, nursery: Nursery) -> AsyncIterator[StorageInChild]:
    """A bot that runs, with two deliveries, one of them begun, and an answer."""
    storage = kept_in.in_child(nursery)
    await storage.open()
    first, second = said("a", "first", "你好 first"), said("b", "second", "line\nbreak \x1b[31m second")
    await storage.add_inbound(first)
    await storage.add_inbound(second)
    await storage.start_inbound(first)
    await storage.add_outbound(outbox_entry("k", "an answer"))
    yield storage
    await storage.close()


def said(account: str, key: str, text: str, lane: str = "lane") -> InboxEntry:
    entry = inbox_entry(account, key, lane=lane)
    assert isinstance(entry.item, Message)
    entry.item = entry.item.model_copy(update={"elements": (Text(text=text),), "raw": "", "text": text})
    return entry


async def test_what_a_running_bot_has(bot: StorageInChild, imbridge: Imbridge) -> None:
    listed = await imbridge("inbox", "list")
    assert (listed.status, listed.err) == (0, "")
    assert [(row[1], row[3], *row[4:7]) for row in listed.table] == [
        ("inbox", "at work", "1", "lane", "你好 first"),
        ("inbox", "waiting", "0", "lane", "line break \\u001b[31m second"),
    ]
    assert [row[6] for row in (await imbridge("outbox", "list")).table] == ["an answer"]
    nothing = await imbridge("dead", "list")
    assert (nothing.status, nothing.out, nothing.err) == (0, "", "there is nothing\n")


async def test_filters(bot: StorageInChild, imbridge: Imbridge) -> None:
    for filters, expected in (
        (("--account", "a"), ["first"]),
        (("--account", "nobody"), []),
        (("--lane", "lane"), ["first", "second"]),
        (("--text", "SECOND"), ["second"]),
        (("--text", "%"), []),
        (("--since", "1h"), ["first", "second"]),
        (("--until", "1h"), []),
        (("--until", "2100-01-01"), ["first", "second"]),
        (("--since", "2100-01-01T00:00:00+08:00"), []),
        (("--limit", "1"), ["first"]),
    ):
        listed = await imbridge("inbox", "list", "--json", *filters)
        assert [entry["text"].split()[-1] for entry in json.loads(listed.out)] == expected
        assert ("1 of 2; --limit shows more" in listed.err) is (filters[0] == "--limit")


async def test_however_many_ids_are_named(bot: StorageInChild, imbridge: Imbridge) -> None:
    """`dead list --json` into `dead retry`: more ids than a database takes in one statement."""
    ids = [row[0] for row in (await imbridge("inbox", "list")).table]
    many = (*range(1, 33_000), *ids)
    shown = await imbridge("inbox", "show", "--json", *many)
    assert (shown.status, [entry["id"] for entry in json.loads(shown.out)]) == (1, ids)
    dropped = await imbridge("inbox", "drop", "--force", "--json", *many, *ids)
    outcome = json.loads(dropped.out)
    assert (dropped.status, outcome["done"], len(outcome["missing"])) == (1, ids, 32_999)


async def test_what_a_bot_has_is_not_taken_from_it_unasked(bot: StorageInChild, imbridge: Imbridge) -> None:
    (one, two) = (row[0] for row in (await imbridge("inbox", "list")).table)
    for what in ("retry", "drop"):
        refused = await imbridge("inbox", what, one, two, 12345)
        assert refused.status == 1
        assert "0 " in refused.out
        assert f"{one}, {two}: a running bot has it" in refused.err
        assert "12345: not in the inbox" in refused.err
    assert len(await bot.kept(Box.INBOX, EntryState.PENDING)) == 2
    forced = await imbridge("inbox", "drop", "--force", "--json", two)
    assert (forced.status, json.loads(forced.out)) == (0, {"done": [two], "in_hand": [], "missing": []})
    assert [kept.uid for kept in await bot.kept(Box.INBOX, EntryState.PENDING)] == [int(one)]


async def test_what_a_bot_left_and_what_is_dead(
    bot: StorageInChild, kept_in: Place, nursery: Nursery, imbridge: Imbridge
) -> None:
    answer = outbox_entry("late", "a dead answer")
    await bot.add_outbound(answer)
    assert await bot.give_up(answer, "the chat is gone")
    await bot.kill()
    assert [row[3] for row in (await imbridge("inbox", "list")).table] == ["left", "left"]

    (dead,) = (await imbridge("dead", "list")).table
    assert (dead[1], dead[3], dead[6:]) == ("outbox", "dead", ["a dead answer", "the chat is gone"])
    assert (await imbridge("dead", "list", "--box", "inbox")).out == ""
    shown = await imbridge("dead", "show", dead[0])
    assert "dead the chat is gone" in shown.out.splitlines()[-1]
    assert (await imbridge("inbox", "show", dead[0])).status == 1

    tried = await imbridge("dead", "retry", dead[0])
    assert (tried.status, tried.out) == (0, "1 to be tried again\n")
    again = await imbridge("dead", "retry", dead[0])
    assert (again.status, "not among the dead letters" in again.err) == (1, True)
    assert (await imbridge("inbox", "drop", "--all", "--text", "second", "--yes")).out == "1 dropped\n"
    assert (await imbridge("inbox", "retry", "--all", "--yes")).out == "1 to be tried again\n"

    successor = kept_in.in_child(nursery)
    await successor.open()
    (entry,) = await successor.unfinished_inbound()
    assert (entry.dedup_keys, entry.attempts) == (("first",), 0)
    assert [entry.key for entry in await successor.unfinished_outbound()] == ["k", "late"]
    await successor.close()


async def test_how_it_has_to_be_said(bot: StorageInChild, imbridge: Imbridge) -> None:
    for arguments, hint in (
        (("inbox", "drop"), "name the ids, or give --all"),
        (("inbox", "drop", "1", "--all"), "name the ids, or give --all"),
        (("inbox", "drop", "1", "--text", "x"), "filters go with --all"),
        (("inbox", "drop", "--all"), "would drop 2; where nobody can answer, give --yes"),
        (("inbox", "drop", "seven"), "not a valid int"),
        (("inbox", "list", "--since", "yesterday"), "is no moment; expected 2026-11-26"),
    ):
        refused = await imbridge(*arguments)
        assert (refused.status, refused.out) == (2, "")
        assert hint in refused.err
    assert len(await bot.kept(Box.INBOX, EntryState.PENDING)) == 2


class TestNothingThere:
    async def test_no_storage(self, imbridge: Imbridge, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("IMBRIDGE_STORAGE", "memory")
        memory = await imbridge("dead", "list")
        assert (memory.status, memory.out) == (2, "")
        assert "where nobody else can look" in memory.err
        monkeypatch.setenv("IMBRIDGE_STORAGE", str(tmp_path / "not-yet" / "bot.db"))
        missing = await imbridge("dead", "list")
        assert (missing.status, missing.out) == (2, "")
        assert "bot.db does not exist; it is made when the bot runs" in missing.err
        assert not await asyncio.to_thread((tmp_path / "not-yet").exists)

    async def test_a_server_that_is_away(self, imbridge: Imbridge, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("IMBRIDGE_STORAGE", "postgresql://root:hush@127.0.0.1:1/test")
        away = await imbridge("dead", "list")
        assert away.status == 2
        assert "root:***@127.0.0.1:1/test could not be read: ECONNREFUSED" in away.err
        assert "hush" not in away.err

    async def test_what_is_no_storage_of_ours(
        self, imbridge: Imbridge, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("IMBRIDGE_STORAGE", str(tmp_path / "other.db"))
        (tmp_path / "other.db").touch()
        assert "nothing is kept there yet" in (await imbridge("dead", "list")).err
        (tmp_path / "other.db").write_text("a text that is long enough to be no header of any database")
        assert "file is not a database" in (await imbridge("dead", "list")).err

    @pytest.mark.parametrize(("version", "advice"), [("0000", "run the bot with it once"), ("9999", "update it")])
    async def test_tables_of_another_version_are_left_alone(
        self,
        sqlite: Place,
        imbridge: Imbridge,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        version: str,
        advice: str,
    ) -> None:
        monkeypatch.setenv("IMBRIDGE_STORAGE", sqlite.url)
        made = sqlite.storage()
        await made.open()
        await made.close()
        await sqlite.execute("UPDATE imbridge_version SET version_num = :version", version=version)
        for command in (("dead", "list"), ("inbox", "drop", "--all", "--yes")):
            refused = await imbridge(*command)
            assert refused.status == 2
            assert f"the tables are at version {version}" in refused.err
            assert advice in refused.err
        assert await sqlite.execute("SELECT version_num FROM imbridge_version") == [(version,)]

    async def test_a_file_that_cannot_be_written_can_be_looked_at(
        self, sqlite: Place, imbridge: Imbridge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("IMBRIDGE_STORAGE", sqlite.url)
        storage = sqlite.storage()
        await storage.open()
        await storage.add_inbound(said("a", "e", "hello"))
        await storage.close()
        with sqlite3.connect(tmp_path / "imbridge.db") as holding:
            holding.execute("BEGIN IMMEDIATE")  # somebody writes for a long time
            assert [row[6] for row in (await imbridge("inbox", "list")).table] == ["hello"]
            holding.rollback()
        holding.close()


async def test_a_table_on_a_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    from imbridge.cli.letters.shown import write_table
    from imbridge.rendering.markdown.widths import width
    from imbridge.storage import Kept

    monkeypatch.setenv("COLUMNS", "160")
    lane, history = "feishu:work/group/oc_1", ({"at": 1e9, "what": "dead", "why": "its process ended"},)
    some = [
        Kept(2**62 - 1, Box.INBOX, EntryState.DEAD, "feishu:work", lane, "你好" * times, 2, 1e9, 1e9, history=history)
        for times in (0, 5, 200)
    ]
    write_table(some, terminal=True)
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split() == ["ID", "BOX", "TAKEN", "IN", "STATE", "TRIES", "CONVERSATION", "TEXT", "WHY"]
    assert len({row.index("feishu:work") for row in (head.replace("CONVERSATION", "feishu:work"), *rows)}) == 1
    assert all(width(row) <= 160 and row.endswith("its process ended") for row in rows)
    assert [row.count("…") for row in rows] == [0, 0, 1]


async def test_a_table_of_what_has_no_text(capsys: pytest.CaptureFixture[str]) -> None:
    from imbridge.cli.letters.shown import write_table
    from imbridge.storage import Kept

    history = ({"at": 1e9, "what": "dead", "why": "its process ended"},)
    write_table(
        [Kept(1, Box.INBOX, EntryState.DEAD, "a:b", "a:b/group/c", "", 2, 1e9, 1e9, history=history)], terminal=True
    )
    head, row = capsys.readouterr().out.splitlines()
    assert (head.split()[-1], row.index("its process")) == ("WHY", head.index("WHY"))
