"""Compares what we read with what the official SDK's models read; run in a process of its own, for it logs at import.

Arguments: files with payloads. Writes `ok`, and how many of each sort were compared.
"""

import json
import sys
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

from botpy.audio import Audio
from botpy.channel import Channel
from botpy.guild import Guild
from botpy.interaction import Interaction
from botpy.manage import C2CManageEvent, GroupManageEvent
from botpy.message import C2CMessage, DirectMessage, GroupMessage, Message, MessageAudit
from botpy.reaction import Reaction
from botpy.user import Member

from imbridge.adapters.qq.inbound import Identity, decode
from imbridge.adapters.qq.received.attachments import address
from imbridge.protocol import ButtonClicked, ReactionAdded, ReactionRemoved
from imbridge.protocol import Message as OurMessage

MODELS: dict[str, Any] = {
    "C2C_MESSAGE_CREATE": C2CMessage, "GROUP_AT_MESSAGE_CREATE": GroupMessage, "AT_MESSAGE_CREATE": Message,
    "MESSAGE_CREATE": Message, "DIRECT_MESSAGE_CREATE": DirectMessage,
    "FRIEND_ADD": C2CManageEvent, "FRIEND_DEL": C2CManageEvent, "C2C_MSG_REJECT": C2CManageEvent,
    "C2C_MSG_RECEIVE": C2CManageEvent, "GROUP_ADD_ROBOT": GroupManageEvent, "GROUP_DEL_ROBOT": GroupManageEvent,
    "GROUP_MSG_REJECT": GroupManageEvent, "GROUP_MSG_RECEIVE": GroupManageEvent,
    "MESSAGE_AUDIT_PASS": MessageAudit, "MESSAGE_AUDIT_REJECT": MessageAudit, "INTERACTION_CREATE": Interaction,
    "MESSAGE_REACTION_ADD": Reaction, "MESSAGE_REACTION_REMOVE": Reaction, "GUILD_CREATE": Guild,
    "GUILD_UPDATE": Guild, "GUILD_DELETE": Guild, "CHANNEL_UPDATE": Channel, "CHANNEL_DELETE": Channel,
    "GUILD_MEMBER_ADD": Member, "GUILD_MEMBER_UPDATE": Member, "GUILD_MEMBER_REMOVE": Member,
    "AUDIO_START": Audio, "AUDIO_FINISH": Audio,
}  # fmt: skip


def compare_message(ours: OurMessage, theirs: Any, kind: str) -> None:
    """Everything that the SDK's model has of a message."""
    assert ours.id == theirs.id
    author = theirs.author
    name = {"C2C_MESSAGE_CREATE": "user_openid", "GROUP_AT_MESSAGE_CREATE": "member_openid"}.get(kind, "id")
    assert ours.sender.id == getattr(author, name)
    assert ours.sender.is_bot == bool(getattr(author, "bot", False))
    where = {"GROUP_AT_MESSAGE_CREATE": "group_openid", "DIRECT_MESSAGE_CREATE": "guild_id"}.get(kind, "channel_id")
    identity = author.user_openid if kind == "C2C_MESSAGE_CREATE" else getattr(theirs, where)
    assert ours.channel.id.removeprefix("dms:") == identity
    keys = [media.key for media in ours.media]
    urls = [address(one.url) for one in theirs.attachments if one.url]
    assert len(keys) >= len(urls)
    assert all(url in keys for url in urls if "voice" not in str(theirs.attachments[0].content_type))
    if theirs.message_reference.message_id:
        assert ours.reply_to == theirs.message_reference.message_id
    for mention in getattr(theirs, "mentions", ()) if kind != "GROUP_AT_MESSAGE_CREATE" else ():
        assert mention.id in [one.id for one in ours.mentions]
    if isinstance(theirs.timestamp, str) and "T" in theirs.timestamp:
        assert ours.timestamp == datetime.fromisoformat(theirs.timestamp)
    plain = ours.payload.get("message_type", 0) in (0, 103)  # of anything else the content is the platform's own words
    if plain and theirs.content and not set("<&@") & set(theirs.content):
        assert theirs.content.strip() in ours.raw


def compare_event(ours: Any, theirs: Any, kind: str) -> None:
    """What the SDK's model has of an event."""
    if isinstance(theirs, C2CManageEvent) and theirs.openid:
        assert ours.channel.id == theirs.openid
        assert int(ours.timestamp.timestamp()) == theirs.timestamp
    elif isinstance(theirs, GroupManageEvent) and theirs.group_openid:
        assert ours.channel.id == theirs.group_openid
        assert (ours.actor.id if ours.actor else None) == theirs.op_member_openid
    elif isinstance(theirs, MessageAudit):
        assert (ours.kind, ours.channel.id) == (kind, theirs.channel_id)
    elif isinstance(ours, ReactionAdded | ReactionRemoved):
        assert (ours.message_id, ours.actor.id if ours.actor else None) == (theirs.target.id, theirs.user_id)
    elif isinstance(ours, ButtonClicked):
        assert ours.payload["id"] == theirs.id
        assert ours.message_id == (theirs.data.resolved.message_id or "")
        if '"imbridge"' not in str(theirs.data.resolved.button_data):
            assert ours.value == theirs.data.resolved.button_data
    elif isinstance(theirs, Member) and theirs.user.id:
        members = getattr(ours, "members", ())
        assert (members[0].id if members else ours.subject_id) == theirs.user.id
    elif isinstance(theirs, Channel):
        assert ours.channel.id == theirs.id


def main() -> None:
    compared: Counter[str] = Counter()
    for name in sys.argv[1:]:
        payload = json.loads(Path(name).read_text(encoding="utf-8"))
        model = MODELS.get(payload["t"])
        if model is None:
            compared["unknown to it"] += 1
            continue
        theirs = model(None, payload.get("id"), payload["d"])
        ours = decode(payload, Identity("work", bot_id="6158788878435714165")).item
        try:
            if isinstance(ours, OurMessage):
                compare_message(ours, theirs, payload["t"])
                compared["messages"] += 1
            else:
                compare_event(ours, theirs, payload["t"])
                compared["events"] += 1
        except AssertionError:
            sys.stderr.write(f"in {name}\n")
            raise
    sys.stdout.write(f"ok {json.dumps(compared)}\n")


main()
