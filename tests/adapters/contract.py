"""What every adapter must do, whatever its platform.

A platform's tests derive from `AdapterContract` and give a fixture `stage`: an adapter that is started, and the
platform behind it, which is an emulator. See `feishu/test_feishu_contract.py`.
"""

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from datetime import UTC
from typing import Any

import previewing
import pytest

from imbridge.adapters.base import Adapter, Health, Inbound, Target, Verdict
from imbridge.protocol import AuthError, Element, LinkError, Message, NotSupportedError, Text
from imbridge.rendering import Part, PartKind


class RecordingIntake:
    """Takes everything in, and says what it was told to say; ACCEPTED when it was told nothing."""

    def __init__(self) -> None:
        self.offered: list[Inbound] = []
        self.pending: deque[asyncio.Future[Verdict]] = deque()
        self.answers: deque[Verdict | Exception] = deque()
        self.hold = False

    def offer(self, inbound: Inbound) -> asyncio.Future[Verdict]:
        self.offered.append(inbound)
        future: asyncio.Future[Verdict] = asyncio.get_running_loop().create_future()
        if self.hold:
            self.pending.append(future)
            return future
        answer = self.answers.popleft() if self.answers else Verdict.ACCEPTED
        if isinstance(answer, Exception):
            future.set_exception(answer)
        else:
            future.set_result(answer)
        return future

    @property
    def texts(self) -> list[str]:
        return [inbound.item.text for inbound in self.offered if isinstance(inbound.item, Message)]

    @property
    def items(self) -> list[Any]:
        return [inbound.item for inbound in self.offered]

    async def has(self, text: str, timeout: float = 30.0) -> None:
        await until(lambda: text in self.texts, f"{text!r} among {self.texts}", timeout)


async def until(condition: Callable[[], Any], what: str = "the condition", timeout: float = 30.0) -> None:
    """Wait until it is true."""
    try:
        async with asyncio.timeout(timeout):
            while not condition():
                await asyncio.sleep(0.005)
    except TimeoutError:
        raise AssertionError(f"{what} did not come true within {timeout} s") from None


def text_part(text: str) -> Part:
    """A part that says this."""
    return Part(PartKind.TEXT, (Text(text),))


class Stage(ABC):
    """An adapter that is started, its inbox, and the platform behind it.

    Attributes:
        adapter: Under test.
        intake: Its inbox.
        target: A private chat with a person.
        secrets: What must be shown nowhere.
    """

    adapter: Adapter
    intake: RecordingIntake
    target: Target
    secrets: tuple[str, ...]

    @abstractmethod
    async def says(self, text: str) -> str:
        """A person says something in the private chat; the platform's id of it."""

    @abstractmethod
    async def own_message(self, text: str) -> None:
        """The platform delivers something that the bot itself has said."""

    @abstractmethod
    def acknowledged(self) -> int:
        """How many deliveries the platform counts as taken."""

    @abstractmethod
    def shown(self) -> list[str]:
        """What the bot has said, as the person sees it; what was recalled is not seen."""

    @abstractmethod
    def reactions(self, message_id: str) -> list[str]:
        """The bot's reactions on a message, by the platform's names."""

    @abstractmethod
    def expire_token(self) -> None:
        """All access tokens are void from now on."""

    @abstractmethod
    def too_fast(self) -> None:
        """The next message is refused because of a rate."""

    @abstractmethod
    def lose_answer(self) -> None:
        """The next message is taken, and the answer that says so gets lost."""

    @abstractmethod
    def drop_link(self) -> None:
        """The connection breaks."""

    @abstractmethod
    def with_wrong_credentials(self) -> Adapter:
        """Another adapter, not started, whose secret the platform does not accept."""

    @abstractmethod
    def violations(self) -> list[Any]:
        """The platform's rules that were broken."""


