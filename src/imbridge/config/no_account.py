"""What to say when there is no account at all: both ways to configure one, ready to paste."""

import re
from collections.abc import Mapping, Sequence

from pydantic.fields import FieldInfo

from imbridge.config.account import AccountConfig
from imbridge.config.document import ENVIRONMENT, Node
from imbridge.config.environment import misspelt_variable


def no_account(
    types: Mapping[str, type[AccountConfig]], environ: Mapping[str, str], disabled: Sequence[Node], where: str
) -> str:
    """The text of the error.

    Args:
        types: The settings class of each installed platform.
        environ: The environment, for variables that were probably meant.
        disabled: Accounts that are there but left out.
        where: The file that holds no account, or `environment`.
    """
    if disabled:
        places = ", ".join(f"{node.key} ({node.where})" for node in disabled)
        return f"every account is disabled: {places}; set enabled: true in one of them"
    if not types:
        return "no account is configured, and no platform is installed: pip install 'imbridge[feishu]'"
    platform = "feishu" if "feishu" in types else next(iter(types))
    model = types[platform]
    required = {field: model.model_fields[field] for field in model.needs({})}
    variables = {field: model.env_prefix + field.upper() for field in required}
    file = "imbridge.yaml" if where == ENVIRONMENT else re.sub(r":\d+$", "", where)
    misspelt = "".join(_misspelt(variable, model.env_prefix, environ) for variable in variables.values())
    lines = [f"no account is configured{misspelt}; set {' and '.join(variables.values())}, or write into {file}:"]
    lines += ["", "    channels:", f"      {platform}:"]
    lines += [f"        {field}: {_blank(field, info)}" for field, info in required.items()]
    return "\n".join(lines)


def _misspelt(variable: str, prefix: str, environ: Mapping[str, str]) -> str:
    near = misspelt_variable(variable, prefix, environ)
    return f" ({near} is set; was {variable} meant?)" if near else ""


def _blank(field: str, info: FieldInfo) -> str:
    # A snippet that is pasted as it is must be refused: "your-..." is known as a placeholder.
    comment = f"  # {info.description}" if info.description else ""
    return f"your-{field.replace('_', '-')}{comment}"
