"""The base of all protocol models."""

from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict

_set = object.__setattr__  # the models are frozen


class ProtocolModel(BaseModel):
    """Frozen, closed to unknown fields, and quiet about its input when validation fails."""

    # Validators are built at first use: `import imbridge` has to stay cheap.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, defer_build=True)


ModelT = TypeVar("ModelT", bound=ProtocolModel)
_DEFAULTS: dict[type[ProtocolModel], dict[str, Any]] = {}


def assembled(kind: type[ModelT], /, **values: Any) -> ModelT:
    """A model of values that are known to be valid, in the very types of its fields; nothing of them is looked at.

    For what is made for each message, of values that we have made or looked at ourselves: validating costs several
    times that, and pydantic's own `model_construct` is slower than validating. Of what comes from outside, make a model
    as ever.

    Args:
        kind: A model whose private attributes, if it has any, begin as None.
        values: Those of its fields that have no default, or one that is made anew each time, and any others.
    """
    defaults = _DEFAULTS.get(kind)
    if defaults is None:
        if any(private.default is not None for private in kind.__private_attributes__.values()):
            raise TypeError(f"a {kind.__name__} has private attributes with values of their own; make one as ever")
        defaults = _DEFAULTS[kind] = {name: field.default for name, field in kind.model_fields.items()}
    return filled(kind.__new__(kind), {**defaults, **values}, set(values))


def filled(model: ModelT, values: dict[str, Any], told: set[str]) -> ModelT:
    """The same new model, with values of all its fields that are known to be valid.

    Args:
        model: Its private attributes, if it has any, begin as None.
        values: Of all fields, in their order.
        told: Which of them are no defaults.
    """
    private = model.__private_attributes__
    _set(model, "__dict__", values)
    _set(model, "__pydantic_fields_set__", told)
    _set(model, "__pydantic_extra__", None)
    _set(model, "__pydantic_private__", dict.fromkeys(private) if private else None)
    return model
