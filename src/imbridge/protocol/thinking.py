"""What a model thinks before it answers: said beside the answer, not in it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Thinking:
    """A piece of thinking, among the pieces of a stream: `yield Thinking("let me see ")`.

    Pieces that follow one another are one text, as those of the answer are.
    """

    text: str
