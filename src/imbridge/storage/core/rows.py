"""Entries as rows, and back."""

from datetime import UTC, datetime
from typing import Any

from imbridge.protocol import Degradation, DeliveryState, Event, Message, Receipt
from imbridge.storage import json_values
from imbridge.storage.base import SAID, InboxEntry, OutboxEntry
from imbridge.storage.codec import Codec
from imbridge.storage.core.ids import digest, plain
from imbridge.storage.core.work import FinishOutbound, ReadRow, Row
from imbridge.storage.progress import NEW, Progress, interrupted

LONGEST_TEXT = 65_536
"""Characters of a message in the log."""


class Rows:
    """Writes and reads rows. Whose a row is, and since when, the transaction says that adds it."""

    def __init__(self, *, max_bytes: int) -> None:
        """What is larger than `max_bytes` is not kept whole."""
        self._max_bytes = max_bytes
        self._codec = Codec()

    def bound(self, packet: int) -> None:
        """A server takes no more than `packet` bytes at once; what is escaped is twice as long."""
        self._max_bytes = min(self._max_bytes, packet // 2 - 65_536)

    def inbound(self, entry: InboxEntry, uid: int) -> Row:
        """A delivery."""
        kind = "message" if isinstance(entry.item, Message) else "event"
        head = {"account": entry.account, "lane": entry.lane, "keys": entry.dedup_keys, "kind": kind}
        common = self._common(uid, entry.account, entry.lane, head, begun=entry.at_once)
        return {**common, "item": self._codec.dump_item(entry.item)}

    def outbound(self, entry: OutboxEntry, uid: int) -> Row:
        """Something to be said. Its content is left out (None) where it cannot be written down or is too large."""
        head = self._head(entry)
        reply: str | None = None
        try:
            reply = self._codec.dump_reply(entry.reply)
        except ValueError as error:
            head["unkept"] = plain(str(error), 200)
        if reply is not None and (size := _bytes(reply, self._max_bytes)) > self._max_bytes:
            head["unkept"] = f"it has {size} bytes, and {self._max_bytes} are kept at most: send large media by path"
            reply = None
        channel = entry.channel
        common = self._common(uid, channel.account_key, channel.address, head, begun=entry.at_once)
        return {**common, "reply": reply, "not_before": entry.not_before}

    def outbound_head(self, entry: OutboxEntry) -> str:
        """All of something to be said but its content, as JSON."""
        return json_values.written(self._head(entry)).decode()

    def _head(self, entry: OutboxEntry) -> dict[str, Any]:
        head: dict[str, Any] = {
            "key": entry.key,
            "channel": entry.channel.model_dump(mode="json"),
            "reply_to": entry.reply_to,
            "answers": entry.answers,
        }
        if entry.spool:
            head["spool"] = entry.spool
        if entry.hops:
            head["hops"] = entry.hops
        if not entry.calls:
            head["calls"] = False
        if entry.degradations:
            head["degradations"] = [one.model_dump(mode="json") for one in entry.degradations]
        if entry.progress is not NEW:
            head["progress"] = entry.progress.model_dump(mode="json", exclude_defaults=True)
        return head

    def _common(self, uid: int, account: str, lane: str, head: dict[str, Any], *, begun: bool) -> Row:
        return {
            "uid": uid,
            "state": "pending",
            "account": plain(account, 255),
            "lane": plain(lane, 512),
            "attempts": int(begun),
            "started_at": None,
            "history": "[]",
            "head": json_values.written(head).decode(),
        }

    def read_inbound(self, row: ReadRow) -> InboxEntry:
        """The entry of a row.

        Raises:
            ValueError: it cannot be read.
        """
        head = json_values.read(row["head"])
        item = self._codec.load_item(head["kind"], row["item"])
        entry = InboxEntry(head["account"], tuple(head["keys"]), head["lane"], item)
        entry.uid, entry.attempts = row["uid"], row["attempts"]
        return entry

    def read_outbound(self, row: ReadRow) -> OutboxEntry:
        """The entry of a row.

        Raises:
            ValueError: it cannot be read, or its content was not kept.
        """
        head = json_values.read(row["head"])
        if row["reply"] is None:
            raise ValueError(f"its content was not kept: {head.get('unkept', 'nobody knows why')}")
        entry = OutboxEntry(
            key=head["key"],
            channel=self._codec.load_channel(head["channel"]),
            reply=self._codec.load_reply(row["reply"]),
            reply_to=head["reply_to"],
            answers=head["answers"],
            degradations=tuple(map(Degradation.model_validate, head.get("degradations", ()))),
            spool=head.get("spool", ""),
            hops=head.get("hops", 0),
            calls=head.get("calls", True),
            not_before=row["not_before"],
            progress=_progress(row, head),
        )
        entry.uid, entry.attempts = row["uid"], row["attempts"]
        return entry

    def text_of(self, box: str, row: ReadRow) -> str:
        """What an entry says, for people."""
        try:
            if box == "outbox":
                elements = self.read_outbound(row).reply.elements
                return " ".join(element.as_text() for element in elements)
            item = self.read_inbound(row).item
        except ValueError as error:
            return f"({str(error).splitlines()[0]})"
        if not isinstance(item, Message):
            return f"[{type(item).__name__}]"
        return _text(item)


def _text(message: Message) -> str:
    return message.raw or message.text or " ".join(element.as_text() for element in message.elements)


def _progress(row: ReadRow, head: dict[str, Any]) -> Progress:
    """How far it is. What was under way when its process ended may have arrived."""
    progress = Progress.model_validate(head["progress"]) if "progress" in head else NEW
    since = row["started_at"]
    if since is None:
        history = json_values.read(row["history"])
        if history and history[-1]["what"] == "interrupted":
            since = history[-1]["at"]
    return progress if since is None else interrupted(progress, datetime.fromtimestamp(since, UTC))


def delivery_keys(entry: InboxEntry) -> tuple[str, ...]:
    """What stands for its keys among all accounts' keys."""
    return tuple(digest(entry.account, key) for key in entry.dedup_keys)


def key_of(entry: OutboxEntry) -> str:
    """What stands for its key among all accounts' keys, and those of deliveries."""
    return digest(entry.channel.account_key, "said", entry.key)


def finished(entry: OutboxEntry, receipt: Receipt, logged: Row | None) -> FinishOutbound:
    """It is said, or never will be; `logged` is its line of the log."""
    if receipt.state not in SAID:
        return FinishOutbound(entry.uid, logged)
    return FinishOutbound(entry.uid, logged, key_of(entry), kept_receipt(receipt))


def kept_receipt(receipt: Receipt) -> str:
    """What is kept of what became of something that was said."""
    return receipt.model_dump_json(exclude_defaults=True)


def read_receipt(text: str) -> Receipt:
    """What `kept_receipt` wrote; of what a newer version wrote, that it was said."""
    try:
        return Receipt.model_validate_json(text)
    except ValueError:
        return Receipt(state=DeliveryState.SENT)


def said_to_us(entry: InboxEntry) -> Row | None:
    """A line of the message log."""
    item: Message | Event = entry.item
    if not isinstance(item, Message):
        return None
    return _line(
        entry.account,
        item.channel.address,
        "in",
        message_id=item.id,
        sender_id=item.sender.id,
        sender_name=item.sender.name or "",
        content_type=item.content_type,
        text=_text(item),
        at=item.timestamp.timestamp(),
    )


def said_by_us(entry: OutboxEntry, receipt: Receipt) -> Row | None:
    """A line of the message log; None when nothing was said. It has no time yet: the transaction gives it one."""
    if receipt.state not in SAID:
        return None
    elements = entry.reply.elements
    line = _line(
        entry.channel.account_key,
        entry.channel.address,
        "out",
        message_id=receipt.message_id or "",
        sender_id="",
        sender_name="",
        content_type=str(getattr(elements[0], "type", "")) if len(elements) == 1 else "mixed",
        text="\n".join(element.as_text() for element in elements),
        at=0.0,
    )
    del line["at"]
    return line


def _line(account: str, channel: str, direction: str, *, text: str, at: float, **facts: str) -> Row:
    row: Row = {"account": plain(account, 255), "channel": plain(channel, 512), "direction": direction}
    for name, value in facts.items():
        row[name] = plain(value, 32 if name == "content_type" else 255) if value else value
    row["text"], row["at"] = plain(text, LONGEST_TEXT), at
    return row


def _bytes(text: str, bound: int) -> int:
    """How long a text is; that of one that is far within the bound is not looked at closely."""
    return len(text) if len(text) * 4 <= bound or text.isascii() else len(text.encode())
