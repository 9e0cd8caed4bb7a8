"""What a field of a settings model takes."""

from collections.abc import Mapping
from typing import Any, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo


def is_secret(info: FieldInfo) -> bool:
    """True for a field that holds a `SecretStr`."""
    return SecretStr in _leaves(info.annotation)


def takes_text(info: FieldInfo) -> bool:
    """True where a number in a file means the text it is written with: `app_id: 102000001`."""
    leaves = _leaves(info.annotation)
    return any(leaf in {str, SecretStr} for leaf in leaves) and not any(leaf in {int, float, Any} for leaf in leaves)


def takes_list(info: FieldInfo) -> bool:
    """True for a field that holds several values."""
    outer = {get_origin(part) or part for part in (info.annotation, *get_args(info.annotation))}
    return bool(outer & {tuple, list, set, frozenset})


def names_of(model: type[BaseModel]) -> dict[str, str]:
    """Every way to write a field, and the field (or field plus `_file`)."""
    names: dict[str, str] = {}
    for field, info in model.model_fields.items():
        names |= {field: field, info.alias or field: field}
    for field, info in model.model_fields.items():
        if is_secret(info):
            names = {f"{field}_file": f"{field}_file", f"{info.alias or field}File": f"{field}_file"} | names
    for written, field in also_written(model).items():
        names.setdefault(written, field)
        if is_secret(model.model_fields[field]):
            suffix = "_file" if written.islower() else "File"
            names.setdefault(f"{written}{suffix}", f"{field}_file")
    return names


def also_written(model: type[BaseModel]) -> Mapping[str, str]:
    """Other names of a model's fields, as a platform's documents write them."""
    return getattr(model, "also_written", {})


def explain(info: FieldInfo) -> str:
    """Where to find the value, in brackets, if the field's description says so."""
    return f" ({info.description})" if info.description else ""


def _leaves(annotation: Any) -> set[Any]:
    parts = get_args(annotation)
    return {leaf for part in parts for leaf in _leaves(part)} if parts else {annotation}
