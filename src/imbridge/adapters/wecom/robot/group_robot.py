"""The robot of a group: it speaks in that group, and does nothing else."""

import base64
import hashlib
from typing import Any, ClassVar

from imbridge.adapters.base import AdapterContext, Probe, Sent, Target
from imbridge.adapters.errcode_calls import Answer
from imbridge.adapters.errcode_refusals import DegradeError
from imbridge.adapters.group_hook import GroupHookAdapter
from imbridge.adapters.uploaded_once import Kept, UploadedOnce, again_when_gone
from imbridge.adapters.uploads import Content, Taker, look
from imbridge.adapters.wecom.capabilities import GROUP_ROBOT
from imbridge.adapters.wecom.config import WeComConfig
from imbridge.adapters.wecom.modes import SCRIPT
from imbridge.adapters.wecom.robot.body import DIALECTS, as_text, image, measure, robot_body
from imbridge.adapters.wecom.robot.errors import LOOKED_AT
from imbridge.adapters.wecom.robot.hook import RobotHook
from imbridge.adapters.wecom.sent.markdown import ROBOT
from imbridge.adapters.wecom.sent.media import GONE, KEPT, VOICE_BYTES, VOICE_SECONDS
from imbridge.config import AccountConfig
from imbridge.media.formats import amr_seconds, is_amr, is_picture
from imbridge.protocol import (
    Audio,
    Degradation,
    DeliveryError,
    File,
    Image,
    Loss,
    Media,
    SentPart,
    Text,
)
from imbridge.rendering import Part, PartKind
from imbridge.rendering.media import as_file, word_for_part

_PATIENCE = 10.0
_TAKER = Taker("wecom", "WeCom", least=6)  # "larger than 5 bytes"
_SHOWN = {
    "audio": "a group robot's voice messages are AMR of at most 2 MB and 60 seconds",
    "image": "a group robot shows JPG and PNG of at most 2 MB",
}


