"""The shared card model as an action card, a feed of links, or Markdown. Pure: pictures have been uploaded.

Source: open.dingtalk.com, "types of robot messages": an action card has a headline, Markdown, and buttons that open
pages; a feed card has links with pictures. Neither tells a robot of a click.
"""

from dataclasses import dataclass, field

from imbridge.protocol import Button, Card, DatePicker, Degradation, Image, Input, Loss, Note, Select
from imbridge.rendering.cards import HOW, Choice, numbered
from imbridge.rendering.cards.blocks import block, link, literal, one_line, parts_of, with_images

_NO_CLICKS = "an action card opens pages and tells a robot of no click"
NO_ADDRESS = "it has no address that DingTalk could show"
NO_COLOR = "the headlines of DingTalk's cards have no colours"
NO_QUESTION = "DingTalk's buttons ask no question first"
_ABOVE = "buttons of an action card stand below its text"


@dataclass(slots=True)
class ActionCard:
    """What a card says, before it is known which way it goes.

    Attributes:
        title: Its headline.
        text: Its Markdown; the headline is part of it.
        buttons: Text and page of each.
        side_by_side: They stand in one row.
        degradations: What is shown otherwise than meant.
    """

    title: str = ""
    text: str = ""
    buttons: list[tuple[str, str]] = field(default_factory=list)
    side_by_side: bool = False
    degradations: list[Degradation] = field(default_factory=list)


def feed_of(card: Card) -> list[dict[str, str]] | None:
    """The links of a card that is nothing but a picture and a button that opens a page, again and again; else None."""
    body = card.body
    if card.title or len(body) < 2 or len(body) % 2:
        return None
    links = []
    for shown, button in zip(body[::2], body[1::2], strict=True):
        if not isinstance(shown, Image) or not shown.key or not isinstance(button, Button) or not _opens(button):
            return None
        links.append({"title": button.text, "messageURL": button.url, "picURL": shown.key})
    return links


def action_card(card: Card, *, answered: bool = True) -> ActionCard:
    """What the card says; what cannot be clicked becomes numbered choices, or lines where nobody hears an answer."""
    made = ActionCard(title=one_line(card.title))
    blocks = [f"### {literal(made.title)}"] if made.title else []
    lost = {"color": (Loss.DROPPED, "left out")} if card.color != "default" else {}
    choices: list[Choice] = []
    for part in parts_of(card):
        if isinstance(part, Button) and _opens(part):
            made.buttons.append((part.text, part.url))
            if part.confirm:
                lost["confirm"] = Loss.DROPPED, "left out"
            continue
        if isinstance(part, Button) and part.url:
            said, lost["button"] = literal(f"{part.text}: {part.url}"), (Loss.AS_TEXT, "text: its address")
        elif isinstance(part, Button | Select) and answered:
            said, lost[part.type] = numbered(part, choices), (Loss.AS_TEXT, HOW)
        elif isinstance(part, Button | Select | Input | DatePicker):
            said, lost[part.type] = literal(part.as_text()), (Loss.AS_TEXT, "text")
        elif isinstance(part, Note):
            said, lost["note"] = block(part), (Loss.AS_TEXT, "text")
        else:
            said = block(part)
            if isinstance(part, Image) and not part.key:
                lost["image"] = Loss.AS_TEXT, "text"
        if made.buttons and said and "order" not in lost:
            lost["order"] = Loss.SIMPLIFIED, "buttons last"
        blocks.append(said)
    made.text = "\n\n".join(said for said in blocks if said) or literal(card.as_text())
    made.side_by_side = len(made.buttons) == 2 and "order" not in lost
    why = {
        "note": "DingTalk's Markdown has no small print",
        "order": _ABOVE,
        "image": NO_ADDRESS,
        "color": NO_COLOR,
        "confirm": NO_QUESTION,
    }
    made.degradations = [
        Degradation(loss=loss, what=what, how=how, why=why.get(what, _NO_CLICKS)) for what, (loss, how) in lost.items()
    ]
    return made


def pictures_in(card: Card) -> list[Image]:
    """The pictures that have to be uploaded first."""
    return [part for part in parts_of(card) if isinstance(part, Image) and part.has_content]


def with_pictures(card: Card, keys: dict[int, str]) -> Card:
    """The card with keys in place of pictures, by `id()` of the element; a picture without one is named."""
    return with_images(
        card, lambda image: Image(key=keys.get(id(image), ""), alt=image.alt) if image.has_content else image
    )


def as_links(buttons: list[tuple[str, str]]) -> str:
    """Buttons in Markdown."""
    return "\n\n".join(link(text, url) for text, url in buttons)


def _opens(button: Button) -> bool:
    return button.url.startswith(("https://", "http://", "dingtalk://"))
