"""What the environment says: `${NAME}` in a file, and variables that stand for settings.

`pydantic-settings` reads variables too, but cannot say which line of which file, or which
variable, holds a wrong value.
"""

import re
from collections.abc import Mapping
from dataclasses import replace

from pydantic import BaseModel

from imbridge.config.document import ENVIRONMENT, Node
from imbridge.config.fields import also_written, is_secret
from imbridge.config.problems import Problems, nearest

_VARIABLE = re.compile(r"\$?\$\{(?P<inside>[^}]*)\}?")
_INSIDE = re.compile(r"(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>.*))?", re.DOTALL)


def expand(node: Node, environ: Mapping[str, str], problems: Problems) -> Node:
    """Put variables in: `${NAME}`, `${NAME:-default}`; `$${NAME}` is the text `${NAME}` itself.

    An empty variable counts as unset. What a variable holds is not expanded again.

    Returns:
        The same tree with the variables in; texts with a variable that is not set are noted in `problems` and empty.
    """
    if isinstance(node.value, dict):
        return replace(node, value={key: expand(child, environ, problems) for key, child in node.value.items()})
    if isinstance(node.value, list):
        return replace(node, value=[expand(child, environ, problems) for child in node.value])
    if not isinstance(node.value, str) or "${" not in node.value:
        return node
    names: list[str] = []

    def value_of(match: re.Match[str]) -> str:
        if match[0].startswith("$$"):
            return match[0][1:]
        inside = _INSIDE.fullmatch(match["inside"])
        if inside is None or not match[0].endswith("}"):
            problems.at(node, "a ${...} that cannot be read; expected ${NAME} or ${NAME:-default}")
            return ""
        names.append(inside["name"])
        value = environ.get(inside["name"], "") or inside["default"]
        if value is None:
            state = "is empty" if inside["name"] in environ else "is not set"
            problems.at(node, f"the environment variable {inside['name']} {state}; set it, or write a default as "
                        f"${{{inside['name']}:-default}}")  # fmt: skip
        return value or ""

    text = _VARIABLE.sub(value_of, node.value)
    return replace(node, value=text, text=text, variables=tuple(names))


def variables_of(model: type[BaseModel], prefix: str, environ: Mapping[str, str]) -> dict[str, Node]:
    """The settings of a model that the environment holds.

    Args:
        model: A model; every field but `name` may come from the variable `prefix` plus its name in capitals (or what
            is also written for it), and a secret also from a file that the variable with `_FILE` at its end names.
        prefix: Such as `FEISHU_`; without one, nothing is taken.
        environ: The environment. Empty variables count as unset.

    Returns:
        Values by the name of the field, or of the field plus `_file`.
    """
    found: dict[str, Node] = {}
    others: dict[str, list[str]] = {}
    for written, field in also_written(model).items():
        others.setdefault(field, []).append(written)
    for field, info in model.model_fields.items() if prefix else ():
        if field == "name":
            continue
        for suffix in ("", "_file") if is_secret(info) else ("",):
            for written in (field, *others.get(field, ())):
                variable = f"{prefix}{written}{suffix}".upper()
                if value := environ.get(variable, ""):
                    found.setdefault(field + suffix, Node(value, key=variable, where=ENVIRONMENT, text=value))
    return found


def misspelt_variable(variable: str, prefix: str, environ: Mapping[str, str]) -> str | None:
    """A variable that is set and was probably meant to be `variable`."""
    return nearest(variable, [name for name in environ if name.startswith(prefix.rstrip("_")) and environ[name]])
