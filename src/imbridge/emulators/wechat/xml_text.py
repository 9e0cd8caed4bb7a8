"""The platform's XML, written and read."""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree import ElementTree as ET

from imbridge.emulators.common.cdata import Cdata, section

Fields = Mapping[str, Any]
"""Elements in order: texts (in CDATA), numbers (as they are), mappings (nested), sequences (`<item>` each)."""

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


class XmlError(Exception):
    """It is not XML as the platform takes it."""


def write(fields: Fields, cdata: Cdata = "split") -> str:
    """An `<xml>` element.

    Args:
        fields: What is in it.
        cdata: What is done with `]]>` in a text, see `EmulatorSettings.cdata`.
    """
    return f"<xml>{_elements(fields, cdata)}</xml>"


def read(text: str) -> dict[str, Any]:
    """The fields of an `<xml>` element: texts, or dictionaries and lists for what is nested.

    Raises:
        XmlError: It is no XML, has a document type, another root, or a field twice.
    """
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise XmlError("it declares a document type")
    try:
        root = ET.fromstring(text)  # noqa: S314 - no document type, so no entities
    except (ET.ParseError, ValueError) as error:
        raise XmlError(f"it is no XML: {error}") from None
    if root.tag != "xml":
        raise XmlError(f"its root is <{root.tag}>, not <xml>")
    fields = _read(root)
    return fields if isinstance(fields, dict) else {}


def _elements(fields: Fields, cdata: Cdata) -> str:
    return "".join(f"<{_name(name)}>{_value(value, cdata)}</{name}>" for name, value in fields.items())


def _name(name: str) -> str:
    if not NAME.match(name):
        raise ValueError(f"{name!r} is no element's name")
    return name


def _value(value: Any, cdata: Cdata) -> str:
    if isinstance(value, Mapping):
        return _elements(value, cdata)
    if isinstance(value, str):
        return section(value, cdata)
    if isinstance(value, Sequence):
        return "".join(f"<item>{_value(item, cdata)}</item>" for item in value)
    return str(value)


def _read(element: ET.Element) -> Any:
    children = list(element)
    if not children:
        return element.text or ""
    tags = [child.tag for child in children]
    if len(tags) > 1 and set(tags) == {"item"}:
        return [_read(child) for child in children]
    twice = sorted({tag for tag in tags if tags.count(tag) > 1})
    if twice:
        raise XmlError(f"<{twice[0]}> is there {tags.count(twice[0])} times")
    return {child.tag: _read(child) for child in children}
