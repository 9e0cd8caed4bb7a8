"""The `channels:` section: the accounts of each platform."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace

from pydantic import BaseModel

from imbridge.config.account import AccountConfig
from imbridge.config.document import ENVIRONMENT, Node
from imbridge.config.environment import variables_of
from imbridge.config.missing import Missing
from imbridge.config.no_account import no_account
from imbridge.config.platforms import unknown_platform
from imbridge.config.problems import Problems
from imbridge.config.reader import Reading

_DEFAULT = "default"
_Level = Mapping[str, Node]

logger = logging.getLogger(__name__)


class _Switch(BaseModel):
    """What decides whether the rest of an account is looked at."""

    enabled: bool = True


def read_accounts(
    reading: Reading, channels: Node, types: Mapping[str, type[AccountConfig]]
) -> tuple[AccountConfig, ...]:
    """Read the section, and the accounts that only the environment names; problems are noted."""
    problems = reading.problems
    known = problems.noted
    sections: dict[str, Node] = {}
    if isinstance(channels.value, dict):
        sections = channels.value
    elif channels.value is not None:
        problems.at(channels, f"expected a mapping of platforms, found {channels.kind}")
    accounts: list[AccountConfig] = []
    disabled: list[Node] = []
    for platform, section in sections.items():
        if platform in types:
            accounts += _of_file(reading, types[platform], section, disabled)
        else:
            problems.at(section, unknown_platform(platform, types))
    for platform, model in types.items():
        if platform not in sections:
            accounts += _of_environment(reading, model)
    if not accounts and problems.noted == known:
        problems.add(no_account(types, reading.environ, disabled, channels.where), key="", where="")
    return tuple(accounts)


def _of_file(reading: Reading, model: type[AccountConfig], section: Node, disabled: list[Node]) -> list[AccountConfig]:
    """The accounts of a platform's section; what stands beside `accounts` holds for all of them."""
    shared = reading.fields(model, section, besides=("accounts",))
    listed = section.value.get("accounts") if isinstance(section.value, dict) else None
    named: dict[str, Node] = {}
    if listed is None:
        named[_DEFAULT] = replace(section, value=None)
    elif isinstance(listed.value, dict) and listed.value:
        named = listed.value
        if "name" in shared:
            reading.problems.at(shared["name"], "an account's name is its key under accounts; remove this")
    else:
        reading.problems.at(
            listed, f"expected a mapping of names to settings, found {listed.kind if listed.value else 'none'}"
        )
    if not _is_mapping(section):
        return []
    variables = variables_of(model, model.env_prefix, reading.environ)
    found: list[AccountConfig] = []
    for name, node in named.items():
        if not _is_mapping(node):
            reading.fields(model, node)  # notes that it is none; its values being missing is no news then
            continue
        own = {} if listed is None else _own(reading, model, name, node)
        filled = len(named) == 1 or name == _DEFAULT
        levels: list[_Level] = [own, shared, variables if filled else {}]
        if not _enabled(reading, model, levels):
            disabled.append(node)
            continue
        missing = Missing(node.key, node.where, prefix=model.env_prefix if filled else "")
        if (account := reading.read(model, levels, missing)) is not None:
            found.append(account)
    if variables and len(named) > 1 and _DEFAULT not in named:
        logger.warning(
            "%s has several accounts, so these variables are not used: %s. Put them into the file as ${NAME}.",
            section.key,
            ", ".join(node.key for node in variables.values()),
        )
    return found


def _is_mapping(node: Node) -> bool:
    return node.value is None or isinstance(node.value, dict)


def _own(reading: Reading, model: type[AccountConfig], name: str, node: Node) -> _Level:
    own = reading.fields(model, node)
    if "name" in own:
        reading.problems.at(own["name"], f"the account's name is its key, {name!r}; remove this")
    return own | {"name": Node(name, key=node.key, where=node.where, text=name)}


def _of_environment(reading: Reading, model: type[AccountConfig]) -> list[AccountConfig]:
    """The accounts that variables alone describe."""
    variables = variables_of(model, model.env_prefix, reading.environ)
    set_here = [field for field in model.model_fields if field in variables or f"{field}_file" in variables]
    found: list[AccountConfig] = []
    for name, fields in model.accounts_among(set_here).items():
        own = {key: node for field in fields for key in (field, f"{field}_file") if (node := variables.get(key))}
        if (account := _of_variables(reading, model, name, own)) is not None:
            found.append(account)
    return found


def _of_variables(reading: Reading, model: type[AccountConfig], name: str, variables: _Level) -> AccountConfig | None:
    """One of them; it takes a variable that is required to make an account of them."""
    set_here = {field: variables.get(field, variables.get(f"{field}_file")) for field in model.model_fields}
    needed = model.needs({field: node.value for field, node in set_here.items() if node is not None})
    telling = dict.fromkeys((*needed, *model.needs({})))
    given = [node.key for field in telling if (node := set_here[field]) is not None]
    if not given or not _enabled(reading, model, [variables]):
        return None
    named = {} if name == _DEFAULT else {"name": Node(name, key=given[0], where=ENVIRONMENT, text=name)}
    missing = Missing(model.platform, ENVIRONMENT, prefix=model.env_prefix, beside=f", but {given[0]} is")
    return reading.read(model, [{**variables, **named}], missing)


def _enabled(reading: Reading, model: type[AccountConfig], levels: Sequence[_Level]) -> bool:
    """False for an account that is left out: its values are not looked at, for they may be half filled in."""
    switch: list[_Level] = [{"enabled": level["enabled"]} for level in levels if "enabled" in level]
    quiet = replace(reading, problems=Problems())  # a switch that cannot be read is noted when the account is
    made = quiet.read(_Switch, switch, Missing("", ""))
    return made is None or made.enabled
