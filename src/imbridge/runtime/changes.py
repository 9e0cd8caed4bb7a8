"""Changing what was sent, and taking it back."""

from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Any

from imbridge.adapters.base import Adapter, Sent, Target
from imbridge.media.sources import spooled
from imbridge.media.spool import remove
from imbridge.media.walking import media_in
from imbridge.protocol import (
    Channel,
    Degradation,
    DeliveryError,
    DeliveryState,
    ImbridgeError,
    Receipt,
    Reply,
    SentPart,
    SkillError,
    to_reply,
)
from imbridge.runtime.rendered import rendered
from imbridge.runtime.strictness import forbid, forbid_losses

_ONE = "an edit needs a receipt with one message, and content that fits into one message"


async def change(
    adapter: Adapter, channel: Channel, receipt: Receipt, content: Any, *, strict: bool = False
) -> Receipt:
    """Change the message of a receipt; one that has no id cannot be, which the result says.

    Args:
        adapter: The account's.
        channel: Where the message is.
        receipt: Its receipt.
        content: What it is to say.
        strict: Whether it may be shown as it is meant only, if the content does not say it itself.

    Raises:
        DegradedError: it would be shown otherwise, and that is forbidden.
        SkillError: the receipt is not of one message, or the content does not make one.
    """
    if len(receipt.parts) == 1 and not receipt.message_ids:
        return _without_id(adapter, channel)
    if len(receipt.message_ids) != 1:
        raise SkillError(_ONE)
    said = to_reply(content)
    strictly = strict if said.strict is None else said.strict
    return await change_message(adapter, channel, receipt.message_ids[0], said, strict=strictly)


async def change_message(
    adapter: Adapter, channel: Channel, message_id: str, content: Any, *, strict: bool = False
) -> Receipt:
    """Change one message.

    Raises:
        DegradedError: it would be shown otherwise than meant, and `strict` forbids that.
        SkillError: the content does not make one message.
    """
    async with at_hand(adapter, to_reply(content)) as (reply, lost):
        made = await rendered(adapter, reply)
        if len(made.parts) != 1:
            raise SkillError(_ONE)
        if strict:
            forbid((*lost, *made.degradations))
            await forbid_losses(adapter, lambda _: Target(channel), made.parts)
        edited = await outcome(channel.address, adapter.edit(channel, message_id, made.parts[0]))
    return edited.model_copy(update={"degradations": (*lost, *made.degradations, *edited.degradations)})


@asynccontextmanager
async def at_hand(adapter: Adapter, reply: Reply) -> AsyncIterator[tuple[Reply, tuple[Degradation, ...]]]:
    """What does not go through the outbox, with its media as files for as long as the block, and what could not be had.

    Raises:
        Exception: what a stream raises.
        OSError: the files cannot be written.
    """
    if all(media.is_at_hand or not media.has_content for media in media_in(reply.elements)):
        yield reply, ()
        return
    whole = await spooled(reply, adapter.capabilities)
    try:
        async with adapter.gathered(whole.reply) as (ready, lost):
            yield ready, (*whole.degradations, *lost)
    finally:
        if whole.folder is not None:
            await remove(whole.folder)


async def take_back(adapter: Adapter, channel: Channel, receipt: Receipt) -> Receipt:
    """Take back the messages of a receipt, up to the first that cannot be; `parts` are those that were."""
    gone: list[SentPart] = []
    result = Receipt(state=DeliveryState.SKIPPED, channel=channel.address)
    for part in receipt.parts:
        if part.message_id:
            result = await outcome(channel.address, adapter.recall(channel, part.message_id))
        else:
            result = _without_id(adapter, channel)
        if not result:
            break
        gone.append(part)
    state = DeliveryState.PARTIAL if gone and not result else result.state
    attempts = len(gone) + (not result)
    return result.model_copy(update={"state": state, "parts": tuple(gone), "attempts": attempts})


def _without_id(adapter: Adapter, channel: Channel) -> Receipt:
    return Receipt(state=DeliveryState.FAILED, channel=channel.address, error=adapter.without_id)


async def outcome(channel: str, action: Awaitable[Any]) -> Receipt:
    """What became of something that an adapter does, as a receipt."""
    try:
        sent = await action
    except ImbridgeError as error:
        ambiguous = isinstance(error, DeliveryError) and error.ambiguous
        return Receipt(
            state=DeliveryState.UNKNOWN if ambiguous else DeliveryState.FAILED,
            channel=channel,
            error=str(error),
            code=getattr(error, "code", None),
            attempts=1,
        )
    if isinstance(sent, Sent):
        return Receipt(
            state=DeliveryState.SENT,
            channel=channel,
            parts=(sent.part, *sent.more),
            degradations=sent.degradations,
            attempts=sent.attempts,
        )
    return Receipt(state=DeliveryState.SENT, channel=channel, attempts=1)
