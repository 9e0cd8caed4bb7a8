"""Changing what was sent, and taking it back."""

from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Any

from imbridge.adapters.base import Adapter, Sent
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
from imbridge.rendering import render

_ONE = "an edit needs a receipt with one message, and content that fits into one message"


async def change(adapter: Adapter, channel: Channel, receipt: Receipt, content: Any) -> Receipt:
    """Change the message of a receipt; one that has no id cannot be, which the result says.

    Raises:
        SkillError: the receipt is not of one message, or the content does not make one.
    """
    if len(receipt.parts) == 1 and not receipt.message_ids:
        return _without_id(adapter, channel)
    if len(receipt.message_ids) != 1:
        raise SkillError(_ONE)
    return await change_message(adapter, channel, receipt.message_ids[0], content)


async def change_message(adapter: Adapter, channel: Channel, message_id: str, content: Any) -> Receipt:
    """Change one message.

    Raises:
        SkillError: the content does not make one message.
    """
    async with at_hand(adapter, to_reply(content)) as (reply, lost):
        rendered = render(reply, adapter.capabilities, measure=adapter.measure, dialects=adapter.dialects)
        if len(rendered.parts) != 1:
            raise SkillError(_ONE)
        edited = await outcome(channel.address, adapter.edit(channel, message_id, rendered.parts[0]))
    return edited.model_copy(update={"degradations": (*lost, *rendered.degradations, *edited.degradations)})


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
