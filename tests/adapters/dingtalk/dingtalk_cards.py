"""What the tests of cards share: the calls that are made for them, cards as people see them, cards that grow."""

from typing import Any

from dingtalk_rig import Rig
from rigs import alone

from imbridge.adapters.base import Target
from imbridge.adapters.dingtalk import DingTalkAdapter
from imbridge.adapters.dingtalk.sent.ai_card import AiCard
from imbridge.emulators.dingtalk import BotMessage
from imbridge.emulators.dingtalk.cards import Card
from imbridge.rendering import PartKind

CREATE = "/v1.0/card/instances/createAndDeliver"
STREAM = "/v1.0/card/streaming"
UPDATE = "/v1.0/card/instances"


def card_calls(rig: Rig) -> list[tuple[str, str]]:
    """The calls of the card API from now on, in order."""
    made: list[tuple[str, str]] = []

    def note(direction: str, kind: str, facts: dict[str, Any]) -> None:
        if kind == "http" and direction == "in" and facts["path"].startswith("/v1.0/card/"):
            made.append((facts["method"], facts["path"]))

    rig.ding.wire.watch(note)
    return made


def created(rig: Rig) -> list[dict[str, Any]]:
    """What is asked for when cards are made, from now on."""
    asked: list[dict[str, Any]] = []

    def note(direction: str, kind: str, facts: dict[str, Any]) -> None:
        if kind == "http" and direction == "in" and facts["path"] == CREATE:
            asked.append(facts["request"])

    rig.ding.wire.watch(note)
    return asked


def card_of(message: BotMessage) -> Card:
    """The card that a message is."""
    assert message.card is not None
    return message.card


def seen(rig: Rig, number: int = 0) -> Card:
    """One of the cards that the app has sent."""
    return card_of(rig.sent()[number])


def said_on(card: Card) -> str:
    """The text of a card with buttons, without its headline and its buttons."""
    return card.data["msgContent"]


def texts(rig: Rig) -> list[str]:
    """What people read."""
    return [message.text for message in rig.sent()]


def growing(adapter: DingTalkAdapter, *, markdown: bool = True) -> AiCard:
    """A card that is not sent."""
    card = adapter.grow(markdown=markdown)
    assert card is not None
    return card


async def begun(
    adapter: DingTalkAdapter, target: Target, said: str = "one", *, markdown: bool = True, key: str = "key"
) -> AiCard:
    """A card that shows its first text."""
    card = growing(adapter, markdown=markdown)
    sent = await adapter.send(target, alone(PartKind.CARD, await card.open(said)), key)
    assert sent.part.message_id == card.track
    assert sent.degradations == ()
    return card
