"""Reading the XML that an app answers: strictly, so that a forged or sloppy answer shows."""

from dataclasses import dataclass, field
from xml.parsers import expat

DEPTH = 20


class XmlError(Exception):
    """The XML is malformed, declares a document type, or is nested too deeply."""


@dataclass(slots=True)
class Node:
    """An element: its name, its text (without what is in its children) and its children."""

    name: str
    text: str = ""
    children: "list[Node]" = field(default_factory=list)

    def all(self, name: str) -> "list[Node]":
        """The children of a name."""
        return [child for child in self.children if child.name == name]

    def one(self, name: str) -> "Node | None":
        """The only child of a name, None if there is none.

        Raises:
            XmlError: There are several.
        """
        found = self.all(name)
        if len(found) > 1:
            raise XmlError(f"{name} is in {self.name} {len(found)} times")
        return found[0] if found else None

    def value(self, name: str, default: str = "") -> str:
        """The text of the only child of a name.

        Raises:
            XmlError: There are several, or it has children.
        """
        child = self.one(name)
        if child is None:
            return default
        if child.children:
            raise XmlError(f"{name} in {self.name} has children")
        return child.text


def parse(data: str | bytes) -> Node:
    """The root element.

    Raises:
        XmlError: See there.
    """
    parser = expat.ParserCreate()
    parser.buffer_text = True
    top = Node("")
    stack = [top]

    def start(name: str, attributes: dict[str, str]) -> None:
        if attributes:
            raise XmlError(f"{name} has attributes")
        if len(stack) > DEPTH:
            raise XmlError("it is nested too deeply")
        node = Node(name)
        stack[-1].children.append(node)
        stack.append(node)

    def end(name: str) -> None:
        node = stack.pop()
        if node.children:
            node.text = node.text.strip()
            if node.text:
                raise XmlError(f"{name} has text between its children: {node.text[:80]!r}")

    def text(data: str) -> None:
        stack[-1].text += data

    def doctype(*_: object) -> None:
        raise XmlError("it declares a document type")

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise XmlError(f"it is malformed: {error}") from None
    return top.children[0]
