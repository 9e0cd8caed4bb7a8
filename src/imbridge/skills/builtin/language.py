"""The language in which a built-in skill speaks."""

from imbridge.config.options import Language
from imbridge.protocol import SkillError


def check_language(language: str, skill: str) -> Language:
    """Take over a setting.

    Raises:
        SkillError: no such language.
    """
    try:
        return Language(language)
    except ValueError:
        raise SkillError(f'skill {skill!r}: language {language!r} is not known; write "zh" or "en"') from None
