"""What happens that is not a message: one class each, one union with the discriminator `type`."""

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BeforeValidator, Field

from imbridge.protocol.channel import Channel
from imbridge.protocol.model import ProtocolModel
from imbridge.protocol.sender import Sender


class Event(ProtocolModel):
    """Base of all events.

    Attributes:
        id: The platform's id of the event.
        platform: Platform name.
        account: Name of the account that received it.
        channel: Where, when it belongs to a conversation.
        actor: Who caused it, when known.
        timestamp: When (aware, UTC).
        payload: What the platform sent, parsed but otherwise untouched.
    """

    id: str
    platform: str
    account: str
    channel: Channel | None = None
    actor: Sender | None = None
    timestamp: AwareDatetime
    payload: Any = Field(default=None, repr=False)


class MessageRecalled(Event):
    """Somebody took a message back."""

    type: Literal["message_recalled"] = "message_recalled"
    message_id: str


class MessageRead(Event):
    """Somebody read messages of ours."""

    type: Literal["message_read"] = "message_read"
    message_ids: tuple[str, ...] = ()


class ReactionAdded(Event):
    """Somebody put a reaction on a message."""

    type: Literal["reaction_added"] = "reaction_added"
    message_id: str
    emoji: str


class ReactionRemoved(Event):
    """Somebody took a reaction off a message."""

    type: Literal["reaction_removed"] = "reaction_removed"
    message_id: str
    emoji: str


class BotAdded(Event):
    """We were added to a group, or a person can talk to us from now on: `channel` tells which."""

    type: Literal["bot_added"] = "bot_added"


class BotRemoved(Event):
    """We were removed from a group, or a person cannot or does not want to talk to us any more."""

    type: Literal["bot_removed"] = "bot_removed"


class MemberJoined(Event):
    """People came into a group."""

    type: Literal["member_joined"] = "member_joined"
    members: tuple[Sender, ...] = ()


class MemberLeft(Event):
    """People left a group or were removed."""

    type: Literal["member_left"] = "member_left"
    members: tuple[Sender, ...] = ()


class ChatOpened(Event):
    """Somebody opened the private chat with us."""

    type: Literal["chat_opened"] = "chat_opened"


class ChannelUpdated(Event):
    """A group's name or settings changed."""

    type: Literal["channel_updated"] = "channel_updated"
    changes: dict[str, Any] = Field(default_factory=dict)


class ChannelClosed(Event):
    """A group was disbanded."""

    type: Literal["channel_closed"] = "channel_closed"


class ButtonClicked(Event):
    """Somebody clicked in a card, chose or typed something in it, or submitted its form.

    A handler answers by what it returns: a `Toast` for the person who clicked, a `Card` that replaces the card, both in
    a list, or anything else, which is sent as a message. Where cards cannot be changed once they are sent (QQ), all of
    it is a message.

    Attributes:
        message_id: The card's message; empty where the platform does not tell it.
        action: Name of the button, select, input or date picker.
        value: What the button carries; what was chosen (a list where several could be) or typed.
        form: What was filled in, by the names of the inputs.
        verified: It is of a card made from the model, which this account has sent to this chat: `action`, `value` and
            what was chosen from a list are what that card carries, by its seal. False for a card in the platform's own
            JSON, which carries none, or for what somebody has forged: only skills with `hears_unverified` are told of
            it. What people type is never sealed: it is theirs.
        said_in: Where the card had to be text: the message in which somebody answered with the number or the text of a
            choice, which `payload` is then. Empty for a click.
    """

    type: Literal["button_clicked"] = "button_clicked"
    message_id: str = ""
    action: str = ""
    value: Any = None
    form: dict[str, Any] = Field(default_factory=dict)
    verified: bool = False
    said_in: str = ""


class MenuClicked(Event):
    """Somebody chose an item of the bot's menu.

    Attributes:
        key: Which: what the item carries, or the address that it opens. What else it brought (a code that was scanned,
            a place that was picked) is in `payload`.
    """

    type: Literal["menu_clicked"] = "menu_clicked"
    key: str = ""


class LocationReported(Event):
    """Somebody's client told where it is, without a message: they allowed it once.

    Attributes:
        latitude: Degrees.
        longitude: Degrees.
        precision: Metres, as far as the platform tells.
    """

    type: Literal["location_reported"] = "location_reported"
    latitude: float
    longitude: float
    precision: float | None = None


