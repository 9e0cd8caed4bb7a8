"""A skill that asks is gone on with by the next process: what it was answered is kept until it has ended.

It runs again from its beginning there. What it asks is not said a second time, for its key was said already, and the
answers wait in its lane behind it, where `ask` finds them in the order in which they came.
"""

from collections.abc import Callable

from imbridge.protocol import Message
from imbridge.storage import InboxEntry

MOST = 100
"""Answers that are kept of one run; of a longer one none is, for it can no more be gone through again."""


class Dialogues:
    """Which answers belong to what is under way."""

    def __init__(self, finish: Callable[[InboxEntry], None], keeps: Callable[[], bool], command_prefix: str) -> None:
        """`finish` ends an entry; `keeps`: whether answers are kept, and not over when they are heard."""
        self._finish = finish
        self._keeps = keeps
        self._command_prefix = command_prefix
        self._of: dict[int, list[InboxEntry] | None] = {}
        """By the id of what is under way; None when its answers are not kept any more."""

    def heard(self, answer: InboxEntry, asking: InboxEntry | None) -> None:
        """An answer was given to whoever asks for it; None: nobody whose end is known."""
        if asking is None or not self._keeps():
            self._finish(answer)
            return
        answers = self._of.setdefault(id(asking), [])
        if answers is not None and self._is_found_again(answer) and len(answers) < MOST:
            answers.append(answer)
            return
        self._of[id(asking)] = None
        for one in (*(answers or ()), answer):
            self._finish(one)

    def ended(self, asking: InboxEntry, *, handled: bool) -> None:
        """What was under way is over. Unless it is `handled`, the next process goes on with it and its answers."""
        if not self._of:
            return
        answers = self._of.pop(id(asking), None) or ()
        if handled:
            for one in answers:
                self._finish(one)

    def _is_found_again(self, answer: InboxEntry) -> bool:
        """Whether `ask` would take it for an answer if it came before the question."""
        item = answer.item
        return isinstance(item, Message) and is_answer(item, self._command_prefix)


def is_answer(message: Message, command_prefix: str) -> bool:
    """Whether what came before a question may answer it: a command does not."""
    return not message.text.startswith(command_prefix)
