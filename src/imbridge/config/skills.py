"""The `skills:` section: which skills to run, with their options."""

from collections.abc import Mapping
from typing import Any

from imbridge.config.document import Node
from imbridge.config.environment import expand
from imbridge.config.problems import did_you_mean
from imbridge.config.reader import Reading
from imbridge.config.skill import SkillSource, SkillSpec
from imbridge.protocol.overlap import LONGEST_DEBOUNCE, Overlap

_KEYS = ("use", "options", "on_overlap", "debounce")
_FORM = "a list such as [echo, skills/weather.py] or [{use: skills/weather.py, options: {city: Beijing}}]"


def read_skills(reading: Reading, node: Node) -> tuple[SkillSpec, ...]:
    """Read the section; problems are noted."""
    if node.value is None:
        return ()
    if not isinstance(node.value, list):
        reading.problems.at(node, f"expected {_FORM}, found {node.kind}")
        return ()
    specs = (_read_one(reading, item) for item in node.value)
    return tuple(spec for spec in specs if spec is not None)


def _read_one(reading: Reading, item: Node) -> SkillSpec | None:
    problems = reading.problems
    known = problems.noted
    item = expand(item, reading.environ, problems)
    use, options = item, Node({}, key=item.key, where=item.where)
    besides: dict[str, Any] = {}
    if isinstance(item.value, dict):
        for key, child in item.value.items():
            if key not in (*_KEYS, "onOverlap"):
                problems.at(child, f"unknown key{did_you_mean(key, _KEYS)}; known are {', '.join(_KEYS)}")
        use = item.value.get("use", Node(None, key=f"{item.key}.use", where=item.where))
        options = item.value.get("options", options)
        besides = _read_besides(reading, item.value)
    if not isinstance(options.value, dict | None):
        problems.at(options, f"expected a mapping, found {options.kind}")
    if not isinstance(use.value, str) or not use.value:
        problems.at(use, f"expected the name of a skill, found {use.kind}; the section is {_FORM}")
    if problems.noted > known:
        return None
    try:
        spec = SkillSpec.parse(use.value, base=reading.folder, options=options.plain() or {}, where=item.where)
    except ValueError as error:
        problems.at(use, str(error))
        return None
    if spec.source is SkillSource.FILE and not spec.path.exists():
        problems.at(use, f"there is no file {spec.target}")
    return spec.model_copy(update=besides)


def _read_besides(reading: Reading, keys: Mapping[str, Node]) -> dict[str, Any]:
    """What is said of the skill in the settings, in place of what it says itself."""
    found: dict[str, Any] = {}
    if "on_overlap" in keys and "onOverlap" in keys:
        reading.problems.at(keys["onOverlap"], "means the same as on_overlap, which is there, too; keep one of them")
    overlap, debounce = keys.get("on_overlap", keys.get("onOverlap")), keys.get("debounce")
    if overlap is not None and not overlap.blank:
        try:
            found["on_overlap"] = Overlap(str(overlap.plain()).lower())
        except ValueError:
            reading.problems.at(overlap, f"expected {', '.join(Overlap)}")
    if debounce is not None and not debounce.blank:
        try:
            found["debounce"] = seconds = float(debounce.plain(as_text=True))
        except (TypeError, ValueError):
            seconds = -1.0
        if not 0 <= seconds <= LONGEST_DEBOUNCE:
            reading.problems.at(debounce, f"expected seconds from 0 to {LONGEST_DEBOUNCE:g}")
    return found
