"""Which skills to run, before any of them is imported."""

import re
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field

from imbridge.protocol.overlap import LONGEST_DEBOUNCE, Overlap

_BUILTIN = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_REFERENCE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*")


class SkillSource(StrEnum):
    """Where a skill comes from."""

    FILE = "file"
    REFERENCE = "reference"
    BUILTIN = "builtin"


class SkillSpec(BaseModel):
    """One skill as it is named in a file or on the command line.

    Attributes:
        source: What kind of name it is.
        target: Path of the file (absolute where the base was), `module:Class`, or the name of a built-in skill.
        options: What the skill gets to know; not shown in a repr, for it may hold keys of services.
        where: File and line that name it, for errors.
        on_overlap: In place of what the skill says itself; None: as it says. So is `debounce`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    source: SkillSource
    target: str
    options: Mapping[str, Any] = Field(default_factory=dict, repr=False)
    where: str = ""
    on_overlap: Overlap | None = None
    debounce: float | None = Field(default=None, ge=0, le=LONGEST_DEBOUNCE, allow_inf_nan=False)

    @property
    def path(self) -> Path:
        """The target as a path; meant for `SkillSource.FILE`."""
        return Path(self.target)

    @classmethod
    def parse(
        cls, text: str, *, base: Path | None = None, options: Mapping[str, Any] | None = None, where: str = ""
    ) -> Self:
        """Tell a file, a `module:Class` and a built-in name apart.

        Args:
            text: `skills/weather.py`, `package.weather:Weather` or `echo`.
            base: Folder that a relative path starts from; None is the working directory.
            options: The skill's options.
            where: File and line that name it.

        Raises:
            ValueError: It is none of the three; the message shows them.
        """
        if text.endswith((".py", ".skill")) or "/" in text or "\\" in text:
            source, target = SkillSource.FILE, str((base or Path()) / Path(text).expanduser())
        elif _REFERENCE.fullmatch(text):
            source, target = SkillSource.REFERENCE, text
        elif _BUILTIN.fullmatch(text):
            source, target = SkillSource.BUILTIN, text
        else:
            raise ValueError(
                f"not a skill: {text!r}; expected a file (weather.py), module:Class (my_bot.weather:Weather) "
                "or a built-in name (echo)"
            )
        return cls(source=source, target=target, options=options or {}, where=where)
