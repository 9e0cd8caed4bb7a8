"""How wide a text is where each character has one width or two, as in code."""

import unicodedata

from imbridge.rendering.characters import is_boundary


def width(text: str) -> int:
    """Columns: East Asian wide characters and emoji have two, what combines with the character before it none."""
    if text.isascii():
        return len(text)
    columns = 0
    for index, char in enumerate(text):
        if index and not is_boundary(text, index):
            if char == "\ufe0f":
                columns += 1  # it makes an emoji, which is wide, of the narrow character before it
            continue
        if unicodedata.combining(char) or unicodedata.category(char) in ("Cf", "Cc"):
            continue
        columns += 2 if unicodedata.east_asian_width(char) in "WF" else 1
    return columns


def padded(text: str, columns: int, alignment: str = "") -> str:
    """The text with spaces around it, so that it is so wide."""
    missing = max(0, columns - width(text))
    if alignment == "right":
        return " " * missing + text
    if alignment == "center":
        return " " * (missing // 2) + text + " " * (missing - missing // 2)
    return text + " " * missing
