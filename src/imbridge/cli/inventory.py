"""What skills there are."""

from collections.abc import Iterable
from importlib.metadata import EntryPoint
from typing import Any

from imbridge.cli.named_skills import find_modules_here, load_skill
from imbridge.skills import BaseSkill
from imbridge.skills.loading import installed_skills


def all_installed() -> list[dict[str, str]]:
    """The skills that come with imbridge, then those of other packages. None is constructed: it may need options."""
    found = [_installed(name, point) for name, point in sorted(installed_skills().items())]
    return sorted(found, key=lambda entry: entry["from"] != "imbridge")


def skills_of(names: Iterable[str]) -> list[dict[str, str]]:
    """The skills that names on the command line stand for.

    Raises:
        SkillError: One of them cannot be loaded.
    """
    find_modules_here()
    return [_entry(skill.name, skill, name) for name in names for skill in load_skill(name)]


def _installed(name: str, point: EntryPoint) -> dict[str, str]:
    source = point.dist.name if point.dist else point.module.partition(".")[0]
    try:
        return _entry(name, point.load(), source)
    except Exception as error:  # noqa: BLE001  # one broken package must not hide the others; it is shown in its place
        problem = f"cannot be loaded: {type(error).__name__}: {error}"
        return {"name": name, "version": "", "description": problem, "from": source}


def _entry(name: str, skill: Any, source: str) -> dict[str, str]:
    if isinstance(skill, BaseSkill) or (isinstance(skill, type) and issubclass(skill, BaseSkill)):
        version, description = skill.version, skill.description
    else:  # a function that makes one
        version, description = "", (skill.__doc__ or "").strip().partition("\n")[0]
    return {"name": name, "version": version, "description": description, "from": source}
