"""Card instances and what people read on them.

Sources: open.dingtalk.com, "创建并投放卡片", "更新卡片" and "AI卡片流式更新" (api-streamingupdate).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from imbridge.emulators.common.newest import Newest
from imbridge.emulators.dingtalk.card_templates import SYSTEM, CardTemplate, published

if TYPE_CHECKING:
    from imbridge.emulators.dingtalk.app import App
    from imbridge.emulators.dingtalk.message import BotMessage

PROCESSING, INPUTTING, FINISHED, EXECUTING, FAILED = 1, 2, 3, 4, 5
KEPT_GUIDS = 10_000


@dataclass(frozen=True, slots=True)
class Streamed:
    """One streaming request, to see whether its guid comes again with something else."""

    key: str
    content: str
    full: bool
    finalize: bool
    error: bool


@dataclass(slots=True, eq=False, kw_only=True)
class Card:
    """One card, known by its outTrackId wherever it is shown.

    Attributes:
        out_track_id: The id that its creator gave it.
        template: What it is made from.
        app: Whose it is.
        callback_type: `STREAM`, `HTTP` or nothing: its buttons tell nobody.
        route_key: Of `HTTP`: under which name the address is registered.
        user_id_type: 1 userIds, 2 unionIds, in private data and in callbacks.
        models: The space types it was created for, `IM_GROUP`, `IM_ROBOT`.
        data: Its public variables.
        private: Variables that one person sees, by that person's id.
        messages: Where it is shown, one message for each space.
        states: The texts that were readable one after the other, as everybody saw them.
        guids: The streaming requests so far.
        streamed: How many of them changed the card.
    """

    out_track_id: str
    template: CardTemplate
    app: "App"
    callback_type: str = ""
    route_key: str = ""
    user_id_type: int = 1
    models: frozenset[str] = frozenset()
    data: dict[str, str] = field(default_factory=dict)
    private: dict[str, dict[str, str]] = field(default_factory=dict)
    messages: "list[BotMessage]" = field(default_factory=list)
    states: list[str] = field(default_factory=list)
    guids: Newest[str, Streamed] = field(default_factory=lambda: Newest(KEPT_GUIDS), repr=False)
    streamed: int = 0

    @property
    def status(self) -> int:
        """`flowStatus`: 1 processing, 2 inputting, 3 finished, 4 executing, 5 failed; of other cards 0."""
        value = self.data.get("flowStatus", "")
        if self.template.kind != "ai":
            return 0
        return int(value) if value.isdigit() else PROCESSING

    @property
    def finished(self) -> bool:
        """Whether it is complete."""
        return self.status == FINISHED

    @property
    def failed(self) -> bool:
        """Whether it shows a failure."""
        return self.status == FAILED

    @property
    def text(self) -> str:
        """What everybody reads."""
        return readable(self.template, self.data)

    def text_for(self, user_key: str) -> str:
        """What one person reads, their private variables included."""
        return readable(self.template, {**self.data, **self.private.get(user_key, {})})

    def put(self, values: Mapping[str, str], *, by_key: bool) -> None:
        """Fills public variables in: over all others, or by name only."""
        self.data = {**self.data, **values} if by_key else dict(values)

    def put_private(self, user_key: str, values: Mapping[str, str], *, by_key: bool) -> None:
        """Fills one person's variables in: over all others, or by name only."""
        old = self.private.get(user_key, {}) if by_key else {}
        self.private[user_key] = {**old, **values}

    def note(self) -> None:
        """Notes what can be read now, and lets the people who see it look again."""
        text = self.text
        if not self.states or self.states[-1] != text:
            self.states.append(text)
        for message in self.messages:
            message.text = text
            for user in message.recipients:
                user.inbox.touch()


def readable(template: CardTemplate, data: Mapping[str, str]) -> str:
    """The text of a card: of an AI card its headline, content and buttons, of another one its variables, one a line."""
    if template.content:
        parts = [data.get("msgTitle", ""), data.get(template.content, ""), data.get("staticMsgContent", "")]
        parts += [str(button.get("text", "")) for button in buttons_in(data)]
    else:
        names = template.variables or tuple(data)
        parts = [data.get(name, "") for name in names if name not in SYSTEM]
    return "\n".join(part for part in parts if part)


def buttons_in(data: Mapping[str, str]) -> list[dict[str, Any]]:
    """The buttons of an AI card: they stand in one variable with all that is no text."""
    try:
        listed = json.loads(data.get("sys_full_json_obj") or "{}").get("msgButtons", [])
    except (ValueError, AttributeError):
        return []
    return [button for button in listed if isinstance(button, dict)] if isinstance(listed, list) else []


class Cards:
    """All cards and templates of the emulated platform.

    Attributes:
        templates: By id.
        routes: The addresses of HTTP callbacks and their secrets, by app and route key.
    """

    def __init__(self, limit: int) -> None:
        self.templates: dict[str, CardTemplate] = published()
        self.routes: dict[tuple[str, str], tuple[str, str]] = {}
        self._all: Newest[str, Card] = Newest(limit)

    def find(self, out_track_id: object) -> Card | None:
        """A card by its outTrackId."""
        return self._all.get(out_track_id) if isinstance(out_track_id, str) else None

    def add(self, card: Card) -> None:
        """Remembers a new card."""
        self._all[card.out_track_id] = card

    def all(self) -> tuple[Card, ...]:
        """Every card that is remembered, in the order they were made."""
        return tuple(self._all.values())

    def unfinished(self) -> tuple[Card, ...]:
        """The AI cards that people see turning: neither finished nor failed."""
        return tuple(
            card for card in self._all.values() if card.template.kind == "ai" and not (card.finished or card.failed)
        )
