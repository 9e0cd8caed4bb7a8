"""Loading the settings: a file, the environment, or both."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from imbridge.config.account import AccountConfig
from imbridge.config.channels import read_accounts
from imbridge.config.document import ENVIRONMENT, Node
from imbridge.config.environment import expand, variables_of
from imbridge.config.missing import Missing
from imbridge.config.options import BridgeOptions
from imbridge.config.problems import Problems, did_you_mean
from imbridge.config.reader import Reading
from imbridge.config.schedule import read_schedule
from imbridge.config.settings import Settings
from imbridge.config.skills import read_skills
from imbridge.config.storage import StorageSpec, read_storage
from imbridge.config.yaml_file import read_yaml

_SECTIONS = ("channels", "skills", "permissions", "bridge", "storage", "schedule")


def load(path: Path | None, *, environ: Mapping[str, str], types: Mapping[str, type[AccountConfig]]) -> Settings:
    """Load the settings.

    The file wins over the environment: a variable fills what the file leaves out. It can do so for the account named
    `default` and for the only account of a platform; with several accounts, use `${NAME}` in the file.

    Args:
        path: A YAML or JSON file; None takes everything from the environment.
        environ: The environment, such as `os.environ`.
        types: The settings class of each platform.

    Raises:
        ConfigError: Something is missing or wrong. The message has one line for each problem, and no secret.
    """
    problems = Problems()
    root = Node({}, key="", where=ENVIRONMENT) if path is None else read_yaml(path)
    reading = Reading(environ, Path() if path is None else path.parent, problems)
    others = {model.also_section: platform for platform, model in types.items() if model.also_section}
    for key, node in root.value.items():
        if key not in _SECTIONS and key not in others:
            near = did_you_mean(key, [*_SECTIONS, *others, *types])
            problems.at(node, f"unknown key{near}; known are {', '.join(_SECTIONS)}")
    channels, skills, permissions, bridge, storage, schedule = (
        root.value.get(name, Node(None, key=name, where=root.where)) for name in _SECTIONS
    )
    channels = _with_others(channels, {others[key]: root.value[key] for key in others if key in root.value}, problems)
    accounts = read_accounts(reading, channels, types)
    options = _bridge(reading, bridge)
    settings = Settings(
        accounts=accounts,
        skills=read_skills(reading, skills),
        permissions=_permissions(reading, permissions),
        bridge=options,
        schedule=read_schedule(reading, schedule),
        storage=read_storage(reading, storage, options.durability),
    )
    problems.raise_if_any()
    return settings


def load_storage(path: Path | None, *, environ: Mapping[str, str]) -> StorageSpec:
    """Load what says where messages are kept, whatever else is set or missing.

    Raises:
        ConfigError: the file cannot be read, or what it says of the storage is wrong.
    """
    problems = Problems()
    root = Node({}, key="", where=ENVIRONMENT) if path is None else read_yaml(path)
    reading = Reading(environ, Path() if path is None else path.parent, problems)
    storage, bridge = (root.value.get(name, Node(None, key=name, where=root.where)) for name in ("storage", "bridge"))
    spec = read_storage(reading, storage, _option(reading, bridge, "durability").durability)
    problems.raise_if_any()
    return spec


def load_state(path: Path | None, *, environ: Mapping[str, str]) -> Path | None:
    """Load the option `state`: the file in which accounts have their notes, where it is not the storage.

    Raises:
        ConfigError: the settings cannot be read, or the option is wrong.
    """
    problems = Problems()
    root = Node({}, key="", where=ENVIRONMENT) if path is None else read_yaml(path)
    reading = Reading(environ, Path() if path is None else path.parent, problems)
    bridge = root.value.get("bridge", Node(None, key="bridge", where=root.where))
    state = _option(reading, bridge, "state").state
    problems.raise_if_any()
    return state


def _with_others(channels: Node, others: Mapping[str, Node], problems: Problems) -> Node:
    """The channels, with the platforms whose settings stand under a key of their own."""
    if not others or not isinstance(channels.value, dict | None):
        return channels
    own: Mapping[str, Node] = channels.value or {}
    for platform, node in others.items():
        if platform in own:
            there = own[platform]
            problems.at(node, f"means the same as {there.key} at {there.where}; keep one of them")
    return replace(channels, value={**others, **own})


def _permissions(reading: Reading, node: Node) -> Mapping[str, object]:
    if node.value is not None and not isinstance(node.value, dict):
        reading.problems.at(node, f"expected a mapping, found {node.kind}")
        return {}
    return expand(node, reading.environ, reading.problems).plain() or {}


def _option(reading: Reading, bridge: Node, name: str) -> BridgeOptions:
    """The options, of which this one is as it is set; what is wrong with the others is nobody's business here."""
    others = replace(reading, problems=Problems()).fields(BridgeOptions, bridge)
    from_environment = variables_of(BridgeOptions, BridgeOptions.env_prefix, reading.environ)
    levels = [{name: level[name]} for level in (others, from_environment) if name in level]
    return reading.read(BridgeOptions, levels, Missing("bridge", bridge.where)) or BridgeOptions()


def _bridge(reading: Reading, node: Node) -> BridgeOptions:
    levels = [
        reading.fields(BridgeOptions, node),
        variables_of(BridgeOptions, BridgeOptions.env_prefix, reading.environ),
    ]
    return reading.read(BridgeOptions, levels, Missing("bridge", node.where)) or BridgeOptions()