class GroupRobotAdapter(GroupHookAdapter):
    """One group's robot. It has no id, hears nothing and can take nothing back; one group is all it knows."""

    platform: ClassVar[str] = "wecom"
    config_type: ClassVar[type[AccountConfig]] = WeComConfig
    capabilities = GROUP_ROBOT
    script = SCRIPT
    dialects = DIALECTS
    called: ClassVar[str] = "group robot"

    def __init__(self, config: AccountConfig, context: AdapterContext) -> None:
        """Keep the settings; no I/O before the first message."""
        if not isinstance(config, WeComConfig):
            raise TypeError(f"the WeCom adapter needs a WeComConfig, not a {type(config).__name__}")
        super().__init__(config, context)
        self.hook = RobotHook(config, context.pool)
        self.uploads = UploadedOnce(context.uploads)

    async def probe(self) -> Probe:
        """Post a body that says nothing, which the platform refuses one way or another; nobody sees it.

        An address that is wrong and a network that does not get there are found out. That the platform looks at the
        key before the message is unverified.
        """
        try:
            await self.hook.ask(patience=_PATIENCE)
        except DeliveryError as error:
            if error.code not in LOOKED_AT:
                return Probe(ok=False, bot_name=self.called, problems=(str(error),))
        return Probe(ok=True, bot_name=self.called)

    def measure(self, part: Part) -> int:
        """Bytes of the content, which the platform's limits count."""
        return measure(part)

    async def send(self, target: Target, part: Part, key: str) -> Sent:
        """Post one part. There is no idempotency key: what may have arrived is not repeated, its error is ambiguous."""
        return await again_when_gone(
            self.uploads,
            lambda more: self._send(target, part, f"{key}{more}"),
            gone=lambda error: error.code == GONE,
        )

    async def _send(self, target: Target, part: Part, key: str) -> Sent:
        degradations = self.in_its_group(target)
        media = part.elements[0] if part.kind is PartKind.MEDIA else None
        if isinstance(media, Image) and media.has_content and (body := await self._picture(media)) is not None:
            answer = await self.hook.send(body)
            return Sent(SentPart(kind="image", key=key), answer.attempts, tuple(degradations))
        if isinstance(media, Media):
            part = await self._uploaded(media, degradations)
        body, further = robot_body(part)
        answer, kind = await self._post(target, body, part, degradations)
        return Sent(SentPart(kind=kind, key=key), answer.attempts, tuple(degradations + further))

    def counters(self) -> dict[str, Any]:
        """Numbers for metrics."""
        caller = self.hook.caller
        return {"calls": caller.calls, "retries": caller.retries}

    async def _post(
        self, target: Target, body: dict[str, Any], part: Part, degradations: list[Degradation]
    ) -> tuple[Answer, str]:
        """Post it, in a plainer form each time the platform refuses the form."""
        kind = str(body["msgtype"])
        try:
            return await self.hook.send(body), kind
        except DegradeError as error:
            if kind == "markdown_v2" and getattr(part.elements[0], "content", None):  # in the platform's own JSON
                plainer = {"msgtype": "markdown", "markdown": body["markdown_v2"]}
            elif kind == "markdown_v2":
                plainer, changed = robot_body(part, ROBOT)
                degradations += changed
            elif kind != "text" and not part.kind.alone:
                plainer = as_text(part)
            else:
                raise
            degradations.append(
                Degradation(loss=Loss.SIMPLIFIED, what=word_for_part(part), how=str(plainer["msgtype"]), why=str(error))
            )
        target.forbid(*degradations)
        return await self._post(target, plainer, part, degradations)

    async def _picture(self, picture: Image) -> dict[str, Any] | None:
        """The body of a message with the picture in it; None for what is shown only as a file."""
        content = await look(picture, GROUP_ROBOT.file_bytes, _TAKER)
        if content.size > GROUP_ROBOT.image_bytes or not is_picture(content.head):
            return None
        data = await content.read(GROUP_ROBOT.image_bytes)
        return image(base64.b64encode(data).decode("ascii"), hashlib.md5(data, usedforsecurity=False).hexdigest())

    async def _uploaded(self, media: Media, degradations: list[Degradation]) -> Part:
        """The part with a media id in place of content; what cannot be uploaded as what it is goes as a file."""
        if not media.has_content:
            if isinstance(media, Audio | File) and media.key:
                return Part(PartKind.MEDIA, (media,))
            why = "a group robot shows pictures by their content only"
            degradations.append(
                Degradation(loss=Loss.AS_TEXT, what=str(getattr(media, "type", "media")), how="text", why=why)
            )
            return Part(PartKind.TEXT, (Text(media.as_text()),))
        content = await look(media, GROUP_ROBOT.file_bytes, _TAKER)
        if isinstance(media, Audio) and _is_voice(media, content):
            return Part(PartKind.MEDIA, (Audio(key=await self._put(content, "voice", "voice.amr")),))
        if not isinstance(media, File):
            why = _SHOWN["audio" if isinstance(media, Audio) else "image"]
            degradations.append(
                Degradation(loss=Loss.REPLACED, what=str(getattr(media, "type", "media")), how="file", why=why)
            )
        file = as_file(media, content.head)
        return Part(PartKind.MEDIA, (File(key=await self._put(content, "file", file.name), name=file.name),))

    async def _put(self, content: Content, kind: str, name: str) -> str:
        async def upload() -> Kept:
            return Kept(await self.hook.upload(content, kind, name), KEPT)

        return (await self.uploads.key_of(f"{kind} {name}", content, upload))[0]


def _is_voice(audio: Audio, content: Content) -> bool:
    if not is_amr(content.head) or content.size > VOICE_BYTES:
        return False
    seconds = audio.duration if audio.duration is not None else amr_seconds(content.head, content.size)
    return seconds is None or seconds <= VOICE_SECONDS
