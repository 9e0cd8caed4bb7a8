"""What became of an answer that grew: one receipt of all its messages."""

from collections.abc import Iterable, Sequence
from typing import Any

from imbridge.protocol import Channel, Degradation, DeliveryError, DeliveryState, Loss, Receipt


def said_at_the_end(*, strict: bool, why: str = "") -> Degradation:
    """That an answer did not grow before people's eyes; `why`, or `strict`, or the platform is the reason."""
    if not why:
        why = (
            "strict: only at the end it is known what would be lost" if strict else "this platform cannot edit messages"
        )
    return Degradation(loss=Loss.DELAYED, what="stream", how="sent whole at the end", why=why)


def sum_up(
    receipts: Sequence[Receipt], channel: Channel, lost: Iterable[Degradation], doubt: DeliveryError | None
) -> Receipt:
    """The receipts of its messages as one.

    Args:
        receipts: Of its messages, in order.
        channel: Where it was to be said.
        lost: What of it is otherwise than meant, besides what the receipts say.
        doubt: Why nobody knows whether its end arrived, if so.
    """
    if not receipts:
        return Receipt(state=DeliveryState.SKIPPED, channel=channel.address, degradations=tuple(lost))
    parts = tuple(part for receipt in receipts for part in receipt.parts)
    degradations = [degradation for receipt in receipts for degradation in receipt.degradations]
    facts: dict[str, Any] = {
        "state": DeliveryState.SENT,
        "parts": parts,
        "attempts": sum(receipt.attempts for receipt in receipts),
        "degradations": tuple(dict.fromkeys((*lost, *degradations))),  # what two messages lost alike is told once
    }
    failed = next((receipt for receipt in receipts if not receipt), None)
    if failed is not None:
        facts["state"] = DeliveryState.PARTIAL if parts else failed.state
    elif doubt is not None:
        facts["state"] = DeliveryState.PARTIAL
        facts |= {"error": f"the last of the text may have arrived, or not: {doubt}", "code": doubt.code}
    return (failed or receipts[-1]).model_copy(update=facts)
