"""A command line with places for what a message says."""

import re
from collections.abc import Mapping, Sequence

from imbridge.protocol import SkillError

_PLACE = re.compile(r"\{(text|session|sender|channel)\}")
MAX_ARGUMENT = 120_000
"""Bytes of one argument; Linux takes 128 KiB (`MAX_ARG_STRLEN`, see execve(2))."""


class ArgumentTooLongError(ValueError):
    """What was said does not fit into an argument."""


class CommandTemplate:
    """Program and arguments; `{text}`, `{session}`, `{sender}` and `{channel}` are filled in, in one pass, as they are.

    There is no shell, so nothing in a text can end an argument or begin another. What could still be misread by the
    program itself is an argument that *begins* with what somebody said, and what they said begins with `-`: it gets a
    space in front of it, unless the template has `--` before it (`["grep", "--", "{text}"]`) or `allow_options` is
    set. `--message={text}` is safe as it is. Programs that give another first character a meaning (`curl -d @file`)
    should be given the text on standard input.

    Args:
        parts: Program and arguments; no places in the program.
        allow_options: What somebody says may be an option.
        limit: Bytes of one argument; None for what is not given as an argument.

    Raises:
        SkillError: it is not a list of strings, or its program is missing or depends on what is said.
    """

    def __init__(self, parts: Sequence[str], *, allow_options: bool = False, limit: int | None = MAX_ARGUMENT) -> None:
        checked: object = parts  # those without a type checker give anything
        if isinstance(checked, str) or not parts or not all(isinstance(part, str) for part in parts):
            raise SkillError(
                f'the command must be a list, one string for each argument, as ["agent", "--message", "{{text}}"]; '
                f"it is {parts!r}"
            )
        if not parts[0] or _PLACE.search(parts[0]):
            raise SkillError(f"the program must be written out, not {parts[0]!r}: nobody in a chat chooses it")
        self.program = parts[0]
        self._parts = tuple(parts)
        self._allow_options = allow_options
        self._limit = limit
        self.uses_text = any("{text}" in part for part in parts)

    def fill(self, values: Mapping[str, str]) -> list[str]:
        """The command for a message.

        Raises:
            ArgumentTooLongError: an argument would be longer than a program can be given.
        """
        command: list[str] = []
        options_ended = self._allow_options
        for part in self._parts:
            argument = _PLACE.sub(lambda place: clean(values[place[1]]), part)
            if argument.startswith("-") and not part.startswith("-") and not options_ended:
                argument = f" {argument}"
            if self._limit is not None and len(argument.encode()) > self._limit:
                raise ArgumentTooLongError
            options_ended = options_ended or part == "--"
            command.append(argument)
        return command


def clean(text: str) -> str:
    """Without what no argument can hold: NUL, and halves of surrogate pairs."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()
