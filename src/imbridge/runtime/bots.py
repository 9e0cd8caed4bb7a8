"""The bots of a bridge, and how they hear one another.

Platforms deliver a bot's messages to other bots rarely or never: Feishu with a scope of its own and only what mentions
them (open.feishu.cn, `im:message.group_at_msg.include_bot:readonly`), WeCom, DingTalk and QQ groups not at all. So a
message that the platform took is handed on within the process to each bot of the same group that it calls.
"""

import asyncio
import logging
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from imbridge.adapters.base import Adapter, Health, Inbound, Verdict
from imbridge.adapters.notes import Notes
from imbridge.config.options import BridgeOptions
from imbridge.protocol import (
    Bot,
    BotRemoved,
    Channel,
    Degradation,
    DeliveryState,
    Element,
    Markdown,
    Message,
    Receipt,
    Sender,
    Text,
)
from imbridge.protocol.message import utc
from imbridge.rendering import Part, PartKind
from imbridge.runtime.bot_ids import BotIds
from imbridge.runtime.calls import Found, called, content_type, find, may_call, to_hear, to_send
from imbridge.runtime.shared_chats import SHARED, SharedChats, is_shared
from imbridge.runtime.turns import Stop, Turns

log = logging.getLogger(__name__)

_MOST_SAID = 10_000
_PATIENCE = 10.0
"""Seconds to wait while accounts begin."""

Arrived = Sequence[tuple[Part, str]]
"""What the platform took, with the ids of its messages."""


@dataclass(frozen=True, slots=True)
class Saying:
    """A reply on its way, as far as it concerns other bots.

    Attributes:
        elements: What is to be sent.
        channel: Where.
        hops: Calls from bot to bot that led to it.
        quotes: The message that it answers, where people see that.
        found: The calls in it.
        there: Who can be called there.
        heard_in: The chat, as each of those who are called addresses it.
        degradations: Mentions that are sent as text.
    """

    elements: tuple[Element, ...]
    channel: Channel
    hops: int = 0
    quotes: str | None = None
    found: Found = ()
    there: Mapping[str, Bot] = field(default_factory=dict)
    heard_in: Mapping[str, Channel] = field(default_factory=dict)
    degradations: tuple[Degradation, ...] = ()


