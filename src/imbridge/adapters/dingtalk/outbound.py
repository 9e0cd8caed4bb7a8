"""A rendered part → the body of a session webhook or of a custom robot, or `msgKey` and `msgParam` of the API. Pure.

Source: open.dingtalk.com, "types of robot messages" (keys and parameters; `msgParam` has at most 15,000 bytes) and
"custom robots" (kinds of a webhook; a body has at most 20,000 bytes).
"""

from collections.abc import Mapping
from typing import Any

from pydantic_core import to_json

from imbridge.adapters.dingtalk.sent.action_cards import action_card, as_links, feed_of
from imbridge.adapters.dingtalk.sent.markdown import ROBOT, ROBOT_BY_API, is_plain
from imbridge.adapters.dingtalk.sent.mentions import NOT_BY_API, spoken
from imbridge.adapters.markdown_told import shown, told
from imbridge.protocol import (
    Audio,
    Card,
    ContentRefusedError,
    Degradation,
    Element,
    File,
    Image,
    Link,
    Loss,
    Media,
    Video,
)
from imbridge.rendering import Part, PartKind, message_in, to_plain
from imbridge.rendering.cards.blocks import picture

Body = dict[str, Any]

API_BYTES, WEBHOOK_BYTES = 15_000, 20_000
"""Of `msgParam`; of a whole body."""
WEBHOOK_KINDS = frozenset({"text", "markdown", "link", "actionCard", "feedCard"})
ADDRESSES = ("https://", "http://", "@", "$")
"""How a key begins by which something is shown: an address, or the id of something uploaded."""
RECEIVED = (
    "the key of something received fetches it, and sends nothing: read it with `await msg.read(...)`, and send that as "
    "data"
)
_TITLE_LENGTH = 60
_LOOKED_AT = 500
"""Characters of a text in which its title is looked for."""
_NO_WAY = "not all of DingTalk's clients show it"
_MOST_BUTTONS = 5
_NO_SUFFIX = "file"
_AS_TYPED = "a text that holds marks of Markdown is sent as it is, and DingTalk's texts have no titled links"


def webhook_body(part: Part, *, calls: bool = True, answered: bool = True) -> tuple[Body, list[Degradation]]:
    """What a session webhook or a custom robot is given, and what is shown otherwise than meant.

    Args:
        part: What to say; its media have been uploaded.
        calls: Mentions call people; else they are names.
        answered: What people answer is heard.

    Raises:
        ContentRefusedError: the part holds something that cannot go this way.
    """
    first = part.elements[0] if part.elements else None
    if part.kind is PartKind.MARKDOWN and first is not None:
        return _markdown(part, calls=calls)
    if part.kind is PartKind.CARD and isinstance(first, Card):
        return _card(first, answered=answered)
    if part.kind is PartKind.MEDIA and isinstance(first, Image) and first.key:
        if not first.key.startswith(ADDRESSES):
            raise ContentRefusedError(RECEIVED, platform="dingtalk")
        return _as_markdown(first.alt or first.as_text(), picture(first)), []
    if part.kind is PartKind.RICH and len(part.elements) == 1 and isinstance(first, Link) and _opens(first):
        return {"msgtype": "link", "link": {"title": first.title, "text": first.url, "messageUrl": first.url}}, []
    if part.kind in (PartKind.TEXT, PartKind.RICH):
        return _said(part, calls=calls)
    raise _refused(first, part, "a webhook")


def api_body(part: Part) -> tuple[Body, list[Degradation]]:
    """`msgKey` and `msgParam`, which is JSON in a text, and what is shown otherwise than meant.

    Raises:
        ContentRefusedError: the part holds something that cannot go this way.
    """
    first = part.elements[0] if part.elements else None
    if part.kind is PartKind.MEDIA and isinstance(first, Media):
        return _media(first, part), []
    if part.kind is PartKind.CARD and isinstance(first, Card) and "msgKey" in first.content:
        return _own_message(first.content), []
    body, degradations = webhook_body(part, calls=False)
    if body.get("at"):  # of the platform's own JSON
        degradations.append(Degradation(loss=Loss.DROPPED, what="mention", how="left out", why=NOT_BY_API))
    made, further = as_api(body)
    return made, degradations + further


