"""People, departments, groups and scopes over plain HTTP."""

from typing import Any

import aiohttp
import pytest
from feishu_raw_client import Answer, Bot

from imbridge.emulators.feishu import App, Department, FeishuEmulator, User
from imbridge.emulators.feishu.emulator import PARTS
from imbridge.emulators.feishu.gateway import Handler, Routes
from imbridge.emulators.feishu.scopes import NEEDED


@pytest.fixture
def company(feishu: FeishuEmulator) -> Department:
    return feishu.add_department("Company")


async def pages(bot: Bot, path: str, size: int) -> list[dict[str, Any]]:
    """All items, page by page, none of them larger than asked for."""
    items: list[dict[str, Any]] = []
    token = ""
    while True:
        answer = await bot.call("GET", f"{path}page_size={size}&page_token={token}")
        assert answer.code == 0, answer.body
        assert len(answer.data["items"]) <= size
        items += answer.data["items"]
        if not answer.data["has_more"]:
            return items
        token = answer.data["page_token"]


def names(items: list[dict[str, Any]]) -> list[str]:
    return [item["name"] for item in items]


async def test_a_person(feishu: FeishuEmulator, app: App, company: Department, bot: Bot) -> None:
    boss = feishu.add_user("Boss")
    carol = feishu.add_user("Carol", company, en_name="Caroline", mobile="+861", job_title="Clerk", leader=boss)
    for id_type, value in (("open_id", carol.open_id_for(app)), ("user_id", carol.user_id)):
        path = f"contact/v3/users/{value}?user_id_type={id_type}&department_id_type=department_id"
        user = (await bot.call("GET", path)).data["user"]
        assert (user["name"], user["en_name"], user["mobile"], user["job_title"]) == (
            *("Carol", "Caroline", "+861", "Clerk"),
        )
        assert user["department_ids"] == [company.department_id]
        assert user["leader_user_id"] == feishu.world.directory.ids_of(boss, app)[id_type]
    assert (await bot.call("GET", "contact/v3/users/ou_never")).code == 99992351
    answer = await bot.call("GET", f"contact/v3/users/{carol.user_id}?user_id_type=number")
    assert (answer.status, answer.code) == (400, 40001)
    both = f"contact/v3/users/batch?user_ids={carol.open_id}&user_ids=ou_never&user_ids={boss.open_id}"
    assert names((await bot.call("GET", both)).data["items"]) == ["Carol", "Boss"]
    assert (await bot.call("GET", "contact/v3/users/batch")).code == 40001


async def test_people_by_department(feishu: FeishuEmulator, company: Department, bot: Bot) -> None:
    sales = feishu.add_department("Sales", company)
    everybody = [feishu.add_user(f"P{number}", sales).name for number in range(7)]
    feishu.add_user("Chief", company)
    alone = feishu.add_user("Alone")
    path = f"contact/v3/users/find_by_department?department_id={sales.open_department_id}&"
    assert names(await pages(bot, path, 3)) == everybody
    own = f"contact/v3/users/find_by_department?department_id_type=department_id&department_id={company.department_id}&"
    assert names(await pages(bot, own, 50)) == ["Chief"]  # not those of the departments below
    root = await pages(bot, "contact/v3/users/find_by_department?department_id=0&", 50)
    assert names(root) == [alone.name]
    assert root[0]["department_ids"] == ["0"]
    assert (await bot.call("GET", f"{path}page_size=51")).code == 40011
    assert (await bot.call("GET", f"{path}page_token=guessed")).code == 40012
    assert (await bot.call("GET", "contact/v3/users/find_by_department?department_id=od-never")).code == 40015


async def test_ids_by_address_and_number(feishu: FeishuEmulator, app: App, bot: Bot) -> None:
    carol = feishu.add_user("Carol", email="carol@example.com", mobile="+861")
    body = {"emails": ["carol@example.com", "never@example.com"], "mobiles": ["+861"]}
    found = (await bot.call("POST", "contact/v3/users/batch_get_id?user_id_type=union_id", body)).data["user_list"]
    assert [one.get("user_id") for one in found] == [carol.union_id, None, carol.union_id]
    assert found[1] == {"email": "never@example.com"}
    assert found[2]["mobile"] == "+861"
    feishu.contacts.user_leaves(carol)
    [gone] = (await bot.call("POST", "contact/v3/users/batch_get_id", {"mobiles": ["+861"]})).data["user_list"]
    assert gone == {"mobile": "+861"}
    body = {"mobiles": ["+861"], "include_resigned": True}
    [gone] = (await bot.call("POST", "contact/v3/users/batch_get_id", body)).data["user_list"]
    assert gone["status"]["is_resigned"] is True
    assert (await bot.call("POST", "contact/v3/users/batch_get_id", {"emails": "x"})).code == 40001