class Bots:
    """Knows the bots of a bridge, and hands on what one says to another.

    Args:
        adapters: By account key.
        options: Of the bridge.
        offer: The way into the inbox, with the account's key.
        notes_of: The notes of an account.
        clock: Seconds since the epoch, for tests.

    Raises:
        ConfigError: the option `same_chats` cannot be read.
    """

    def __init__(
        self,
        adapters: Mapping[str, Adapter],
        options: BridgeOptions,
        offer: Callable[[str, Inbound], "asyncio.Future[Verdict]"],
        notes_of: Callable[[str], Notes],
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._adapters = adapters
        self._enabled = options.bots
        self._offer = offer
        self._clock = clock
        self._chats = SharedChats(adapters, notes_of, options.same_chats)
        self._ids = BotIds()
        self._turns = Turns(hops=options.bot_hops, turns=options.bot_turns, window=options.bot_window)
        self._said: OrderedDict[tuple[str, str], tuple[str, int]] = OrderedDict()
        """Who said a message of a group, and how many calls led to it: for what the platform delivers as well."""
        self._speaking: dict[str, list[int]] = {}
        """The same of what is being said just now, and has no id yet, by chat."""
        self.counts: Counter[str] = Counter()
        self._known = asyncio.Event()
        self._has_neighbours: dict[str, bool] = {}

    async def open(self) -> None:
        """Read what accounts noted of their groups."""
        if self._enabled:
            await self._chats.recall(key for key in self._adapters if self._neighbours(key))

    def ready(self) -> None:
        """All accounts have begun, as far as they can: what they are called is known."""
        self._known.set()

    async def _all_known(self) -> None:
        """Wait while accounts begin: what an earlier process left unsaid may call one whose name is not known yet."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                await self._known.wait()

    # -- who there is --------------------------------------------------------------------------------------------------

    def all(self) -> tuple[Bot, ...]:
        """The bots that are known, in the order of the accounts. Those of a bridge that stops still have their say."""
        found = (adapter.bot() for adapter in self._adapters.values() if adapter.health is not Health.FAILED)
        return tuple(bot for bot in found if bot is not None)

    async def beside(self, channel: Channel) -> tuple[Bot, ...]:
        """The other bots that can be called in a conversation."""
        if not self._enabled or not is_shared(channel):
            return ()
        await self._all_known()
        there = await self._there(channel, self._others(channel.account_key))
        return tuple(bot for bot in self.all() if bot.account_key in there)

    def _others(self, account: str) -> tuple[Bot, ...]:
        platform = account.partition(":")[0]
        return tuple(bot for bot in self.all() if bot.platform == platform and bot.account_key != account)

    def _neighbours(self, account: str) -> bool:
        """There is another account of the platform."""
        found = self._has_neighbours.get(account)
        if found is None:
            platform = account.partition(":")[0]
            others = (key for key in self._adapters if key != account)
            found = self._has_neighbours[account] = any(key.partition(":")[0] == platform for key in others)
        return found

    async def _there(self, channel: Channel, bots: Iterable[Bot]) -> dict[str, Channel]:
        """Those of some bots that are in a group, with the group as they address it."""
        found = {bot.account_key: await self._chats.seen_by(bot.account_key, channel) for bot in bots}
        return {account: there for account, there in found.items() if there is not None}

    def knows_kind(self, channel: Channel) -> bool:
        """The kind of a channel is no guess: its platform told the account, or what another bot heard there did."""
        return self._chats.knows(channel) or self._adapters[channel.account_key].knows_kind(channel)

    # -- what is said --------------------------------------------------------------------------------------------------

    async def saying(
        self,
        channel: Channel,
        elements: tuple[Element, ...],
        *,
        hops: int = 0,
        calls: bool = True,
        quotes: str | None = None,
    ) -> Saying:
        """Look whom a reply calls, before it is sent; `said` has to follow, whatever becomes of it.

        Args:
            channel: Where it goes.
            elements: What is said.
            hops: Calls from bot to bot that led to it.
            calls: Whether it calls anybody; the beginning of an answer that grows does not.
            quotes: The message that it answers, where people see that.
        """
        plain = Saying(elements, channel, hops, quotes)
        if not self.concern(channel):
            return plain
        self._speaking.setdefault(self._chats.name(channel), []).append(hops)
        if not calls or not any(map(may_call, elements)):
            return plain
        try:
            return await self._looked_up(plain)
        except Exception:
            self.counts["bot_calls_failed"] += 1
            log.exception("%s: sent without looking whom it calls", channel.address)
            return plain
        except BaseException:
            self._end(plain)
            raise

    def concern(self, channel: Channel) -> bool:
        """Whether another bot of the bridge may be in a conversation; where none is, nobody has to hear of anything."""
        return self._enabled and channel.kind in SHARED and self._neighbours(channel.account_key)

    async def _looked_up(self, plain: Saying) -> Saying:
        channel, speaker = plain.channel, self._adapters[plain.channel.account_key]
        await self._all_known()
        myself, others = speaker.bot(), self._others(speaker.key)
        if not others:
            return plain
        everybody = others if myself is None else (*others, myself)

        def seen_id(one: str) -> str:
            return self._ids.of(speaker.key, one)

        found = find(plain.elements, everybody, seen_id)
        meant = {one for _, pieces in found for piece in pieces for one in piece.meant}
        heard_in = await self._there(channel, (bot for bot in others if bot.account_key in meant))
        if not heard_in:
            return plain
        there = {bot.account_key: bot for bot in everybody if bot.account_key in heard_in or bot is myself}
        sent, degradations = to_send(found, there, seen_id if speaker.mentions_bots else lambda one: "")
        return replace(
            plain, elements=tuple(sent), found=found, there=there, heard_in=heard_in, degradations=tuple(degradations)
        )

    def said(self, saying: Saying, state: DeliveryState, arrived: Arrived, key: str) -> None:
        """What became of a reply: whoever is called in what the platform took of it hears it.

        Args:
            saying: What was to be said.
            state: How it ended.
            arrived: What the platform took.
            key: Stands for the id of a message where the platform gives none.
        """
        if not self.concern(saying.channel):
            return
        self._end(saying)
        speaker, chat = saying.channel.account_key, self._chats.name(saying.channel)
        for _, message_id in arrived:
            self._said[chat, message_id] = (speaker, saying.hops)
        while len(self._said) > _MOST_SAID:
            self._said.popitem(last=False)
        for account in called(saying.found, saying.heard_in.keys()) if arrived else ():
            carrier = _carrier(saying, account, arrived, whole=state is DeliveryState.SENT)
            if carrier is None:
                continue
            try:
                self._tell(account, saying, carrier or f"said-{key}")
            except Exception:  # what was said is said: its receipt must not tell otherwise
                self.counts["bot_calls_failed"] += 1
                log.exception("%s: %s could not be handed to %s", saying.channel.address, carrier or key, account)

    def _end(self, saying: Saying) -> None:
        """It is no longer being said."""
        chat = self._chats.name(saying.channel)
        speaking = self._speaking[chat]
        speaking.remove(saying.hops)
        if not speaking:
            del self._speaking[chat]

    async def streamed(
        self, channel: Channel, element: Text | Markdown, receipt: Receipt, *, hops: int, quotes: str | None = None
    ) -> None:
        """An answer that grew is whole: whoever is called in it hears it now, once."""
        saying = await self.saying(channel, (element,), hops=hops, quotes=quotes)
        whole = receipt.state is DeliveryState.SENT and receipt.parts
        arrived = ((Part(PartKind.TEXT, (element,)), receipt.message_id or ""),) if whole else ()
        self.said(saying, receipt.state, arrived, receipt.parts[0].key if receipt.parts else "")

    def _tell(self, account: str, saying: Saying, message_id: str) -> None:
        adapter = self._adapters[saying.channel.account_key]
        speaker, target = adapter.bot() or _nameless(adapter), saying.there[account]
        elements, text, raw = to_hear(saying.found, saying.there, target, lambda one: self._ids.of(account, one))
        hops = saying.hops + 1
        about = {"synthetic": True, "hops": hops, "from": speaker.account_key, "message_id": message_id}
        message = Message(
            id=message_id,
            channel=saying.heard_in[account],
            sender=Sender(
                id=self._ids.of(account, speaker.account_key) or speaker.id or speaker.account_key,
                name=speaker.called,
                is_bot=True,
            ),
            elements=elements,
            content_type=content_type(elements),
            text=text,
            raw=raw,
            reply_to=saying.quotes if adapter.shares_message_ids else None,
            timestamp=utc(int(self._clock() * 1000)),
            payload={"imbridge": about},
            hops=hops,
        )
        self.counts["bot_calls"] += 1
        self._chats.note(message.channel)
        verdict = self._offer(account, Inbound(message, (message_id,)))
        verdict.add_done_callback(lambda done: self._note_verdict(message, done))

    def _note_verdict(self, message: Message, verdict: "asyncio.Future[Verdict]") -> None:
        """Nobody delivers it again."""
        if verdict.cancelled() or verdict.result() is Verdict.OVERLOADED:
            self.counts["bot_calls_lost"] += 1
            log.error("%s: the call of %s is lost: no room (see the log before)", message.channel.address, message.id)

    # -- what is heard -------------------------------------------------------------------------------------------------

    def heard(self, account: str, inbound: Inbound) -> Inbound:
        """Take note of a delivery: which group it is from, and what it tells of who is who.

        Returns:
            The same; a message of a bot of this bridge that the platform delivered knows the calls that led to it.
        """
        item = inbound.item
        channel = item.channel
        if channel is None or channel.kind not in SHARED or not self._enabled or not self._neighbours(account):
            return inbound
        if isinstance(item, BotRemoved):
            self._chats.leave(channel)
            return inbound
        if isinstance(item, Message) and is_made_here(item):
            return inbound
        if self._adapters[account].knows_kind(channel):
            self._chats.note(channel)
        if not isinstance(item, Message):
            return inbound
        chat = self._chats.name(channel)
        if self._adapters[account].mentions_bots:
            self._ids.note(account, chat, item)
        if not item.sender.is_bot or item.sender.is_self:
            return inbound
        speaker, hops = self._said.get((chat, item.id), ("", max(self._speaking.get(chat, ()), default=0)))
        if speaker:
            self._ids.learn(account, speaker, item.sender.id)
        elif not item.mentions_me:
            return inbound  # somebody else's bot, which does not talk to us
        return replace(inbound, item=item.model_copy(update={"hops": hops + 1}))

    def stop(self, message: Message) -> Stop | None:
        """Count a message of a bot that calls us; why it is not to be handled, or None."""
        if not message.sender.is_bot or not (message.hops or message.mentions_me):
            return None
        return self._turns.take(self._chats.name(message.channel), message.hops)


def is_made_here(message: Message) -> bool:
    """It was handed on within the process: the platform has not told the account of it."""
    return isinstance(message.payload, dict) and "imbridge" in message.payload


def _nameless(adapter: Adapter) -> Bot:
    """An account that cannot be called, as a group's robot, but speaks."""
    return Bot(platform=adapter.platform, account=adapter.config.name, aliases=adapter.config.aliases)


def _carrier(saying: Saying, account: str, arrived: Arrived, *, whole: bool) -> str | None:
    """The message in which an account is called, of those that arrived; None when that is not among them."""
    names = {
        piece.element.as_text()
        for _, pieces in saying.found
        for piece in pieces
        if piece.calls(saying.heard_in.keys()) == account
    }
    for part, message_id in arrived:
        text = "".join(element.as_text() for element in part.elements).replace("\uff20", "@").casefold()
        if any(name.casefold() in text for name in names):
            return message_id
    return arrived[0][1] if whole else None
