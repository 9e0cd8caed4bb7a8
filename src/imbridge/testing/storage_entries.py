"""Entries of a storage, as short as they can be."""

from datetime import UTC, datetime

from imbridge.protocol import Channel, ChannelKind, DeliveryState, Message, Receipt, Sender, to_reply
from imbridge.storage import InboxEntry, OutboxEntry

SENT = Receipt(state=DeliveryState.SENT)
CHANNEL = Channel(platform="feishu", account="work", kind=ChannelKind.PRIVATE, id="oc_1")


def inbox_entry(account: str, *keys: str, lane: str = "lane") -> InboxEntry:
    """A delivery of the message that its last key names."""
    message = Message(id=keys[-1], channel=CHANNEL, sender=Sender(id="ou_1"), timestamp=datetime.now(UTC))
    return InboxEntry(account, keys, lane, message)


def outbox_entry(key: str, text: str = "hi") -> OutboxEntry:
    """An answer."""
    return OutboxEntry(key=key, channel=CHANNEL, reply=to_reply(text), reply_to="om_1")
