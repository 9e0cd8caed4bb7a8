"""A card as the platform can show it: a menu to tap on, an article, or text with links. Pure.

Source: developers.weixin.qq.com, doc/service/api/customer/message/api_sendcustommessage (`msgmenu`, `news`). In a text,
`<a href="weixin://bizmsgmenu?msgmenucontent=...&msgmenuid=...">` does what an item of a menu does; the documents do not
name it, but bots have used it for years, and a passive reply has nothing else.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from imbridge.adapters.card_seals import NOT_SEALED, Seal
from imbridge.adapters.wechat.received.clicks import MOST_BYTES, menu_id
from imbridge.adapters.wechat.sent.literal import literal
from imbridge.protocol import Button, Card, Degradation, Element, Loss, Markdown, Note, Option, Select
from imbridge.rendering.cards import HOW, Choice
from imbridge.rendering.plain import to_plain


@dataclass(slots=True)
class Menu:
    """What a card says, and what can be tapped on in it.

    Attributes:
        head: Lines before the first item.
        seal: What seals its items.
        items: Id and text of each item.
        tail: Lines after it.
        choices: What has no item, and can be chosen by the number of its line.
        degradations: What is shown otherwise than meant.
    """

    seal: Seal = NOT_SEALED
    head: list[str] = field(default_factory=list)
    items: list[tuple[str, str]] = field(default_factory=list)
    tail: list[str] = field(default_factory=list)
    choices: list[Choice] = field(default_factory=list)
    degradations: list[Degradation] = field(default_factory=list)

    def say(self, line: str) -> None:
        """One more line."""
        if line:
            (self.tail if self.items else self.head).append(line)

    def offer(self, action: str, value: Any, text: str) -> None:
        """One more item; one whose id would be too long is a line."""
        identity = menu_id(action, value, self.seal)
        if len(identity) <= MOST_BYTES:
            self.items.append((identity, text))
            return
        why = f"what it carries takes {len(identity)} of {MOST_BYTES} bytes: shorten its action or value"
        self.degrade("button", why, HOW)
        self.choices.append(Choice(text, action, value))
        self.say(literal(f"{len(self.choices)}. {text}"))

    def degrade(self, what: str, why: str, how: str = "text", *, loss: Loss = Loss.AS_TEXT) -> None:
        """Note, once, that something is otherwise than meant: text, if nothing else is said."""
        note = Degradation(loss=loss, what=what, how=how, why=why)
        if note not in self.degradations:
            self.degradations.append(note)


def menu_of(card: Card, seal: Seal = NOT_SEALED) -> Menu:
    """What a card says."""
    menu = Menu(seal)
    menu.say(literal(card.title))
    _note_color(card, menu)
    for part in card.body:
        _note_form(part, menu)
        _add(menu, part)
    return menu


def article_of(card: Card) -> dict[str, str] | None:
    """The article that a card is: a headline, texts, and one page to open. None when it is something else."""
    buttons = [part for part in card.body if isinstance(part, Button)]
    rest = [part for part in card.body if not isinstance(part, Button)]
    plain = all(part.__class__.__name__ in ("Text", "Markdown", "Note", "Fields", "Divider") for part in rest)
    if not card.title or not plain or len(buttons) != 1 or not buttons[0].url:
        return None
    description = "\n".join(line for part in rest if (line := _line(part)))
    return {"title": card.title, "description": description, "url": buttons[0].url, "picurl": ""}


def article_losses(card: Card) -> list[Degradation]:
    """What of a card an article shows otherwise than meant."""
    menu = Menu()
    _note_color(card, menu)
    for part in card.body:
        _note_form(part, menu)
        if isinstance(part, Button):
            why = "an article has no buttons: it opens its page wherever it is tapped on"
            menu.degrade("button", why, loss=Loss.DROPPED, how=f"left out: {part.text}")
    return menu.degradations


def menu_message(menu: Menu) -> dict[str, Any]:
    """The customer-service message of a menu."""
    if not menu.items:
        return {"msgtype": "text", "text": {"content": "\n".join(menu.head)}}
    items = [{"id": identity, "content": text} for identity, text in menu.items]
    content = {"head_content": "\n".join(menu.head), "list": items, "tail_content": "\n".join(menu.tail)}
    return {"msgtype": "msgmenu", "msgmenu": content}


def menu_text(menu: Menu) -> str:
    """The same as a text."""
    items = [
        anchor(text, f"weixin://bizmsgmenu?msgmenucontent={quote(text, safe='')}&msgmenuid={quote(identity, safe='')}")
        for identity, text in menu.items
    ]
    return "\n".join([*menu.head, *items, *menu.tail])


def anchor(text: str, url: str) -> str:
    """A link in a text."""
    shown = text.translate({ord("<"): "‹", ord(">"): "›"})
    return f'<a href="{url.translate({ord(char): quote(char) for char in _NOT_IN_HREF})}">{shown}</a>'


_TAPPED, _OUT = "a message to a follower has text and items to tap on", "left out"
_NOT_IN_HREF = "\"'<> \t\r\n"


def _note_color(card: Card, menu: Menu) -> None:
    if card.color != "default":
        menu.degrade("color", "there are no colours in a chat with an Official Account", loss=Loss.DROPPED, how=_OUT)


def _note_form(part: Element, menu: Menu) -> None:
    """What a part looks like, or asks, that a text does not."""
    if isinstance(part, Button) and part.style == "danger":
        menu.degrade("style", "all items look alike", loss=Loss.DROPPED, how=_OUT)
    if isinstance(part, Button) and part.confirm:
        menu.degrade("confirm", "items ask no question first", loss=Loss.DROPPED, how=_OUT)
    if isinstance(part, Markdown) and to_plain(part.text) != part.text:
        how = "text without its markup"
        menu.degrade("markdown", "there is no Markdown with a follower", loss=Loss.SIMPLIFIED, how=how)
    if isinstance(part, Note):
        menu.degrade("note", "there is no small print with a follower")


def _add(menu: Menu, part: Element) -> None:
    if isinstance(part, Button):
        if part.url:
            menu.say(anchor(part.text, part.url))
        elif part.submit:
            menu.degrade("form", "there are no forms in a chat with an Official Account")
            menu.say(_line(part))
        else:
            menu.offer(part.action or part.text, part.value, part.text)
    elif isinstance(part, Select) and not part.multiple:
        menu.say(literal(part.label or part.placeholder))
        menu.degrade("select", _TAPPED, loss=Loss.SIMPLIFIED, how="an item for each choice")
        _offer_all(menu, part.name, part.options)
    elif part.__class__.__name__ in ("Select", "Input", "DatePicker", "Form", "Image", "Table"):
        menu.degrade(str(getattr(part, "type", "")), _TAPPED)
        menu.say(_line(part))
    else:
        menu.say(_line(part))


def _offer_all(menu: Menu, name: str, options: Iterable[Option]) -> None:
    for option in options:
        menu.offer(name, option.value, option.text)


def _line(part: Element) -> str:
    return literal(to_plain(part.text) if isinstance(part, Markdown) else part.as_text())
