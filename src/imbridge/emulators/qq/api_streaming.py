"""`POST /v2/users/{openid}/stream_messages`: a message that grows while people read it.

Rule: bot.q.qq.com/wiki, `autogen/api/v2_users_user_openid_stream_messages.post.html` (2026): with `input_mode` replace
`content_raw` is the whole text so far and must begin with what was sent before (else 40007), with append (the default)
it is what comes next. Undocumented: that a stream counts as one answer, and the code of other refusals (40034001 here).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from imbridge.emulators.common.newest import Newest
from imbridge.emulators.qq.content import Content
from imbridge.emulators.qq.errors import ApiError
from imbridge.emulators.qq.message import BotMessage
from imbridge.emulators.qq.replies import Answering
from imbridge.emulators.qq.sends import answer, check_text, make, show, touch

if TYPE_CHECKING:
    from imbridge.emulators.qq.bot import Bot
    from imbridge.emulators.qq.routes import Call, Routes
    from imbridge.emulators.qq.world import World

GENERATING, DONE = 1, 10


def add_routes(routes: "Routes") -> None:
    """Adds the paths of this part."""
    routes.add("POST", "/v2/users/{openid}/stream_messages", lambda call: call.world.streams.send(call))


@dataclass(slots=True)
class Stream:
    """A stream under way or done."""

    message: BotMessage
    openid: str
    index: int
    msg_seq: int
    at: float


class Streams:
    """All streams."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._all: Newest[str, Stream] = Newest(world.settings.history)

    def send(self, call: "Call") -> dict[str, Any]:
        """Answers one part of a stream."""
        world, bot, body, openid = self._world, call.bot, call.json(), call.places["openid"]
        user = world.people.user(bot, openid)
        text, state, index = body.get("content_raw"), body.get("input_state"), body.get("index")
        mode = body.get("input_mode", "append")
        if mode not in ("replace", "append") or body.get("content_type") not in ("markdown", "text"):
            raise _wrong("input_mode or content_type")
        if not isinstance(text, str) or not text or state not in (GENERATING, DONE) or not isinstance(index, int):
            raise _wrong("content_raw, input_state or index")
        if body["content_type"] == "markdown" and not bot.markdown:
            raise ApiError(50056)
        check_text(world, bot, text)
        if body.get("stream_msg_id"):
            stream = self._go_on(bot, openid, body, text, appends=mode == "append")
        else:
            if index != 0:
                raise _wrong("index: a stream begins with 0")
            if body.get("is_wakeup"):
                user.wakeups.setdefault(bot, set()).add(world.active.wakeup(bot, user))
                answering: Answering | None = Answering(wakeup=True)
            else:
                answering = world.replies.check(bot, "c2c", None, openid, body)
            if answering is None:
                raise ApiError(40034102)
            message = make(world, bot, "c2c", None, body, Content("stream", text), answering, world.ids.uuid("stream"))
            msg_seq = body.get("msg_seq", 1)
            stream = self._all[message.id] = Stream(message, openid, 0, msg_seq, world.now())
            message.finished = False
            show(world, message, [user])
            world.stats.streams += 1
        world.stats.stream_parts += 1
        stream.message.finished = state == DONE
        touch(stream.message)
        return answer(stream.message) | {"remain_msg_len": world.settings.stream_limit - len(stream.message.text)}

    def _go_on(self, bot: "Bot", openid: str, body: Mapping[str, Any], text: str, *, appends: bool) -> Stream:
        world, settings, index = self._world, self._world.settings, body["index"]
        stream = self._all.get(str(body["stream_msg_id"]))
        if stream is None or stream.message.bot is not bot or stream.openid != openid:
            raise _wrong("stream_msg_id")
        message = stream.message
        if message.finished or message.recalled:
            raise _wrong("stream_msg_id: the stream is done")
        if index <= stream.index or body.get("msg_seq", 1) != stream.msg_seq:
            raise _wrong("index does not rise, or msg_seq changes")
        text = message.text + text if appends else text
        if not text.startswith(message.text):
            raise ApiError(40007)
        if len(text) > settings.stream_limit:
            raise ApiError(40054007)
        too_fast = world.now() - stream.at < settings.stream_interval and body["input_state"] != DONE
        if settings.rate_limits and too_fast:
            world.stats.rate_limited += 1
            raise ApiError(50002, status=429)
        stream.index, stream.at = index, world.now()
        message.text = text
        message.states.append(text)
        return stream


def _wrong(what: str) -> ApiError:
    return ApiError(40034001, f"请求参数错误: {what}")
