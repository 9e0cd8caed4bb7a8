"""Events of the directory."""

import aiohttp
import pytest
from feishu_raw_client import Bot
from feishu_told import Told

from imbridge.emulators.feishu import App, FeishuEmulator, User
from imbridge.emulators.feishu import old_events as old


@pytest.fixture
async def told(feishu: FeishuEmulator, app: App, bot: Bot) -> Told:
    return await Told.connect(feishu, app, bot)


async def test_a_person_joins_changes_and_leaves(feishu: FeishuEmulator, app: App, told: Told) -> None:
    sales, support = feishu.add_department("Sales"), feishu.add_department("Support")
    boss = feishu.add_user("Boss")
    carol = feishu.add_user("Carol", sales, email="carol@example.com", job_title="Clerk", leader=boss)
    assert feishu.stats.events_pushed == 0  # setting the tenant up tells nobody
    group = feishu.add_group("team", members=[carol])

    feishu.contacts.user_joins(carol)
    shown = (await told.next("contact.user.created_v3"))["object"]
    assert {name: shown[name] for name in ("open_id", "union_id", "user_id")} == {
        "open_id": carol.open_id_for(app),
        "union_id": carol.union_id,
        "user_id": carol.user_id,
    }
    assert (shown["name"], shown["email"], shown["job_title"]) == ("Carol", "carol@example.com", "Clerk")
    assert shown["department_ids"] == [sales.open_department_id]
    assert shown["leader_user_id"] == boss.open_id_for(app)
    assert shown["orders"][0]["is_primary_dept"] is True
    assert shown["status"]["is_activated"] is True

    feishu.contacts.user_changes(carol, departments=[support], email="c@example.com", mobile="+8613000000000")
    event = await told.next("contact.user.updated_v3")
    assert event["object"]["department_ids"] == [support.open_department_id]
    assert set(event["old_object"]) == {"department_ids", "orders", "email", "mobile"}  # what changed, no more
    assert (event["old_object"]["email"], event["old_object"]["mobile"]) == ("carol@example.com", "")
    assert feishu.world.directory.find(app, "email", "carol@example.com") is None
    assert feishu.world.directory.find(app, "email", "c@example.com") is carol

    feishu.contacts.user_leaves(carol)
    event = await told.next("contact.user.deleted_v3")
    assert (event["object"]["open_id"], event["object"]["department_ids"]) == (carol.open_id_for(app), [])
    assert event["old_object"] == {
        "department_ids": [support.open_department_id],
        "open_id": carol.open_id_for(app),
    }
    assert group.members == []


async def test_a_person_has_no_unknown_attribute(feishu: FeishuEmulator, alice: User) -> None:
    with pytest.raises(TypeError, match="shoe_size"):
        feishu.contacts.user_changes(alice, shoe_size=42)


async def test_departments(feishu: FeishuEmulator, alice: User, told: Told) -> None:
    company = feishu.add_department("Company")
    sales = feishu.add_department("Sales", company, leader=alice)
    feishu.contacts.department_created(sales)
    shown = (await told.next("contact.department.created_v3"))["object"]
    assert (shown["name"], shown["parent_department_id"]) == ("Sales", company.open_department_id)
    assert (shown["open_department_id"], shown["department_id"]) == (sales.open_department_id, sales.department_id)
    assert (shown["leader_user_id"], shown["order"]) == (alice.open_id, sales.order)
    assert shown["status"] == {"is_deleted": False}

    feishu.contacts.department_changes(sales, name="Selling", parent=None)
    event = await told.next("contact.department.updated_v3")
    assert (event["object"]["name"], event["object"]["parent_department_id"]) == ("Selling", "0")
    assert event["old_object"] == {"name": "Sales", "parent_department_id": company.open_department_id}

    feishu.contacts.user_changes(alice, departments=[sales])
    await told.next("contact.user.updated_v3")
    with pytest.raises(ValueError, match="not empty"):
        feishu.contacts.department_deleted(sales)
    feishu.contacts.department_deleted(company)
    event = await told.next("contact.department.deleted_v3")
    assert event["object"]["status"] == {"is_deleted": True}
    assert event["old_object"]["open_department_id"] == company.open_department_id
    assert feishu.world.directory.department("open_department_id", company.open_department_id) is None


async def test_changes_outside_the_range_are_not_told(feishu: FeishuEmulator, app: App, told: Told) -> None:
    company = feishu.add_department("Company")
    sales = feishu.add_department("Sales", company)
    other = feishu.add_department("Other")
    carol, dave = feishu.add_user("Carol", sales), feishu.add_user("Dave", other)

    feishu.contacts.scope_changes(app, [company])
    event = await told.next("contact.scope.updated_v3")
    assert [one["name"] for one in event["removed"]["departments"]] == ["Other"]
    assert event["added"] == {"departments": [], "users": [], "user_groups": []}
    assert feishu.contacts.user_changes(dave, job_title="Cook") == []
    assert feishu.contacts.department_changes(other, name="Others") == []
    feishu.contacts.user_changes(carol, job_title="Clerk")  # by her department's department
    assert (await told.next("contact.user.updated_v3"))["object"]["name"] == "Carol"

    feishu.contacts.scope_changes(app, [dave])
    event = await told.next("contact.scope.updated_v3")
    assert [one["name"] for one in event["added"]["users"]] == ["Dave"]
    assert [one["name"] for one in event["removed"]["departments"]] == ["Company"]


async def test_old_events_come_to_apps_that_name_them(feishu: FeishuEmulator, session: aiohttp.ClientSession) -> None:
    types = (
        *(old.USER_ADDED, old.USER_CHANGED, old.USER_LEFT),
        *(old.DEPARTMENT_ADDED, old.DEPARTMENT_CHANGED, old.DEPARTMENT_DELETED, old.SCOPE_CHANGED),
    )
    app = feishu.add_app("cli_old", "s", subscriptions=types)
    bot = Bot(session, feishu.base_url, app.app_id, app.app_secret)
    told = await Told.connect(feishu, app, bot)
    contacts, sales, carol = feishu.contacts, feishu.add_department("Sales"), feishu.add_user("Carol")
    person = {"open_id": carol.open_id_for(app), "employee_id": carol.user_id, "union_id": carol.union_id}
    place = {"open_id": sales.open_department_id, "custom_id": sales.department_id}
    try:
        contacts.user_joins(carol)
        assert await told.next_old("user_add") == person
        contacts.user_changes(carol, name="Caroline")
        assert await told.next_old("user_update") == person
        contacts.user_leaves(carol)
        assert await told.next_old("user_leave") == person
        contacts.department_created(sales)
        assert (await told.next_old("dept_add"))["department"] == place
        contacts.department_changes(sales, name="Selling")
        await told.next_old("dept_update")
        contacts.department_deleted(sales)
        await told.next_old("dept_delete")
        contacts.scope_changes(app, [])
        assert await told.next_old("contact_scope_change") == {}
    finally:
        await bot.close()
