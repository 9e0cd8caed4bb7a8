"""`POST /v2/users/{openid}/stream_messages`: a message that grows while people read it.

As clients use it; the older documents have nothing of it: `content_raw` is the whole text so far and must begin with
what was sent before, `index` rises, `msg_seq` stays, `stream_msg_id` names the stream from the second part on,
`input_state` 1 is under way and 10 is done. Undocumented: that a stream counts as one answer, and the codes of the
refusals.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from imbridge.emulators.common.newest import Newest
from imbridge.emulators.qq.content import Content
from imbridge.emulators.qq.errors import ApiError
from imbridge.emulators.qq.message import BotMessage
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
        if body.get("input_mode") != "replace" or body.get("content_type") not in ("markdown", "text"):
            raise _wrong("input_mode or content_type")
        if not isinstance(text, str) or not text or state not in (GENERATING, DONE) or not isinstance(index, int):
            raise _wrong("content_raw, input_state or index")
        if body["content_type"] == "markdown" and not bot.markdown:
            raise ApiError(50056)
        check_text(world, bot, text)
        if body.get("stream_msg_id"):
            stream = self._go_on(bot, openid, body, text, index)
        else:
            if index != 0:
                raise _wrong("index: a stream begins with 0")
            answering = world.replies.check(bot, "c2c", None, openid, body)
            if answering is None:
                raise ApiError(40034102)
            message = make(world, bot, "c2c", None, body, Content("stream", text), answering)
            stream = self._all[message.id] = Stream(message, openid, 0, answering.seq, world.now())
            message.finished = False
            show(world, message, [user])
            world.stats.streams += 1
        world.stats.stream_parts += 1
        stream.message.finished = state == DONE
        touch(stream.message)
        return answer(stream.message)

    def _go_on(self, bot: "Bot", openid: str, body: Mapping[str, Any], text: str, index: int) -> Stream:
        world, settings = self._world, self._world.settings
        stream = self._all.get(str(body["stream_msg_id"]))
        if stream is None or stream.message.bot is not bot or stream.openid != openid:
            raise _wrong("stream_msg_id")
        message = stream.message
        if message.finished or message.recalled:
            raise _wrong("stream_msg_id: the stream is done")
        if index <= stream.index or body.get("msg_seq", 1) != stream.msg_seq:
            raise _wrong("index does not rise, or msg_seq changes")
        if not text.startswith(message.text):
            raise _wrong("content_raw does not begin with what was sent before")
        too_fast = world.now() - stream.at < settings.stream_interval and body["input_state"] != DONE
        if settings.rate_limits and too_fast:
            world.stats.rate_limited += 1
            raise ApiError(50002, "stream message limit", status=429)
        stream.index, stream.at = index, world.now()
        message.text = text
        message.states.append(text)
        return stream


def _wrong(what: str) -> ApiError:
    return ApiError(40034001, f"请求参数错误: {what}")
