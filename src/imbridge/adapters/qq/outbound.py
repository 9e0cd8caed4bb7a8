"""A rendered part → what can be sent for it, best first. Pure.

Source: bot.q.qq.com, "sending messages" (`msg_type` 0 text, 2 Markdown, 3 ark, 4 embed, 7 media, in single chats and
groups; guilds have no `msg_type`, and pictures beside the text), "Markdown", "ark", "embed".
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from imbridge.adapters.card_seals import NOT_SEALED, Seal
from imbridge.adapters.markdown_told import told
from imbridge.adapters.qq.api import GUILD_KINDS
from imbridge.adapters.qq.sent.cards import card_messages
from imbridge.adapters.qq.sent.markdown import BY_WAY, GUILD
from imbridge.adapters.qq.sent.mentions import broken_up, literal, spoken, unread_markdown
from imbridge.adapters.uploads import Content
from imbridge.protocol import Card, ContentRefusedError, Degradation, Element, Image, Loss, Markdown, Text
from imbridge.rendering import Part, PartKind, message_in, to_plain
from imbridge.rendering.cards import Choice

Body = dict[str, Any]

TEXT, MARKDOWN, ARK, EMBED, MEDIA = 0, 2, 3, 4, 7
OWN_KINDS = {"markdown": MARKDOWN, "ark": ARK, "embed": EMBED}
"""What a card in the platform's own JSON can be; a keyboard goes with Markdown."""
_NO_WAY = "QQ does not show it"
NO_MARKDOWN = "this bot may not send Markdown"
_OWN = (
    'a card in QQ\'s own JSON is {"markdown": {...}}, with or without "keyboard": {...}; or {"ark": {...}}; or '
    '{"embed": {...}}'
)


@dataclass(frozen=True, slots=True)
class Form:
    """One way to say something.

    Attributes:
        body: What is sent, without what it answers.
        kind: What it is, for the receipt.
        needs: Permissions without which QQ refuses it: `markdown`, `template`, `keyboard`, `ark`.
        degradations: What is shown otherwise than meant.
        picture: Uploaded with it, in guilds.
        choices: What can be chosen by a number in it.
    """

    body: Body
    kind: str = "text"
    needs: tuple[str, ...] = ()
    degradations: tuple[Degradation, ...] = ()
    picture: Content | None = None
    choices: tuple[Choice, ...] = ()


def forms_of(part: Part, way: str, seal: Seal = NOT_SEALED) -> list[Form]:
    """What can be sent for a part without media, best first.

    Args:
        part: What to say.
        way: `c2c`, `group`, `guild` or `dms`.
        seal: Of a card: what seals its buttons.

    Raises:
        ContentRefusedError: the part holds something that cannot be sent.
    """
    first = part.elements[0] if part.elements else None
    if part.kind is PartKind.MARKDOWN:
        return markdown_forms(part, way)
    if part.kind is PartKind.CARD and isinstance(first, Card):
        return _card(first, way, seal)
    if part.kind in (PartKind.TEXT, PartKind.RICH):
        content, degradations = spoken(part.elements, way)
        return [text_form(content, way, *degradations)]
    what = type(first).__name__ if first is not None else part.kind
    raise ContentRefusedError(f"cannot send a {what} to QQ", platform="qq")


def text_form(content: str, way: str, *degradations: Degradation) -> Form:
    """A text; `content` is as the platform reads it."""
    body: Body = {"content": content} if way in GUILD_KINDS else {"msg_type": TEXT, "content": content}
    return Form(body, "text", (), degradations)


def plain_form(text: str, way: str, *degradations: Degradation) -> Form:
    """A text in which nothing is a tag."""
    content = literal(text, way)
    return text_form(content, way, *degradations, *broken_up(text, content))


def markdown_body(text: str, way: str) -> Body:
    """A message of Markdown."""
    body: Body = {"markdown": {"content": text}}
    return body if way in GUILD_KINDS else {"msg_type": MARKDOWN, **body}


