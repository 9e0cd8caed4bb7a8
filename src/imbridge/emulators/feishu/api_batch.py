"""Messages to many people at once: message/v4/batch_send/ and im/v1/batch_messages.

Rules: https://open.feishu.cn/document/server-docs/im-v1/batch_message/send-messages-in-batches and its neighbours. The
platform sends with some delay; here the messages are there at once.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from imbridge.emulators.common.compact_json import dump
from imbridge.emulators.feishu import posting
from imbridge.emulators.feishu.card_sending import outgoing_entity
from imbridge.emulators.feishu.content import parse_content
from imbridge.emulators.feishu.department import Department
from imbridge.emulators.feishu.errors import ApiError
from imbridge.emulators.feishu.gateway import Call, Routes
from imbridge.emulators.feishu.message import BotMessage
from imbridge.emulators.feishu.resources import check_references
from imbridge.emulators.feishu.user import User

if TYPE_CHECKING:
    from imbridge.emulators.feishu.world import World

MOST = 200
TYPES = frozenset({"text", "image", "post", "share_chat", "interactive"})
PEOPLE = {"open_ids": "open_id", "user_ids": "user_id", "union_ids": "union_id"}
CODES = {230002: 11231, 230099: 11246}
"""This old API's codes for what the newer ones refuse; all others are 10002."""


def add_routes(routes: Routes) -> None:
    """Adds the routes of this part."""
    routes.add("POST", "message/v4/batch_send/", send)
    routes.add("DELETE", "im/v1/batch_messages/:id", recall)
    routes.add("GET", "im/v1/batch_messages/:id/read_user", read_user)
    routes.add("GET", "im/v1/batch_messages/:id/get_progress", get_progress)


def send(call: Call) -> dict[str, Any]:
    """`POST message/v4/batch_send/`: content (or card) is an object here; refusals have HTTP 200."""
    body = call.json()
    msg_type = body.get("msg_type")
    if msg_type not in TYPES:
        raise ApiError(10003, f"msg_type is one of {', '.join(sorted(TYPES))}", status=200)
    people, invalid = _receivers(call, body)
    content = body.get("card" if msg_type == "interactive" else "content")
    if not isinstance(content, dict):
        raise ApiError(10003, "content (card for a card) is an object", status=200)
    raw_content, parsed = _checked(call, str(msg_type), content)
    batch_id = "bm-" + call.world.ids.hex("batch")
    messages = []
    for user in people:
        chat = call.world.directory.private_chat(user, call.app)
        message = posting.post(call.world, call.app, chat, str(msg_type), raw_content, parsed)
        message.batch_id = batch_id
        messages.append(message)
    call.world.batches[batch_id] = messages
    return {"message_id": batch_id, **invalid}


def recall(call: Call) -> dict[str, Any]:
    """`DELETE im/v1/batch_messages/:id`."""
    for message in _batch(call, 230026):
        message.recalled = True
        for member in message.chat.members:
            member.inbox.touch()
    call.world.stats.recalls += 1
    return {}


def read_user(call: Call) -> dict[str, Any]:
    """`GET im/v1/batch_messages/:id/read_user`: how many got it, how many read it; as texts."""
    messages = _batch(call, 230012)
    read = sum(bool(message.read_by) for message in messages)
    return {"read_user": {"read_count": str(read), "total_count": str(len(messages))}}


def get_progress(call: Call) -> dict[str, Any]:
    """`GET im/v1/batch_messages/:id/get_progress`."""
    messages = _batch(call, 230012)
    recalled = sum(message.recalled for message in messages)
    return {
        "batch_message_send_progress": {
            "valid_user_ids_count": len(messages),
            "success_user_ids_count": len(messages),
            "read_user_ids_count": sum(bool(message.read_by) for message in messages),
        },
        "batch_message_recall_progress": {"recall": recalled > 0, "recall_count": recalled},
    }


def _batch(call: Call, foreign: int) -> list[BotMessage]:
    messages = call.world.batches.get(call.args[0])
    if messages is None:
        raise ApiError(230030)
    if any(message.sender is not call.app for message in messages):
        raise ApiError(foreign)
    return messages


def _receivers(call: Call, body: dict[str, Any]) -> tuple[list[User], dict[str, list[str]]]:
    """Everybody once, and the ids that name nobody."""
    directory = call.world.directory
    found: dict[User, None] = {}
    invalid: dict[str, list[str]] = {}
    given = {name: _ids(body, name) for name in ("department_ids", *PEOPLE)}
    if not any(given.values()):
        raise ApiError(10003, "one of department_ids, open_ids, user_ids and union_ids is needed", status=200)
    for name, ids in given.items():
        wrong = invalid[f"invalid_{name}"] = []
        for one in ids:
            if name == "department_ids":
                department = directory.department("open_department_id", one) or directory.department(
                    "department_id", one
                )
                if department is None or department.deleted:
                    wrong.append(one)
                else:
                    found.update(dict.fromkeys(_members(call.world, department)))
                continue
            who = directory.find(call.app, PEOPLE[name], one)
            if isinstance(who, User) and not who.profile.resigned:
                found[who] = None
            else:
                wrong.append(one)
    return list(found), invalid


def _members(world: "World", department: Department) -> Iterator[User]:
    """The people of a department and of all below it."""
    for user in world.directory.users:
        if any(department in own.line() for own in user.profile.departments):
            yield user


def _ids(body: dict[str, Any], name: str) -> list[str]:
    ids = body.get(name) or []
    if not isinstance(ids, list) or len(ids) > MOST or not all(isinstance(one, str) for one in ids):
        raise ApiError(10003, f"{name} is a list of at most {MOST} ids", status=200)
    return ids


def _checked(call: Call, msg_type: str, content: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The content as the newer API has it: posts are one level deeper here, a shared group is named otherwise."""
    if msg_type == "post":
        content = content["post"] if isinstance(content.get("post"), dict) else {}
    elif msg_type == "share_chat":
        content = {"chat_id": content.get("share_chat_id")}
    elif content.get("type") == "card":
        raise ApiError(11246, "a card entity is sent once, not to many", status=200)  # unverified
    raw_content = dump(content)
    try:
        parsed = parse_content(msg_type, raw_content, call.world.settings)
        if msg_type == "interactive":
            outgoing_entity(call.world, call.app, parsed)
        check_references(call.world, call.app, msg_type, parsed)
    except ApiError as error:
        if msg_type == "image" and error.code in {230001, 230017}:
            raise ApiError(11227, status=200) from None
        raise ApiError(CODES.get(error.code, 10002), error.msg, status=200) from None
    return raw_content, parsed
