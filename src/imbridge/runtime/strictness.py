"""What `strict` forbids, found before anything is sent."""

from collections.abc import Callable, Sequence

from imbridge.adapters.base import Adapter, Target
from imbridge.protocol import Capabilities, Degradation, DegradedError, Loss, Receipt
from imbridge.rendering import Part


def forbid(degradations: Sequence[Degradation]) -> None:
    """See that nothing is lost that `strict` forbids.

    Raises:
        DegradedError: something is.
    """
    # What is thought is said beside the answer, which is there whole: the option `thinking` decides about it.
    lost = [one for one in degradations if one.loss.is_forbidden and one.what != "thinking"]
    if lost:
        raise DegradedError(lost)


async def forbid_losses(adapter: Adapter, target_of: Callable[[int], Target], parts: Sequence[Part]) -> None:
    """See that the adapter shows all parts as they are meant, before the first of them is sent.

    Raises:
        DegradedError: it does not.
        ImbridgeError: one of them cannot be sent at all.
    """
    lost: list[Degradation] = []
    for number, part in enumerate(parts):
        preview = await adapter.preview(target_of(number), part)
        lost += preview.degradations
    forbid(lost)


def forbid_text(capabilities: Capabilities) -> None:
    """See that Markdown that grows is shown as Markdown.

    Raises:
        DegradedError: it is not.
    """
    if "markdown" not in capabilities.sends:
        how, why = "text without its markup", "this account shows no markdown"
        raise DegradedError([Degradation(loss=Loss.SIMPLIFIED, what="markdown", how=how, why=why)])


def unless_refused(receipt: Receipt) -> Receipt:
    """The receipt of what `strict` let pass.

    Raises:
        DegradedError: it did not.
    """
    if receipt.refused:
        raise DegradedError(receipt.refused, receipt)
    return receipt
