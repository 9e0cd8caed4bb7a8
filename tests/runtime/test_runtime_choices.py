"""Which messages answer a card that had to be text, and for how long."""

import asyncio
import unicodedata
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imbridge.adapters.base import Sent
from imbridge.adapters.notes import MemoryNotes
from imbridge.protocol import ButtonClicked, Channel, ChannelKind, Image, Mention, Message, Sender, SentPart, Text
from imbridge.rendering import Part, PartKind
from imbridge.rendering.cards import Choice
from imbridge.runtime.choices import Choices, offering
from imbridge.storage import SqliteNotebook

OFFERED = (Choice("Approve it", "approve", {"id": 7}), Choice("Reject", "reject"), Choice("3", "third", "x"))
DAY = 24 * 3600.0


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


def room(identity: str = "g1", kind: ChannelKind = ChannelKind.GROUP, **facts: Any) -> Channel:
    return Channel(platform="qq", account="work", kind=kind, id=identity, **facts)


def said(text: str, who: str = "alice", where: Channel | None = None, **facts: Any) -> Message:
    """Said to the bot: in a group with a mention."""
    sender = Sender(id=who, is_bot=facts.pop("is_bot", False))
    us = (Mention(id="bot", is_self=True),) if facts.pop("to_us", True) else ()
    elements = (*us, *facts.pop("elements", (Text(text),)))
    return Message(
        id=f"m-{text}",
        channel=where or room(),
        sender=sender,
        timestamp=datetime.now(UTC),
        elements=elements,
        text=text,
        **facts,
    )


def registry(notes: MemoryNotes | None = None, clock: Clock | None = None) -> Choices:
    notes = notes or MemoryNotes()
    return Choices(lambda account: notes, DAY, clock=clock or Clock())


def opened(**facts: Any) -> Choices:
    made = registry(**facts)
    made.offer(room(), "card-1", OFFERED)
    return made


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ("1", "approve"), (" 2 ", "reject"), ("２", "reject"), ("2.", "reject"), ("2。", "reject"), ("②", "reject"),
        ("⒉", "reject"), ("(2)", "reject"), ("（2）", "reject"), ("2、", "reject"), ("#2", "reject"),
        ("第2个", "reject"), ("Approve it", "approve"), ("Approve  it", "approve"), ("3", "third"),
        ("0", None), ("4", None), ("-1", None), ("1.5", None), ("12", None), ("1 2", None), ("one", None), ("", None),
        ("approve it", None), ("2 please", None), ("²", "reject"), ("٢", None), ("9" * 5000, None), ("...", None),
    ],
)  # fmt: skip
def test_numbers_and_texts(text: str, action: str | None) -> None:
    click = opened().find(said(text))
    assert (click.action if click else None) == action


def test_it_is_the_click_that_the_button_would_have_been() -> None:
    message = said("1", payload={"raw": 1})
    click = opened().find(message)
    assert isinstance(click, ButtonClicked)
    assert (click.action, click.value, click.form, click.verified) == ("approve", {"id": 7}, {}, True)
    assert (click.message_id, click.said_in, click.id) == ("card-1", message.id, message.id)
    assert (click.actor, click.channel, click.payload) == (message.sender, message.channel, {"raw": 1})


@given(st.text(max_size=12))
def test_nothing_else_is_one(text: str) -> None:
    click = opened().find(said(text))
    plain = "".join(unicodedata.normalize("NFKC", text).split())
    if click is not None and " ".join(text.split()) != "Approve it":
        assert any(number in plain for number in "123") or " ".join(text.split()) == "Reject"
        assert not any(letter.isalpha() and letter not in "第个個号號项項" for letter in plain) or "Reject" in text


def test_everybody_in_a_group_chooses_once() -> None:
    choices = opened()
    for who in ("alice", "bob"):
        click = choices.find(said("1", who))
        assert click is not None
        choices.taken(click)
        assert choices.find(said("2", who)) is None
    assert choices.find(said("2", "carol")) is not None


def test_in_private_a_choice_closes_it() -> None:
    choices = registry()
    alone = room("alice", ChannelKind.PRIVATE)
    choices.offer(room("alice", ChannelKind.USER), "card-1", OFFERED)  # written to by id: the same chat
    click = choices.find(said("1", where=alone))
    assert click is not None
    choices.taken(click)
    assert choices.find(said("1", where=alone)) is None


def test_what_is_found_and_not_taken_stays_open() -> None:
    choices = opened()
    assert choices.find(said("1")) is not None
    assert choices.find(said("hello")) is None
    assert choices.find(said("1")) is not None


def test_the_newest_card_of_a_conversation_counts() -> None:
    choices = opened()
    choices.offer(room(), "card-2", (Choice("Only", "only"),))
    click = choices.find(said("1"))
    assert click is not None
    assert (click.action, click.message_id) == ("only", "card-2")
    assert choices.find(said("2")) is None
    assert choices.find(said("1", where=room("g2"))) is None


def test_whatever_thread_it_is_answered_in() -> None:
    assert opened().find(said("1", where=room(thread="t1"))) is not None


def test_an_answer_in_another_thread_than_the_cards_is_a_message() -> None:
    choices = registry()
    choices.offer(room(thread="t1"), "card-1", OFFERED)
    assert choices.find(said("1", where=room(thread="t2"))) is None
    assert choices.find(said("1")) is None
    choices.offer(room(), "card-2", (Choice("Only", "only"),))
    found = [choices.find(said("1", where=where)) for where in (room(thread="t1"), room(thread="t2"), room())]
    assert [click and click.message_id for click in found] == ["card-1", "card-2", "card-2"]
    assert found[0]
    choices.taken(found[0])
    assert choices.find(said("2", where=room(thread="t1"))) is None
    assert choices.find(said("1")) is not None