def as_api(body: Body) -> tuple[Body, list[Degradation]]:
    """What a webhook would be given, as a message of the API."""
    kind = str(body["msgtype"])
    content = body.get(kind)
    if not isinstance(content, Mapping):
        raise ContentRefusedError(f"a {kind} without its content", platform="dingtalk")
    if kind == "text":
        return message("sampleText", {"content": content.get("content", "")}), []
    if kind == "markdown":
        return message("sampleMarkdown", _only(content, "title", "text")), []
    if kind == "link":
        return message("sampleLink", _only(content, "title", "text", "messageUrl", "picUrl")), []
    if kind == "actionCard":
        return _api_card(content)
    listed = content.get("links")
    links = [link for link in (listed if isinstance(listed, list) else []) if isinstance(link, Mapping)]
    titles = [str(link.get("title", "")) for link in links]
    texts = [
        f"![]({link.get('picURL', '')})\n\n{as_links([(title, str(link.get('messageURL', '')))])}"
        for link, title in zip(links, titles, strict=True)
    ]
    made = message("sampleMarkdown", {"title": title_of(titles[0] if titles else ""), "text": "\n\n".join(texts)})
    return made, [
        Degradation(loss=Loss.SIMPLIFIED, what="card", how="markdown", why="only webhooks have this kind of message")
    ]


def as_plain_text(part: Part, *, calls: bool = True) -> Body:
    """The same part as the plainest message there is, for when the platform refuses its form; as `webhook_body`."""
    said, called, _ = spoken(part.elements, calls=calls)
    body = {"msgtype": "text", "text": {"content": said or " "}}
    return {**body, "at": called.at()} if called else body


def message(key: str, param: Mapping[str, Any]) -> Body:
    """One message of the API."""
    return {"msgKey": key, "msgParam": to_json(param).decode()}


def title_of(text: str) -> str:
    """The first line with something in it, shortened: what the list of chats shows of a Markdown message."""
    line = next((line.strip(" #>*-`|\t") for line in text.splitlines() if line.strip(" #>*-`|\t")), "")
    if not line:
        return "…"
    return line if len(line) <= _TITLE_LENGTH else f"{line[: _TITLE_LENGTH - 1]}…"


def measure(part: Part) -> int:
    """Bytes of a part as the API counts them, for both ways; 0 for what is not cut."""
    if part.kind.alone:
        return 0
    body, _ = webhook_body(part)
    size = len(as_api(body)[0]["msgParam"].encode())
    if at := body.get("at"):  # lists of ids there, names in their place here
        size = max(size + len(to_json(at)), len(api_body(part)[0]["msgParam"].encode()))
    return size


def measure_webhook(part: Part) -> int:
    """Bytes of a part as a webhook's whole body; 0 for what is not cut."""
    return 0 if part.kind.alone else len(to_json(webhook_body(part)[0]))


# -- content -----------------------------------------------------------------------------------------------------------


def _markdown(part: Part, *, calls: bool) -> tuple[Body, list[Degradation]]:
    made = message_in(part, ROBOT if calls else ROBOT_BY_API)
    body = _as_markdown(to_plain(part.elements[0].as_text()[:_LOOKED_AT]) or made.text, made.text)
    _, called, _ = spoken(part.elements, calls=calls)
    return ({**body, "at": called.at()} if called else body), told(made.changed, _NO_WAY)


def _as_markdown(title: str, text: str) -> Body:
    return {"msgtype": "markdown", "markdown": {"title": title_of(title), "text": text}}


def _said(part: Part, *, calls: bool) -> tuple[Body, list[Degradation]]:
    """A text; Markdown when it holds links with titles and nothing else that Markdown would read."""
    links = [element for element in part.elements if isinstance(element, Link)]
    others = [element for element in part.elements if not isinstance(element, Link)]
    titled = bool(links) and all(_opens(link) and is_plain(link.title) for link in links)
    if titled and is_plain("".join(element.as_text() for element in others)):
        said, called, degradations = spoken(part.elements, calls=calls, link=_linked)
        body = _as_markdown(title_of("".join(_title(element) for element in part.elements)), shown(said, ROBOT).text)
    else:
        said, called, degradations = spoken(part.elements, calls=calls)
        body = {"msgtype": "text", "text": {"content": said}}
        if links:
            why = "only addresses of the web can stand behind a title" if not titled else _AS_TYPED
            degradations.append(Degradation(loss=Loss.AS_TEXT, what="link", how="text", why=why))
    return ({**body, "at": called.at()} if called else body), degradations


def _linked(element: Element) -> str:
    return f"[{element.title}]({element.url})" if isinstance(element, Link) else element.as_text()


def _title(element: Element) -> str:
    return element.title if isinstance(element, Link) else element.as_text()


def _opens(link: Link) -> bool:
    return bool(link.title) and link.url.startswith(("https://", "http://")) and not set(link.url) & set(" ()<>\n")