def markdown_forms(part: Part, way: str) -> list[Form]:
    """Markdown, and the same as text for a bot that may not send it."""
    made = message_in(part, BY_WAY[way])
    typed = "".join(element.as_text() for element in part.elements)
    broken = broken_up(typed, unread_markdown(typed, way))
    others: list[Element] = []
    lost: tuple[Degradation, ...] = ()
    for element in part.elements:
        plain = to_plain(element.text) if isinstance(element, Markdown) else ""
        if isinstance(element, Markdown) and plain != element.text:
            how = "text without its markup"
            lost = (Degradation(loss=Loss.SIMPLIFIED, what="markdown", how=how, why=NO_MARKDOWN),)
        others.append(Text(plain) if isinstance(element, Markdown) else element)
    content, changed = spoken(others, way)
    return [
        Form(markdown_body(made.text, way), "markdown", ("markdown",), (*told(made.changed, _NO_WAY), *broken)),
        text_form(content, way, *lost, *changed),
    ]


def media_form(file_info: str, text: str, kind: str, *degradations: Degradation) -> Form:
    """An uploaded file, with a text below it; in single chats and groups."""
    body = {"msg_type": MEDIA, "content": text or " ", "media": {"file_info": file_info}}  # empty is refused
    return Form(body, kind, (), degradations)


def picture_form(url: str, text: str, picture: Content | None, *degradations: Degradation) -> Form:
    """A picture by its address or its bytes, with a text; in guilds."""
    body: Body = {"content": text} if text else {}
    return Form(body | ({"image": url} if url else {}), "image", (), degradations, picture)


def measure(part: Part) -> int:
    """Bytes of a part as sent, in the longest form that it has anywhere."""
    if part.kind.alone:
        return 0
    if part.kind is PartKind.MARKDOWN:
        return len(message_in(part, GUILD).text.encode("utf-8", "replace"))
    said = [element for element in part.elements if not isinstance(element, Image)]
    return len(spoken(said, "guild")[0].encode("utf-8", "replace"))


def _card(card: Card, way: str, seal: Seal) -> list[Form]:
    text = card.as_text()
    if not card.content:
        return _card_forms(card, way, seal)
    forms = [_own(card.content, way)]
    if card.text or card.title or card.body:
        why = "this bot may not send it"
        forms.append(plain_form(text, way, Degradation(loss=Loss.AS_TEXT, what="card", how="text", why=why)))
    return forms


def _card_forms(card: Card, way: str, seal: Seal) -> list[Form]:
    """A card of the model: Markdown with buttons, with numbered lines in their place, and that as text."""
    forms: list[Form] = []
    for message in card_messages(card, seal):
        first, *plainer = markdown_forms(Part(PartKind.MARKDOWN, (Markdown(message.markdown),)), way)
        told = message.degradations
        if message.keyboard is not None:
            body = {**first.body, "keyboard": message.keyboard}
            first = replace(first, body=body, needs=(*first.needs, "keyboard"))
        forms.append(replace(first, degradations=(*told, *first.degradations), choices=message.choices))
        last = [replace(form, degradations=(*told, *form.degradations), choices=message.choices) for form in plainer]
    return [*forms, *last]


def _own(content: Mapping[str, Any], way: str) -> Form:
    """A message in the platform's own JSON; nothing in it is escaped."""
    kinds = [name for name in OWN_KINDS if isinstance(content.get(name), Mapping)]
    keyboard = content.get("keyboard")
    if len(kinds) != 1 or (keyboard is not None and kinds != ["markdown"]):
        raise ContentRefusedError(_OWN, platform="qq")
    kind = kinds[0]
    body: Body = {kind: dict(content[kind])}
    needs = []
    if kind == "markdown":
        needs.append("markdown" if content[kind].get("content") else "template")
    elif kind == "ark":
        needs.append("ark")
    if isinstance(keyboard, Mapping):
        body["keyboard"] = dict(keyboard)
        if not keyboard.get("id"):
            needs.append("keyboard")
    if way not in GUILD_KINDS:
        body["msg_type"] = OWN_KINDS[kind]
    return Form(body, kind, tuple(needs))


def as_part(text: str) -> Part:
    """A text that is said in place of something else."""
    return Part(PartKind.TEXT, (Text(text),))
