"""A stream that comes out of a skill: whatever goes wrong in it is that skill's failure."""

from collections.abc import AsyncIterable, AsyncIterator

from imbridge.protocol import SkillError, Thinking
from imbridge.skills.errors import SkillFailure


async def guarded_stream(
    pieces: AsyncIterable[str | Thinking], skill: str, handler: str
) -> AsyncIterator[str | Thinking]:
    """Pass the pieces on; close the source when the reader stops early.

    Raises:
        SkillFailure: the source raised, or gave something that is not text.
    """
    iterator: AsyncIterator[str | Thinking] | None = None
    try:
        iterator = aiter(pieces)
        async for piece in iterator:
            yield _checked(piece)
    except (Exception, SystemExit, KeyboardInterrupt) as error:
        raise SkillFailure(skill, handler, error) from error
    finally:
        close = getattr(iterator, "aclose", None)
        if close is not None:
            await close()


def _checked(piece: object) -> str | Thinking:
    if not isinstance(piece, str | Thinking):
        raise SkillError(f"a stream is made of str and Thinking; this one gave a {type(piece).__name__}")
    return piece
