"""Changing what was sent, and taking it back."""

from collections.abc import Awaitable
from typing import Any

from imbridge.adapters.base import Adapter, Sent
from imbridge.protocol import Channel, DeliveryState, ImbridgeError, Receipt, SkillError, to_reply
from imbridge.rendering import render


async def change(adapter: Adapter, channel: Channel, receipt: Receipt, content: Any) -> Receipt:
    """Change the message of a receipt.

    Raises:
        SkillError: the receipt is not of one message, or the content does not make one.
    """
    rendered = render(to_reply(content), adapter.capabilities, measure=adapter.measure)
    if len(rendered.parts) != 1 or len(receipt.message_ids) != 1:
        raise SkillError("an edit needs a receipt with one message, and content that fits into one message")
    edited = await outcome(channel.address, adapter.edit(channel, receipt.message_ids[0], rendered.parts[0]))
    return edited.model_copy(update={"degradations": (*rendered.degradations, *edited.degradations)})


async def take_back(adapter: Adapter, channel: Channel, receipt: Receipt) -> Receipt:
    """Take back the messages of a receipt, up to the first that cannot be."""
    result = Receipt(state=DeliveryState.SKIPPED, channel=channel.address)
    for message_id in receipt.message_ids:
        result = await outcome(channel.address, adapter.recall(channel, message_id))
        if not result:
            break
    return result


async def outcome(channel: str, action: Awaitable[Any]) -> Receipt:
    """What became of something that an adapter does, as a receipt."""
    try:
        sent = await action
    except ImbridgeError as error:
        return Receipt(
            state=DeliveryState.FAILED, channel=channel, error=str(error), code=getattr(error, "code", None), attempts=1
        )
    if isinstance(sent, Sent):
        return Receipt(
            state=DeliveryState.SENT,
            channel=channel,
            parts=(sent.part,),
            degradations=sent.degradations,
            attempts=sent.attempts,
        )
    return Receipt(state=DeliveryState.SENT, channel=channel, attempts=1)
