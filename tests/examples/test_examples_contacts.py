"""The example that keeps a copy of the address book, as its users start it: what is there, and what changes."""

import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="ends processes with POSIX signals")


class Copy:
    """The file, read from outside."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __call__(self, query: str) -> list[tuple]:
        with closing(sqlite3.connect(self.path)) as database:
            return sorted(database.execute(query).fetchall())

    @property
    def people(self) -> list[str]:
        return [name for (name,) in self("SELECT name FROM users")]

    @property
    def departments(self) -> list[str]:
        return [name for (name,) in self("SELECT name FROM departments")]

    @property
    def places(self) -> list[tuple]:
        return self(
            "SELECT users.name, departments.name FROM works_in JOIN users ON users.id = user_id"
            " JOIN departments ON departments.id = department_id"
        )


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    return Copy(tmp_path / "contacts.db")


@pytest.fixture
def company(feishu, environ):
    """Three departments, one with more people than fit on a page; and somebody in none."""
    sales = feishu.add_department("Sales")
    north = feishu.add_department("North", sales)
    feishu.add_department("Kitchen")
    people = [feishu.add_user(f"Person {number}", north, mobile=f"+86{number}") for number in range(120)]
    return {
        "sales": sales, "north": north, "people": people,
        "alice": feishu.add_user("Alice", sales, north), "boss": feishu.add_user("Boss"),
    }  # fmt: skip


async def test_it_reads_everything_and_follows(feishu, python, examples, company, copy, until) -> None:
    crowd = {f"Person {number}" for number in range(120)}
    async with python("sync_contacts.py", copy.path, cwd=examples) as process:
        assert await process.prints() == f"{copy.path}: 3 departments, 122 people; following the changes\n"
        assert copy.departments == ["Kitchen", "North", "Sales"]
        assert set(copy.people) == {"Alice", "Boss", *crowd}
        assert [place for place in copy.places if place[0] == "Alice"] == [("Alice", "North"), ("Alice", "Sales")]
        (row,) = copy("SELECT email, mobile, active FROM users WHERE name = 'Person 7'")
        assert row == (company["people"][7].email, "+867", 1)

        feishu.contacts.user_changes(company["alice"], name="Alicia", departments=[company["sales"]])
        await until(lambda: [place for place in copy.places if place[0] == "Alicia"] == [("Alicia", "Sales")])
        assert "Alice" not in copy.people

        west = feishu.add_department("West", company["sales"])
        feishu.contacts.department_created(west)
        await until(lambda: "West" in copy.departments)
        feishu.contacts.user_joins(feishu.add_user("Zoe", west))
        await until(lambda: ("Zoe", "West") in copy.places)
        feishu.contacts.department_changes(west, name="Far West")
        await until(lambda: ("Zoe", "Far West") in copy.places)

        # Somebody who is gone already when the news of a change comes: what is read again is not there.
        feishu.contacts.user_changes(company["people"][8], name="Person 8a")
        company["people"][8].profile.resigned = True
        company["people"][8].profile.departments = []
        await until(lambda: not {"Person 8", "Person 8a"} & set(copy.people))
        feishu.contacts.user_leaves(company["people"][7])
        await until(lambda: "Person 7" not in copy.people)
        assert await process.terminated() == 0
    assert "Traceback" not in process.log
    assert feishu.violations == []


async def test_what_changed_while_it_was_away(feishu, python, examples, company, copy) -> None:
    async with python("sync_contacts.py", copy.path, cwd=examples) as process:
        await process.prints()
        await process.terminated()
    feishu.contacts.user_leaves(company["alice"])
    feishu.add_user("Zoe", company["sales"])
    async with python("sync_contacts.py", copy.path, cwd=examples) as process:
        assert "3 departments, 122 people" in await process.prints()
        await process.terminated()
    assert "Alice" not in copy.people
    assert ("Zoe", "Sales") in copy.places
    assert [place for place in copy.places if place[0] == "Alice"] == []


async def test_what_the_app_may_see_changes(feishu, python, examples, company, copy, until) -> None:
    (app,) = feishu.world.directory.apps.values()
    async with python("sync_contacts.py", copy.path, cwd=examples) as process:
        await process.prints()
        feishu.contacts.scope_changes(app, [company["boss"]])
        await until(lambda: (copy.people, copy.departments) == (["Boss"], []))
        await process.terminated()
    assert "Traceback" not in process.log


async def test_used_wrongly(python, examples) -> None:
    async with python("sync_contacts.py", cwd=examples) as process:
        status, _ = await process.ended()
    assert status == 1
    assert "contacts.db" in process.log