def test_in_a_group_a_number_that_people_say_to_each_other_is_none() -> None:
    assert opened().find(said("1", to_us=False)) is None
    assert opened().find(said("Reject", to_us=False, reply_to="another")) is None
    assert opened().find(said("1", to_us=False, reply_to="card-1")) is not None
    without_id = registry()
    without_id.offer(room(), "", OFFERED)
    assert without_id.find(said("1", to_us=False, reply_to="")) is None
    alone = room("alice", ChannelKind.PRIVATE)
    without_id.offer(alone, "", OFFERED)
    assert without_id.find(said("1", where=alone, to_us=False)) is not None


def test_a_text_that_two_choices_have_chooses_neither() -> None:
    choices = registry()
    choices.offer(room(), "card-1", (Choice("Delete", "delete", 1), Choice("Delete", "delete", 2)))
    assert choices.find(said("Delete")) is None
    click = choices.find(said("2"))
    assert click is not None
    assert click.value == 2


@pytest.mark.parametrize(("kind", "others"), [(ChannelKind.GROUP, True), (ChannelKind.PRIVATE, False)])
async def test_nobody_chooses_twice_while_the_first_answer_is_being_stored(kind: ChannelKind, others: bool) -> None:
    choices, where = registry(), room(kind=kind)
    choices.offer(where, "card-1", OFFERED)
    click = choices.find(said("1", where=where))
    assert click is not None
    stored: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
    choices.claim(click, stored)
    assert choices.find(said("2", where=where)) is None
    assert (choices.find(said("2", "bob", where=where)) is not None) is others
    stored.set_exception(ConnectionError("the database is away"))
    await asyncio.wait([stored])
    assert isinstance(stored.exception(), ConnectionError)
    assert choices.find(said("2", where=where)) is not None  # it comes again


def test_an_answer_to_an_older_card_does_not_count_for_the_newer() -> None:
    choices = opened()
    click = choices.find(said("1"))
    assert click is not None
    choices.offer(room(), "card-2", OFFERED)
    choices.taken(click)
    assert choices.find(said("2")) is not None


@pytest.mark.parametrize(
    "facts",
    [{"is_bot": True}, {"edited": True}, {"elements": (Text("1"), Image(key="k"))}],
    ids=["a bot", "changed", "with a picture"],
)
def test_what_is_no_answer(facts: dict[str, Any]) -> None:
    assert opened().find(said("1", **facts)) is None


def test_nobody_answers_a_department() -> None:
    choices = registry()
    choices.offer(room("d1", ChannelKind.DEPARTMENT), "card-1", OFFERED)
    assert choices.find(said("1", where=room("d1", ChannelKind.DEPARTMENT))) is None


async def test_they_expire_and_leave_no_note() -> None:
    notes, clock = MemoryNotes(), Clock()
    choices = opened(notes=notes, clock=clock)
    clock.now += DAY - 1
    assert choices.find(said("1")) is not None
    clock.now += 1
    assert choices.find(said("1")) is None
    assert await notes.all("choices") == {}


async def test_they_survive_a_restart_where_notes_do(tmp_path: Path) -> None:
    clock = Clock()
    for number in range(3):
        notebook = SqliteNotebook(tmp_path / "state.db")
        await notebook.open()
        choices = Choices(notebook.of, DAY, clock=clock)
        await choices.recall(["qq:work", "qq:other"])
        if number == 0:
            choices.offer(room(), "card-1", OFFERED)
        else:
            click = choices.find(said("1", "bob"))
            assert (click is not None) == (number == 1)
            if click is not None:
                assert (click.action, click.value, click.message_id) == ("approve", {"id": 7}, "card-1")
                choices.taken(click)
            assert choices.find(said("1", "alice")) is not None
        await notebook.close()
    assert choices.find(said("1", "alice")) is not None


async def test_notes_of_another_version_are_dropped() -> None:
    notes = MemoryNotes()
    for number, bad in enumerate([{}, [], {"message": "m", "until": 1, "choices": [], "answered": []}, 7]):
        notes.put("choices", f"qq:work/group/{number}", bad)
    choices = registry(notes)
    await choices.recall(["qq:work"])
    assert await notes.all("choices") == {}


async def test_there_is_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imbridge.runtime.choices._MOST_OPEN", 3)
    notes = MemoryNotes()
    choices = registry(notes)
    for number in range(5):
        choices.offer(room(f"g{number}"), "card", OFFERED)
    assert len(await notes.all("choices")) == 3
    assert [choices.find(said("1", where=room(f"g{number}"))) is not None for number in range(5)] == [
        False, False, True, True, True,
    ]  # fmt: skip


def test_the_last_message_of_a_card_is_the_one_to_answer() -> None:
    choices = registry()
    first, last = SentPart(message_id="1"), SentPart(message_id="2")
    sent = offering(
        choices, room(), Sent(first, more=(last,), choices=OFFERED), Part(PartKind.TEXT, ()), in_thread=True
    )
    assert [part.choices for part in (sent.part, *sent.more)] == [(), ("Approve it", "Reject", "3")]
    click = choices.find(said("1"))
    assert click is not None
    assert click.message_id == "2"
