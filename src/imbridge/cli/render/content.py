"""Reading what is to be rendered: Markdown, text, or elements in YAML or JSON, with errors that name the line."""

import re
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from imbridge.config.document import Node
from imbridge.config.problems import Problems, did_you_mean
from imbridge.config.yaml_file import parse_yaml, read_text
from imbridge.protocol import (
    ELEMENT_TYPES,
    AnyElement,
    Element,
    Image,
    Markdown,
    Media,
    Reply,
    SkillError,
    Text,
    to_reply,
)

STDIN = Path("-")
_ELEMENT: TypeAdapter[Any] = TypeAdapter(AnyElement)
_PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360f8cfc000000003000100"
    "5bb1e4a50000000049454e44ae426082"
)
_SOME = b"what is at an address that was not fetched"


class Format(StrEnum):
    """What a file holds."""

    MARKDOWN = "markdown"
    TEXT = "text"
    ELEMENTS = "elements"


_SUFFIXES = {
    ".md": Format.MARKDOWN, ".markdown": Format.MARKDOWN,
    ".yaml": Format.ELEMENTS, ".yml": Format.ELEMENTS, ".json": Format.ELEMENTS,
}  # fmt: skip


def format_of(path: Path) -> Format:
    """What a file holds, by its name; what is read from stdin is Markdown."""
    return Format.MARKDOWN if path == STDIN else _SUFFIXES.get(path.suffix.lower(), Format.TEXT)


def read_reply(path: Path, text: str | None, form: Format) -> Reply:
    """The content of a file.

    Args:
        path: Where it is from.
        text: What was read from stdin; None: the file is read.
        form: What it holds.

    Raises:
        ConfigError: it cannot be read, or is none; a line for each problem, with file and line.
    """
    if text is None:
        text = read_text(path, "a file")
    if form is Format.MARKDOWN:
        return Reply(elements=(Markdown(text),))
    if form is Format.TEXT:
        return Reply(elements=(Text(text),))
    root = parse_yaml(text, path if path != STDIN else Path("stdin"))
    problems = Problems()
    elements = _elements(root, problems, path.parent)
    problems.raise_if_any()
    return Reply(elements=tuple(elements))


def _elements(node: Node, problems: Problems, folder: Path) -> list[Element]:
    value = node.value
    if isinstance(value, dict) and "elements" in value and "type" not in value:
        return _elements(value["elements"], problems, folder)
    if isinstance(value, list):
        return [element for item in value for element in _elements(item, problems, folder)]
    if isinstance(value, str):
        return [Text(value)]
    if not isinstance(value, dict):
        problems.at(node, f"expected text, or an element such as {{type: markdown, text: ...}}, found {node.kind}")
        return []
    return _element(node, value, problems, folder)


def _element(node: Node, value: dict[str, Node], problems: Problems, folder: Path) -> list[Element]:
    kind = value["type"].value if "type" in value else None
    if kind not in ELEMENT_TYPES:
        known = ", ".join(sorted(ELEMENT_TYPES))
        wrong = f"{kind!r} is no type of an element{did_you_mean(str(kind), ELEMENT_TYPES)}" if kind else "has no type"
        problems.at(value.get("type", node), f"{wrong}; there are {known}")
        return []
    data = node.plain()
    try:
        (element,) = to_reply(_ELEMENT.validate_python(data)).elements
    except ValidationError as error:
        for detail in error.errors(include_url=False, include_input=False):
            at = _place(node, detail["loc"])
            missing = detail["type"] == "missing"
            problems.at(at, f"{detail['loc'][-1]}: {'is missing' if missing else _plainly(detail['msg'])}")
        return []
    except SkillError as error:  # a part of a card that stands by itself
        problems.at(node, str(error))
        return []
    return [_at_hand(element, folder)]


def _place(node: Node, loc: tuple[int | str, ...]) -> Node:
    """The node that an error is about; between its keys are the words of unions, which are no keys."""
    for step in loc:
        found = node.find((step,))
        node = found if found is not node else node
    return node


def _plainly(message: str) -> str:
    return re.sub(r"^Value error, ", "", message)


def _at_hand(element: Element, folder: Path) -> Element:
    """Media as they would be at hand: a path counts from the file; what is at an address is taken for what it is said.

    Nothing is fetched, so a picture is a picture, and of all else it is not known what it is.
    """
    if isinstance(element, Media) and element.path and not Path(element.path).is_absolute():
        return element.model_copy(update={"path": str(folder / element.path)})
    if isinstance(element, Media) and element.url:
        return element.model_copy(update={"url": "", "data": _PIXEL if isinstance(element, Image) else _SOME})
    body = getattr(element, "body", None)
    if isinstance(body, tuple):
        return element.model_copy(update={"body": tuple(_at_hand(part, folder) for part in body)})
    return element
