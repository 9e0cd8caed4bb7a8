"""The official SDK decodes what the emulator pushes, and its builders call the directory's APIs."""

import asyncio
import json
from typing import Any

import pytest
from feishu_official import running
from feishu_raw_client import until
from official_client import STARTUP

from imbridge.emulators.feishu import App, EmulatorSettings, FeishuEmulator, User

pytestmark = pytest.mark.timeout(240)  # a busy machine takes long to start a process


@pytest.fixture
def settings() -> EmulatorSettings:
    return EmulatorSettings(reconnect_nonce=0, reconnect_interval=1, redelivery=(0.2, 0.2))


async def told(process: asyncio.subprocess.Process, timeout: float = 30.0) -> dict[str, Any]:
    """The next event the script printed; what the SDK logs is skipped."""
    assert process.stdout is not None
    async with asyncio.timeout(timeout):
        while True:
            line = (await process.stdout.readline()).decode()
            assert line, "the script ended"
            if line.startswith("EVENT "):
                event: dict[str, Any] = json.loads(line[6:])
                return event


async def test_dispatcher_decodes_every_event(feishu: FeishuEmulator, app: App, alice: User) -> None:
    bob = feishu.add_user("Bob")
    group = feishu.add_group("team", members=[alice])
    sales = feishu.add_department("Sales")
    approval = feishu.approvals.define("Expenses")
    approval.subscribers.append(app)
    open_id = alice.open_id_for(app)
    async with running("lark_events.py", feishu, app) as process:

        async def next_event(event_type: str, model: str) -> dict[str, Any]:
            got = await told(process)
            assert (got["type"], got["model"]) == (event_type, model)
            event: dict[str, Any] = got["event"]
            return event

        sent = await alice.sends_post([["hi ", app]], title="News")
        event = await told(process, STARTUP)
        assert (event["type"], event["model"]) == ("im.message.receive_v1", "P2ImMessageReceiveV1Data")
        assert event["event"]["message"]["message_id"] == sent.message_id
        assert event["event"]["message"]["mentions"][0]["name"] == "Demo Bot"

        alice.reacts(sent, "SMILE")
        event = await next_event("im.message.reaction.created_v1", "P2ImMessageReactionCreatedV1Data")
        assert event["reaction_type"] == {"emoji_type": "SMILE"}
        alice.unreacts(sent, "SMILE")
        await next_event("im.message.reaction.deleted_v1", "P2ImMessageReactionDeletedV1Data")
        alice.recalls(sent)
        await next_event("im.message.recalled_v1", "P2ImMessageRecalledV1Data")

        feishu.add_bot(group, app, by=alice)
        event = await next_event("im.chat.member.bot.added_v1", "P2ImChatMemberBotAddedV1Data")
        assert event["i18n_names"]["zh_cn"] == "team"
        for act, name, model in (
            (feishu.groups.add_members, "added", "P2ImChatMemberUserAddedV1Data"),
            (feishu.groups.remove_members, "deleted", "P2ImChatMemberUserDeletedV1Data"),
            (feishu.groups.withdraw_members, "withdrawn", "P2ImChatMemberUserWithdrawnV1Data"),
        ):
            act(group, bob, by=alice)
            event = await next_event(f"im.chat.member.user.{name}_v1", model)
            assert event["users"][0]["user_id"]["open_id"] == bob.open_id_for(app)
        feishu.groups.change(group, by=alice, name="crew", owner=alice)
        event = await next_event("im.chat.updated_v1", "P2ImChatUpdatedV1Data")
        assert (event["before_change"]["name"], event["after_change"]["owner_id"]["open_id"]) == ("team", open_id)
        feishu.groups.disband(group, by=alice)
        await next_event("im.chat.disbanded_v1", "P2ImChatDisbandedV1Data")
        feishu.remove_bot(group, app, by=alice)
        await next_event("im.chat.member.bot.deleted_v1", "P2ImChatMemberBotDeletedV1Data")

        alice.enters_chat(app)
        model = "P2ImChatAccessEventBotP2pChatEnteredV1Data"
        event = await next_event("im.chat.access_event.bot_p2p_chat_entered_v1", model)
        assert event["last_message_id"] == sent.message_id
        alice.clicks_menu(app, "help")
        event = await next_event("application.bot.menu_v6", "P2ApplicationBotMenuV6Data")
        assert (event["event_key"], event["operator"]["operator_name"]) == ("help", "Alice")
        alice.comments(app, "doxcn1")
        event = await next_event("drive.notice.comment_add_v1", "P2DriveNoticeCommentAddV1Data")
        assert event["notice_meta"]["from_user_id"]["open_id"] == open_id
        alice.invites_to_meeting(app, "weekly")
        event = await next_event("vc.bot.meeting_invited_v1", "P2VcBotMeetingInvitedV1Data")
        assert event["meeting"]["topic"] == "weekly"
        answer = await alice.previews_link(app, "https://example.com/a", timeout=10)
        assert answer["inline"]["title"] == "preview of https://example.com/a"
        await next_event("url.preview.get", "P2URLPreviewGetData")

        feishu.contacts.user_joins(bob)
        event = await next_event("contact.user.created_v3", "P2ContactUserCreatedV3Data")
        assert event["object"]["status"]["is_activated"] is True
        feishu.contacts.user_changes(bob, job_title="Clerk")
        event = await next_event("contact.user.updated_v3", "P2ContactUserUpdatedV3Data")
        assert event["object"]["job_title"] == "Clerk"
        feishu.contacts.user_leaves(bob)
        await next_event("contact.user.deleted_v3", "P2ContactUserDeletedV3Data")
        feishu.contacts.department_created(sales)
        event = await next_event("contact.department.created_v3", "P2ContactDepartmentCreatedV3Data")
        assert event["object"]["open_department_id"] == sales.open_department_id
        feishu.contacts.department_changes(sales, name="Selling")
        event = await next_event("contact.department.updated_v3", "P2ContactDepartmentUpdatedV3Data")
        assert (event["object"]["name"], event["old_object"]["name"]) == ("Selling", "Sales")
        feishu.contacts.department_deleted(sales)
        await next_event("contact.department.deleted_v3", "P2ContactDepartmentDeletedV3Data")
        feishu.contacts.scope_changes(app, [alice])
        await next_event("contact.scope.updated_v3", "P2ContactScopeUpdatedV3Data")

        instance = feishu.approvals.start(approval, by=alice, approvers=[alice])
        event = await next_event("approval_instance", "CustomizedEvent")
        assert (event["kind"], event["event"]["instance_code"]) == ("event_callback", instance.code)
        event = await next_event("approval_task", "CustomizedEvent")
        assert event["event"]["open_id"] == open_id
        feishu.approvals.copy_to(instance, alice)
        await next_event("approval_cc", "CustomizedEvent")
        feishu.approvals.update(approval, "Costs")
        event = await next_event("approval.approval.updated_v4", "P2ApprovalApprovalUpdatedV4Data")
        assert event["object"]["approval_code"] == approval.code
        for old_type in ("leave_approval", "user_add", "dept_add", "p2p_chat_create"):
            uuid = feishu.push_old_event(app, old_type, {"note": "x"})
            assert (await next_event(old_type, "CustomizedEvent"))["uuid"] == uuid
        await until(lambda: feishu.stats.acks_ok == feishu.stats.events_pushed)
    assert (feishu.stats.acks_failed, feishu.violations) == (0, [])


