"""Adapters of accounts that nobody has: for previews, documents and tests. They are never started."""

from imbridge.adapters.base import Adapter, AdapterContext, Target
from imbridge.adapters.rehearsal import NoIntake
from imbridge.protocol import Channel, ChannelKind
from imbridge.transport import HttpPool

NAME = "preview"


def imagined(made: type[Adapter], mode: str) -> tuple[Adapter, Target]:
    """An adapter of one of the sorts that its class names, and a conversation that it can speak in.

    Args:
        made: The platform's adapter.
        mode: One of its `modes`.
    """
    sort = made.modes[mode]
    adapter = made.create(
        made.config_type.model_validate({"name": NAME, **sort.settings}), AdapterContext(NoIntake(), HttpPool())
    )
    kind, _, identity = sort.to.partition("/")
    channel = Channel(platform=made.platform, account=NAME, kind=ChannelKind(kind), id=identity)
    return adapter, Target(channel)
