"""Identify and Resume: what a client must say, and how the platform refuses it.

Rules: bot-docs, `event-emit.md` and `error-trace/websocket.md`. Undocumented: a wrong token closes with 4004 (as
clients report); too many sessions close with 4008; whoever identifies or resumes a shard closes its older connection
with 4902.
"""

from typing import TYPE_CHECKING, Any

from imbridge.emulators.qq import intents as known_intents
from imbridge.emulators.qq.session import Session

if TYPE_CHECKING:
    from imbridge.emulators.qq.bot import Bot
    from imbridge.emulators.qq.connection import Connection
    from imbridge.emulators.qq.world import World


class Refused(Exception):  # noqa: N818 - the client's error, not ours
    """A payload is refused: the connection is closed, or the session called invalid, or both.

    Args:
        code: The close code; 0: the connection stays.
        kind: The violation's name; empty: the client has broken no rule.
        detail: What was wrong.
        invalid: Whether op 9 is written first, and what it says.
    """

    def __init__(self, code: int, kind: str, detail: str, invalid: bool | None = None) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.kind = kind
        self.detail = detail
        self.invalid = invalid


def identify(world: "World", connection: "Connection", data: Any) -> None:
    """Starts a session: op 2.

    Raises:
        Refused: It does not start.
    """
    fields = _fields(data)
    fault = world.faults.take("refuse_identify") if world.faults.active else None
    if fault is not None:
        raise Refused(fault.facts["code"], "", "refused on demand")
    if connection.session is not None and not connection.session.ended:
        raise Refused(4002, "identified_twice", "the connection has a session already")
    bot = _bot(world, fields)
    if bot.delisted or bot.banned:
        raise Refused(4914 if bot.delisted else 4915, "", f"{bot.name} may not connect")
    shard = _shard(fields.get("shard"))
    wanted = fields.get("intents")
    if not isinstance(wanted, int) or wanted <= 0 or wanted & ~known_intents.KNOWN:
        raise Refused(4013, "intents", f"intents {wanted!r} are not known")
    allowed = bot.intents | (known_intents.PRIVATE if bot.private else 0)
    if wanted & ~allowed:
        raise Refused(4014, "intents_privilege", f"{bot.name} may not have the intents {wanted & ~allowed:#x}")
    if not world.gateway.may_start(bot):
        raise Refused(4008, "session_starts", f"{bot.name} starts sessions faster than max_concurrency")
    session = Session(world, bot, world.ids.uuid("session"), wanted, shard)
    world.gateway.replace(session)
    _attach(connection, session)
    world.stats.identifies += 1
    user = {"id": bot.bot_id, "username": bot.name, "bot": True, "status": 1}
    ready = {"version": 1, "session_id": session.session_id, "user": user, "shard": list(shard)}
    connection.dispatch("READY", session.next_seq(), ready)


def resume(world: "World", connection: "Connection", data: Any) -> None:
    """Continues a session: op 6. What was missed is written again, then RESUMED.

    Raises:
        Refused: It can not be continued.
    """
    fields = _fields(data)
    fault = world.faults.take("refuse_resume") if world.faults.active else None
    if fault is not None:
        world.stats.resumes_refused += 1
        raise Refused(fault.facts["code"], "", "refused on demand")
    bot = _bot(world, fields)
    session = world.gateway.sessions_by_id.get(str(fields.get("session_id")))
    if session is None or session.bot is not bot or not session.alive:
        raise _impossible(world, 4006, f"session {fields.get('session_id')!r} is unknown or too old")
    seq = fields.get("seq")
    if not isinstance(seq, int) or not session.can_replay(seq):
        raise _impossible(world, 4007, f"seq {seq!r} can not be continued, the session is at {session.seq}")
    older, session.connection = session.connection, None
    if older is not None and older is not connection:
        older.close(4902, "resumed elsewhere")
    _attach(connection, session)
    world.stats.resumes += 1
    session.confirm(seq)
    world.stats.replayed += session.replay(seq)
    connection.dispatch("RESUMED", session.next_seq(), "")


def _impossible(world: "World", code: int, detail: str) -> Refused:
    world.stats.resumes_refused += 1
    way = world.settings.invalid_session
    return Refused(0 if way == "op9" else code, "", detail, None if way == "close" else False)


def _attach(connection: "Connection", session: Session) -> None:
    session.connection = connection
    connection.session = session


def _fields(data: Any) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise Refused(4002, "payload", "d is no object")
    return data


def _bot(world: "World", fields: dict[str, Any]) -> "Bot":
    kind, _, value = str(fields.get("token") or "").partition(" ")
    token = world.tokens.find(value)
    if kind != "QQBot" or token is None or not token.alive:
        world.stats.tokens_refused += 1
        raise Refused(4004, "", "the token is no living one in the form `QQBot ...`")
    return token.owner


def _shard(shard: Any) -> tuple[int, int]:
    if shard is None:
        return 0, 1
    match shard:
        case [int(index), int(count)] if 0 <= index < count:
            return index, count
    raise Refused(4010, "shard", f"shard {shard!r} is not [number, how many]")
