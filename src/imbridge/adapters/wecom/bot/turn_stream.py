"""An answer that grows over HTTP: a piece of a turn, whose newest state the platform comes for."""

from uuid import uuid4

from imbridge.adapters.growing import Growing, GrowingFullError
from imbridge.adapters.markdown_told import shown
from imbridge.adapters.plain_markdown import as_markdown
from imbridge.adapters.wecom.bot.outbound import measure, stream_card
from imbridge.adapters.wecom.bot.thinking import ROOM, room_for
from imbridge.adapters.wecom.bot.turn import Piece, Turn, TurnOverError
from imbridge.adapters.wecom.sent.markdown import BOT
from imbridge.protocol import Degradation, Element, Loss, NotSupportedError
from imbridge.rendering import Part


class TurnStream(Growing):
    """Text that grows in a turn.

    Attributes:
        id: What stands for it until it is sent.
        markdown: Its text is Markdown.
    """

    interval = 0.5
    thinking_bytes = ROOM

    def __init__(self, *, markdown: bool) -> None:
        """Nothing is shown yet."""
        self.id = uuid4().hex
        self.markdown = markdown
        self.dialect = BOT if markdown else None
        self._turn: Turn | None = None
        self._piece: Piece | None = None
        self._first = ""
        self._thinks_unseen = False

    def measure(self, part: Part) -> int:
        """Bytes of the text as sent."""
        return measure(part) + room_for(self.thinking)

    async def open(self, text: str) -> Element:
        """What stands for it in the chat."""
        self._first = text
        return stream_card(self.id, text)

    async def begin(self, turn: Turn) -> None:
        """Show the first state.

        Raises:
            TurnOverError: nothing more can be said there, or the platform does not come for it.
        """
        turn.growing += 1
        self._thinks_unseen = turn.has_said
        try:
            piece = turn.add(self._content(self._first), self.thinking)
            try:
                await turn.fetched()
            except TurnOverError:
                turn.withdraw(piece)
                raise
        except BaseException:
            turn.growing -= 1
            raise
        self._turn, self._piece = turn, piece

    async def show(self, text: str) -> None:
        """Show the whole text; the platform gets it when it asks."""
        self._change(text)

    async def close(self, text: str) -> None:
        """Show the last state, and wait until the platform has it."""
        turn = self._change(text)
        try:
            await turn.fetched()
        except TurnOverError as error:
            raise GrowingFullError(str(error)) from None
        finally:
            self._end()

    def lost(self, text: str) -> list[Degradation]:
        """As everywhere, and what was thought, where something was said before it."""
        lost = super().lost(text)
        if self._thinks_unseen and self.thinking.strip():
            why = "clients look for it only where the answer begins"
            lost.append(Degradation(loss=Loss.DROPPED, what="thinking", how="left out", why=why))
        return lost

    def _change(self, text: str) -> Turn:
        turn, piece = self._turn, self._piece
        if turn is None or piece is None:
            raise NotSupportedError("this answer does not grow: it answers nothing that can be answered")
        content = self._content(text)
        try:
            if piece.text != content or piece.thinking != self.thinking:
                turn.change(piece, content, self.thinking)
        except TurnOverError as error:
            self._end()
            raise GrowingFullError(str(error)) from None
        return turn

    def _end(self) -> None:
        if self._piece is not None and self._turn is not None:
            self._turn.growing -= 1
        self._piece = None

    def _content(self, text: str) -> str:
        return shown(text, BOT).text if self.markdown else as_markdown(text, BOT)
