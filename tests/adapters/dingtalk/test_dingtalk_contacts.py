"""The organisation's address book: people and departments, over real sockets."""

import json
from typing import Any

import pytest
from dingtalk_rig import Rig
from served import served

from imbridge.adapters.dingtalk import DingTalkAdapter
from imbridge.adapters.dingtalk.services.contacts import Department
from imbridge.protocol import DeliveryError, NotPermittedError, TargetGoneError


@pytest.fixture
def adapter(rig: Rig) -> DingTalkAdapter:
    """Not started: looking somebody up needs no connection."""
    return rig.make()


class TestPeople:
    async def test_a_member(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        research = rig.ding.add_department("Research")
        bob = rig.ding.add_user("Bob", mobile="13800000002", departments=[research.id, 1], admin=True)
        research.managers.append(bob.userid)
        user = await adapter.contacts.user(bob.userid)
        assert (user.id, user.union_id, user.name, user.mobile) == (bob.userid, bob.union_id, "Bob", "13800000002")
        assert (user.department_ids, user.leads) == ((research.id, 1), (research.id,))
        assert (user.admin, user.active) == (True, True)
        assert user.payload["state_code"] == "86"
        assert "state_code" not in repr(user)

    async def test_nobody(self, adapter: DingTalkAdapter) -> None:
        with pytest.raises(TargetGoneError, match="60121"):
            await adapter.contacts.user("nobody")

    async def test_a_right_that_is_missing(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        rig.ding.faults.refuse("/topapi/v2/user/get", 60011, times=1)
        with pytest.raises(NotPermittedError, match="Permissions"):
            await adapter.contacts.user(rig.alice.userid)

    async def test_by_telephone_number_and_unionid(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        bob = rig.ding.add_user("Bob", mobile="13800000002")
        assert await adapter.contacts.user_by_mobile("13800000002") == bob.userid
        assert await adapter.contacts.user_by_mobile("13800000009") is None
        assert await adapter.contacts.user_by_union_id(bob.union_id) == bob.userid
        assert await adapter.contacts.user_by_union_id("nobody's") is None

    async def test_of_a_department_page_by_page(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        research = rig.ding.add_department("Research")
        people = [rig.ding.add_user(f"P{number}", departments=[research.id]) for number in range(230)]
        found = [user async for user in adapter.contacts.users(research.id)]
        assert [user.id for user in found] == [user.userid for user in people]
        assert adapter.counters()["calls"] == 3

    async def test_a_page_is_asked_for_when_it_is_needed(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        research = rig.ding.add_department("Research")
        for number in range(230):
            rig.ding.add_user(f"P{number}", departments=[research.id])
        async for _ in adapter.contacts.users(research.id):
            break
        assert adapter.counters()["calls"] == 1

    async def test_of_all_departments_each_once(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        research = rig.ding.add_department("Research")
        lab = rig.ding.add_department("Lab", research.id)
        bob = rig.ding.add_user("Bob", departments=[research.id, lab.id])
        carol = rig.ding.add_user("Carol", departments=[lab.id])
        contacts = adapter.contacts
        everybody = [rig.alice.userid, bob.userid, carol.userid]
        assert [user.id async for user in contacts.users(fetch_child=True)] == everybody
        assert [userid async for userid in contacts.user_ids(fetch_child=True)] == everybody
        assert [userid async for userid in contacts.user_ids(research.id)] == [bob.userid]

    @pytest.mark.parametrize("following", [{"next_cursor": 0}, {}, {"next_cursor": "many"}])
    async def test_a_cursor_that_stands_still_is_an_error(self, rig: Rig, following: dict[str, Any]) -> None:
        """Ending there would look as if that were all, and going on would never end."""
        page = {"has_more": True, "list": [{"userid": "u1"}, {"name": "without an id"}, "junk"], **following}
        body = json.dumps({"errcode": 0, "result": page}).encode()

        async def stuck(scope: Any, receive: Any, send: Any) -> None:
            headers = [(b"content-type", b"application/json")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": body})

        async with served(stuck) as url:
            users = rig.make(oapi_url=url).contacts.users()
            assert (await anext(users)).id == "u1"
            with pytest.raises(DeliveryError, match="there before"):
                await anext(users)

    async def test_nothing_of_it_is_billed(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        await adapter.contacts.user(rig.alice.userid)
        assert [user async for user in adapter.contacts.users()]
        assert [department async for department in adapter.contacts.departments()]
        assert adapter.counters()["month_calls"] == 0
        assert rig.ding.violations == []


class TestDepartments:
    async def test_one(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        research = rig.ding.add_department("Research")
        research.managers.append("boss")
        found = await adapter.contacts.department(research.id)
        assert (found.id, found.name, found.parent_id, found.leader_ids) == (research.id, "Research", 1, ("boss",))

    async def test_none(self, adapter: DingTalkAdapter) -> None:
        with pytest.raises(TargetGoneError, match="60003"):
            await adapter.contacts.department(4711)

    async def test_all_below(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        research, sales = rig.ding.add_department("Research"), rig.ding.add_department("Sales")
        lab = rig.ding.add_department("Lab", research.id)
        found = [one async for one in adapter.contacts.departments()]
        assert [one.id for one in found] == [1, research.id, sales.id, lab.id]
        assert isinstance(found[-1], Department)
        assert found[-1].parent_id == research.id
        assert [one.id async for one in adapter.contacts.departments(research.id)] == [research.id, lab.id]

    async def test_a_ring_ends(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        research = rig.ding.add_department("Research")
        lab = rig.ding.add_department("Lab", research.id)
        research.parent_id = lab.id
        assert [one.id async for one in adapter.contacts.departments(research.id)] == [research.id, lab.id]
