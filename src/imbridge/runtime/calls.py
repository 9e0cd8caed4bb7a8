"""Which bots a reply calls, and what each of them is to hear. Pure."""

from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from imbridge.protocol import Bot, Card, Degradation, Element, Loss, Markdown, Media, Mention, Text
from imbridge.runtime.mentions import find_calls


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of what is said.

    Attributes:
        element: An element, or what is left of a text beside the calls in it; of a call, its mention.
        meant: Of a call: the accounts that may be meant, for two bots may have one name.
    """

    element: Element
    meant: frozenset[str] = frozenset()

    def calls(self, there: AbstractSet[str]) -> str:
        """Which of those that are there is called; empty when it is nobody, or nobody can tell."""
        meant = self.meant & there
        return next(iter(meant)) if len(meant) == 1 else ""


Found = tuple[tuple[Element, tuple[Piece, ...]], ...]
"""Every element of a reply, with the pieces that calls cut it into."""


def may_call(element: Element) -> bool:
    """Whether it is worth a look."""
    if isinstance(element, Text | Markdown | Card):
        text = element.as_text()
        return "@" in text or "\uff20" in text
    return isinstance(element, Mention)


def find(elements: Iterable[Element], bots: Iterable[Bot], ids: Callable[[str], str]) -> Found:
    """Look for calls: mentions by id or by name, and `@Name` in texts and cards.

    Args:
        elements: What is said.
        bots: Who may be called, and who speaks: a longer name of that one is not to be taken for a shorter of another.
        ids: Under which id the speaker sees an account; empty when that is not known.
    """
    names: dict[str, set[str]] = {}
    by_id: dict[str, set[str]] = {}
    for bot in bots:
        for name in bot.names:
            names.setdefault(name, set()).add(bot.account_key)
        for bot_id in {bot.id, ids(bot.account_key)} - {""}:
            by_id.setdefault(bot_id, set()).add(bot.account_key)
    return tuple((element, _pieces(element, names, by_id)) for element in elements)


def _pieces(element: Element, names: Mapping[str, set[str]], by_id: Mapping[str, set[str]]) -> tuple[Piece, ...]:
    if isinstance(element, Mention):
        meant = by_id.get(element.id) if element.id else names.get(element.name)
        return (Piece(element, frozenset(meant or ())),)
    if isinstance(element, Text | Markdown):
        return _cut(element, names)
    if isinstance(element, Card):
        calls = find_calls(element.as_text(), names)
        return (Piece(element), *(_call(call.name, names) for call in calls))
    return (Piece(element),)


def _call(name: str, names: Mapping[str, set[str]]) -> Piece:
    return Piece(Mention(name=name, is_bot=True), frozenset(names[name]))


def _cut(element: Text | Markdown, names: Mapping[str, set[str]]) -> tuple[Piece, ...]:
    """The calls, and the text around them in elements of the same kind."""
    text, kind = element.text, type(element)
    calls = find_calls(text, names, markdown=isinstance(element, Markdown))
    pieces: list[Piece] = []
    start = 0
    for call in calls:
        if call.start > start:
            pieces.append(Piece(kind(text[start : call.start])))
        pieces.append(_call(call.name, names))
        start = call.end
    if start < len(text) or not pieces:
        pieces.append(Piece(kind(text[start:]) if calls else element))
    return tuple(pieces)


def called(found: Found, there: AbstractSet[str]) -> tuple[str, ...]:
    """Who is called of those that are there, in order, each once."""
    everybody = (piece.calls(there) for _, pieces in found for piece in pieces)
    return tuple(dict.fromkeys(one for one in everybody if one))


def to_send(
    found: Found, there: Mapping[str, Bot], shown_id: Callable[[str], str]
) -> tuple[list[Element], list[Degradation]]:
    """What is said, with calls as mentions where the platform shows them.

    Markdown and cards stay as they are: a mention in the middle would make several messages of one.

    Args:
        found: What is said.
        there: Who can be called in the chat.
        shown_id: By which id the platform shows a mention of an account; empty when it does not, or none is known.
    """
    out: list[Element] = []
    degradations: list[Degradation] = []
    for element, pieces in found:
        calls = [piece.calls(there.keys()) for piece in pieces]
        if isinstance(element, Mention) and calls[0]:
            bot_id = shown_id(calls[0])
            if bot_id:
                out.append(element.model_copy(update={"id": bot_id}))
                continue
            text = f"@{element.name or there[calls[0]].called}"
            why = f"no mention of {calls[0]} can be shown here, or its id is not known yet; it is called all the same"
            degradations.append(Degradation(loss=Loss.AS_TEXT, what="mention", how=f"text: {text}", why=why))
            out.append(Text(text))
        elif isinstance(element, Text) and any(one and shown_id(one) for one in calls):
            for piece, one in zip(pieces, calls, strict=True):
                bot_id = shown_id(one) if one else ""
                shown = piece.element
                if isinstance(shown, Mention):
                    shown = shown.model_copy(update={"id": bot_id}) if bot_id else Text(shown.as_text())
                out.append(shown)
        else:
            out.append(element)
    return out, degradations


def to_hear(
    found: Found, there: Mapping[str, Bot], target: Bot, ids: Callable[[str], str]
) -> tuple[tuple[Element, ...], str, str]:
    """What a bot that is called hears: the elements with it as the one who is meant, the text, and the whole text.

    Args:
        found: What was said.
        there: Who can be called in the chat, by account.
        target: The bot that hears it.
        ids: Under which id it sees another account; empty when that is not known.
    """
    elements: list[Element] = []
    for _, pieces in found:
        for piece in pieces:
            one = piece.calls(there.keys())
            if not one:
                is_call = isinstance(piece.element, Mention) and not piece.element.id and piece.meant
                elements.append(Text(piece.element.as_text()) if is_call else _kept(piece.element))
            elif one == target.account_key:
                name = _name(piece.element) or target.called
                elements.append(Mention(id=target.id, name=name, is_self=True, is_bot=True))
            else:
                name = _name(piece.element) or there[one].called
                elements.append(Mention(id=ids(one) or there[one].id, name=name, is_bot=True))
    raw = "".join(element.as_text() for element in elements)
    kept = list(elements)
    while kept and (_is_own(kept[0]) or (_is_blank(kept[0]) and len(kept) > 1 and _is_own(kept[1]))):
        kept.pop(0)
    text = "".join(element.as_text() for element in kept)
    return tuple(elements), text.lstrip() if len(kept) < len(elements) else text, raw


def content_type(elements: Iterable[Element]) -> str:
    """What a message mainly is: a card, else text if there is any, else its first medium."""
    kept = tuple(elements)
    if any(isinstance(element, Card) for element in kept):
        return "card"
    media = next((element for element in kept if isinstance(element, Media)), None)
    says = any(isinstance(element, Text | Markdown) and not _is_blank(element) for element in kept)
    return str(getattr(media, "type", "text")) if media is not None and not says else "text"


def _kept(element: Element) -> Element:
    """Without the file that it was sent from, which may be gone when somebody looks."""
    return element.model_copy(update={"path": None}) if isinstance(element, Media) and element.path else element


def _name(element: Element) -> str:
    return element.name if isinstance(element, Mention) else ""


def _is_own(element: Element) -> bool:
    return isinstance(element, Mention) and element.is_self


def _is_blank(element: Element) -> bool:
    return isinstance(element, Text | Markdown) and not element.text.strip()
