"""The XML of WeCom and WeChat: read without trusting it, written without letting a text break out of its field."""

import re
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree as ET

from imbridge.protocol import DecodeError

Fields = Mapping[str, Any]
"""Texts by name; a nested mapping is an element with elements in it, a list the same element several times."""

_MAX_DEPTH = 16
_FLAT = re.compile(r"<xml>((?:\s*<([A-Za-z]\w*)>(?:<!\[CDATA\[[^\]<&]*\]\]>|[^<>&\]]*)</\2>)*)\s*</xml>\s*", re.ASCII)
_FIELD = re.compile(r"<([A-Za-z]\w*)>(?:<!\[CDATA\[([^\]<&]*)\]\]>|([^<>&\]]*))</", re.ASCII)
"""A document as nearly all are: one level of fields, whose texts hold nothing that XML has a meaning for."""
_ROOT_COMES_FIRST = re.compile(r"\ufeff?\s*(?:<\?xml[^?>]*\?>\s*)?<[A-Za-z_]")
"""Nothing stands between the XML declaration and the root: no document type, and so no entities, neither a bomb of them
nor one that is a file of this machine. Read as text, so that no encoding can hide one."""
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no way to say, not even as a character reference."""


def read_xml(data: bytes | str) -> dict[str, Any]:
    """The fields of a document, by name.

    A field that stands twice at the top makes the document unusable: what a person wrote may have closed the field it
    stood in, and which of the two is the platform's cannot be told.

    Returns:
        Texts; for elements with elements in them a dict, for one that is repeated inside another a list.

    Raises:
        DecodeError: it is no XML, has a document type, is nested too deeply, or says something twice.
    """
    try:
        text = data.decode() if isinstance(data, bytes) else data
    except UnicodeDecodeError:
        raise DecodeError("XML that is not UTF-8") from None
    if _ROOT_COMES_FIRST.match(text) is None:
        raise DecodeError("no XML, or XML with a document type")
    fields = _flat(text)
    if fields is not None:
        return fields
    try:
        root = ET.fromstring(text)  # noqa: S314 - see above
    except (ET.ParseError, ValueError):
        raise DecodeError("no XML") from None
    fields = {}
    for child in root:
        if child.tag in fields:
            raise DecodeError("XML in which a field stands twice")
        fields[child.tag] = _value(child, 2)
    return fields


def _flat(text: str) -> dict[str, Any] | None:
    """The fields of a document that has no other form; None for any other, which is for a parser.

    A parser is made anew for each document, and costs more than all else that is done to a callback.
    """
    flat = _FLAT.fullmatch(text)
    if flat is None or _ILLEGAL.search(text) is not None or "\r" in text:
        return None
    found = _FIELD.findall(flat[1])
    fields = {name: told or plain for name, told, plain in found}
    return fields if len(fields) == len(found) else None


def _value(element: ET.Element, depth: int) -> Any:
    if not len(element):
        return element.text or ""
    if depth > _MAX_DEPTH:
        raise DecodeError("XML that is nested too deeply")
    values: dict[str, Any] = {}
    for child in element:
        value = _value(child, depth + 1)
        if child.tag not in values:
            values[child.tag] = value
        elif isinstance(values[child.tag], list):
            values[child.tag].append(value)
        else:
            values[child.tag] = [values[child.tag], value]
    return values


def items_of(value: Any) -> list[Any]:
    """An element that may be repeated, as a list whether it is or not; what is empty is no item."""
    if isinstance(value, list):
        return value
    return [value] if value not in (None, "") else []


def cdata(text: str) -> str:
    """A text that stays inside its field, whatever it holds."""
    if not text.isprintable() or "]]>" in text:  # nearly all are, and hold none
        text = _ILLEGAL.sub("\ufffd", text).replace("]]>", "]]]]><![CDATA[>")
    return f"<![CDATA[{text}]]>"


def write_xml(fields: Fields, root: str = "xml") -> str:
    """A document: numbers as they are, texts as CDATA."""
    return f"<{root}>{_written(fields)}</{root}>"


def _written(fields: Fields) -> str:
    parts: list[str] = []
    for name, value in fields.items():
        if isinstance(value, str):
            parts.append(f"<{name}>{cdata(value)}</{name}>")
        elif isinstance(value, int):
            parts.append(f"<{name}>{value}</{name}>")
        elif isinstance(value, Mapping):
            parts.append(f"<{name}>{_written(value)}</{name}>")
        else:
            parts.extend(_written({name: one}) for one in value)
    return "".join(parts)
