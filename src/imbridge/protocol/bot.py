"""A bot of this process, as others can call it."""

from pydantic import Field

from imbridge.protocol.elements import Mention
from imbridge.protocol.model import ProtocolModel


class Bot(ProtocolModel):
    """One account that is a bot, and can be called by others of its bridge.

    Attributes:
        platform: `feishu`, `wecom`, ...
        account: The account's name in the configuration (`work`).
        id: Its id, as the platform tells it to the account itself. Others may see another one: a Feishu `open_id` is
            different for each app.
        name: What people call it; empty where the platform does not tell.
        aliases: Other names it is called by, from the account's setting `aliases`.
    """

    platform: str = Field(min_length=1)
    account: str = Field(min_length=1)
    id: str = ""
    name: str = ""
    aliases: tuple[str, ...] = ()

    @property
    def account_key(self) -> str:
        """`platform:account`."""
        return f"{self.platform}:{self.account}"

    @property
    def names(self) -> tuple[str, ...]:
        """All that it is called, the platform's name first."""
        return tuple(dict.fromkeys(name for name in (self.name, *self.aliases) if name))

    @property
    def called(self) -> str:
        """What to show people: its name, else an alias, else the account's name."""
        return next(iter(self.names), self.account)

    def mention(self) -> Mention:
        """A mention that calls it, to be put into what another bot of its bridge says."""
        return Mention(id=self.id, name=self.called, is_bot=True)
