"""Commands and answers of a smart bot that reach nobody."""

from typing import Any

from imbridge.adapters.rehearsal import RehearsalPool
from imbridge.adapters.wecom.bot.calls import BotCaller, Obeyed
from imbridge.adapters.wecom.bot.frames import UPLOAD_CHUNK, UPLOAD_FINISH, UPLOAD_INIT
from imbridge.adapters.wecom.bot.link import BotLink
from imbridge.adapters.wecom.bot.turn import Turn
from imbridge.adapters.wecom.config import WeComConfig
from imbridge.transport import Link

METHOD = "SEND"
_WINDOW = 60.0


class RehearsedCaller(BotCaller):
    """Takes notes of commands; each is obeyed at once."""

    def __init__(self, config: WeComConfig, driver: BotLink, link: Link, pool: RehearsalPool) -> None:
        """`pool` keeps the notes."""
        super().__init__(config, driver, link)
        self._pool = pool

    async def call(self, cmd: str, body: dict[str, Any], **options: Any) -> Obeyed:
        """As `BotCaller.call`, but nothing leaves."""
        if cmd in (UPLOAD_INIT, UPLOAD_CHUNK):
            return Obeyed({"upload_id": "preview"}, 1)
        if cmd == UPLOAD_FINISH:
            return Obeyed({"media_id": self._pool.uploaded(METHOD, cmd)}, 1)
        self._pool.note(METHOD, cmd, body)
        return Obeyed({}, 1)


class RehearsedTurn(Turn):
    """The answer to a message that nobody wrote; the platform has all of it as soon as it is said."""

    def __init__(self, pool: RehearsalPool) -> None:
        """`pool` keeps the notes."""
        super().__init__("preview", _WINDOW)
        self._pool = pool

    async def fetched(self) -> None:
        """The platform has it."""
        self.release()
        self._pool.note("ANSWER", "message", self.take(first=True))
