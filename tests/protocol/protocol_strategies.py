"""Hypothesis strategies for protocol models, read off their fields, so that a new field is tested without asking."""

from collections.abc import Callable
from datetime import UTC
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, MaxLen, MinLen
from hypothesis import strategies as st
from pydantic import AwareDatetime, BaseModel
from pydantic.fields import FieldInfo

from imbridge.protocol import Button, Card, DatePicker, Form, Select, Table

WORDS = st.text(max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=5,
)


def instances(model: type[BaseModel], inside: tuple[type[BaseModel], ...] = ()) -> st.SearchStrategy[Any]:
    """Any valid instance of a model; one that holds itself does so once."""
    model.model_rebuild()
    fields = {
        name: _values(field.annotation, field.metadata, (*inside, model)) for name, field in model.model_fields.items()
    }
    fit = _FITS.get(model)
    if fit is None:
        return st.builds(model, **fields)
    return st.fixed_dictionaries(fields).map(lambda facts: model(**(facts | fit(facts))))


def _values(annotation: Any, metadata: list[Any], inside: tuple[type[BaseModel], ...]) -> st.SearchStrategy[Any]:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        inner, *more = arguments
        return _values(inner, [*metadata, *more], inside)
    if origin in (Union, UnionType):
        return st.one_of(*(_values(argument, metadata, inside) for argument in arguments))
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin is tuple:
        if arguments[-1] is not Ellipsis:
            return st.tuples(*(_values(argument, [], inside) for argument in arguments))
        if inside.count(arguments[0]) > 1:
            return st.just(())
        least = next((fact.min_length for fact in _facts(metadata) if isinstance(fact, MinLen)), 0)
        return st.lists(_values(arguments[0], [], inside), min_size=least, max_size=3).map(tuple)
    if origin is frozenset:
        return st.frozensets(_values(arguments[0], [], inside), max_size=3)
    if origin is dict:
        return st.dictionaries(_values(arguments[0], [], inside), _values(arguments[1], [], inside), max_size=3)
    if annotation in (NoneType, None):
        return st.none()
    if annotation is AwareDatetime:
        return st.datetimes(timezones=st.just(UTC))
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return instances(annotation, inside)
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return st.sampled_from(annotation)
    return _plain(annotation, metadata)


def _facts(metadata: list[Any]) -> list[Any]:
    return [fact for entry in metadata for fact in (entry.metadata if isinstance(entry, FieldInfo) else [entry])]


def _plain(annotation: Any, metadata: list[Any]) -> st.SearchStrategy[Any]:
    facts = _facts(metadata)
    least = next((fact.ge for fact in facts if isinstance(fact, Ge)), None)
    least = next((fact.gt + 1 for fact in facts if isinstance(fact, Gt)), least)
    most = next((fact.le for fact in facts if isinstance(fact, Le)), 2**53)
    if annotation is str:
        shortest = next((fact.min_length for fact in facts if isinstance(fact, MinLen)), 0)
        longest = next((fact.max_length for fact in facts if isinstance(fact, MaxLen)), 20)
        return st.text(min_size=shortest, max_size=longest)
    strategies: dict[Any, st.SearchStrategy[Any]] = {
        bool: st.booleans(),
        int: st.integers(min_value=least, max_value=most),
        float: st.floats(min_value=least, allow_nan=False, allow_infinity=False),
        bytes: st.binary(max_size=20),
        Any: JSON,
    }
    return strategies[annotation]


def _form_of_its_own(form: Form, number: int) -> Form:
    """The same with names that differ."""
    parts = [
        part.model_copy(update={"name": f"{number}.{position}"}) if "name" in type(part).model_fields else part
        for position, part in enumerate(form.body)
    ]
    return form.model_copy(update={"name": f"{number}", "body": tuple(parts)})


_PICKED = {"date": "2026-01-31", "time": "09:30", "datetime": "2026-01-31 09:30"}
_FITS: dict[type[BaseModel], Callable[[dict[str, Any]], dict[str, Any]]] = {
    Select: lambda facts: {
        "initial": tuple(option.value for option in facts["options"])[
            : len(facts["initial"]) if facts["multiple"] else 1
        ]
    },
    Table: lambda facts: {"rows": tuple(row[: len(facts["columns"])] for row in facts["rows"])},
    DatePicker: lambda facts: {"initial": facts["initial"] and _PICKED[facts["kind"]]},
    Form: lambda facts: {"body": (*facts["body"], Button("Send", submit=True))},
    Card: lambda facts: {
        "body": tuple(
            _form_of_its_own(part, number) if isinstance(part, Form) else part
            for number, part in enumerate(facts["body"])
        )
    },
}
"""Rules that concern several fields at once: what some of them have to be, given the others."""
