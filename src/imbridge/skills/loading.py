"""Skills from files, from dotted names and from installed packages."""

import importlib
import inspect
from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

from imbridge.config.skill import SkillSource, SkillSpec
from imbridge.protocol import SkillError
from imbridge.skills.base import BaseSkill
from imbridge.skills.files import run_file

GROUP = "imbridge.skills"
"""The entry point group in which packages announce their skills."""


def load_spec(spec: SkillSpec) -> list[BaseSkill]:
    """The skills that a setting or the command line names: a file, `module:Class`, or an installed (built-in) one.

    Raises:
        SkillError: as the functions below; it begins with where the setting stands.
    """
    try:
        skills = _load(spec, dict(spec.options))
    except SkillError as error:
        if not spec.where:
            raise
        raise SkillError(f"{spec.where}: {error}") from error
    for skill in skills:
        if spec.on_overlap is not None:
            skill.on_overlap = spec.on_overlap
        if spec.debounce is not None:
            skill.debounce = spec.debounce
    return skills


def _load(spec: SkillSpec, options: dict[str, Any]) -> list[BaseSkill]:
    if spec.source is SkillSource.FILE:
        return load_file(spec.path, options)
    if spec.source is SkillSource.REFERENCE:
        return [load_object(spec.target, **options)]
    return [load_installed(spec.target, **options)]


def load_file(path: str | Path, options: Mapping[str, Any] | None = None) -> list[BaseSkill]:
    """The skills in a Python file: its instances of skills, and one instance of each other skill class in it.

    Classes that are imported, abstract, begin with `_`, or are only the base of another class in the file are left
    out. The file may import the modules beside it (`import tables` or `from .tables import CITIES`) while it is being
    loaded; a later import inside a function must be of the second form. The file is run: load only what you trust.

    Args:
        path: The file.
        options: Given to the skill's class; the file must then have exactly one skill, and not a finished one.

    Raises:
        SkillError: there is no such file, it cannot be run, or no skill is in it; with file and line where known.
    """
    path = Path(path)
    options = dict(options or {})
    module = run_file(path)
    instances = [value for value in vars(module).values() if isinstance(value, BaseSkill)]
    skills = list({id(instance): instance for instance in instances}.values())
    classes = _own_classes(module)
    to_make = [
        cls
        for cls in classes
        if not any(other is not cls and issubclass(other, cls) for other in classes)
        and not any(isinstance(skill, cls) for skill in skills)
    ]
    if options and (skills or len(to_make) > 1):
        names = ", ".join([*(skill.name for skill in skills), *(cls.__name__ for cls in to_make)])
        raise SkillError(f"{path}: options need a file with one skill class, and it has {names}; set them in the file")
    skills += [_construct(cls, options, f"{path}: {cls.__name__}") for cls in to_make]
    if not skills:
        raise SkillError(f"{path}: no skill in it; write a class that derives from imbridge.BaseSkill")
    return skills


def load_object(reference: str, /, **options: Any) -> BaseSkill:
    """The skill that `package.module:Name` names: a class or a function that makes a skill, or a skill itself.

    Args:
        reference: What to load.
        options: Given to the class or function.

    Raises:
        SkillError: it cannot be imported, is not a skill, or does not take these options.
    """
    module_name, colon, attribute = reference.partition(":")
    if not (colon and module_name and attribute):
        raise SkillError(f"{reference!r} does not name a skill; write package.module:ClassName")
    try:
        found: Any = importlib.import_module(module_name)
    except (Exception, SystemExit) as error:
        raise SkillError(f"{reference}: {module_name} cannot be imported: {type(error).__name__}: {error}") from error
    for part in attribute.split("."):
        try:
            found = getattr(found, part)
        except AttributeError as error:
            known = sorted(name for name, value in vars(found).items() if _is_skill_class(value))
            there = f"; the skills in it are {', '.join(known)}" if known else ""
            raise SkillError(f"{reference}: {module_name} has no {attribute}{there}") from error
    return _made_of(found, options, reference)


def installed_skills() -> dict[str, EntryPoint]:
    """What installed packages announce in the entry point group `imbridge.skills`, by name."""
    return {point.name: point for point in entry_points(group=GROUP)}


def load_installed(name: str, /, **options: Any) -> BaseSkill:
    """A skill that an installed package announces.

    Raises:
        SkillError: no package does, or it cannot be loaded.
    """
    points = installed_skills()
    if name not in points:
        known = ", ".join(sorted(points)) or "none"
        raise SkillError(f"no installed package has a skill {name!r}; installed are: {known}")
    try:
        found = points[name].load()
    except (Exception, SystemExit) as error:
        raise SkillError(
            f"installed skill {name!r} ({points[name].value}) cannot be loaded: {type(error).__name__}: {error}"
        ) from error
    return _made_of(found, options, f"installed skill {name!r}")


def _is_skill_class(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, BaseSkill) and value is not BaseSkill


def _own_classes(module: ModuleType) -> list[type[BaseSkill]]:
    return [
        value
        for name, value in vars(module).items()
        if _is_skill_class(value)
        and value.__module__ == module.__name__
        and value.__name__ == name  # another name for a class is not another class
        and not inspect.isabstract(value)
        and not name.startswith("_")
    ]


def _made_of(found: Any, options: dict[str, Any], where: str) -> BaseSkill:
    if isinstance(found, BaseSkill):
        if options:
            raise SkillError(f"{where} is a finished skill and takes no options; name its class to give it any")
        return found
    if not callable(found):
        raise SkillError(f"{where} is a {type(found).__name__}, not a skill; name a class derived from BaseSkill")
    return _construct(found, options, where)


def _construct(make: Any, options: dict[str, Any], where: str) -> BaseSkill:
    try:
        inspect.signature(make).bind(**options)
    except TypeError as error:
        raise SkillError(
            f"{where} cannot be constructed: {error}; give its parameters defaults, set them as options, or put a "
            "finished skill into the file, as `skill = MySkill(...)`"
        ) from error
    except ValueError:
        pass  # a signature that cannot be read; the call itself will tell
    try:
        skill = make(**options)
    except (Exception, SystemExit) as error:
        raise SkillError(f"{where} cannot be constructed: {type(error).__name__}: {error}") from error
    if not isinstance(skill, BaseSkill):
        raise SkillError(f"{where} gave a {type(skill).__name__}, not a skill; derive it from imbridge.BaseSkill")
    return skill
