"""Every platform and mode, as the adapters name them: what can be shown, how it is measured, and what is sent."""

import asyncio
from dataclasses import dataclass, field

from imbridge.adapters.base import Adapter, AdapterContext, Target
from imbridge.adapters.rehearsal import NoIntake, Preview, Sort
from imbridge.protocol import Channel, ChannelKind
from imbridge.rendering import Part
from imbridge.runtime.registry import adapter_type, platforms
from imbridge.transport import HttpPool


@dataclass(frozen=True)
class Mode:
    """One sort of account, and a conversation that it speaks in.

    Attributes:
        platform: Its adapter's name.
        name: The adapter's word for the sort.
        sort: What the adapter says of it.
    """

    platform: str
    name: str
    sort: Sort = field(hash=False, repr=False)

    def __str__(self) -> str:
        return f"{self.platform}-{self.name}"

    def adapter(self) -> Adapter:
        """An adapter that is not started, and has nobody to speak to."""
        adapter = adapter_type(self.platform)
        config = adapter.config_type.model_validate({"name": "test", **self.sort.settings})
        return adapter.create(config, AdapterContext(NoIntake(), HttpPool()))

    @property
    def target(self) -> Target:
        """The conversation."""
        kind, _, identity = self.sort.to.partition("/")
        return Target(Channel(platform=self.platform, account="test", kind=ChannelKind(kind), id=identity))

    def preview(self, adapter: Adapter, part: Part) -> Preview:
        """What is sent for a part, by the code that sends."""
        return asyncio.run(adapter.preview(self.target, part))


MODES = tuple(
    Mode(platform, name, sort) for platform in platforms() for name, sort in adapter_type(platform).modes.items()
)
