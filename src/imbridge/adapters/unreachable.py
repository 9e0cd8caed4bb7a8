"""The refusal of an address that a sort of account cannot send to."""

from imbridge.protocol import Channel, TargetGoneError


def no_address_for(channel: Channel, who: str, **ids: str) -> TargetGoneError:
    """The error, with the addresses that can be written instead.

    Args:
        channel: Where it should have gone.
        who: What sends, as "a QQ bot".
        ids: For each kind of channel it can send to, what its id is.
    """
    forms = " or ".join(f"{channel.account_key}/{kind}/<{meaning}>" for kind, meaning in ids.items())
    return TargetGoneError(
        f"{channel.address} is no address that {who} can send to; write {forms}", platform=channel.platform
    )
