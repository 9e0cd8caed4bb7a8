"""Reading a YAML (or JSON) file into nodes that know their line.

The composer of `yaml.SafeLoader` is used and its constructors only for scalars: no tag can build an object. What a
message quotes of the file is never a value, for any value may be a secret.
"""

import re
from pathlib import Path
from typing import Any

import yaml

from imbridge.config.document import Node
from imbridge.protocol import ConfigError

MAX_BYTES = 1024 * 1024
_MAX_NODES = 20_000
_MAX_DEPTH = 32
_TAG = "tag:yaml.org,2002:"
_SCALARS = frozenset({"null", "bool", "int", "float"})


def read_yaml(path: Path) -> Node:
    """Read a settings file.

    Args:
        path: The file; errors show it as it is given.

    Returns:
        The mapping at the top of the file. An empty file is an empty mapping.

    Raises:
        ConfigError: The file cannot be read, is no YAML, or is not a mapping; the message names the line.
    """
    node = parse_yaml(read_text(path, "a YAML file"), path)
    if node.value is None:
        return Node({}, key="", where=str(path))
    if not isinstance(node.value, dict):
        where = node.where
        raise ConfigError(f"{where}: expected settings such as 'channels:', found {node.kind}", where=where)
    return node


def parse_yaml(text: str, path: Path) -> Node:
    """The nodes of a YAML (or JSON) text.

    Args:
        text: All of it.
        path: Where it is from, for errors.

    Raises:
        ConfigError: It is no YAML; the message names the line.
    """
    if text.lstrip().startswith(("{", "[")):
        # JSON may be indented with tabs, YAML may not. A raw tab is not allowed inside a JSON string, so none is lost.
        text = text.replace("\t", " ")
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise _syntax_error(path, text, error) from None
    except RecursionError:
        raise ConfigError(f"{path}: nested too deeply", where=str(path)) from None
    return Node(None, key="", where=str(path)) if root is None else _Reader(path).read(root)


