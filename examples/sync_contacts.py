"""Keep a copy of the company's address book in an SQLite file.

    python sync_contacts.py contacts.db

It reads all departments and people that the app may see, page by page, and then follows the changes. It needs
FEISHU_APP_ID and FEISHU_APP_SECRET; the app needs the scope `contact:contact:readonly_as_app`, a contact range, and the
contact events (`contact.user.created_v3` and so on).
"""

import asyncio
import contextlib
import signal
import sqlite3
import sys
from collections.abc import Iterable
from pathlib import Path

from imbridge import BaseSkill, Bridge, ContactChanged, DeliveryError, ImbridgeError, on_event
from imbridge.adapters.feishu import FeishuAdapter
from imbridge.adapters.feishu.services.contacts import Department, FeishuContacts, User

PAGE = 50
NOT_SEEN = {40004, 40015, 41012, 41050, 99992351}
"""What the platform answers about somebody who has left, or is out of the app's range, since the event was sent."""
TABLES = """
CREATE TABLE IF NOT EXISTS departments (id TEXT PRIMARY KEY, name TEXT, parent_id TEXT);
CREATE TABLE IF NOT EXISTS users (id TEXT PRIMARY KEY, name TEXT, email TEXT, mobile TEXT, active INTEGER);
CREATE TABLE IF NOT EXISTS works_in (user_id TEXT, department_id TEXT, PRIMARY KEY (user_id, department_id));
"""


class ContactFile:
    """The copy. Its methods block: they are called in a thread, one at a time."""

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(path, check_same_thread=False)
        self._database.executescript(TABLES)

    def put_departments(self, departments: Iterable[Department]) -> None:
        with self._database as database:
            rows = [(one.id, one.name, one.parent_id) for one in departments]
            database.executemany("REPLACE INTO departments VALUES (?, ?, ?)", rows)

    def put_users(self, users: Iterable[User]) -> None:
        with self._database as database:
            for user in users:
                row = (user.id, user.name, user.email, user.mobile, user.active)
                database.execute("REPLACE INTO users VALUES (?, ?, ?, ?, ?)", row)
                database.execute("DELETE FROM works_in WHERE user_id = ?", (user.id,))
                places = [(user.id, department_id) for department_id in user.department_ids]
                database.executemany("INSERT OR IGNORE INTO works_in VALUES (?, ?)", places)

    def remove(self, subject: str, subject_id: str) -> None:
        with self._database as database:
            if subject == "user":
                database.execute("DELETE FROM users WHERE id = ?", (subject_id,))
                database.execute("DELETE FROM works_in WHERE user_id = ?", (subject_id,))
            else:
                database.execute("DELETE FROM departments WHERE id = ?", (subject_id,))

    def ids(self, subject: str) -> set[str]:
        query = "SELECT id FROM users" if subject == "user" else "SELECT id FROM departments"
        return {row[0] for row in self._database.execute(query)}

    def close(self) -> None:
        self._database.close()


class ContactCopy(BaseSkill):
    name, description, version = "contact_copy", "keeps a copy of the address book", "1.0"

    def __init__(self, path: Path) -> None:
        self.path = path
        self.contacts: FeishuContacts | None = None
        # What changes while everything is read waits, and is then read once more: it is never overwritten by a page
        # that is older than the change.
        self.one_at_a_time = asyncio.Lock()

    async def setup(self) -> None:
        self.file = await asyncio.to_thread(ContactFile, self.path)

    async def teardown(self) -> None:
        await asyncio.to_thread(self.file.close)

    async def read_all(self, contacts: FeishuContacts) -> tuple[int, int]:
        """Read everything, and forget what is no longer there; how many departments and people."""
        self.contacts = contacts
        async with self.one_at_a_time:
            scope = await contacts.scope()
            departments: set[str] = set()
            for top in scope.department_ids:
                page = [await contacts.department(top)]
                async for department in contacts.departments(top, recursive=True):
                    page.append(department)
                    if len(page) == PAGE:
                        departments |= await self._keep_departments(page)
                departments |= await self._keep_departments(page)
            users = await self._keep_users(list(await contacts.users(scope.user_ids)))
            for department_id in departments:
                crowd: list[User] = []
                async for user in contacts.users_of(department_id):
                    crowd.append(user)
                    if len(crowd) == PAGE:
                        users |= await self._keep_users(crowd)
                users |= await self._keep_users(crowd)
            for subject, found in (("department", departments), ("user", users)):
                for gone in await asyncio.to_thread(self.file.ids, subject) - found:
                    await asyncio.to_thread(self.file.remove, subject, gone)
        return len(departments), len(users)

    async def _keep_departments(self, page: list[Department]) -> set[str]:
        await asyncio.to_thread(self.file.put_departments, page)
        found = {department.id for department in page}
        page.clear()
        return found

    async def _keep_users(self, page: list[User]) -> set[str]:
        await asyncio.to_thread(self.file.put_users, page)
        found = {user.id for user in page}
        page.clear()
        return found

    @on_event(ContactChanged)
    async def follow(self, event: ContactChanged) -> None:
        """Read again what changed; the event itself may be older than another one that came before it."""
        if self.contacts is None:
            return  # everything is still to be read
        if event.subject == "scope":
            await self.read_all(self.contacts)
        elif event.subject in ("user", "department"):
            async with self.one_at_a_time:
                await self._read_again(self.contacts, event)

    async def _read_again(self, contacts: FeishuContacts, event: ContactChanged) -> None:
        if event.change == "deleted":
            await asyncio.to_thread(self.file.remove, event.subject, event.subject_id)
            return
        try:
            if event.subject == "user":
                await self._keep_users([await contacts.user(event.subject_id)])
            else:
                await self._keep_departments([await contacts.department(event.subject_id)])
        except DeliveryError as error:
            if error.code not in NOT_SEEN:
                raise
            await asyncio.to_thread(self.file.remove, event.subject, event.subject_id)


async def main(path: Path) -> None:
    copy = ContactCopy(path)
    async with Bridge.from_env(skills=[copy]) as bridge:
        feishu = bridge.adapter(bridge.accounts[0])
        if not isinstance(feishu, FeishuAdapter):
            raise SystemExit("sync_contacts.py: the account is not one of Feishu")
        departments, users = await copy.read_all(feishu.contacts)
        print(f"{path}: {departments} departments, {users} people; following the changes", flush=True)
        stop = asyncio.Event()
        with contextlib.suppress(NotImplementedError):  # Windows: Ctrl+C ends it
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
        await stop.wait()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    try:
        asyncio.run(main(Path(sys.argv[1])))
    except ImbridgeError as error:
        raise SystemExit(f"sync_contacts.py: {error}") from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None
