"""Growing answers through a whole bridge, over all that can happen to them: what was written is shown once."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any

import pytest
from contract import until
from qq_rig import Rig
from qq_streams import STREAM, seen, texts

from imbridge import Bridge
from imbridge.adapters.qq.sent import streaming
from imbridge.adapters.qq.sent.stream_text import GrowingText
from imbridge.emulators.qq import Group
from imbridge.protocol import DeliveryState, Message, Receipt

PIECES = [f"{number} " for number in range(12)]
WHOLE = "".join(PIECES)
Trouble = dict[int, Callable[[], object]]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "INTERVAL", 0.02)


async def talk(
    rig: Rig,
    pieces: Iterable[str] = PIECES,
    *,
    chat: Any = None,
    markdown: bool = True,
    trouble: Trouble | None = None,
    **settings: object,
) -> Receipt:
    """A skill streams these pieces as its answer; before some of them trouble comes."""
    done: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
    bridge = Bridge([rig.config(**settings)])

    @bridge.on_message
    async def answer(msg: Message) -> None:
        async def parts() -> AsyncIterator[str]:
            for number, piece in enumerate(pieces):
                if trouble and number in trouble:
                    trouble[number]()
                yield piece
                await asyncio.sleep(0.05)

        stream = msg.stream(markdown=markdown)
        done.set_result(await stream.feed(parts()))

    async with bridge:
        await rig.alice.says("go", bot=rig.bot, chat=chat, mentions=[] if chat is None else [rig.bot])
        return await asyncio.wait_for(done, 30)


def said(rig: Rig) -> str:
    """All that people read, in order, without gaps."""
    return "".join("".join(texts(rig)).split())


EXPECTED = "".join(WHOLE.split())


@pytest.mark.parametrize("markdown", [True, False])
async def test_it_grows_in_one_message(rig: Rig, markdown: bool) -> None:
    receipt = await talk(rig, markdown=markdown)
    assert receipt.state is DeliveryState.SENT
    assert receipt.degradations == ()
    assert said(rig) == EXPECTED
    assert seen(rig).finished
    assert len(seen(rig).states) > 3
    assert receipt.message_id == seen(rig).id
    assert rig.qq.violations == []


async def test_in_a_group_it_is_one_message_at_the_end(rig: Rig, team: Group) -> None:
    receipt = await talk(rig, chat=team)
    assert receipt.state is DeliveryState.SENT
    assert "stream" in [degradation.what for degradation in receipt.degradations]
    assert len(rig.sent()) == 1
    assert said(rig) == EXPECTED


async def test_tables_and_half_tags_come_out_whole(rig: Rig) -> None:
    pieces = [
        "see <",
        "@!1> ",
        "_it",
        "alic_\n\n| a | ",
        "b |\n",
        "|--|-",
        "-|\n| 1 | 2 |",
        "\n| 3 | 4 |\n",
        "\nend `<",
        "x>`",
    ]
    receipt = await talk(rig, pieces)
    assert receipt.state is DeliveryState.SENT
    assert seen(rig).text == "see <\u200b@!1> *italic*\n\n```\na  b\n1  2\n3  4\n```\n\nend `<x>`"
    assert rig.qq.violations == []


async def test_a_long_one_goes_on_in_another(rig: Rig) -> None:
    pieces = [f"{number:03} {'word ' * 60}\n" for number in range(24)]
    receipt = await talk(rig, pieces)
    assert receipt.state is DeliveryState.SENT
    streams = [message for message in rig.sent() if message.kind == "stream"]
    assert len(streams) > 1
    assert all(message.finished for message in streams)
    assert said(rig) == "".join("".join(pieces).split())
    assert rig.qq.violations == []


class TestTrouble:
    @pytest.mark.parametrize("at", [0, 1, 4, 11])
    async def test_a_lost_answer(self, rig: Rig, at: int) -> None:
        receipt = await talk(rig, trouble={at: lambda: rig.qq.faults.cut_after_accept(STREAM)})
        assert receipt.state is DeliveryState.SENT
        assert said(rig) == EXPECTED
        assert rig.qq.violations == []

    @pytest.mark.parametrize("at", [0, 1, 4, 11])
    async def test_a_cut_connection(self, rig: Rig, at: int) -> None:
        receipt = await talk(rig, trouble={at: lambda: rig.qq.faults.cut_before(STREAM, times=2)})
        assert receipt.state is DeliveryState.SENT
        assert said(rig) == EXPECTED

    @pytest.mark.parametrize("at", [0, 3])
    async def test_too_fast(self, rig: Rig, at: int) -> None:
        receipt = await talk(rig, trouble={at: lambda: rig.qq.faults.rate_limit(STREAM, times=2)})
        assert receipt.state is DeliveryState.SENT
        assert said(rig) == EXPECTED
        assert seen(rig).finished

    @pytest.mark.parametrize("at", [0, 4, 11])
    async def test_a_refusal(self, rig: Rig, at: int) -> None:
        receipt = await talk(rig, trouble={at: lambda: rig.qq.faults.refuse(STREAM, 11253, 403, times=1)})
        assert receipt.state is DeliveryState.SENT
        assert said(rig) == EXPECTED
        assert all(message.finished for message in rig.sent())
        assert "stream" in [degradation.what for degradation in receipt.degradations]

    async def test_a_refusal_while_something_is_held_back(self, rig: Rig) -> None:
        pieces = ["one ", "_two ", "two ", "three_ ", "four"]
        receipt = await talk(rig, pieces, trouble={3: lambda: rig.qq.faults.refuse(STREAM, 304025)})
        assert receipt.state is DeliveryState.SENT
        assert said(rig) == "one*twotwothree*four"

    async def test_an_address_that_is_refused(self, rig: Rig) -> None:
        rig.bot.urls = ("known.example",)
        receipt = await talk(rig, ["look ", "at ", "https://unknown.com/a ", "and ", "so on"])
        assert receipt.state is DeliveryState.SENT
        assert said(rig) == "lookatunknown。com/aandsoon"
        assert all(message.finished for message in rig.sent())

    async def test_what_it_answers_is_over_before_it_began(self, rig: Rig) -> None:
        rig.bot.active = True
        receipt = await talk(rig, trouble={0: lambda: rig.qq.pass_time(4000)})
        assert receipt.state is DeliveryState.SENT
        assert said(rig) == EXPECTED

    async def test_the_window_ends_while_it_grows(self, rig: Rig) -> None:
        """Nothing more can be said to the message: the rest is said unasked, where the bot may."""
        rig.bot.active = True

        def end() -> None:
            rig.qq.pass_time(4000)
            rig.qq.faults.refuse(STREAM, 304027, times=1)

        receipt = await talk(rig, trouble={4: end})
        assert receipt.state is DeliveryState.SENT
        assert said(rig) == EXPECTED
        assert len(rig.sent()) == 2

    async def test_a_full_stop_in_the_middle(self, rig: Rig) -> None:
        began = asyncio.Event()
        bridge = Bridge([rig.config()])

        @bridge.on_message
        async def answer(msg: Message) -> AsyncIterator[str]:
            yield "half of it"
            await until(rig.sent, "the beginning")
            began.set()
            await asyncio.Event().wait()

        async with bridge:
            await rig.alice.says("go", bot=rig.bot)
            await began.wait()
            await bridge.stop(grace=0.1)
        assert (seen(rig).text, seen(rig).finished) == ("half of it\n\n⏹ 已中断 (interrupted)", True)


async def test_what_is_too_long_for_the_answers_that_are_left_is_there_as_a_file(rig: Rig) -> None:
    """The last answer does not grow: what does not fit into it could not be said any more."""
    words = [f"w{number}" for number in range(5000)]
    receipt = await talk(rig, [f"{' '.join(words[at : at + 100])} " for at in range(0, len(words), 100)])
    *shown, file = rig.sent()
    assert receipt.state is DeliveryState.SENT
    assert "the rest as a file" in [one.how for one in receipt.degradations]
    assert [one.kind for one in shown] == ["stream"] * 3
    assert file.data is not None
    assert " ".join([*(one.text for one in shown), file.data.decode()]).split() == words


@pytest.mark.parametrize("markdown", [True, False])
@pytest.mark.parametrize(
    "pieces",
    [
        ["##", " Title", "\ntext"], ["**", "Bold", "** text"], ["- ", "item"], ["1", ". one"],
        ["```", "py\n", "x = 1\n", "```"],
        ["[", "link", "](https://a.example) x"], ["`", "code", "` x"], ["|", " a |\n", "|--|\n", "| 1 |\n"],
        ["> ", "q"], ["_"],
    ],
)  # fmt: skip
async def test_an_answer_that_begins_with_a_mark_is_one_message(rig: Rig, pieces: list[str], markdown: bool) -> None:
    receipt = await talk(rig, pieces, markdown=markdown)
    assert receipt.state is DeliveryState.SENT
    expected = GrowingText(markdown=markdown).written("".join(pieces), last=True)
    assert texts(rig) == [expected]
    assert seen(rig).finished


async def test_what_was_held_back_of_a_first_state_whose_answer_got_lost_is_said(rig: Rig) -> None:
    receipt = await talk(
        rig, ["one **two", " three** four"], trouble={0: lambda: rig.qq.faults.cut_after_accept(STREAM)}
    )
    assert receipt.state is DeliveryState.SENT
    assert texts(rig) == ["one", "**two three** four"]


async def test_what_was_held_back_of_a_first_state_that_was_refused_is_in_its_message(rig: Rig) -> None:
    refuse = {0: lambda: rig.qq.faults.refuse(STREAM, 11253, 403, times=1)}
    receipt = await talk(rig, ["one **two**", " three"], trouble=refuse)
    assert receipt.state is DeliveryState.SENT
    assert texts(rig) == ["one **two**", "three"]
