"""A custom bot: an address into one group that takes messages, and nothing else.

Shapes: open.feishu.cn, client-docs/bot-v3/add-custom-bot, "supported message types". They differ from the message
API's: the content is an object instead of its text, and three of the five types are written otherwise.
"""

from typing import Any, ClassVar

from pydantic_core import from_json, to_json

from imbridge.adapters.base import AdapterContext, Probe, Sent, Target
from imbridge.adapters.feishu.capabilities import CUSTOM_BOT
from imbridge.adapters.feishu.config import FeishuConfig
from imbridge.adapters.feishu.custom.hook import Hook
from imbridge.adapters.feishu.modes import SCRIPT
from imbridge.adapters.feishu.outbound import message_body
from imbridge.adapters.feishu.sent.cards import images_in, losses_in, without_contents
from imbridge.adapters.feishu.sent.markdown import CARD as MARKDOWN_CARD
from imbridge.adapters.feishu.sent.markdown import markdown_card
from imbridge.adapters.group_hook import GroupHookAdapter
from imbridge.adapters.markdown_told import told
from imbridge.config import AccountConfig
from imbridge.protocol import (
    Button,
    Card,
    Contact,
    ContentRefusedError,
    DatePicker,
    Degradation,
    Element,
    Form,
    Image,
    Input,
    Loss,
    Markdown,
    Mention,
    NotSupportedError,
    Select,
    SentPart,
    Text,
)
from imbridge.rendering import Part, PartKind, message_in
from imbridge.transport import HttpError

_NO_WAY = "a card of Feishu's shows no such thing"
_SIGNED = {"timestamp": "1" * 10, "sign": "x" * 44}


class CustomBotAdapter(GroupHookAdapter):
    """One custom bot. It has no id, hears nothing and can take nothing back; one group is all it knows."""

    platform: ClassVar[str] = "feishu"
    config_type: ClassVar[type[AccountConfig]] = FeishuConfig
    capabilities = CUSTOM_BOT
    script = SCRIPT
    dialects = (MARKDOWN_CARD,)
    called: ClassVar[str] = "custom bot"

    def __init__(self, config: AccountConfig, context: AdapterContext) -> None:
        """Keep the settings; no I/O before the first message."""
        if not isinstance(config, FeishuConfig):
            raise TypeError(f"the Feishu adapter needs a FeishuConfig, not a {type(config).__name__}")
        super().__init__(config, context)
        self.hook = Hook(config, context.pool)

    async def probe(self) -> Probe:
        """Post a body that says nothing, which the platform refuses one way or another; nobody sees it.

        An unknown address, one that may not be used from here, and a network that does not get there are found out.
        A wrong secret is not: whether the platform looks at the signature first is unverified.
        """
        try:
            failure = self.hook.told(await self.hook.ask({}))
        except HttpError as error:
            failure = self.hook.lost(error)
        if failure is not None:
            return Probe(ok=False, bot_name=self.called, problems=(str(failure),))
        return Probe(ok=True, bot_name=self.called)

    def measure(self, part: Part) -> int:
        """Bytes of the whole request, which the platform's limit counts."""
        body, _ = hook_body(part)
        return len(to_json(_SIGNED | body))

    async def send(self, target: Target, part: Part, key: str) -> Sent:
        """Post one part. There is no idempotency key: what may have arrived is not repeated, its error is ambiguous."""
        changed = self.in_its_group(target)
        body, degradations = hook_body(part)
        degradations += changed
        attempts = await self.hook.post(body)
        return Sent(SentPart(kind=body["msg_type"], key=key), attempts, tuple(degradations))

    def counters(self) -> dict[str, Any]:
        """Numbers for metrics."""
        return {"calls": self.hook.calls, "retries": self.hook.retries}


_NO_UPLOADS = "a custom bot can show only images that an app has uploaded: give its image_key as `key`"


def hook_body(part: Part) -> tuple[dict[str, Any], list[Degradation]]:
    """What is posted for a part, without a signature, and what had to be shown otherwise.

    Raises:
        ContentRefusedError: The part holds something that cannot be sent.
        NotSupportedError: A custom bot cannot send this.
    """
    part, degradations = _possible(part)
    if any(isinstance(element, Markdown) for element in part.elements):
        # The documents know no `md` in a custom bot's post; a card shows Markdown everywhere.
        made = message_in(part, MARKDOWN_CARD)
        return {"msg_type": "interactive", "card": markdown_card(made.text)}, degradations + told(made.changed, _NO_WAY)
    kind, text = message_body(part)
    content = from_json(text)
    if kind == "interactive":
        if content.get("type") == "card":
            raise NotSupportedError("a custom bot cannot send a card that an app has made; send the card itself")
        first = part.elements[0]
        if isinstance(first, Card):
            degradations += losses_in(first)
        if isinstance(first, Card) and _clickable(first):
            why = "a custom bot is told of no clicks; buttons can only open a url"
            degradations.append(
                Degradation(loss=Loss.SIMPLIFIED, what="card", how="shown, its buttons and inputs do nothing", why=why)
            )
        return {"msg_type": kind, "card": content}, degradations
    if kind == "post":
        content = {"post": content}
    elif kind == "share_chat":
        content = {"share_chat_id": content["chat_id"]}
    elif kind not in ("text", "image"):
        raise ContentRefusedError(f"a custom bot cannot send {kind} messages", platform="feishu")
    return {"msg_type": kind, "content": content}, degradations


def _possible(part: Part) -> tuple[Part, list[Degradation]]:
    """The part with text in place of what only an app can send: pictures from bytes, and people as cards."""
    degradations: list[Degradation] = []
    elements: list[Element] = []
    for element in part.elements:
        what = why = ""
        if isinstance(element, Image) and not element.key:
            what, why = "image", _NO_UPLOADS
        elif isinstance(element, Contact) and element.kind == "user":
            what, why = "contact", "a custom bot can share its group only"
        elif isinstance(element, Mention) and not element.id:
            what, why = "mention", "a custom bot cannot look up who is called so: give an id"
        elif isinstance(element, Card) and any(image.has_content for image in images_in(element)):
            degradations.append(Degradation(loss=Loss.AS_TEXT, what="image", how="text", why=_NO_UPLOADS))
            elements.append(without_contents(element))
            continue
        if why:
            degradations.append(Degradation(loss=Loss.AS_TEXT, what=what, how="text", why=why))
        elements.append(Text(element.as_text()) if why else element)
    if not degradations:
        return part, []
    alone = part.kind in (PartKind.MEDIA, PartKind.CONTACT)
    return Part(PartKind.TEXT if alone else part.kind, tuple(elements)), degradations


def _clickable(card: Card) -> bool:
    return not card.content and any(
        isinstance(one, Select | Input | DatePicker | Form) or (isinstance(one, Button) and not one.url)
        for one in card.body
    )
