"""Thinking in what a program prints: `<think>...</think>`, as models print it that think aloud."""

from collections.abc import Iterator, Sequence

from imbridge.protocol import Thinking


class ThinkingTags:
    """Takes a text as it comes, and tells what of it is thought.

    A tag may be cut anywhere: the beginning of one is held back until it is known. The line break that follows what is
    thought belongs to neither.
    """

    def __init__(self, tags: Sequence[str]) -> None:
        """What it begins and ends with; of no tags nothing is thought."""
        self._tags = tuple(tags)
        self._held = ""
        self._thinks = False
        self._just_over = False

    def feed(self, text: str) -> Iterator[str | Thinking]:
        """The pieces that are known now."""
        text, self._held = self._held + text, ""
        while self._tags and text:
            before, tag, after = text.partition(self._tags[self._thinks])
            if not tag:
                kept = _begun(text, self._tags[self._thinks])
                self._held = text[len(text) - kept :]
                text = text[: len(text) - kept]
                break
            yield from self._piece(before)
            self._just_over, self._thinks = self._thinks, not self._thinks
            text = after
        yield from self._piece(text)

    def finish(self) -> Iterator[str | Thinking]:
        """What is left when no more comes."""
        held, self._held = self._held, ""
        yield from self._piece(held)

    def _piece(self, text: str) -> Iterator[str | Thinking]:
        if self._just_over:
            text = text.lstrip("\n")
            self._just_over = not text
        if text:
            yield Thinking(text) if self._thinks else text


def _begun(text: str, tag: str) -> int:
    """Characters at the end of a text that may be the beginning of a tag."""
    return next((size for size in range(min(len(tag) - 1, len(text)), 0, -1) if text.endswith(tag[:size])), 0)
