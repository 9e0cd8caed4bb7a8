"""Text, plain and with markup."""

from typing import Any, Literal

from imbridge.protocol.element import Element


class Text(Element):
    """Plain text; nothing in it is markup."""

    type: Literal["text"] = "text"
    text: str

    def __init__(self, text: str | None = None, /, **data: Any) -> None:
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
        if text is not None:
            data["text"] = text
        super().__init__(**data)

    def as_text(self) -> str:  # noqa: D102 - inherited
        return self.text
