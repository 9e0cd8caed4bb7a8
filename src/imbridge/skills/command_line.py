"""The text after a command, as arguments."""

_PAIRS = {'"': '"', "'": "'", "“": "“”", "”": "“”", "‘": "’", "「": "」", "『": "』"}
_ONLY_AT_WORD_START = frozenset("'”‘")  # elsewhere they are apostrophes and closing quotes: don't, don’t


def split_arguments(text: str) -> list[str]:
    r"""Split at white space; quotes keep words together.

    Quotes are `"…"`, `'…'`, `“…”`, `‘…’`, `「…」` and `『…』`, and may stand inside a word (`--city="New York"`).
    Inside `"…"`, `\"` and `\\` stand for `"` and `\`; any other backslash is itself, so Windows paths stay whole.
    If a quote is not closed, quotes mean nothing: the text is split at white space alone. Never raises.
    """
    words: list[str] = []
    word: str | None = None
    position, end = 0, len(text)
    while position < end:
        char = text[position]
        position += 1
        if char.isspace():
            if word is not None:
                words.append(word)
                word = None
        elif char in _PAIRS and (word is None or char not in _ONLY_AT_WORD_START):
            quoted = _quoted(text, position, char)
            if quoted is None:
                return text.split()
            content, position = quoted
            word = (word or "") + content
        else:
            word = (word or "") + char
    if word is not None:
        words.append(word)
    return words


def _quoted(text: str, position: int, opened_by: str) -> tuple[str, int] | None:
    """What stands up to the closing quote, and where to go on; None when it is never closed."""
    closers = _PAIRS[opened_by]
    content: list[str] = []
    while position < len(text):
        char = text[position]
        if opened_by == '"' and char == "\\" and text[position + 1 : position + 2] in ('"', "\\"):
            content.append(text[position + 1])
            position += 2
            continue
        position += 1
        if char in closers:
            return "".join(content), position
        content.append(char)
    return None


def quote_argument(argument: str) -> str:
    """Write an argument so that `split_arguments` gives it back whole."""
    escaped = argument.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
