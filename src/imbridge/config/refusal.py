"""What pydantic refuses, said with the place and without secrets."""

import re
from collections.abc import Collection, Mapping

from pydantic import BaseModel, ValidationError

from imbridge.config.document import Node
from imbridge.config.fields import explain, is_secret, names_of
from imbridge.config.missing import Missing
from imbridge.config.problems import Problems, did_you_mean

_EXPECTED = {
    "string_type": "expected text",
    "int_parsing": "expected a whole number",
    "int_type": "expected a whole number",
    "int_from_float": "expected a whole number",
    "float_parsing": "expected a number",
    "float_type": "expected a number",
    "bool_parsing": "expected true or false",
    "bool_type": "expected true or false",
    "tuple_type": "expected a list",
    "list_type": "expected a list",
    "model_type": "expected a mapping",
    "dict_type": "expected a mapping",
    "mapping_type": "expected a mapping",
    "model_attributes_type": "expected a mapping",
    "extra_forbidden": "unknown key",
}


def note_refusals(
    problems: Problems,
    model: type[BaseModel],
    error: ValidationError,
    chosen: Mapping[str, Node],
    failed: Collection[str],
    missing: Missing,
) -> None:
    """Note every error of a validation.

    Args:
        problems: Where they are noted.
        model: What was to be made.
        error: Why it was not.
        chosen: The values it was to be made of, by field.
        failed: Fields about which something is noted already.
        missing: The mapping as a whole, for errors that are about no single field.
    """
    names = names_of(model)
    secrets = [
        str(leaf.text)
        for field, node in chosen.items()
        if is_secret(model.model_fields[field])
        for leaf in node.leaves()
    ]
    for detail in error.errors(include_url=False, include_input=False):
        path = detail["loc"]
        message = _wording(detail["type"], detail["msg"])
        for secret in secrets:
            # A validator may quote what it was given.
            message = message.replace(secret, "***") if secret else message
        field = names.get(str(path[0])) if path else None
        if field is None or field not in chosen:
            if field not in failed:
                problems.add(message, key=missing.key, where=missing.where)
            continue
        if field in failed:
            continue
        info = model.model_fields[field]
        node = chosen[field].find(path[1:])
        near = ""
        if detail["type"] in {"enum", "literal_error"}:
            near = did_you_mean(str(node.value), re.findall(r"'([^']*)'", message))
        shown = "" if detail["type"] == "extra_forbidden" else f", found {_found(node, secret=is_secret(info))}"
        problems.at(node, message + shown + near + explain(info))


def _wording(kind: str, message: str) -> str:
    message = message.removeprefix("Value error, ").removeprefix("Assertion failed, ")
    message = message.replace("Input should be greater", "expected a number greater")
    message = message.replace("Input should be less", "expected a number less")
    return _EXPECTED.get(kind) or message.replace("Input should be", "expected")


def _found(node: Node, *, secret: bool) -> str:
    """What stands there, unless it is, or may be, a secret."""
    if node.variables:
        return "what is in " + ", ".join(node.variables)
    text = str(node.value)
    # An address may hold a password: https://user:password@host.
    if secret or not isinstance(node.value, (str, int, float)) or len(text) > 60 or "@" in text:
        return node.kind
    return repr(node.value) if isinstance(node.value, str) else str(node.text)
