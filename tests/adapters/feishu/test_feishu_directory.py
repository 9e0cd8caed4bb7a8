"""Groups and the address book: looked up page by page, ids of any type."""

from typing import Any

import pytest
from feishu_rig import Rig, no_violations

from imbridge.adapters.feishu import FeishuAdapter
from imbridge.emulators.feishu import Chat, User
from imbridge.protocol import Channel, ChannelKind, DeliveryError, NotPermittedError, TargetGoneError


@pytest.fixture
def group(rig: Rig) -> Chat:
    return rig.feishu.add_group("Team", members=[rig.alice, rig.feishu.add_user("Bob")], apps=[rig.app])


async def listed(iterator: Any) -> list[Any]:
    return [one async for one in iterator]


class TestChats:
    async def test_what_a_group_is(self, rig: Rig, adapter: FeishuAdapter, group: Chat) -> None:
        channel = Channel(platform="feishu", account="work", kind=ChannelKind.GROUP, id=group.chat_id)
        with no_violations(rig.feishu):
            for chat in (channel, channel.address, group.chat_id):
                info = await adapter.chats.info(chat)
                assert (info.id, info.name, info.kind, info.status) == (group.chat_id, "Team", "group", "normal")
                assert (info.users, info.bots, info.external) == (2, 1, False)
                assert info.payload["name"] == "Team"

    async def test_a_private_chat(self, rig: Rig, adapter: FeishuAdapter) -> None:
        assert (await adapter.chats.info(rig.chat.chat_id)).kind == "p2p"

    async def test_no_such_chat(self, adapter: FeishuAdapter) -> None:
        with pytest.raises(TargetGoneError, match="232006"):
            await adapter.chats.info("oc_nothing")

    @pytest.mark.parametrize("id_type", ["open_id", "user_id", "union_id"])
    async def test_members(self, rig: Rig, adapter: FeishuAdapter, id_type: Any) -> None:
        crowd = [rig.feishu.add_user(f"User {number}") for number in range(201)]
        group = rig.feishu.add_group("Crowd", members=crowd, apps=[rig.app])
        members = await listed(adapter.chats.members(group.chat_id, id_type=id_type))
        ids = rig.feishu.world.directory.ids_of
        assert [(one.id, one.name) for one in members] == [(ids(user, rig.app)[id_type], user.name) for user in crowd]
        assert len(rig.calls("/members")) == 3

    async def test_of_a_group_we_are_not_in(self, rig: Rig, adapter: FeishuAdapter) -> None:
        group = rig.feishu.add_group("Others", members=[rig.alice])
        with pytest.raises(TargetGoneError, match="add the bot"):
            await listed(adapter.chats.members(group.chat_id))
        assert not await adapter.chats.is_member(group.chat_id)

    async def test_we_are_in_it(self, adapter: FeishuAdapter, group: Chat) -> None:
        assert await adapter.chats.is_member(group.chat_id)

    async def test_all_of_them(self, rig: Rig, adapter: FeishuAdapter) -> None:
        groups = [rig.feishu.add_group(f"G{n}", members=[rig.alice], apps=[rig.app]) for n in range(101)]
        rig.feishu.add_group("Others", members=[rig.alice])
        found = await listed(adapter.chats.all())
        assert [chat.id for chat in found] == [group.chat_id for group in groups]
        assert len(rig.calls("/chats")) == 2


@pytest.fixture
def company(rig: Rig) -> dict[str, Any]:
    """Sales with a team below it; Carol leads it."""
    carol = rig.feishu.add_user("Carol", mobile="+8613800000001")
    sales = rig.feishu.add_department("Sales", leader=carol)
    north = rig.feishu.add_department("North", sales)
    dora = rig.feishu.add_user("Dora", sales, job_title="Seller", employee_no="7", leader=carol)
    return {"carol": carol, "dora": dora, "sales": sales, "north": north, "erik": rig.feishu.add_user("Erik", north)}


def ids_of(rig: Rig, user: User) -> dict[str, str]:
    return rig.feishu.world.directory.ids_of(user, rig.app)


