"""Characters as a person sees them: where a text may be cut, and what UTF-8 cannot hold."""

import re
import unicodedata

_ZWJ = "\u200d"
_SPACING = "\u0e33\u0eb3"  # Thai and Lao AM: letters by category, but drawn on the consonant before them
_HALF_WIDTH = "\uff9e\uff9f"  # sound marks of half-width kana, letters by category
_PREPENDED = re.compile(
    r"[\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\u0d4e\U000110bd\U000110cd\U000111c2\U000111c3\U000113d1\U0001193f"
    r"\U00011941\U00011a84-\U00011a89\U00011d46\U00011f02]"
)  # number signs and the like, drawn around what follows them
_VIRAMA = 9  # canonical combining class: joins the consonants on both sides of it in Indic scripts


def repair(text: str) -> str:
    r"""Make a text that UTF-8 can hold: surrogate pairs are joined, lone surrogates become U+FFFD.

    JSON may escape half a pair (`"\ud800"`), and Python reads it without complaint.
    """
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def utf8_prefix(text: str, start: int, budget: int) -> int:
    """How many characters from `start` on fit into `budget` bytes of UTF-8; looks at no more than `budget` of them."""
    piece = text[start : start + budget]
    if piece.isascii():
        return len(piece)
    encoded = piece.encode()
    return len(piece) if len(encoded) <= budget else len(encoded[:budget].decode("utf-8", "ignore"))


def is_boundary(text: str, index: int, start: int = 0) -> bool:
    """Whether a cut before `index` leaves every user-perceived character whole.

    The rules of UAX 29 as far as `unicodedata` knows the properties they need: combining marks, variation selectors,
    emoji modifiers, tags and ZWJ sequences, flags, Hangul jamo, Indic conjuncts, prepended signs, CR LF.

    Args:
        text: The text.
        index: Where to cut.
        start: A position known to be a boundary; flags are counted from there.
    """
    if index <= start or index >= len(text):
        return True
    before, after = text[index - 1], text[index]
    if before.isascii() and after.isascii():
        return not (before == "\r" and after == "\n")
    if before in "\r\n":
        return True  # nothing combines with the end of a line
    if _extends(after) or before == _ZWJ or unicodedata.combining(before) == _VIRAMA or _PREPENDED.match(before):
        return False
    if _is_flag_letter(before) and _is_flag_letter(after):
        first = index
        while first > start and _is_flag_letter(text[first - 1]):
            first -= 1
        return (index - first) % 2 == 0
    return not (_is_leading_jamo(before) and (_is_leading_jamo(after) or "\uac00" <= after <= "\ud7a3"))


def last_boundary(text: str, start: int, end: int) -> int:
    """The last boundary in `(start, end]`; `end` itself when a single character is longer than that."""
    index = end
    while index > start:
        if is_boundary(text, index, start):
            return index
        index -= 1
    return end


def _extends(char: str) -> bool:
    return (
        unicodedata.category(char) in ("Mn", "Mc", "Me")
        or char in (_ZWJ, "\u200c")
        or char in _SPACING
        or char in _HALF_WIDTH
        or "\U0001f3fb" <= char <= "\U0001f3ff"  # skin tones
        or "\U000e0020" <= char <= "\U000e007f"  # tags, as in the flags of England, Scotland, Wales
        or "\u1160" <= char <= "\u11ff"  # vowel and trailing jamo
        or "\ud7b0" <= char <= "\ud7ff"
    )


def _is_flag_letter(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"


def _is_leading_jamo(char: str) -> bool:
    return "\u1100" <= char <= "\u115f" or "\ua960" <= char <= "\ua97c"
