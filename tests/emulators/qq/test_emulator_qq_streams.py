"""Messages that grow while people read them."""

from typing import Any

import pytest
from qq_raw_api import Api

from imbridge.emulators.qq import Bot, QQEmulator, SentMessage, User


@pytest.fixture
def where(alice: User, bot: Bot) -> str:
    return f"/v2/users/{alice.openid_for(bot)}/stream_messages"


def part(sent: SentMessage, index: int, text: str, **more: Any) -> dict[str, Any]:
    body = {"input_mode": "replace", "input_state": 1, "content_type": "markdown", "content_raw": text}
    return {**body, "event_id": sent.id, "msg_id": sent.id, "msg_seq": 1, "index": index, **more}


async def test_a_stream(api: Api, qq: QQEmulator, alice: User, where: str) -> None:
    sent = await alice.says("hi")
    status, answer = await api.post(where, part(sent, 0, "One"))
    assert status == 200, answer
    stream = {"stream_msg_id": answer["id"]}
    assert answer["remain_msg_len"] == 10_000 - 3
    shown = await alice.receives("One")
    assert (shown.kind, shown.finished, shown.id) == ("stream", False, answer["id"])
    assert (await api.post(where, part(sent, 1, "One, two", **stream)))[0] == 200
    status, answer = await api.post(where, part(sent, 2, "One, two, three", input_state=10, **stream))
    assert (status, answer["id"]) == (200, shown.id)
    assert (shown.text, shown.states, shown.finished) == (
        "One, two, three",
        ["One", "One, two", "One, two, three"],
        True,
    )
    assert (qq.stats.streams, qq.stats.stream_parts, qq.stats.messages) == (1, 3, 1)
    assert (await api.refused(where, part(sent, 3, "One, two, three, four", **stream)))[1] == 40034001
    assert (await api.refused(where, part(sent, 0, "again")))[1] == 40054005, "it is one answer, with one msg_seq"


async def test_parts_that_are_not_right(api: Api, qq: QQEmulator, alice: User, bot: Bot, where: str) -> None:
    sent = await alice.says("hi")
    assert (await api.refused(where, part(sent, 1, "One")))[1] == 40034001
    assert (await api.refused(where, part(sent, 0, "One", input_mode="other")))[1] == 40034001
    assert (await api.refused(where, part(sent, 0, "")))[1] == 40034001
    assert (await api.refused(where, part(sent, 0, "One", input_state=2)))[1] == 40034001
    assert (await api.refused(where, part(sent, 0, "x", msg_id="", event_id="")))[1] == 40034102
    _, answer = await api.post(where, part(sent, 0, "One"))
    stream = {"stream_msg_id": answer["id"]}
    assert (await api.refused(where, part(sent, 0, "One, two", **stream)))[1] == 40034001
    assert (await api.refused(where, part(sent, 1, "Two", **stream)))[1] == 40007, "the beginning has changed"
    assert (await api.refused(where, part(sent, 1, "One, two", msg_seq=2, **stream)))[1] == 40034001
    assert (await api.refused(where, part(sent, 1, "One", stream_msg_id="unknown")))[1] == 40034001
    bot.urls = ("example.com",)
    assert (await api.refused(where, part(sent, 1, "One evil.org", **stream)))[1] == 40054010
    qq.pass_time(3601)
    assert (await api.post(where, part(sent, 1, "One, two", **stream)))[0] == 200, "only its begin answers in time"
    bot.markdown = False
    later = await alice.says("again")
    assert (await api.refused(where, part(later, 0, "One")))[1] == 40034127
    assert (await api.post(where, part(later, 0, "One", content_type="text")))[0] == 200


async def test_parts_that_come_too_fast(api: Api, qq: QQEmulator, alice: User, where: str) -> None:
    qq.settings.rate_limits, qq.settings.stream_interval = True, 1000.0
    sent = await alice.says("hi")
    _, answer = await api.post(where, part(sent, 0, "One"))
    stream = {"stream_msg_id": answer["id"]}
    assert await api.refused(where, part(sent, 1, "One, two", **stream)) == (429, 50002)
    qq.pass_time(1000)
    assert (await api.post(where, part(sent, 2, "One, two", **stream)))[0] == 200, "a number may be left out"
    assert (await api.post(where, part(sent, 3, "One, two, three", input_state=10, **stream)))[0] == 200


async def test_parts_that_are_put_together(api: Api, qq: QQEmulator, alice: User, bot: Bot, where: str) -> None:
    sent = await alice.says("hi")
    first = part(sent, 0, "One")
    del first["input_mode"]
    _, answer = await api.post(where, first)
    more = part(sent, 1, ", two", stream_msg_id=answer["id"], input_mode="append", input_state=10)
    assert (await api.post(where, more))[0] == 200
    shown = await alice.receives("One, two")
    assert (shown.states, shown.finished) == (["One", "One, two"], True)
    qq.settings.stream_limit = 8
    later = await alice.says("again")
    _, answer = await api.post(where, part(later, 0, "One, two"))
    assert answer["remain_msg_len"] == 0
    too_long = part(later, 1, "One, two!", stream_msg_id=answer["id"])
    assert (await api.refused(where, too_long))[1] == 40054007


async def test_a_stream_that_wakes_somebody_up(api: Api, qq: QQEmulator, alice: User, where: str) -> None:
    sent = await alice.says("hi")
    qq.pass_time(3601)
    assert (await api.refused(where, part(sent, 0, "Hello?")))[1] == 40034005
    status, answer = await api.post(where, part(sent, 0, "Hello?", is_wakeup=True))
    assert status == 200, answer
    assert (await alice.receives("Hello?")).wakeup
    assert (await api.refused(where, part(sent, 0, "Hello?", is_wakeup=True)))[1] == 40034122
