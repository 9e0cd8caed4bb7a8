"""What would become of a whole reply on an account."""

from collections.abc import Sequence
from dataclasses import dataclass

from imbridge.adapters.base import Adapter, Target
from imbridge.adapters.rehearsal import KEY, Preview
from imbridge.protocol import Degradation, ImbridgeError, Reply
from imbridge.rendering import Part, PartKind
from imbridge.runtime.rendered import rendered


@dataclass(frozen=True, slots=True)
class Previewed:
    """One part of a reply.

    Attributes:
        part: What is sent.
        preview: What leaves for it; None when it cannot be sent.
        error: Why it cannot.
        size: Its bytes as the platform counts them; 0 for what is not counted so.
        limit: The most there may be; 0 where there is none.
    """

    part: Part
    preview: Preview | None
    error: str = ""
    size: int = 0
    limit: int = 0


@dataclass(frozen=True, slots=True)
class ReplyPreview:
    """A reply.

    Attributes:
        parts: Its parts, in order.
        degradations: What would be shown otherwise than meant.
    """

    parts: tuple[Previewed, ...]
    degradations: tuple[Degradation, ...]

    @property
    def is_as_meant(self) -> bool:
        """Whether `strict` would let it pass."""
        return not any(one.loss.is_forbidden for one in self.degradations) and not any(one.error for one in self.parts)


async def preview_reply(adapter: Adapter, target: Target, reply: Reply) -> ReplyPreview:
    """What an adapter would send for a reply, whose media are at hand; nothing leaves.

    A part that cannot be sent at all says why, and those behind it are looked at all the same.
    """
    try:
        made = await rendered(adapter, reply)
    except ImbridgeError as error:
        whole = Part(PartKind.TEXT, reply.elements)
        return ReplyPreview((Previewed(whole, None, str(error)),), ())
    planned = adapter.plan(target, made.parts, KEY) if made.parts else made
    degradations = [*made.degradations, *(planned.degradations if planned is not made else ())]
    parts: list[Previewed] = []
    for part in planned.parts:
        size, limit = sizes(adapter, part)
        try:
            preview = await adapter.preview(target, part)
        except ImbridgeError as error:
            parts.append(Previewed(part, None, str(error), size, limit))
        else:
            parts.append(Previewed(part, preview, "", size, limit))
            degradations += preview.degradations
    return ReplyPreview(tuple(parts), _once(degradations))


def sizes(adapter: Adapter, part: Part) -> tuple[int, int]:
    """Bytes of a part as the platform counts them, and how many there may be."""
    if part.kind.alone:
        return 0, 0
    capabilities = adapter.capabilities
    limit = capabilities.text_bytes if part.kind is PartKind.TEXT else capabilities.markdown_bytes
    return adapter.measure(part), limit


def _once(degradations: Sequence[Degradation]) -> tuple[Degradation, ...]:
    return tuple(dict.fromkeys(degradations))