class TestUsers:
    @pytest.mark.parametrize("kind", ["open_id", "user_id", "union_id"])
    async def test_one(self, rig: Rig, adapter: FeishuAdapter, company: dict[str, Any], kind: str) -> None:
        ids = ids_of(rig, company["dora"])
        user = await adapter.contacts.user(ids[kind])
        assert (user.id, user.ids) == (ids["open_id"], ids)
        assert (user.name, user.email, user.job_title, user.employee_no) == (
            "Dora", company["dora"].email, "Seller", "7"
        )  # fmt: skip
        assert user.department_ids == (company["sales"].open_department_id,)
        assert user.leader_id == ids_of(rig, company["carol"])[kind]
        assert user.active is True
        assert user.payload["name"] == "Dora"

    async def test_nobody(self, adapter: FeishuAdapter) -> None:
        with pytest.raises(DeliveryError):
            await adapter.contacts.user("ou_nobody")

    async def test_several(self, rig: Rig, adapter: FeishuAdapter) -> None:
        crowd = [rig.feishu.add_user(f"User {number}") for number in range(120)]
        kinds = ["open_id", "user_id", "union_id"]
        wanted = [ids_of(rig, user)[kinds[number % 3]] for number, user in enumerate(crowd)]
        found = await adapter.contacts.users([*wanted, wanted[0]])
        assert sorted(user.name for user in found) == sorted(user.name for user in crowd)
        assert len(rig.calls("/users/batch")) == 3, "40 of each type: one call for each"
        assert await adapter.contacts.users([]) == ()

    async def test_more_than_one_call_takes(self, rig: Rig, adapter: FeishuAdapter) -> None:
        crowd = [rig.feishu.add_user(f"User {number}") for number in range(101)]
        found = await adapter.contacts.users(user.open_id_for(rig.app) for user in crowd)
        assert [user.name for user in found] == [user.name for user in crowd]
        assert len(rig.calls("/users/batch")) == 3

    async def test_of_a_department(self, rig: Rig, adapter: FeishuAdapter, company: dict[str, Any]) -> None:
        crowd = [rig.feishu.add_user(f"User {number}", company["north"]) for number in range(60)]
        for department_id in (company["north"].open_department_id, company["north"].department_id):
            users = await listed(adapter.contacts.users_of(department_id))
            assert {user.name for user in users} == {"Erik", *(user.name for user in crowd)}
            assert {user.department_ids for user in users} == {(company["north"].open_department_id,)}
        assert len(rig.calls("/find_by_department")) == 4

    async def test_of_the_root(self, rig: Rig, adapter: FeishuAdapter, company: dict[str, Any]) -> None:
        users = await listed(adapter.contacts.users_of())
        assert {user.name for user in users} == {"Alice", "Carol"}

    async def test_by_address_and_number(self, rig: Rig, adapter: FeishuAdapter, company: dict[str, Any]) -> None:
        found = await adapter.contacts.find(
            emails=[rig.alice.email, "nobody@example.com"], mobiles=["+8613800000001", "+100"]
        )
        assert found == {
            rig.alice.email: rig.alice.open_id_for(rig.app),
            "+8613800000001": ids_of(rig, company["carol"])["open_id"],
        }
        assert await adapter.contacts.find() == {}

    async def test_many_addresses(self, rig: Rig, adapter: FeishuAdapter) -> None:
        crowd = [rig.feishu.add_user(f"User {number}") for number in range(120)]
        found = await adapter.contacts.find(emails=[user.email for user in crowd])
        assert found == {user.email: user.open_id_for(rig.app) for user in crowd}
        assert len(rig.calls("/batch_get_id")) == 3

    async def test_who_left_is_not_active(self, rig: Rig, adapter: FeishuAdapter, company: dict[str, Any]) -> None:
        company["dora"].profile.frozen = True
        user = await adapter.contacts.user(ids_of(rig, company["dora"])["open_id"])
        assert user.active is False


class TestDepartments:
    async def test_one(self, rig: Rig, adapter: FeishuAdapter, company: dict[str, Any]) -> None:
        sales, north = company["sales"], company["north"]
        for department_id in (north.open_department_id, north.department_id):
            found = await adapter.contacts.department(department_id)
            assert (found.id, found.name, found.parent_id) == (
                north.open_department_id, "North", sales.open_department_id
            )  # fmt: skip
            assert found.ids == {
                "open_department_id": north.open_department_id, "department_id": north.department_id
            }  # fmt: skip
            assert found.members == 1
        assert (await adapter.contacts.department(sales.open_department_id)).leader_id == ids_of(rig, company["carol"])[
            "open_id"
        ]

    async def test_below(self, rig: Rig, adapter: FeishuAdapter, company: dict[str, Any]) -> None:
        departments = adapter.contacts.departments
        assert [one.name for one in await listed(departments())] == ["Sales"]
        assert {one.name for one in await listed(departments(recursive=True))} == {"Sales", "North"}
        below = await listed(departments(company["sales"].department_id))
        assert [(one.name, one.parent_id) for one in below] == [("North", company["sales"].open_department_id)]

    async def test_pages(self, rig: Rig, adapter: FeishuAdapter) -> None:
        for number in range(101):
            rig.feishu.add_department(f"D{number}")
        found = await listed(adapter.contacts.departments())
        assert {one.name for one in found} == {f"D{number}" for number in range(101)}
        assert len(rig.calls("/children")) == 3

    async def test_none(self, adapter: FeishuAdapter) -> None:
        with pytest.raises(DeliveryError):
            await adapter.contacts.department("od-nothing")
        with pytest.raises(DeliveryError):
            await adapter.contacts.department("nothing")


class TestRange:
    async def test_everybody(self, rig: Rig, adapter: FeishuAdapter, company: dict[str, Any]) -> None:
        found = await adapter.contacts.scope()
        assert set(found.user_ids) == {user.open_id_for(rig.app) for user in (rig.alice, company["carol"])}
        assert found.department_ids == (company["sales"].open_department_id,)

    async def test_some(self, rig: Rig, adapter: FeishuAdapter, company: dict[str, Any]) -> None:
        crowd = [rig.feishu.add_user(f"User {number}") for number in range(120)]
        rig.feishu.contacts.scope_changes(rig.app, [company["sales"], *crowd])
        found = await adapter.contacts.scope()
        assert set(found.user_ids) == {user.open_id_for(rig.app) for user in crowd}
        assert found.department_ids == (company["sales"].open_department_id,)
        assert len(rig.calls("/scopes")) == 2
        with pytest.raises(NotPermittedError, match="contact range"):
            await adapter.contacts.user(rig.alice.open_id_for(rig.app))