async def test_departments(feishu: FeishuEmulator, alice: User, company: Department, bot: Bot) -> None:
    parts = [feishu.add_department(f"D{number}", company, leader=alice) for number in range(4)]
    deep = feishu.add_department("Deep", parts[0])
    feishu.contacts.user_changes(alice, departments=[deep])
    path = f"contact/v3/departments/{company.open_department_id}"
    shown = (await bot.call("GET", path)).data["department"]
    assert (shown["name"], shown["parent_department_id"], shown["member_count"]) == ("Company", "0", 1)
    assert names(await pages(bot, f"{path}/children?", 3)) == ["D0", "D1", "D2", "D3"]
    assert names(await pages(bot, f"{path}/children?fetch_child=true&", 2)) == ["D0", "D1", "D2", "D3", "Deep"]
    assert names(await pages(bot, "contact/v3/departments/0/children?", 50)) == ["Company"]
    everything = await pages(bot, "contact/v3/departments/0/children?fetch_child=true&", 50)
    assert names(everything) == ["Company", "D0", "D1", "D2", "D3", "Deep"]
    assert everything[1]["leaders"] == [{"leaderType": 1, "leaderID": alice.open_id}]
    ids = f"department_ids={deep.open_department_id}&department_ids=od-never"
    [one] = (await bot.call("GET", f"contact/v3/departments/batch?{ids}")).data["items"]
    assert (one["name"], one["parent_department_id"]) == ("Deep", parts[0].open_department_id)
    assert (await bot.call("GET", "contact/v3/departments/0")).data["department"]["member_count"] == 1
    assert (await bot.call("GET", "contact/v3/departments/od-never")).code == 40015


async def test_what_the_app_may_see(feishu: FeishuEmulator, app: App, company: Department, bot: Bot) -> None:
    sales, other = feishu.add_department("Sales", company), feishu.add_department("Other")
    carol, dave, erin = feishu.add_user("Carol", sales), feishu.add_user("Dave", other), feishu.add_user("Erin")
    seen = (await bot.call("GET", "contact/v3/scopes")).data
    assert seen["department_ids"] == [company.open_department_id, other.open_department_id]
    assert (seen["user_ids"], seen["group_ids"], seen["has_more"]) == ([erin.open_id], [], False)
    first = (await bot.call("GET", "contact/v3/scopes?page_size=2")).data
    assert (len(first["user_ids"]), len(first["department_ids"]), first["has_more"]) == (1, 1, True)
    rest = (await bot.call("GET", f"contact/v3/scopes?page_size=2&page_token={first['page_token']}")).data
    assert (rest["department_ids"], rest["has_more"]) == ([other.open_department_id], False)

    app.contact_scope = [company, erin]
    seen = (await bot.call("GET", "contact/v3/scopes?user_id_type=user_id")).data
    assert (seen["department_ids"], seen["user_ids"]) == ([company.open_department_id], [erin.user_id])
    assert (await bot.call("GET", f"contact/v3/users/{carol.open_id}")).code == 0
    hidden = await bot.call("GET", f"contact/v3/users/{dave.open_id}")
    assert (hidden.status, hidden.code) == (400, 41050)
    both = f"user_ids={carol.open_id}&user_ids={dave.open_id}"
    assert names((await bot.call("GET", f"contact/v3/users/batch?{both}")).data["items"]) == ["Carol"]
    for path in (
        f"departments/{other.open_department_id}",
        "departments/0",
        f"departments/{other.open_department_id}/children",
        f"users/find_by_department?department_id={other.open_department_id}",
    ):
        answer = await bot.call("GET", f"contact/v3/{path}")
        assert (answer.status, answer.code) == (403, 40004), path


