"""The skills that are named on the command line."""

import sys
from pathlib import Path

from imbridge.config import SkillSpec
from imbridge.protocol import SkillError
from imbridge.skills import BaseSkill
from imbridge.skills.loading import load_spec


def find_modules_here() -> None:
    """Let `module:Class` name a module in the working directory, as `python -m` does and a console script does not."""
    here = str(Path.cwd())
    if not {"", here} & set(sys.path):
        sys.path.insert(0, here)


def load_skill(name: str) -> list[BaseSkill]:
    """The skills that a name on the command line stands for.

    Raises:
        SkillError: It is not the name of a skill, or the skill cannot be loaded.
    """
    try:
        spec = SkillSpec.parse(name)
    except ValueError as error:
        raise SkillError(str(error)) from None
    return list(load_spec(spec))
