"""Which message people see an answer to be an answer to."""

from imbridge.adapters.base import Adapter
from imbridge.protocol import Channel, ChannelKind


def is_in_thread(channel: Channel, said: bool | None) -> bool:
    """Whether an answer stands in a thread; `said` is what its reply says."""
    return channel.thread is not None if said is None else said


def quoted(
    adapter: Adapter, channel: Channel, reply_to: str | None, *, quote: bool | None, in_thread: bool | None
) -> str | None:
    """The message that the first part of an answer quotes, or whose thread it stands in; None where it does neither.

    Args:
        adapter: Of the account.
        channel: Where it is said.
        reply_to: The message that is answered.
        quote: What the reply says.
        in_thread: The same.
    """
    usual = channel.kind is ChannelKind.GROUP and adapter.capabilities.quote
    return reply_to if is_in_thread(channel, in_thread) or (usual if quote is None else quote) else None