async def test_groups_of_the_bot(feishu: FeishuEmulator, app: App, alice: User, bot: Bot) -> None:
    feishu.private_chat(alice, app)
    feishu.add_group("not mine", members=[alice])
    groups = [feishu.add_group(f"Team {number}", members=[alice], apps=[app]) for number in range(5)]
    feishu.groups.change(groups[1], by=alice, owner=alice, description="d")
    assert names(await pages(bot, "im/v1/chats?", 2)) == [group.name for group in groups]
    found = await pages(bot, "im/v1/chats/search?query=team%201&", 2)
    assert names(found) == ["Team 1"]
    assert (found[0]["owner_id"], found[0]["owner_id_type"]) == (alice.open_id, "open_id")
    assert await pages(bot, "im/v1/chats/search?", 2) == []
    assert (await bot.call("GET", "im/v1/chats?page_size=101")).code == 232001
    chat_id = groups[1].chat_id
    shown = (await bot.call("GET", f"im/v1/chats/{chat_id}")).data
    assert (shown["name"], shown["description"], shown["group_message_type"]) == ("Team 1", "d", "chat")
    assert (shown["user_count"], shown["bot_count"], shown["chat_status"]) == ("1", "1", "normal")
    assert (await bot.call("GET", f"im/v1/chats/{chat_id}/members/is_in_chat")).data == {"is_in_chat": True}
    feishu.remove_bot(groups[1], app, by=alice)
    assert (await bot.call("GET", f"im/v1/chats/{chat_id}/members/is_in_chat")).data == {"is_in_chat": False}
    assert (await bot.call("GET", f"im/v1/chats/{chat_id}")).code == 232011
    feishu.groups.disband(groups[0], by=alice)
    assert "Team 0" not in names(await pages(bot, "im/v1/chats?", 50))
    assert (await bot.call("GET", f"im/v1/chats/{groups[0].chat_id}")).data["chat_status"] == "dissolved"
    assert (await bot.call("GET", f"im/v1/chats/{groups[0].chat_id}/members")).code == 232009


async def scoped(feishu: FeishuEmulator, session: aiohttp.ClientSession, path: str, **app: Any) -> tuple[App, Answer]:
    made = feishu.add_app(**app)
    bot = Bot(session, feishu.base_url, made.app_id, made.app_secret)
    return made, await bot.call("GET", path)


async def test_a_missing_scope_is_named_with_the_place_to_ask_for_it(
    feishu: FeishuEmulator, session: aiohttp.ClientSession
) -> None:
    app, answer = await scoped(feishu, session, "contact/v3/scopes", scopes=["im:message"])
    assert (answer.status, answer.code) == (400, 99991672)
    listed = ", ".join(needed := scopes_needed(answer))
    assert answer.body["msg"].startswith(f"Access denied. One of the following scopes is required: [{listed}]")
    url = f"https://open.feishu.cn/app/{app.app_id}/auth?q={','.join(needed)}&op_from=openapi&token_type=tenant"
    assert answer.body["msg"].endswith(url)
    assert answer.body["error"]["helps"][0]["url"] == url
    assert answer.body["error"]["log_id"]
    # One of them is enough.
    _, answer = await scoped(feishu, session, "contact/v3/scopes", scopes=["im:message", needed[-1]])
    assert answer.code == 0


def scopes_needed(answer: Answer) -> list[str]:
    violations = answer.body["error"]["permission_violations"]
    assert {one["type"] for one in violations} == {"action_scope_required"}
    return [one["subject"] for one in violations]


async def test_granted_scopes(feishu: FeishuEmulator, session: aiohttp.ClientSession) -> None:
    _, answer = await scoped(
        feishu, session, "application/v6/scopes", scopes=["im:message"], asked_scopes=["im:resource"]
    )
    assert answer.data["scopes"] == [
        {"scope_name": "im:resource", "grant_status": 2, "scope_type": "tenant"},
        {"scope_name": "im:message", "grant_status": 1, "scope_type": "tenant"},
    ]
    _, answer = await scoped(feishu, session, "application/v6/scopes")
    assert {one["grant_status"] for one in answer.data["scopes"]} == {1}
    assert "im:resource" in {one["scope_name"] for one in answer.data["scopes"]}


async def test_apps_without_named_scopes_may_do_everything(feishu: FeishuEmulator, bot: Bot) -> None:
    assert (await bot.call("GET", "contact/v3/scopes")).code == 0
    assert feishu.violations == []


def test_every_api_has_its_scopes_or_needs_none() -> None:
    asked: list[str] = []

    class Names(Routes):
        def add(self, method: str, pattern: str, handler: Handler) -> None:
            asked.append(f"{method} {pattern}")

    for part in PARTS:
        part.add_routes(Names())
    without = {name for name in asked if name not in NEEDED and not name.startswith(("GET authen/", "POST authen/"))}
    assert without == {"GET application/v6/scopes"}
