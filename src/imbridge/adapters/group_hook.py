"""The robot of a group that is an address to post to: it speaks in that group, and does nothing else."""

from typing import ClassVar
from urllib.parse import urlsplit

from pydantic import SecretStr

from imbridge.adapters.base import Adapter, Health, Target
from imbridge.protocol import ChannelKind, Degradation, Loss, TargetGoneError
from imbridge.transport.hosts import LOOPBACK

CHANNEL = "hook"
"""The one channel there is: `<platform>:<account>/group/hook`."""


class GroupHookAdapter(Adapter):
    """One group's robot. It hears nothing and can take nothing back; one group is all it knows.

    Attributes:
        called: What the platform calls it.
    """

    called: ClassVar[str]

    async def start(self) -> None:
        """Up at once: there is nothing to connect."""
        self.tell(Health.UP, f"sends only, into the {self.called}'s group")

    async def stop_reading(self) -> None:
        """Nothing is read."""

    async def close(self) -> None:
        """Nothing is held."""
        self.tell(Health.STOPPED, "closed")

    def in_its_group(self, target: Target) -> list[Degradation]:
        """What of a target is otherwise there.

        Raises:
            TargetGoneError: it is another chat.
        """
        channel = target.channel
        if channel.kind is not ChannelKind.GROUP or channel.id != CHANNEL:
            raise TargetGoneError(
                f"{self.key} is a {self.called} and speaks in its own group only: {self.key}/group/{CHANNEL}",
                platform=self.platform,
            )
        degradations = []
        if target.reply_to is not None:
            why = f"a {self.called} cannot reply"
            degradations.append(Degradation(loss=Loss.MOVED, what="reply", how="sent to the chat", why=why))
        if channel.thread is not None:
            why = f"a {self.called} cannot speak in threads"
            degradations.append(Degradation(loss=Loss.MOVED, what="thread", how="sent to the chat", why=why))
        return degradations


def hook_base(webhook: SecretStr | None, base: str) -> str:
    """Where a group robot's API is: `base`, unless the robot's address is one of this machine (an emulator's)."""
    parts = urlsplit(webhook.get_secret_value() if webhook is not None else "")
    return f"{parts.scheme}://{parts.netloc}" if parts.hostname in LOOPBACK else base
