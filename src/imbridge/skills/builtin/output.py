"""What a command-line program prints, as something a person wants to read in a chat."""

import codecs
import io
import re
from collections.abc import Sequence

_ESCAPES = re.compile(
    r"\x1b(?:\][^\x07\x1b]*(?:\x07|\x1b\\|(?=\x1b))"  # OSC: titles, hyperlinks
    r"|[PX^_][^\x1b]*(?:\x1b\\|(?=\x1b))"  # DCS, SOS, PM, APC
    r"|\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor
    r"|[ -/]+[0-~]"  # character sets
    r"|[0-OQ-WYZ\\`a-~])"  # single
    r"|\x9b[0-?]*[ -/]*[@-~]"
)
_UNFINISHED = re.compile(
    r"(?:\x1b(?:\][^\x07\x1b]*\x1b?|[PX^_][^\x1b]*\x1b?|\[[0-?]*[ -/]*|[ -/]*)?|\x9b[0-?]*[ -/]*)\Z"
)
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_LONGEST_ESCAPE = 4096


class Output:
    r"""Turns bytes as they come into clean text as it comes.

    Decodes UTF-8 (broken bytes become `\ufffd`), makes every line end `\n`, takes out ANSI escapes and other control
    characters, and white space around the whole.

    Args:
        keep: Expressions searched for in each line. A line that one is found in is replaced by its first group (the
            whole match if it has none); lines before the first such line are left out. If none is ever found, all
            lines stay.
        drop: Expressions; lines in which one is found are left out.
        limit: Characters after which the rest is thrown away.
    """

    def __init__(
        self, keep: Sequence[re.Pattern[str]] = (), drop: Sequence[re.Pattern[str]] = (), *, limit: int
    ) -> None:
        self._keep = keep
        self._drop = drop
        self._left = limit
        self._decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder("utf-8")("replace"), translate=True)
        self._escape = ""
        self._line = ""
        self._held: list[str] = []
        self._held_size = 0
        self._held_cut = False
        self._limit = limit
        self._begun = not keep
        self._blank = ""
        self._written = False
        self.cut = False
        """More was printed than is shown."""

    def feed(self, data: bytes) -> str:
        """What can be shown now."""
        return self._take(data, final=False)

    def finish(self) -> str:
        """What is left when no more comes."""
        return self._take(b"", final=True)

    def _take(self, data: bytes, *, final: bool) -> str:
        text = self._escape + str(self._decoder.decode(data, final))
        text = _ESCAPES.sub("", text)
        unfinished = _UNFINISHED.search(text)
        self._escape = unfinished[0] if unfinished and not final else ""
        if len(self._escape) > _LONGEST_ESCAPE:
            self._escape = self._escape[:_LONGEST_ESCAPE]
        if unfinished:
            text = text[: unfinished.start()]
        text = _CONTROLS.sub("", text)
        if self._keep or self._drop:
            text = self._by_line(text, final=final)
        return self._trim(text)

    def _by_line(self, text: str, *, final: bool) -> str:
        *lines, self._line = (self._line + text).split("\n")
        if final and self._line:
            lines.append(self._line)
            self._line = ""
        elif len(self._line) > self._limit:  # a line without end does not grow either
            self._line = self._line[: self._limit]
            self.cut = True
        shown: list[str] = []
        for line in lines:
            found = next(filter(None, (pattern.search(line) for pattern in self._keep)), None)
            if found is not None:
                self._begun = True
                self._held.clear()
                shown.append(found[1] if found.re.groups and found[1] is not None else found[0])
            elif any(pattern.search(line) for pattern in self._drop):
                continue
            elif self._begun:
                shown.append(line)
            elif self._held_size <= self._limit:
                self._held_size += len(line) + 1
                self._held.append(line)
            else:
                self._held_cut = True
        if final and not self._begun:
            shown = self._held
            self.cut = self.cut or self._held_cut
        return "".join(f"{line}\n" for line in shown)

    def _trim(self, text: str) -> str:
        """Hold white space back until something follows it."""
        text = self._blank + text
        if not self._written:
            text = text.lstrip()
        body = text.rstrip()
        self._blank = text[len(body) :][: self._limit]
        if not body:
            return ""
        self._written = True
        if len(body) > self._left:
            self.cut = True
            body = body[: self._left]
        self._left -= len(body)
        return body
