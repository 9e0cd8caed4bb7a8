"""`imbridge jobs`: what is planned is listed, done now, dropped, whether a bot runs or not."""

import asyncio
import json
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from imbridge.cli.jobs.work import all_jobs, forget
from imbridge.config.timing import Cron
from imbridge.protocol import Address, to_reply
from imbridge.runtime.scheduling.plan import Plan
from imbridge.storage import Job, SqlStorage

NINE = datetime(2099, 6, 1, 9, tzinfo=ZoneInfo("Asia/Shanghai")).timestamp()


def plan(name: str, to: str = "feishu:work/group/oc_1", *, text: str = "早上好", declared: bool = False) -> Job:
    made = Plan(
        Address(to).channel.account_key,
        name,
        Address(to).channel,
        Cron("0 9 * * *"),
        reply=to_reply(text),
        declared=declared,
    )
    return Job(made.key, NINE, made.data)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A storage with jobs."""

    async def fill() -> None:
        storage = SqlStorage(str(tmp_path / "bot.db"))
        await storage.open()
        failed = plan("broken", text="no\x1b[31m luck")
        await storage.jobs.put(plan("morning", declared=True))
        await storage.jobs.put(plan("same", "feishu:home/group/oc_1"))
        await storage.jobs.put(plan("same"))
        await storage.jobs.put(failed)
        (seen,) = [job for job in await storage.jobs.all() if job.name == failed.name]
        claimed = await storage.jobs.claim(seen, seconds=60)
        assert claimed is not None
        await storage.jobs.done(claimed, next_due=NINE + 1, error="ValueError: no luck")
        await storage.close()

    asyncio.run(fill())
    return tmp_path / "bot.db"


def test_listing(file: Path, imbridge) -> None:
    done = imbridge("jobs", "list", IMBRIDGE_STORAGE=str(file), IMBRIDGE_DURABILITY="durable")
    assert (done.returncode, done.stderr) == (0, "")
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    assert sorted(line[0] for line in lines) == ["broken", "morning", "same", "same"]
    assert lines[-1] == [
        "broken", "2099-06-01 09:00:01+0800", "feishu:work/group/oc_1", "0 9 * * * Asia/Shanghai",
        "no\\u001b[31m luck", "ValueError: no luck",
    ]  # fmt: skip
    done = imbridge(
        "jobs", "list", "--json", "--account", "feishu:home", IMBRIDGE_STORAGE=str(file), IMBRIDGE_DURABILITY="durable"
    )
    assert json.loads(done.stdout) == [
        {
            "name": "same", "to": "feishu:home/group/oc_1", "account": "feishu:home",
            "next_at": "2099-06-01T09:00:00+08:00", "when": "0 9 * * * Asia/Shanghai", "what": "早上好",
            "missed": "once", "declared": False, "error": "",
        }
    ]  # fmt: skip


def test_dropping_and_having_one_done_now(file: Path, imbridge) -> None:
    def jobs(*arguments: str) -> tuple[int, str, str]:
        done = imbridge("jobs", *arguments, IMBRIDGE_STORAGE=str(file), IMBRIDGE_DURABILITY="durable")
        return done.returncode, done.stdout, done.stderr

    assert jobs("drop", "morning") == (
        0, "morning is dropped\n", "it is declared in the settings or the code: take it out there too\n",
    )  # fmt: skip
    status, _, problem = jobs("drop", "morning")
    assert status == 1
    assert "there is no job named 'morning'; there are: " in problem
    status, _, problem = jobs("run", "same")
    assert status == 1
    assert "have a job named 'same' each; say whose with --account" in problem
    assert jobs("run", "same", "--account", "feishu:work") == (0, "same is due now\n", "")
    first = jobs("list")[1].splitlines()[0].split("\t")
    assert (first[0], first[2]) == ("same", "feishu:work/group/oc_1")
    assert not first[1].startswith("2099")


def test_where_nothing_can_be_seen(tmp_path: Path, imbridge) -> None:
    done = imbridge("jobs", "list", IMBRIDGE_STORAGE="memory")
    assert (done.returncode, done.stdout) == (2, "")
    assert "where nobody else can look" in done.stderr
    done = imbridge("jobs", "list", IMBRIDGE_STORAGE=str(tmp_path / "none.db"), IMBRIDGE_DURABILITY="durable")
    assert done.returncode != 0
    assert not (tmp_path / "none.db").exists()


async def test_the_last_of_many_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    storage = SqlStorage(str(tmp_path / "bot.db"))
    await storage.open()
    await asyncio.gather(*(storage.jobs.put(plan(f"{number:04}")) for number in range(1001)))
    await storage.close()
    monkeypatch.setenv("IMBRIDGE_STORAGE", str(tmp_path / "bot.db"))
    monkeypatch.setenv("IMBRIDGE_DURABILITY", "durable")
    monkeypatch.chdir(tmp_path)
    assert len(await all_jobs(None, None)) == 1001
    assert (await forget(None, None, "1000")).name == "1000"
    assert len(await all_jobs(None, None)) == 1000
