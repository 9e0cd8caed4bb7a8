"""A reply as the parts that a platform can show."""

from collections.abc import Sequence

from imbridge.protocol import Capabilities, Reply, Text
from imbridge.rendering.characters import repair
from imbridge.rendering.compose import Composition
from imbridge.rendering.fitting import Fitting, shown_bytes
from imbridge.rendering.markdown import Dialect
from imbridge.rendering.parts import Part, PartKind, Rendered
from imbridge.rendering.split import Measure

_NOTHING = Rendered(())
_TEXT = PartKind.TEXT

# A text this much shorter than the limit is not measured. The longest form of one character is a control character in
# JSON that counts five times (a Feishu text sent as a post), 30 bytes; what stands around a text is far below 1 KiB.
_MOST_BYTES_PER_CHARACTER = 32
_MOST_BYTES_AROUND = 1024


def render(
    reply: Reply, capabilities: Capabilities, *, measure: Measure | None = None, dialects: Sequence[Dialect] = ()
) -> Rendered:
    r"""Turn a reply into parts, each of which becomes one message on the platform, in order.

    What stands side by side in a reply belongs together: texts, mentions, emoji and links are joined as they were
    typed, with nothing between them (`["Hello ", Mention(id=...), "!"]` is one line, and `["a", "b"]` is `ab`: write
    the line break that you want). What is a block of its own (a place, a forwarded message, Markdown or a card that the
    platform cannot show, the note for a file that is too large) is set off by line breaks, and an address without
    title by spaces, where its neighbours do not bring them.

    So it is with Markdown, which has paragraphs of its own: an empty line sets it off. All that stands between two
    elements that are messages by themselves is one part: of kind `text`, or `rich` where it holds a link with a title
    or a picture, or, where it holds Markdown, `markdown`: what is no Markdown is written in it then so that it is
    literal, and mentions so that they call. An account with `rich` text shows these beside Markdown in one `rich` part.
    Messages by themselves are cards, contacts, files, voice, video, and pictures where the account has no `rich` text.

    Nothing is lost on the way: all that is shown otherwise than meant is in `degradations`.

    Args:
        reply: What to say.
        capabilities: What the account can show. Words in `sends` that count here: `rich`, `link` (titles in a text that
            lead somewhere; `rich` has them too), `markdown`, `card`, `contact`, `emoji`, and the media types. `mention`
            decides about `Mention` and `MentionAll`. A limit of 0 for images or files means none is known; a card's
            length is not looked at, for a card cannot be cut.
        measure: Bytes of a part as the adapter sends it, where that is more than its text in UTF-8: escaping and styles
            count on some platforms. At most 32 bytes per character plus 1 KiB, and not less for more text.
        dialects: What the account's Markdown is, the one to prefer first: `Part.text` is written in the first that
            shows all of the part, else in the one that changes least. Left out, Markdown is not written, and is a part
            of its own.

    Returns:
        The parts and what was changed. No parts when there is nothing to say.

    Raises:
        NotSupportedError: a limit has no room for one character in the form that `measure` measures.
    """
    elements = reply.elements
    if len(elements) == 1 and type(elements[0]) is Text:  # nearly all replies: nothing to look at but the length
        text = elements[0].text
        if not text:
            return _NOTHING
        if (
            len(text) * _MOST_BYTES_PER_CHARACTER + _MOST_BYTES_AROUND <= capabilities.text_bytes
            and repair(text) is text
        ):
            return Rendered((Part(_TEXT, elements),))
    composition = Composition(capabilities, dialects)
    for element in elements:
        composition.add(element)
    composed, degradations = composition.finish()
    fitting = Fitting(capabilities, measure or shown_bytes, dialects)
    parts: list[Part] = []
    for part in composed:
        parts += fitting.fitted(part)
        if part.choices:
            parts[-1].choices = part.choices  # the last of its messages is the one to answer
    return Rendered(tuple(parts), (*degradations, *fitting.degradations))
