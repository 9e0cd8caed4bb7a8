"""What skills there are."""

from collections.abc import Iterable

from imbridge.cli.bridge import find_modules_here, load_skill
from imbridge.skills import BaseSkill, builtin
from imbridge.skills.loading import installed_skills, load_installed


def builtin_skills() -> list[dict[str, str]]:
    """The skills that come with imbridge and those of installed packages."""
    classes = [getattr(builtin, name) for name in builtin.__all__]
    found = [_entry(value, "built in") for value in classes if isinstance(value, type) and issubclass(value, BaseSkill)]
    return found + [_entry(load_installed(name), "installed") for name in installed_skills()]


def skills_of(names: Iterable[str]) -> list[dict[str, str]]:
    """The skills that names on the command line stand for.

    Raises:
        SkillError: One of them cannot be loaded.
    """
    find_modules_here()
    return [_entry(skill, name) for name in names for skill in load_skill(name)]


def _entry(skill: BaseSkill | type[BaseSkill], source: str) -> dict[str, str]:
    return {"name": skill.name, "version": skill.version, "description": skill.description, "from": source}