def read_text(path: Path, expected: str) -> str:
    """A file of UTF-8 text that is not too large.

    Args:
        path: The file.
        expected: What it should be, for errors.

    Raises:
        ConfigError: It cannot be read.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise ConfigError(f"{path}: there is no such file", where=str(path)) from None
    except IsADirectoryError:
        raise ConfigError(f"{path}: is a folder, expected {expected}", where=str(path)) from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}", where=str(path)) from None
    return decoded(data, path)


def decoded(data: bytes, path: Path) -> str:
    """What was read as text: UTF-8, and not too large.

    Args:
        data: At most one byte more than `MAX_BYTES`.
        path: Where it is from, for errors.

    Raises:
        ConfigError: It is none.
    """
    if len(data) > MAX_BYTES:
        raise ConfigError(f"{path}: larger than {MAX_BYTES // 1024} KiB; is it the right file?", where=str(path))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        where = f"{path}:{line}"
        raise ConfigError(f"{where}: not UTF-8 text; save the file as UTF-8", where=where) from None


def _syntax_error(path: Path, text: str, error: yaml.YAMLError) -> ConfigError:
    if isinstance(error, yaml.reader.ReaderError):
        line = text.count("\n", 0, error.position)
        where = f"{path}:{line + 1}"
        return ConfigError(f"{where}: holds a character that YAML does not allow; retype the line", where=where)
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return ConfigError(f"{path}: is not YAML", where=str(path))
    where = f"{path}:{mark.line + 1}"
    line_text = [*text.split("\n"), ""][mark.line]
    problem = str(getattr(error, "problem", None) or "it cannot be parsed")
    if "\t" in line_text[: len(line_text) - len(line_text.lstrip())]:
        problem = "is indented with a tab; YAML wants spaces"
    elif "alias" in problem:
        problem = "a value that begins with * is an alias of something that is not there; put text in quotes"
    elif "cannot start any token" in problem:
        problem = "a value that begins with @, ` or % must be in quotes"
    else:
        # What a problem quotes may be part of a value; only single characters and names of tokens are kept.
        problem = "is not YAML: " + re.sub(r"'(?!<[a-z ]+>')[^']{2,}'", "...", problem)
    return ConfigError(f"{where}: {problem}", where=where)


class _Reader(yaml.constructor.SafeConstructor):
    """Turns composed YAML nodes into ours."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._count = 0

    def read(self, root: yaml.Node) -> Node:
        return self._node(root, "", self._where(root), 0)

    def _where(self, node: yaml.Node) -> str:
        return f"{self._path}:{node.start_mark.line + 1}"

    def _error(self, node: yaml.Node, text: str) -> ConfigError:
        where = self._where(node)
        return ConfigError(f"{where}: {text}", where=where)

    def _node(self, node: yaml.Node, key: str, where: str, depth: int) -> Node:
        # An alias repeats its whole anchor: a small file can stand for a huge tree.
        self._count += 1
        if depth > _MAX_DEPTH or self._count > _MAX_NODES:
            raise self._error(node, "nested too deeply, or too many aliases")
        kind = node.tag.removeprefix(_TAG)
        if isinstance(node, yaml.MappingNode) and kind == "map":
            return Node(self._mapping(node, key, depth), key=key, where=where)
        if isinstance(node, yaml.SequenceNode) and kind == "seq":
            items = [self._node(item, f"{key}[{i}]", self._where(item), depth + 1) for i, item in enumerate(node.value)]
            return Node(items, key=key, where=where)
        if isinstance(node, yaml.ScalarNode) and kind in {"str", "timestamp", "value"}:
            text = self._characters(node)
            return Node(text, key=key, where=where, text=text)
        if isinstance(node, yaml.ScalarNode) and kind in _SCALARS:
            return Node(self._scalar(node), key=key, where=where, text=node.value)
        raise self._error(node, "a value that begins with ! is a tag; put it in quotes if it is meant as text")

    def _scalar(self, node: yaml.ScalarNode) -> Any:
        try:
            return self.construct_object(node)
        except (ValueError, KeyError, IndexError):
            raise self._error(node, "is not what its tag says; put it in quotes if it is meant as text") from None

    def _characters(self, node: yaml.ScalarNode) -> str:
        try:  # JSON escapes write a character beyond U+FFFF as two surrogates
            return str(node.value).encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            raise self._error(node, r"holds half a character (a \u escape without its pair)") from None

    def _mapping(self, node: yaml.MappingNode, prefix: str, depth: int) -> dict[str, Node]:
        own: dict[str, Node] = {}
        merged: dict[str, Node] = {}
        for name_node, value_node in node.value:
            if name_node.tag == f"{_TAG}merge":
                for name, value in self._merge(value_node, prefix, depth).items():
                    merged.setdefault(name, value)
                continue
            if not isinstance(name_node, yaml.ScalarNode):
                raise self._error(name_node, "a key must be a word; are quotes missing around ${...} or {...}?")
            # The text of a key, not its value: `no:` and `123:` are fine names.
            name, where = self._characters(name_node), self._where(name_node)
            key = f"{prefix}.{name}" if prefix else name
            if name in own:
                raise ConfigError(
                    f"{where}: {key}: is there twice; the first is at {own[name].where}", key=key, where=where
                )
            own[name] = self._node(value_node, key, where, depth + 1)
        return merged | own

    def _merge(self, node: yaml.Node, prefix: str, depth: int) -> dict[str, Node]:
        """What `<<: *anchor` or `<<: [*a, *b]` brings in; the first one wins."""
        found: dict[str, Node] = {}
        for source in node.value if isinstance(node, yaml.SequenceNode) else [node]:
            if not isinstance(source, yaml.MappingNode):
                raise self._error(source, "<< expects a mapping")
            read = self._node(source, prefix, self._where(source), depth + 1)
            for name, value in read.value.items():
                found.setdefault(name, value)
        return found