class AdapterContract:
    """The tests; each uses the fixture `stage`."""

    async def test_a_message_has_what_every_message_has(self, stage: Stage) -> None:
        message_id = await stage.says("hello")
        await stage.intake.has("hello")
        item = stage.intake.items[0]
        assert isinstance(item, Message)
        assert item.id == message_id
        assert item.channel.account_key == stage.adapter.key
        assert item.channel.address == stage.target.channel.address
        assert item.timestamp.tzinfo is UTC
        assert item.payload
        assert (item.content_type, item.text, item.raw) == ("text", "hello", "hello")
        assert not item.sender.is_self
        assert item.sender.id
        assert Message.model_validate_json(item.model_dump_json()).text == "hello"

    async def test_own_messages_are_flagged(self, stage: Stage) -> None:
        await stage.own_message("from me")
        await stage.intake.has("from me")
        assert [item.sender.is_self for item in stage.intake.items] == [True]

    async def test_messages_keep_their_order(self, stage: Stage) -> None:
        said = [f"m{number}" for number in range(30)]
        for text in said:
            await stage.says(text)
        await stage.intake.has(said[-1])
        assert stage.intake.texts == said

    async def test_dedup_keys(self, stage: Stage) -> None:
        """There, the same at each delivery of a message, and of no other message."""
        stage.intake.answers.append(Verdict.OVERLOADED)
        await stage.says("one")
        await until(lambda: stage.intake.texts == ["one", "one"], "a second delivery of what was refused")
        await stage.says("two")
        await stage.intake.has("two")
        first, again, other = (inbound.dedup_keys for inbound in stage.intake.offered)
        assert first == again
        assert first
        assert all(first)
        assert not set(first) & set(other)

    async def test_acknowledged_when_stored_and_not_before(self, stage: Stage) -> None:
        stage.intake.hold = True
        await stage.says("wait")
        await until(lambda: stage.intake.pending, "an offer")
        await asyncio.sleep(0.05)
        assert stage.acknowledged() == 0
        stage.intake.pending[0].set_result(Verdict.ACCEPTED)
        await until(lambda: stage.acknowledged() == 1, "an acknowledgement")

    async def test_duplicates_are_acknowledged(self, stage: Stage) -> None:
        stage.intake.answers.append(Verdict.DUPLICATE)
        await stage.says("again")
        await until(lambda: stage.acknowledged() == 1, "an acknowledgement")

    async def test_send(self, stage: Stage) -> None:
        sent = await stage.adapter.send(stage.target, text_part("hi"), "key")
        assert stage.shown() == ["hi"]
        assert sent.attempts == 1
        assert sent.degradations == ()
        assert sent.part.key == "key"

    async def test_reply(self, stage: Stage) -> None:
        message_id = await stage.says("?")
        target = Target(stage.target.channel, reply_to=message_id)
        sent = await stage.adapter.send(target, text_part("!"), "key")
        assert stage.shown() == ["!"]
        assert bool(sent.degradations) != stage.adapter.capabilities.quote

    @pytest.mark.parametrize("element", previewing.ELEMENTS, ids=lambda element: element.type)
    async def test_what_is_previewed_is_what_is_sent(self, stage: Stage, element: Element) -> None:
        message_id = await stage.says("show me")
        await stage.intake.has("show me")
        target = Target(stage.target.channel, answers=message_id)
        for part in previewing.parts_of(stage.adapter, element):
            await previewing.compare(stage.adapter, target, part)

    async def test_a_dead_token_is_replaced(self, stage: Stage) -> None:
        await stage.adapter.send(stage.target, text_part("one"), "k1")
        stage.expire_token()
        await stage.adapter.send(stage.target, text_part("two"), "k2")
        assert stage.shown() == ["one", "two"]

    async def test_a_rate_is_waited_for(self, stage: Stage) -> None:
        stage.too_fast()
        sent = await stage.adapter.send(stage.target, text_part("patient"), "key")
        assert stage.shown() == ["patient"]
        assert sent.attempts == 2

    async def test_a_repeated_send_makes_one_message(self, stage: Stage) -> None:
        if not stage.adapter.capabilities.idempotent_send:
            pytest.skip("the platform has no key for it")
        first = await stage.adapter.send(stage.target, text_part("once"), "key")
        again = await stage.adapter.send(stage.target, text_part("once"), "key")
        stage.lose_answer()
        await stage.adapter.send(stage.target, text_part("twice"), "other key")
        assert stage.shown() == ["once", "twice"]
        assert first.part.message_id == again.part.message_id

    async def test_a_lost_connection_comes_back(self, stage: Stage) -> None:
        stage.drop_link()
        await stage.says("still there?")
        await stage.intake.has("still there?")
        await until(lambda: stage.adapter.health is Health.UP)

    async def test_edit(self, stage: Stage) -> None:
        sent = await stage.adapter.send(stage.target, text_part("before"), "key")
        editing = stage.adapter.edit(stage.target.channel, sent.part.message_id, text_part("after"))
        if not stage.adapter.capabilities.edit:
            with pytest.raises(NotSupportedError):
                await editing
            return
        await editing
        assert stage.shown() == ["after"]

    async def test_recall(self, stage: Stage) -> None:
        sent = await stage.adapter.send(stage.target, text_part("oops"), "key")
        recalling = stage.adapter.recall(stage.target.channel, sent.part.message_id)
        if not stage.adapter.capabilities.recall:
            with pytest.raises(NotSupportedError):
                await recalling
            return
        await recalling
        assert stage.shown() == []

    async def test_react(self, stage: Stage) -> None:
        message_id = await stage.says("?")
        await stage.intake.has("?")
        channel = stage.target.channel
        if not stage.adapter.capabilities.react:
            with pytest.raises(NotSupportedError):
                await stage.adapter.react(channel, message_id, "👍")
            with pytest.raises(NotSupportedError):
                await stage.adapter.unreact(channel, message_id, "👍")
            return
        await stage.adapter.react(channel, message_id, "👍")
        assert len(stage.reactions(message_id)) == 1
        await stage.adapter.unreact(channel, message_id, "👍")
        assert stage.reactions(message_id) == []

    async def test_typing(self, stage: Stage) -> None:
        message_id = await stage.says("?")
        await stage.intake.has("?")
        channel = stage.target.channel
        if not stage.adapter.capabilities.typing:
            with pytest.raises(NotSupportedError):
                await stage.adapter.typing(channel, message_id, True)
            return
        await stage.adapter.typing(channel, message_id, True)
        assert len(stage.reactions(message_id)) == 1
        await stage.adapter.typing(channel, message_id, False)
        assert stage.reactions(message_id) == []

    async def test_a_message_that_grows(self, stage: Stage) -> None:
        growing = stage.adapter.grow(markdown=True)
        if growing is None:
            pytest.skip("the platform has no such message: it is edited, or sent whole")
        element = await growing.open("one")
        await stage.adapter.send(stage.target, Part(PartKind.CARD, (element,)), "key")
        assert stage.shown() == ["one"]
        await growing.show("one two")
        assert stage.shown() == ["one two"]
        await growing.close("one two three")
        assert stage.shown() == ["one two three"]
        assert stage.violations() == []

    async def test_wrong_credentials_fail_loudly(self, stage: Stage) -> None:
        adapter = stage.with_wrong_credentials()
        with pytest.raises((AuthError, LinkError)) as caught:
            await adapter.start()
        assert adapter.health is Health.FAILED
        assert not [secret for secret in stage.secrets if secret in str(caught.value)]
        assert not (await adapter.probe()).ok
        await adapter.close()

    async def test_probe(self, stage: Stage) -> None:
        probe = await stage.adapter.probe()
        assert probe.ok
        assert probe.bot_id

    async def test_sending_works_after_reading_has_stopped(self, stage: Stage) -> None:
        await stage.adapter.stop_reading()
        await stage.adapter.send(stage.target, text_part("last words"), "key")
        assert stage.shown() == ["last words"]

    async def test_nothing_is_left_after_close(self, stage: Stage) -> None:
        await stage.says("hello")
        await stage.intake.has("hello")
        await stage.adapter.close()
        await stage.adapter.close()
        assert stage.adapter.health is Health.STOPPED
        names = [task.get_name() for task in asyncio.all_tasks()]
        assert not [name for name in names if name.startswith(("link:", "token:"))]

    async def test_no_secret_is_shown(self, stage: Stage) -> None:
        shown = (
            repr(stage.adapter)
            + repr(stage.adapter.config)
            + str(stage.adapter.config)
            + repr(stage.adapter.counters())
        )
        assert not [secret for secret in stage.secrets if secret in shown]

    async def test_no_rule_of_the_platform_was_broken(self, stage: Stage) -> None:
        message_id = await stage.says("?")
        await stage.intake.has("?")
        await stage.adapter.send(Target(stage.target.channel, reply_to=message_id), text_part("!"), "k1")
        await stage.adapter.send(stage.target, text_part("!!"), "k2")
        await until(lambda: stage.acknowledged() == 1)
        assert stage.violations() == []
