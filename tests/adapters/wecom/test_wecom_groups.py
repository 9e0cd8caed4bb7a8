"""Groups that an app makes, and approvals that it looks up."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from wecom_corp_rig import CorpRig, corp_rig

from imbridge.adapters.wecom import WeComAdapter
from imbridge.protocol import Channel, ChannelKind, DeliveryError, NotPermittedError, TargetGoneError

CREATE = "*/appchat/create"


@pytest.fixture
async def corp() -> AsyncIterator[CorpRig]:
    async with corp_rig() as rig:
        rig.wecom.add_user("Bob")
        rig.wecom.add_user("Carol")
        yield rig


@pytest.fixture
def adapter(corp: CorpRig) -> WeComAdapter:
    return corp.make()


class TestGroups:
    async def test_made_looked_at_and_changed(self, corp: CorpRig, adapter: WeComAdapter) -> None:
        channel = await adapter.chats.create(["alice", "bob"], name="Team", owner_id="bob")
        assert channel.address == f"wecom:work/group/{channel.id}"
        group = await adapter.chats.get(channel)
        assert (group.id, group.name, group.owner_id, group.user_ids) == (channel.id, "Team", "bob", ("alice", "bob"))
        await adapter.chats.update(channel.id, name="Crew", owner_id="carol", add=["carol"], remove=["bob"])
        group = await adapter.chats.get(channel.id)
        assert (group.name, group.owner_id, group.user_ids) == ("Crew", "carol", ("alice", "carol"))

    async def test_a_call_that_may_have_arrived_makes_one_group(self, corp: CorpRig, adapter: WeComAdapter) -> None:
        corp.wecom.faults.cut_after_accept(path=CREATE)
        channel = await adapter.chats.create(["alice", "bob"])
        assert list(corp.wecom.world.appchats) == [channel.id]
        assert len(corp.asked("appchat/create")) == 2

    async def test_an_id_that_is_taken_is_said(self, adapter: WeComAdapter) -> None:
        channel = await adapter.chats.create(["alice", "bob"], chat_id="team1")
        assert channel.id == "team1"
        with pytest.raises(DeliveryError, match="86215"):
            await adapter.chats.create(["alice", "carol"], chat_id="team1")

    async def test_an_app_for_some_may_make_none(self, corp: CorpRig, adapter: WeComAdapter) -> None:
        corp.app.visible = ["alice", "bob"]
        with pytest.raises(NotPermittedError):
            await adapter.chats.create(["alice", "bob"])

    async def test_none(self, adapter: WeComAdapter) -> None:
        with pytest.raises(TargetGoneError, match="86001"):
            await adapter.chats.get("nowhere")

    @pytest.mark.parametrize(
        "channel",
        [
            Channel(platform="wecom", account="other", kind=ChannelKind.GROUP, id="x"),
            Channel(platform="wecom", account="work", kind=ChannelKind.PRIVATE, id="alice"),
        ],
    )
    async def test_another_channel_is_refused(self, corp: CorpRig, adapter: WeComAdapter, channel: Channel) -> None:
        with pytest.raises(TargetGoneError, match="no group of wecom:work"):
            await adapter.chats.get(channel)
        assert corp.calls == []


class TestApprovals:
    async def test_an_application(self, corp: CorpRig, adapter: WeComAdapter) -> None:
        title = [{"text": "", "lang": "en"}, {"text": "事由", "lang": "zh_CN"}]
        contents = [
            {"control": "Text", "id": "Text-1", "title": title, "value": {"text": "rest"}},
            {"control": "Number", "id": "Number-1", "value": {"new_number": "3"}},
        ]
        bob = corp.wecom.world.directory.users["bob"]
        approval, _ = corp.wecom.approvals.start(corp.alice, [bob], name="Leave", contents=contents, app=corp.app)
        found = await adapter.approvals.detail(approval.sp_no)
        assert (found.id, found.name, found.template_id) == (approval.sp_no, "Leave", approval.template_id)
        assert (found.status, found.applicant_id) == ("pending", "alice")
        assert found.applied_at == datetime.fromtimestamp(approval.apply_time, UTC)
        assert found.values == {"事由": {"text": "rest"}, "Number-1": {"new_number": "3"}}
        assert found.payload["sp_record"][0]["details"][0]["approver"] == {"userid": "bob"}
        assert "rest" not in repr(found)
        corp.wecom.approvals.approve(approval, bob, app=corp.app)
        assert (await adapter.approvals.detail(approval.sp_no)).status == "approved"

    async def test_a_status_that_is_in_no_list(self, corp: CorpRig, adapter: WeComAdapter) -> None:
        page = '{"errcode": 0, "info": {"sp_no": "1", "sp_status": 77, "apply_time": "x", "applyer": []}}'
        corp.wecom.faults.http_fail("*/getapprovaldetail", 200, 1, page, {"Content-Type": "application/json"})
        found = await adapter.approvals.detail("1")
        assert (found.status, found.applicant_id, found.applied_at, found.values) == ("77", "", None, {})

    async def test_none(self, adapter: WeComAdapter) -> None:
        with pytest.raises(DeliveryError, match="301025"):
            await adapter.approvals.detail("0")
