"""`imbridge targets`: chats that are gone are listed, and sent to again, whether a bot runs or not."""

import json
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from databases import Place
from storage_commands import Imbridge, name_in_settings

from imbridge.cli.targets.shown import write_table
from imbridge.protocol import Address, TargetGoneError
from imbridge.runtime.outbox.dead_targets import DeadTarget, DeadTargets
from imbridge.storage import BaseNotebook, SqliteNotebook
from imbridge.testing.storage_child import Nursery, StorageInChild

ONE, TWO, OTHER = "feishu:work/group/oc_1", "feishu:work/group/oc_2", "dingtalk:home/group/cid"
GONE = TargetGoneError("the bot is not in the group (code 230002)", code=230002)


async def note(notebook: BaseNotebook, *addresses: str, seconds: float = 600.0) -> None:
    dead = DeadTargets(seconds, notebook.of)
    for address in addresses:
        channel = Address(address).channel
        dead.note(channel, GONE)
        await notebook.of(channel.account_key).flush()


@pytest.fixture
async def bot(kept_in: Place, nursery: Nursery) -> AsyncIterator[StorageInChild]:
    """A bot that runs, and knows three chats that are gone."""
    storage = kept_in.in_child(nursery)
    await storage.open()
    notebook = storage.notebook()
    await notebook.open()
    await note(notebook, ONE, TWO, OTHER)
    await note(notebook, "feishu:work/group/oc_over", seconds=0.001)
    notebook.of("feishu:work").put("another kind", "oc_3", {"until": 9e9, "code": 1, "why": "no"})
    notebook.of("feishu:work").put("dead_target", "feishu:work/group/oc_odd", "of another version")
    await notebook.of("feishu:work").flush()
    yield storage
    await storage.close()


async def test_they_are_listed(bot: StorageInChild, imbridge: Imbridge) -> None:
    listed = await imbridge("targets", "list")
    assert (listed.status, listed.err) == (0, "")
    assert [row[0] for row in listed.table] == [ONE, TWO, OTHER]
    assert listed.table[0][2:] == ["230002", "the bot is not in the group (code 230002)"]
    of_one = await imbridge("targets", "list", "--json", "--account", "dingtalk:home")
    (dead,) = json.loads(of_one.out)
    assert (dead["address"], dead["account"], dead["code"]) == (OTHER, "dingtalk:home", 230002)
    nothing = await imbridge("targets", "list", "--account", "qq:bot")
    assert (nothing.status, nothing.out, nothing.err) == (0, "", "there is nothing\n")


async def test_they_are_revived(bot: StorageInChild, imbridge: Imbridge) -> None:
    done = await imbridge("targets", "revive", f"{ONE}#thread", ONE)
    assert (done.status, done.out, done.err) == (0, "1 revived\n", "")
    again = await imbridge("targets", "revive", "--json", ONE, TWO)
    assert (again.status, json.loads(again.out)) == (1, {"revived": [TWO], "missing": [ONE]})
    assert f"error: {ONE}: not among them" in again.err
    notes = bot.notebook().of("feishu:work")
    assert await notes.reread("dead_target") == {"feishu:work/group/oc_odd": "of another version"} | {
        address: note for address, note in (await notes.reread("dead_target")).items() if "over" in address
    }
    rest = await imbridge("targets", "revive", "--all", "--yes")
    assert (rest.status, rest.out) == (0, "1 revived\n")
    assert (await imbridge("targets", "list")).out == ""


async def test_all_of_an_account(bot: StorageInChild, imbridge: Imbridge) -> None:
    done = await imbridge("targets", "revive", "--all", "--account", "feishu:work", "--yes")
    assert (done.status, done.out) == (0, "2 revived\n")
    assert [row[0] for row in (await imbridge("targets", "list")).table] == [OTHER]


async def test_how_it_has_to_be_said(bot: StorageInChild, imbridge: Imbridge) -> None:
    for arguments, hint in (
        ((), "name the addresses, or give --all"),
        ((ONE, "--all"), "name the addresses, or give --all"),
        ((ONE, "--account", "feishu:work"), "--account goes with --all"),
        (("--all",), "would revive 3; where nobody can answer, give --yes"),
        (("oc_1",), "not an address"),
    ):
        refused = await imbridge("targets", "revive", *arguments)
        assert (refused.status, refused.out) == (2, "")
        assert hint in refused.err
    assert len((await imbridge("targets", "list")).table) == 3


async def test_where_the_notes_are_encrypted(sqlite: Place, imbridge: Imbridge, tmp_path: Path) -> None:
    key = Fernet.generate_key().decode()
    storage = sqlite.storage(keys=[key])
    await storage.open()
    notebook = storage.notebook()
    await notebook.open()
    await note(notebook, ONE)
    await storage.close()
    name_in_settings(sqlite, tmp_path, f"  keys: [{Fernet.generate_key().decode()}]")
    assert (await imbridge("targets", "list")).out == ""  # the log says why
    name_in_settings(sqlite, tmp_path, f"  keys: [{key}]")
    assert [row[0] for row in (await imbridge("targets", "list")).table] == [ONE]
    assert (await imbridge("targets", "revive", ONE)).out == "1 revived\n"
    assert (await imbridge("targets", "list")).out == ""


class TestNotesInAFileOfTheirOwn:
    @pytest.mark.parametrize("storage", ["storage: memory", "storage: bot.db"])
    async def test_it_is_looked_at_instead(self, imbridge: Imbridge, tmp_path: Path, storage: str) -> None:
        (tmp_path / "imbridge.yaml").write_text(f"{storage}\nbridge:\n  state: notes/state.db\n  language: nonsense\n")
        missing = await imbridge("targets", "list")
        assert (missing.status, missing.out) == (2, "")
        assert "state.db does not exist; it is made when the bot runs" in missing.err
        (tmp_path / "notes").mkdir()
        running = SqliteNotebook(tmp_path / "notes" / "state.db")
        await running.open()
        await note(running, ONE, TWO)
        assert [row[0] for row in (await imbridge("targets", "list")).table] == [ONE, TWO]
        assert (await imbridge("targets", "revive", TWO)).out == "1 revived\n"
        assert list(await running.of("feishu:work").reread("dead_target")) == [ONE]
        await running.close()

    async def test_one_that_is_none(self, imbridge: Imbridge, tmp_path: Path) -> None:
        (tmp_path / "imbridge.yaml").write_text("bridge: {state: state.db}\n")
        (tmp_path / "state.db").write_text("a text that is long enough to be no header of any database")
        odd = await imbridge("targets", "list")
        assert odd.status == 2
        assert "state.db cannot be used" in odd.err


async def test_in_memory_nobody_can_look(imbridge: Imbridge, tmp_path: Path) -> None:
    (tmp_path / "imbridge.yaml").write_text("storage: memory\n")
    memory = await imbridge("targets", "list")
    assert (memory.status, memory.out) == (2, "")
    assert "where nobody else can look" in memory.err


def test_a_table_on_a_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    write_table([DeadTarget(ONE, time.time() + 60, None, "the bot is not in the group\x1b[31m " * 9)], terminal=True)
    head, row = capsys.readouterr().out.splitlines()
    assert head.split() == ["CHAT", "UNTIL", "WHY"]
    assert row.startswith(ONE)
    assert len(row) <= 100
    assert "\x1b" not in row
