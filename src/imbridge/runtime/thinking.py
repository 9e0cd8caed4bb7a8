"""What is thought before and between the words of an answer that grows."""

from collections.abc import AsyncGenerator, AsyncIterable

from imbridge.adapters.broken_off import closed
from imbridge.config.options import ThinkingMode
from imbridge.protocol import Degradation, Loss, SkillError, Thinking

_SIGN = "> 💭 "
_GAP = "\n\n"
_CUT = "…"


class Thoughts:
    """The thinking of one answer: apart where there is a place for it, else in the text as a quote, or left out.

    Attributes:
        text: What is thought so far, as far as it belongs to the message of now and is shown apart.
        shown: How much of that its message shows.
        lost: What became of it otherwise, for the receipt.
    """

    def __init__(self, mode: ThinkingMode) -> None:
        """Nothing yet."""
        self._mode = mode
        self.text = self.shown = ""
        self.lost: list[Degradation] = []
        self._quoting = self._answered = False

    def add(self, text: str, answer: str, *, room: int) -> str:
        """Take more of it; what is to be added to the answer for it.

        Args:
            text: The piece.
            answer: What the answer says so far.
            room: Bytes that its message has for it in a place apart.
        """
        if room and self._mode is not ThinkingMode.HIDE:
            gap = _GAP if self._answered and self.text else ""
            self._answered = False
            self.text = self._newest(f"{self.text}{gap}{text}", room)
            return ""
        if self._mode is not ThinkingMode.SHOW:
            asked = self._mode is ThinkingMode.HIDE
            why = "the option thinking says hide" if asked else "there is no place for it apart from the answer"
            self._tell(Loss.DROPPED, "left out", why)
            return ""
        self._tell(Loss.JOINED, "a quote in the answer", "there is no place for it apart from the answer")
        begins = "" if self._quoting else _begin(answer)
        self._quoting = True
        return begins + text.replace("\n", "\n> ")

    def between(self) -> str:
        """What has to stand before the next words of the answer."""
        self._answered = True
        quoting, self._quoting = self._quoting, False
        return _GAP if quoting else ""

    def go_on(self) -> None:
        """In a new message: what was thought stays with the one before."""
        self.text = self.shown = ""

    def homeless(self, answer: str) -> str:
        """The message has no place for it after all; the answer, with what of it has to be there now."""
        text, shown = self.text, self.shown
        self.go_on()
        if not text or shown:
            return answer
        said = self.add(text, "", room=0)
        return said + self.between() + answer if answer and said else said + answer

    def _newest(self, text: str, room: int) -> str:
        """As much of the end of it as there is room for."""
        encoded = text.encode()
        if len(encoded) <= room:
            return text
        self._tell(Loss.DROPPED, "its newest part", f"there is room for {room} bytes")
        return _CUT + encoded[len(encoded) - room + len(_CUT.encode()) :].decode(errors="ignore").lstrip(_CUT)

    def _tell(self, loss: Loss, how: str, why: str) -> None:
        told = Degradation(loss=loss, what="thinking", how=how, why=why)
        if told not in self.lost:
            self.lost.append(told)


async def whole_answer(
    pieces: AsyncIterable[str | Thinking], mode: ThinkingMode
) -> tuple[str, tuple[Degradation, ...]]:
    """What a stream says, where it is not shown growing, and what became of its thinking.

    Raises:
        SkillError: it gave something that is not text.
    """
    thoughts, text = Thoughts(mode), ""
    try:
        async for piece in pieces:
            if isinstance(piece, Thinking):
                text += thoughts.add(piece.text, text, room=0)
            elif isinstance(piece, str):
                text += thoughts.between() + piece if piece else ""
            else:
                raise SkillError(f"a stream is made of str and Thinking; this one gave a {type(piece).__name__}")
    finally:
        if isinstance(pieces, AsyncGenerator):  # its `finally` runs now, not when it is collected
            await pieces.aclose()
    return text, tuple(thoughts.lost)


def _begin(answer: str) -> str:
    """What ends the answer so far, if anything, and begins a quote."""
    return f"{closed(answer)[len(answer) :]}{_GAP if answer.strip() else ''}{_SIGN}"
