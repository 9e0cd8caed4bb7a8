"""Events that no member of the corp causes by hand: jobs, shared apps, customers, the platform itself.

Rules: https://developer.work.weixin.qq.com/document/path/90376, /path/92130 (customers), /path/95039 (msgaudit).
"""

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from imbridge.emulators.wecom.app import App
from imbridge.emulators.wecom.message import SentMessage

if TYPE_CHECKING:
    from imbridge.emulators.wecom.user import User
    from imbridge.emulators.wecom.world import World


class Happenings:
    """Reached as `wecom.happenings`. Without `app` it is the only app there is."""

    def __init__(self, world: "World") -> None:
        self._world = world

    def batch_job_ends(
        self,
        job_type: str = "sync_user",
        *,
        job_id: str = "",
        code: int = 0,
        message: str = "ok",
        app: App | None = None,
    ) -> SentMessage:
        """A job ended: `batch_job_result`. `job_type` is sync_user, replace_user, invite_user or replace_party."""
        job_id = job_id or self._world.ids.hex("job", 24)
        job = {"JobId": job_id, "JobType": job_type, "ErrCode": code, "ErrMsg": message}
        return self._tell(app, "batch_job_result", {"BatchJob": job})

    def app_is_shared(self, app: App | None = None) -> SentMessage:
        """The corp above shares an app, or takes it back: `share_agent_change`."""
        app = self._world.the_app(app)
        return self._tell(app, "share_agent_change", {"AgentID": app.agent_id})

    def open_approval_changes(
        self,
        applicant: "User",
        approvers: "Sequence[User]",
        *,
        status: int = 1,
        third_no: str = "",
        name: str = "Leave",
        app: App | None = None,
    ) -> SentMessage:
        """An approval that the app itself runs changes: `open_approval_change`.

        Args:
            applicant: Who asks.
            approvers: One node for each.
            status: 1 pending, 2 approved, 3 rejected, 4 withdrawn.
            third_no: The app's own number of it.
            name: The form's name.
            app: The app.
        """
        app = self._world.the_app(app)
        nodes = [
            {
                "NodeStatus": status,
                "NodeAttr": 1,
                "NodeType": 1,
                "Items": {
                    "Item": {"ItemName": one.name, "ItemUserId": one.userid, "ItemStatus": status, "ItemOpTime": 0}
                },
            }
            for one in approvers
        ]
        info = {
            "ThirdNo": third_no or self._world.ids.number("third_no", 12),
            "OpenSpName": name,
            "OpenTemplateId": self._world.ids.hex("open_template", 32),
            "OpenSpStatus": status,
            "ApplyTime": int(time.time()),
            "ApplyUserName": applicant.name,
            "ApplyUserId": applicant.userid,
            "ApplyUserParty": "",
            "ApplyUserImage": "",
            "ApprovalNodes": {"ApprovalNode": nodes},
            "NotifyNodes": {},
            "approverstep": 0,
        }
        return self._tell(app, "open_approval_change", {"AgentID": app.agent_id, "ApprovalInfo": info})

    def external_contact(
        self,
        user: "User",
        external_userid: str,
        change: str = "add_external_contact",
        *,
        app: App | None = None,
        **more: Any,
    ) -> SentMessage:
        """A customer comes, changes or goes: `change_external_contact`.

        Args:
            user: Whose customer.
            external_userid: The customer.
            change: add_external_contact, edit_external_contact, add_half_external_contact, del_external_contact,
                del_follow_user, transfer_fail.
            app: The app.
            **more: State, WelcomeCode, Source, FailReason.
        """
        fields = {"ChangeType": change, "UserID": user.userid, "ExternalUserID": external_userid}
        return self._tell(app, "change_external_contact", {**fields, **more})

    def external_chat(
        self, chat_id: str, change: str = "create", *, app: App | None = None, **more: Any
    ) -> SentMessage:
        """A group with customers is made, changed or dismissed: `change_external_chat`.

        Args:
            chat_id: The group.
            change: create, update or dismiss.
            app: The app.
            **more: UpdateDetail (add_member, del_member, change_owner, change_name, change_notice), JoinScene,
                QuitScene, MemChangeCnt, MemChangeList, LastMemVer, CurMemVer.
        """
        return self._tell(app, "change_external_chat", {"ChatId": chat_id, "ChangeType": change, **more})

    def external_tag(
        self, tag_id: str, change: str = "create", *, kind: str = "tag", app: App | None = None
    ) -> SentMessage:
        """A tag of customers is made, changed, deleted or moved: `change_external_tag`.

        Args:
            tag_id: The tag, or the group of tags.
            change: create, update, delete or shuffle.
            kind: tag or tag_group.
            app: The app.
        """
        return self._tell(app, "change_external_tag", {"Id": tag_id, "TagType": kind, "ChangeType": change})

    def messages_are_archived(self, app: App | None = None) -> SentMessage:
        """There are messages in the archive: `msgaudit_notify`."""
        app = self._world.the_app(app)
        return self._tell(app, "msgaudit_notify", {"AgentID": app.agent_id})

    def _tell(self, app: App | None, event: str, fields: Mapping[str, Any]) -> SentMessage:
        return self._world.push_event(self._world.the_app(app), {"Event": event, **fields})
