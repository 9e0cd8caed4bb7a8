"""Making a settings model of nodes from several places, with errors that say where each value stands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from imbridge.config.account import AccountConfig
from imbridge.config.document import ENVIRONMENT, Node
from imbridge.config.environment import expand
from imbridge.config.fields import explain, is_secret, names_of, takes_list, takes_text
from imbridge.config.missing import Missing
from imbridge.config.pasted import what_is_wrong
from imbridge.config.problems import Problems, did_you_mean
from imbridge.config.refusal import note_refusals

Model = TypeVar("Model", bound=BaseModel)

_MAX_SECRET_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Reading:
    """What all readings of one `load` share.

    Attributes:
        environ: The environment.
        folder: What relative paths in the file start from.
        problems: Where problems are noted.
    """

    environ: Mapping[str, str]
    folder: Path
    problems: Problems

    def fields(self, model: type[BaseModel], node: Node, *, besides: Sequence[str] = ()) -> dict[str, Node]:
        """The values of a mapping by the names of the model's fields; `<field>_file` names a file with the secret.

        Args:
            model: The model.
            node: The mapping; keys may be in `snake_case` or `camelCase`.
            besides: Keys that are read elsewhere.
        """
        if not isinstance(node.value, dict):
            if node.value is not None:
                hint = (
                    "; is a space missing after a colon?" if isinstance(node.value, str) and ":" in node.value else ""
                )
                self.problems.at(node, f"expected a mapping of settings, found {node.kind}{hint}")
            return {}
        names = names_of(model)
        found: dict[str, Node] = {}
        for key, child in node.value.items():
            if key in besides:
                continue
            name = names.get(key)
            if name is None:
                self.problems.at(child, f"unknown key{did_you_mean(key, [*names, *besides])}")
            elif name in found:
                self.problems.at(child, f"means the same as {found[name].key} at {found[name].where}; keep one of them")
            else:
                found[name] = child
        for field in model.model_fields:
            if field in found and f"{field}_file" in found:
                other = found.pop(f"{field}_file")
                self.problems.at(other, f"{field} is there too, at {found[field].where}; keep one of them")
        return found

    def read(self, model: type[Model], levels: Sequence[Mapping[str, Node]], missing: Missing) -> Model | None:
        """Make a model; what is wrong is noted, then the answer is None.

        Args:
            model: The model.
            levels: Values by field, the strongest place first.
            missing: Says where a missing value belongs.
        """
        chosen: dict[str, Node] = {}
        failed: set[str] = set()
        needed = self._needed(model, levels)
        for field, info in model.model_fields.items():
            known = self.problems.noted
            node = self._choose(field, levels)
            if node is not None:
                node = node.split() if takes_list(info) and isinstance(node.value, str) else node
                if field != "name":
                    self._check_pasted(node, info)
                chosen[field] = node
            elif self.problems.noted == known and field in needed:
                missing.note(self.problems, field, info)
            if self.problems.noted > known or (node is None and field in needed):
                failed.add(field)
        values = {field: node.plain(as_text=takes_text(model.model_fields[field])) for field, node in chosen.items()}
        try:
            made = model.model_validate(values)
        except ValidationError as error:
            note_refusals(self.problems, model, error, chosen, failed, missing)
            return None
        return None if failed else made

    def _needed(self, model: type[BaseModel], levels: Sequence[Mapping[str, Node]]) -> tuple[str, ...]:
        if not issubclass(model, AccountConfig):
            return tuple(field for field, info in model.model_fields.items() if info.is_required())
        quiet = replace(self, problems=Problems())  # what is wrong is noted when the values are read
        found = {field: quiet._choose(field, levels) for field in model.model_fields}
        return model.needs({field: node.plain() for field, node in found.items() if node is not None})

    def _choose(self, field: str, levels: Sequence[Mapping[str, Node]]) -> Node | None:
        """The value of a field from the strongest place that has one."""
        for level in levels:
            for name in (field, f"{field}_file"):
                node = level.get(name)
                if node is None or node.blank:
                    continue
                known = self.problems.noted
                if node.where != ENVIRONMENT:
                    node = expand(node, self.environ, self.problems)
                if self.problems.noted > known:
                    return None
                if not node.blank:
                    return node if name == field else self._read_secret(node)
        return None

    def _read_secret(self, node: Node) -> Node | None:
        """The content of the file that a node names; the line break at its end does not count."""
        folder = Path() if node.where == ENVIRONMENT else self.folder
        path = folder / Path(str(node.plain())).expanduser()
        try:
            with path.open("rb") as file:
                text = file.read(_MAX_SECRET_BYTES + 1).decode("utf-8-sig").rstrip("\r\n")
        except OSError as error:
            self.problems.at(node, f"the file with the secret cannot be read: {error.strerror}")
            return None
        except UnicodeDecodeError:
            self.problems.at(node, "the file with the secret is not UTF-8 text")
            return None
        if not text or len(text) > _MAX_SECRET_BYTES:
            self.problems.at(node, "the file with the secret is empty" if not text else "the file is too large")
            return None
        return replace(node, value=text, text=text)

    def _check_pasted(self, node: Node, info: FieldInfo) -> None:
        for leaf in node.leaves():
            if isinstance(leaf.value, str) and (wrong := what_is_wrong(leaf.value, secret=is_secret(info))):
                self.problems.at(leaf, wrong + explain(info))
