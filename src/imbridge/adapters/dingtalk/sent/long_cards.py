"""What a card says that is too long for one message, as several."""

from collections.abc import Awaitable, Callable, Iterable

from imbridge.adapters.base import Sent
from imbridge.adapters.dingtalk.sent.markdown import ROBOT
from imbridge.adapters.pieces import say_in_pieces
from imbridge.protocol import Capabilities, ContentRefusedError, Degradation, Loss, Markdown, Reply
from imbridge.rendering import Part, PartKind, render


async def say_long(
    part: Part,
    key: str,
    say: Callable[[Part, str], Awaitable[Sent]],
    *,
    capabilities: Capabilities,
    measure: Callable[[Part], int],
    told: Iterable[Degradation] = (),
) -> Sent:
    """Say it in pieces.

    Args:
        part: What is too long.
        key: Its key; each piece has its own.
        say: Sends one piece.
        capabilities: Those that pieces are cut by.
        measure: Bytes of a piece.
        told: What is shown otherwise than meant in any case.

    Raises:
        ContentRefusedError: it is no card, or says nothing: other parts have been cut before.
        PartlySentError: not all pieces were sent.
        ImbridgeError: none was.
    """
    said = "\n".join(element.as_text() for element in part.elements)
    if part.kind is not PartKind.CARD or not said.strip():
        raise ContentRefusedError(f"a {part.kind} part that is too long for DingTalk", platform="dingtalk")
    rendered = render(Reply(elements=(Markdown(said),)), capabilities, measure=measure, dialects=(ROBOT,))
    why = f"a message has at most {capabilities.markdown_bytes} bytes"
    all_told = (*told, Degradation(loss=Loss.SIMPLIFIED, what="card", how="markdown", why=why), *rendered.degradations)
    sent = await say_in_pieces(rendered.parts, key, say, all_told)
    if sent is None:
        raise ContentRefusedError("a card that says nothing", platform="dingtalk")
    return sent
