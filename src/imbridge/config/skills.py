"""The `skills:` section: which skills to run, with their options."""

from imbridge.config.document import Node
from imbridge.config.environment import expand
from imbridge.config.problems import did_you_mean
from imbridge.config.reader import Reading
from imbridge.config.skill import Overlap, SkillSource, SkillSpec

_KEYS = ("use", "options", "on_overlap")
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
    overlap: Overlap | None = None
    if isinstance(item.value, dict):
        for key, child in item.value.items():
            if key not in (*_KEYS, "onOverlap"):
                problems.at(child, f"unknown key{did_you_mean(key, _KEYS)}; known are {', '.join(_KEYS)}")
        use = item.value.get("use", Node(None, key=f"{item.key}.use", where=item.where))
        options = item.value.get("options", options)
        overlap = _read_overlap(reading, item.value.get("on_overlap") or item.value.get("onOverlap"))
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
    return spec.model_copy(update={"on_overlap": overlap})


def _read_overlap(reading: Reading, node: Node | None) -> Overlap | None:
    if node is None or node.blank:
        return None
    try:
        return Overlap(str(node.plain()).lower())
    except ValueError:
        reading.problems.at(node, f"expected {', '.join(Overlap)}")
        return None
