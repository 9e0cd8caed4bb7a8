"""Text, plain and with markup."""

from typing import Any, Literal

from imbridge.protocol.element import Element
from imbridge.protocol.model import filled


class Text(Element):
    """Plain text; nothing in it is markup."""

    type: Literal["text"] = "text"
    text: str

    def __init__(self, text: str | None = None, /, **data: Any) -> None:
        if type(text) is str and not data and type(self) is Text:  # nearly always: there is nothing to validate
            filled(self, {"type": "text", "text": text}, {"text"})
            return
        if text is not None:
            data["text"] = text
        super().__init__(**data)

    def as_text(self) -> str:  # noqa: D102 - inherited
        return self.text


class Markdown(Element):
    """Text in Markdown; each platform shows as much of it as it can."""

    type: Literal["markdown"] = "markdown"
    text: str

    def __init__(self, text: str | None = None, /, **data: Any) -> None:
        if type(text) is str and not data and type(self) is Markdown:  # nearly always: there is nothing to validate
            filled(self, {"type": "markdown", "text": text}, {"text"})
            return
        if text is not None:
            data["text"] = text
        super().__init__(**data)

    def as_text(self) -> str:  # noqa: D102 - inherited
        return self.text