class ApprovalChanged(Event):
    """An approval instance or one of its tasks changed its status."""

    type: Literal["approval_changed"] = "approval_changed"
    approval_code: str = ""
    instance_code: str = ""
    task_id: str = ""
    status: str = ""


class ContactChanged(Event):
    """The address book changed.

    Attributes:
        subject: `user`, `department`, `tag` or `scope`.
        change: `created`, `updated`, `deleted`.
        subject_id: Whose record.
    """

    type: Literal["contact_changed"] = "contact_changed"
    subject: str = ""
    change: str = ""
    subject_id: str = ""


class LinkPreviewRequested(Event):
    """The platform asks how a link of ours is to be shown. A handler returns a `Link` with the title to show.

    Attributes:
        url: The link that somebody posted.
    """

    type: Literal["link_preview_requested"] = "link_preview_requested"
    url: str = ""


class DocumentCommented(Event):
    """Somebody commented on a document, or answered to a comment, and the platform tells us.

    Attributes:
        document_id: The platform's id of the document.
        document_kind: What sort of document (`docx`, `sheet`).
        comment_id: The comment.
        reply_id: The answer to it, when it is one.
        mentions_me: We are mentioned in it.
    """

    type: Literal["document_commented"] = "document_commented"
    document_id: str = ""
    document_kind: str = ""
    comment_id: str = ""
    reply_id: str = ""
    mentions_me: bool = False


class MeetingInvited(Event):
    """Somebody invited us to a meeting.

    Attributes:
        meeting_id: The platform's id of the meeting.
        number: The number people dial in with.
        topic: What it is about.
    """

    type: Literal["meeting_invited"] = "meeting_invited"
    meeting_id: str = ""
    number: str = ""
    topic: str = ""


class FeedbackGiven(Event):
    """Somebody rated an answer of ours.

    Attributes:
        message_id: The answer, by the id in its receipt.
        rating: `good`, `bad`, or `withdrawn`: the person took it back.
        text: What the person wrote about it.
        reasons: What is wrong with it: `off_topic`, `incomplete`, `wrong`, `wrong_data`, or the platform's own word.
    """

    type: Literal["feedback_given"] = "feedback_given"
    message_id: str = ""
    rating: Literal["good", "bad", "withdrawn"] = "good"
    text: str = ""
    reasons: tuple[str, ...] = ()


class UnknownEvent(Event):
    """An event this version has no class for: kept whole.

    Attributes:
        kind: The platform's own name of it (`leave_approval`).
    """

    type: Literal["unknown"] = "unknown"
    kind: str = ""


EVENT_TYPES: dict[str, type[Event]] = {
    cls.model_fields["type"].default: cls
    for cls in (
        MessageRecalled, MessageRead, ReactionAdded, ReactionRemoved, BotAdded, BotRemoved, MemberJoined, MemberLeft,
        ChatOpened, ChannelUpdated, ChannelClosed, ButtonClicked, MenuClicked, LocationReported, ApprovalChanged,
        ContactChanged, LinkPreviewRequested, DocumentCommented, MeetingInvited, FeedbackGiven,
        UnknownEvent,
    )
}  # fmt: skip
"""Every event by its discriminator."""


def _keep_new_kinds(value: Any) -> Any:
    """What a newer version wrote is read as `UnknownEvent`, its own fields in `payload`."""
    if isinstance(value, dict) and isinstance(kind := value.get("type"), str) and kind not in EVENT_TYPES:
        common = {name: value[name] for name in Event.model_fields if name in value}
        return {**common, "type": "unknown", "kind": kind, "payload": value}
    return value


AnyEvent = Annotated[
    MessageRecalled | MessageRead | ReactionAdded | ReactionRemoved | BotAdded | BotRemoved | MemberJoined | MemberLeft
    | ChatOpened | ChannelUpdated | ChannelClosed | ButtonClicked | MenuClicked | LocationReported | ApprovalChanged
    | ContactChanged | LinkPreviewRequested | DocumentCommented | MeetingInvited | FeedbackGiven
    | UnknownEvent,
    Field(discriminator="type"),
    BeforeValidator(_keep_new_kinds),
]  # fmt: skip
"""Any event, told apart by `type`."""
