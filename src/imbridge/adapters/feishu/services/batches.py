"""One message to many people at once: what it may hold, and how it is doing. Pure.

Source: open.feishu.cn, "batch send messages" (message/v4/batch_send) and im-v1 batch_message.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from pydantic_core import from_json

from imbridge.adapters.card_seals import NOT_SEALED, Seal
from imbridge.adapters.feishu.capabilities import FEISHU
from imbridge.adapters.feishu.outbound import as_plain_text, message_body
from imbridge.adapters.feishu.services.contacts import by_type
from imbridge.protocol import Contact, Degradation, Loss, Mention
from imbridge.protocol.model import ProtocolModel
from imbridge.rendering import Part

MOST_TARGETS = 200
"""Of each type of id in one call."""

BATCH = FEISHU.model_copy(
    update={
        # A post without Markdown; no files, voice, film or stickers.
        "sends": frozenset({"text", "mention", "mention_all", "emoji", "link", "image", "contact", "card", "rich"}),
        "file_bytes": 0,
    }
)
"""What such a message can show."""


class BatchSent(ProtocolModel):
    """A message that the platform began to give out; it takes its time.

    Attributes:
        id: Of the task (`bm-...`): for `batch_progress` and `recall_batch`, and for nothing that takes a message's id.
        invalid_users: People it does not go to: unknown here, or of another app.
        invalid_departments: Departments that do not exist.
        degradations: What is shown otherwise than meant.
    """

    id: str
    invalid_users: tuple[str, ...] = ()
    invalid_departments: tuple[str, ...] = ()
    degradations: tuple[Degradation, ...] = ()


class BatchProgress(ProtocolModel):
    """How far it is.

    Attributes:
        valid: People it goes to; 0 as long as it has not begun. Some may be out of the bot's reach.
        sent: Who has it.
        read: Who has read it.
        recalled: It was taken back, or that has begun.
        recalled_count: From how many it was taken back.
    """

    valid: int = 0
    sent: int = 0
    read: int = 0
    recalled: bool = False
    recalled_count: int = 0


def batch_body(
    part: Part,
    users: Iterable[str],
    departments: Iterable[str],
    keys: dict[int, str] | None = None,
    seal: Seal = NOT_SEALED,
) -> dict[str, Any]:
    """The request's body.

    Args:
        part: What to show.
        users: Ids of people, of any type.
        departments: Ids of departments.
        keys: As for `message_body`.
        seal: As for `message_body`.

    Raises:
        ValueError: nobody is to get it, or more than 200 of one type of id.
        ContentRefusedError: as `message_body`.
    """
    targets: dict[str, list[str]] = {f"{id_type}s": list(ids) for id_type, ids in by_type(users)}
    if found := list(dict.fromkeys(departments)):
        targets["department_ids"] = found
    if not targets:
        raise ValueError("a batch needs at least one user or department")
    for name, ids in targets.items():
        if len(ids) > MOST_TARGETS:
            raise ValueError(f"a batch takes at most {MOST_TARGETS} {name}, not {len(ids)}: send several")
    kind, text = message_body(part, keys, seal)
    if kind == "share_user":  # of contacts, a batch takes groups only
        kind, text = as_plain_text(part)
    content = from_json(text)
    # An older API than the one for a single message: some things have other names.
    if kind == "interactive":
        return {**targets, "msg_type": kind, "card": content}
    if kind == "post":
        content = {"post": content}
    elif kind == "share_chat":
        content = {"share_chat_id": content["chat_id"]}
    return {**targets, "msg_type": kind, "content": content}


def as_text_in_a_batch(part: Part) -> Iterator[Degradation]:
    """What `batch_body` makes text of."""
    for element in part.elements:
        if isinstance(element, Contact) and element.kind == "user":
            yield Degradation(loss=Loss.AS_TEXT, what="contact", how="text", why="a batch can share groups, not people")
        elif isinstance(element, Mention) and not element.id:
            why = "a batch has no chat whose members could be looked through"
            yield Degradation(loss=Loss.AS_TEXT, what="mention", how=f"text: {element.as_text()}", why=why)


def batch_sent(data: dict[str, Any], degradations: Iterable[Degradation]) -> BatchSent:
    """Read the answer."""
    invalid = [str(one) for kind in ("open", "user", "union") for one in data.get(f"invalid_{kind}_ids") or ()]
    return BatchSent(
        id=str(data.get("message_id") or ""),
        invalid_users=tuple(invalid),
        invalid_departments=tuple(map(str, data.get("invalid_department_ids") or ())),
        degradations=tuple(degradations),
    )


def batch_progress(data: dict[str, Any]) -> BatchProgress:
    """Read the answer."""
    sending = data.get("batch_message_send_progress") or {}
    recall = data.get("batch_message_recall_progress") or {}
    return BatchProgress(
        valid=_count(sending, "valid_user_ids_count"),
        sent=_count(sending, "success_user_ids_count"),
        read=_count(sending, "read_user_ids_count"),
        recalled=recall.get("recall") is True,
        recalled_count=_count(recall, "recall_count"),
    )


def _count(item: dict[str, Any], name: str) -> int:
    value = item.get(name)
    return int(value) if isinstance(value, int) or (isinstance(value, str) and value.isdecimal()) else 0