async def test_builders_call_the_directory(feishu: FeishuEmulator, app: App) -> None:
    company = feishu.add_department("Company")
    sales = feishu.add_department("Sales", company)
    people = [feishu.add_user(f"P{number}", sales, job_title="Clerk") for number in range(3)]
    group = feishu.add_group("tea", members=people, apps=[app])
    approval = feishu.approvals.define("Expenses")
    instance = feishu.approvals.start(approval, by=people[0], approvers=[people[1]])
    merged = await people[0].sends_merged(await people[0].says("one", chat=group), chat=group)
    ids = (people[0].open_id, sales.open_department_id, group.chat_id, approval.code, instance.code, merged.message_id)
    async with running("lark_directory.py", feishu, app, *ids) as process:
        output, _ = await process.communicate()
    assert json.loads(output.decode().splitlines()[-1]) == {
        "person": ["P0", "Clerk", True, [sales.open_department_id]],
        "batch": ["P0"],
        "by_email": [people[0].open_id],
        "people": ["P0", "P1", "P2"],
        "department": ["Sales", 3, False],
        "below": ["Company", "Sales"],
        "scopes": [company.open_department_id],
        "chats": ["tea"],
        "found": [group.chat_id],
        "chat": "tea",
        "members": 3,
        "in_chat": True,
        "subscribe": [0, 1390007],
        "unsubscribe": 0,
        "instance": ["Expenses", "PENDING", "PENDING"],
        "granted": [1],
        "merged": [["merge_forward", None], ["text", merged.message_id]],
    }
    assert feishu.violations == []
