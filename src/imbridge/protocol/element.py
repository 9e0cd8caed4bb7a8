"""The base of everything that a message is made of."""

from imbridge.protocol.model import ProtocolModel


class Element(ProtocolModel):
    """Base of all elements."""

    def as_text(self) -> str:
        """The element as a person would read it in a plain-text client."""
        return ""
