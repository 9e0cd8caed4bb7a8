"""The corp's address book: members, departments and tags, over real sockets."""

from collections.abc import AsyncIterator

import pytest
from wecom_corp_rig import CorpRig, corp_rig

from imbridge.adapters.wecom import WeComAdapter
from imbridge.adapters.wecom.services.contacts import Department, Tag
from imbridge.protocol import AuthError, DeliveryError, NotPermittedError, TargetGoneError


@pytest.fixture
async def corp() -> AsyncIterator[CorpRig]:
    async with corp_rig() as rig:
        yield rig


@pytest.fixture
def adapter(corp: CorpRig) -> WeComAdapter:
    return corp.make()


class TestMembers:
    async def test_a_member(self, corp: CorpRig, adapter: WeComAdapter) -> None:
        corp.app.sees_private = True
        research = corp.wecom.add_department("Research")
        corp.wecom.add_user("Bob", [research.id, 1], position="engineer", email="bob@x.example", mobile="1380000")
        user = await adapter.contacts.user("bob")
        assert (user.id, user.name, user.position) == ("bob", "Bob", "engineer")
        assert (user.email, user.mobile) == ("bob@x.example", "1380000")
        assert (user.department_ids, user.main_department_id) == ((research.id, 1), research.id)
        assert user.active is True
        assert user.payload["enable"] == 1
        assert "errcode" not in user.payload
        assert "avatar" not in repr(user)

    async def test_what_apps_are_not_told_is_empty(self, adapter: WeComAdapter) -> None:
        user = await adapter.contacts.user("alice")
        assert (user.email, user.mobile) == ("", "")

    async def test_nobody(self, adapter: WeComAdapter) -> None:
        with pytest.raises(TargetGoneError, match="60111"):
            await adapter.contacts.user("nobody")

    async def test_outside_the_visible_range(self, corp: CorpRig, adapter: WeComAdapter) -> None:
        corp.app.visible = []
        with pytest.raises(NotPermittedError, match="Visible range"):
            await adapter.contacts.user("alice")

    async def test_an_id_is_no_part_of_the_address(self, corp: CorpRig, adapter: WeComAdapter) -> None:
        corp.wecom.add_user("Odd", userid="a&b=c/../d")
        assert (await adapter.contacts.user("a&b=c/../d")).name == "Odd"

    async def test_by_telephone_number_and_address(self, adapter: WeComAdapter) -> None:
        assert await adapter.contacts.user_by_mobile("13800000001") == "alice"
        assert await adapter.contacts.user_by_mobile("13800000002") is None
        assert await adapter.contacts.user_by_email("alice@example.com") == "alice"
        assert await adapter.contacts.user_by_email("nobody@example.com", personal=True) is None

    async def test_of_a_department(self, corp: CorpRig, adapter: WeComAdapter) -> None:
        research = corp.wecom.add_department("Research")
        corp.wecom.add_user("Bob", research.id)
        assert [user.id async for user in adapter.contacts.users()] == ["alice"]
        assert [user.id async for user in adapter.contacts.users(fetch_child=True)] == ["alice", "bob"]
        assert [user.id async for user in adapter.contacts.users(research.id)] == ["bob"]
        with pytest.raises(TargetGoneError, match="60003"):
            [user async for user in adapter.contacts.users(99)]


class TestEverybody:
    @pytest.fixture
    def all_seeing(self, corp: CorpRig) -> WeComAdapter:
        return corp.make(contacts_secret=corp.wecom.add_contacts_secret().secret)

    async def test_pages(self, corp: CorpRig, all_seeing: WeComAdapter, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("imbridge.adapters.wecom.services.contacts._PAGE", 2)
        research = corp.wecom.add_department("Research")
        for name in ("Bob", "Carol", "Dave"):
            corp.wecom.add_user(name, [1, research.id])
        assert [userid async for userid in all_seeing.contacts.user_ids()] == ["alice", "bob", "carol", "dave"]
        assert len(corp.asked("list_id")) == 4

    async def test_pages_come_as_they_are_asked_for(
        self, corp: CorpRig, all_seeing: WeComAdapter, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("imbridge.adapters.wecom.services.contacts._PAGE", 1)
        corp.wecom.add_user("Bob")
        found = all_seeing.contacts.user_ids()
        assert await anext(found) == "alice"
        assert len(corp.asked("list_id")) == 1
        await found.aclose()  # type: ignore[attr-defined]

    async def test_a_circle_of_pages_ends(self, corp: CorpRig, all_seeing: WeComAdapter) -> None:
        page = '{"errcode": 0, "next_cursor": "1", "dept_user": [{"userid": "alice", "department": 1}]}'
        corp.wecom.faults.http_fail("*/list_id", 200, None, page, {"Content-Type": "application/json"})
        with pytest.raises(DeliveryError, match="there before"):
            [userid async for userid in all_seeing.contacts.user_ids()]

    async def test_the_apps_secret_does_not_do(self, adapter: WeComAdapter) -> None:
        with pytest.raises(NotPermittedError, match="set contacts_secret"):
            [userid async for userid in adapter.contacts.user_ids()]

    async def test_a_wrong_secret_says_which(self, corp: CorpRig) -> None:
        wrong = corp.make(contacts_secret="canary-contacts")
        with pytest.raises(AuthError, match="contacts_secret") as caught:
            [userid async for userid in wrong.contacts.user_ids()]
        assert "canary" not in str(caught.value)
        assert (await wrong.contacts.user("alice")).id == "alice"


class TestDepartments:
    async def test_one_and_all(self, corp: CorpRig, adapter: WeComAdapter) -> None:
        research = corp.wecom.add_department("Research")
        research.leaders.append("alice")
        below = corp.wecom.add_department("Lab", research.id)
        found = await adapter.contacts.department(research.id)
        assert isinstance(found, Department)
        assert (found.id, found.name, found.parent_id, found.leader_ids) == (research.id, "Research", 1, ("alice",))
        assert [one.id async for one in adapter.contacts.departments()] == [1, research.id, below.id]
        assert [one.name async for one in adapter.contacts.departments(research.id)] == ["Research", "Lab"]

    async def test_none(self, adapter: WeComAdapter) -> None:
        with pytest.raises(TargetGoneError):
            await adapter.contacts.department(99)


class TestTags:
    async def test_tags(self, corp: CorpRig, adapter: WeComAdapter) -> None:
        tag = corp.wecom.add_tag("on call", [corp.alice], [1])
        assert await adapter.contacts.tags() == (
            Tag(id=tag.id, name="on call", payload={"tagid": tag.id, "tagname": "on call"}),
        )  # fmt: skip
        members = await adapter.contacts.tag_members(tag.id)
        assert (members.name, members.user_ids, members.department_ids) == ("on call", ("alice",), (1,))

    async def test_none(self, adapter: WeComAdapter) -> None:
        assert await adapter.contacts.tags() == ()
        with pytest.raises(TargetGoneError, match="40068"):
            await adapter.contacts.tag_members(99)


async def test_shapes_that_are_not_as_expected_are_left_out(corp: CorpRig, adapter: WeComAdapter) -> None:
    odd = (
        '{"errcode": 0, "userlist": [1, null, {}, {"userid": "a", "department": ["x", true, 7], "status": "2",'
        ' "direct_leader": "boss", "name": 5}]}'
    )
    corp.wecom.faults.http_fail("*/user/list", 200, 1, odd, {"Content-Type": "application/json"})
    (user,) = [user async for user in adapter.contacts.users()]
    assert (user.id, user.name, user.department_ids, user.leader_ids, user.active) == ("a", "5", (7,), (), False)
