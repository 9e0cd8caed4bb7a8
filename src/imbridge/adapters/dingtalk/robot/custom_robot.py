"""The custom robot of a group: it speaks in that group, and does nothing else."""

from functools import partial
from typing import Any, ClassVar

from pydantic_core import to_json

from imbridge.adapters.base import AdapterContext, Probe, Sent, Target
from imbridge.adapters.dingtalk.capabilities import CUSTOM_ROBOT
from imbridge.adapters.dingtalk.config import DingTalkConfig
from imbridge.adapters.dingtalk.modes import SCRIPT
from imbridge.adapters.dingtalk.outbound import ADDRESSES, Body, as_plain_text, measure_webhook, webhook_body
from imbridge.adapters.dingtalk.robot.errors import LOOKED_AT
from imbridge.adapters.dingtalk.robot.hook import RobotHook
from imbridge.adapters.dingtalk.sent.action_cards import pictures_in, with_pictures
from imbridge.adapters.dingtalk.sent.long_cards import say_long
from imbridge.adapters.dingtalk.sent.markdown import ROBOT as MARKDOWN
from imbridge.adapters.errcode_refusals import DegradeError
from imbridge.adapters.group_hook import GroupHookAdapter
from imbridge.config import AccountConfig
from imbridge.protocol import (
    Card,
    Degradation,
    DeliveryError,
    Image,
    Loss,
    Media,
    SentPart,
    Text,
)
from imbridge.rendering import Part, PartKind
from imbridge.rendering.media import word_for_part

_PATIENCE = 10.0
_NO_UPLOADS = 'a custom robot shows a picture by its address (Image(key="https://...")) and uploads nothing'


class CustomRobotAdapter(GroupHookAdapter):
    """One group's custom robot. It hears nothing and can take nothing back; one group is all it knows."""

    platform: ClassVar[str] = "dingtalk"
    config_type: ClassVar[type[AccountConfig]] = DingTalkConfig
    capabilities = CUSTOM_ROBOT
    script = SCRIPT
    dialects = (MARKDOWN,)
    called: ClassVar[str] = "custom robot"

    def __init__(self, config: AccountConfig, context: AdapterContext) -> None:
        """Keep the settings; no I/O before the first message."""
        if not isinstance(config, DingTalkConfig):
            raise TypeError(f"the DingTalk adapter needs a DingTalkConfig, not a {type(config).__name__}")
        super().__init__(config, context)
        self.hook = RobotHook(config, context.pool)

    async def probe(self) -> Probe:
        """Post a body that says nothing, which the platform refuses one way or another; nobody sees it.

        An address that is wrong, a signature that does not fit and a network that does not get there are found out.
        That the platform looks at these before the message is unverified.
        """
        try:
            await self.hook.ask(patience=_PATIENCE)
        except DeliveryError as error:
            if error.code not in LOOKED_AT:
                return Probe(ok=False, bot_name=self.called, problems=(str(error),))
        return Probe(ok=True, bot_name=self.called)

    def measure(self, part: Part) -> int:
        """Bytes of the body, which the platform's limit counts."""
        return measure_webhook(part)

    async def send(self, target: Target, part: Part, key: str) -> Sent:
        """Post one part; `key` makes a repetition harmless."""
        degradations = self.in_its_group(target)
        part = _without_content(part, degradations)
        return (await self._post(target, part, key)).but(*degradations)

    async def _post(self, target: Target, part: Part, key: str) -> Sent:
        body, degradations = webhook_body(part, answered=False)
        if len(to_json(body)) > CUSTOM_ROBOT.markdown_bytes:
            post = partial(self._post, target)
            return await say_long(part, key, post, capabilities=CUSTOM_ROBOT, measure=measure_webhook)
        try:
            answer = await self.hook.send(body, key)
        except DegradeError as error:
            if body["msgtype"] == "text" or part.kind is PartKind.MEDIA or error.ambiguous:
                raise
            degradations.append(Degradation(loss=Loss.AS_TEXT, what=word_for_part(part), how="text", why=str(error)))
            target.forbid(*degradations)
            plainer: Body = as_plain_text(part)
            body, answer = plainer, await self.hook.send(plainer, f"{key}-t")
        return Sent(SentPart(kind=str(body["msgtype"]), key=key), answer.attempts, tuple(degradations))

    def hands_over(self, media: Media, *, in_card: bool = False) -> bool:
        """The platform fetches pictures that are in the open network."""
        return isinstance(media, Image)

    def counters(self) -> dict[str, Any]:
        """Numbers for metrics."""
        caller = self.hook.caller
        return {"calls": caller.calls, "retries": caller.retries}


def _without_content(part: Part, degradations: list[Degradation]) -> Part:
    """The part without what would have to be uploaded."""
    first = part.elements[0] if part.elements else None
    if isinstance(first, Card) and (pictures := pictures_in(first)):
        known = {id(image): image.url for image in pictures if image.url is not None and not image.is_at_hand}
        return Part(part.kind, (with_pictures(first, known),))  # which tells of the others that they have no address
    if part.kind is PartKind.MEDIA and isinstance(first, Media):
        if isinstance(first, Image) and not first.is_at_hand and (first.url or first.key).startswith(ADDRESSES):
            return Part(part.kind, (Image(key=first.url or first.key, alt=first.alt),))
        degradations.append(
            Degradation(loss=Loss.AS_TEXT, what=str(getattr(first, "type", "media")), how="text", why=_NO_UPLOADS)
        )
        return Part(PartKind.TEXT, (Text(first.as_text()),))
    return part