def _card(card: Card, *, answered: bool) -> tuple[Body, list[Degradation]]:
    if card.content:
        return _own_body(card.content), []
    if (links := feed_of(card)) is not None:
        return {"msgtype": "feedCard", "feedCard": {"links": links}}, []
    made = action_card(card, answered=answered)
    written = shown(made.text, ROBOT)
    text, degradations = written.text, made.degradations + told(written.changed, _NO_WAY)
    title = title_of(made.title or made.text)
    if not made.buttons:
        return _as_markdown(title, text), degradations
    content: Body = {"title": title, "text": text}
    if len(made.buttons) == 1:
        content |= {"singleTitle": made.buttons[0][0], "singleURL": made.buttons[0][1]}
    else:
        content["btnOrientation"] = "1" if made.side_by_side else "0"
        content["btns"] = [{"title": label, "actionURL": url} for label, url in made.buttons]
    return {"msgtype": "actionCard", "actionCard": content}, degradations


def _api_card(content: Mapping[str, Any]) -> tuple[Body, list[Degradation]]:
    head = _only(content, "title", "text")
    if content.get("singleTitle"):
        return message("sampleActionCard", {**head, **_only(content, "singleTitle", "singleURL")}), []
    listed = content.get("btns")
    buttons = [
        (str(one.get("title", "")), str(one.get("actionURL", "")))
        for one in (listed if isinstance(listed, list) else [])
        if isinstance(one, Mapping)
    ]
    if not buttons:
        raise ContentRefusedError("an actionCard without buttons", platform="dingtalk")
    if len(buttons) == 1:
        return message("sampleActionCard", {**head, "singleTitle": buttons[0][0], "singleURL": buttons[0][1]}), []
    if len(buttons) == 2 and str(content.get("btnOrientation")) == "1":
        names = (("buttonTitle", "buttonUrl"), 6)
    else:
        names = (("actionTitle", "actionURL"), min(len(buttons), _MOST_BUTTONS))
    degradations = []
    if rest := buttons[_MOST_BUTTONS:]:
        head["text"] = f"{head.get('text', '')}\n\n{as_links(rest)}"
        why = f"the API's action cards have at most {_MOST_BUTTONS} buttons"
        degradations.append(Degradation(loss=Loss.SIMPLIFIED, what="button", how=f"{len(rest)} as links", why=why))
    for number, button in enumerate(buttons[:_MOST_BUTTONS], 1):
        head |= {f"{name}{number}": value for name, value in zip(names[0], button, strict=True)}
    return message(f"sampleActionCard{names[1]}", head), degradations


def _own_body(content: Mapping[str, Any]) -> Body:
    """A message in the platform's own JSON, as webhooks take it."""
    kind = content.get("msgtype")
    if not isinstance(kind, str) or kind not in WEBHOOK_KINDS or not isinstance(content.get(kind), Mapping):
        raise ContentRefusedError(
            'a card in DingTalk\'s own JSON is {"msgtype": "actionCard", "actionCard": {...}} (or text, markdown, '
            'link, feedCard), or {"msgKey": "sampleActionCard", "msgParam": {...}}',
            platform="dingtalk",
        )
    return {name: content[name] for name in ("msgtype", kind, "at") if name in content}


def _own_message(content: Mapping[str, Any]) -> Body:
    """A message in the platform's own JSON, as the API takes it."""
    key, param = content.get("msgKey"), content.get("msgParam")
    if isinstance(key, str) and key and isinstance(param, str):
        return {"msgKey": key, "msgParam": param}
    if isinstance(key, str) and key and isinstance(param, Mapping):
        return message(key, param)
    raise ContentRefusedError("msgKey is a text, and msgParam an object or its JSON", platform="dingtalk")


def _media(media: Media, part: Part) -> Body:
    if not media.key:
        raise ContentRefusedError(f"this {type(media).__name__} has neither data nor a key", platform="dingtalk")
    if isinstance(media, Image):
        return message("sampleImageMsg", {"photoURL": media.key})
    if isinstance(media, Audio):
        return message("sampleAudio", {"mediaId": media.key, "duration": str(round((media.duration or 1) * 1000))})
    if isinstance(media, Video):
        seconds = str(max(1, round(media.duration or 1)))
        param = {"duration": seconds, "videoMediaId": media.key, "videoType": "mp4", "picMediaId": media.cover}
        return message("sampleVideo", param)
    if isinstance(media, File):
        name = media.name or _NO_SUFFIX
        suffix = name.rpartition(".")[2].lower() if "." in name.strip(".") else ""
        return message("sampleFile", {"mediaId": media.key, "fileName": name, "fileType": suffix or _NO_SUFFIX})
    raise _refused(media, part, "the API")


def _only(content: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: content[name] for name in names if content.get(name)}


def _refused(first: Element | None, part: Part, way: str) -> ContentRefusedError:
    what = type(first).__name__ if first is not None else part.kind
    return ContentRefusedError(f"cannot send a {what} to DingTalk by {way}", platform="dingtalk")
