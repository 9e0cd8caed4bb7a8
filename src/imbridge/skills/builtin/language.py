"""The language in which a built-in skill speaks."""

from typing import Literal, get_args

from imbridge.protocol import SkillError

Language = Literal["zh", "en"]
"""Chinese or English."""


def check_language(language: str, skill: str) -> Language:
    """Take over a setting.

    Raises:
        SkillError: no such language.
    """
    for known in get_args(Language):
        if language == known:
            return language  # type: ignore[return-value]  # it was just compared with all there are
    raise SkillError(f'skill {skill!r}: language {language!r} is not known; write "zh" or "en"')
