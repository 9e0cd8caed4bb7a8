"""`[label]: address`: where links by reference lead. One that no link refers to is a line of text, and is read."""

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, reference

from imbridge.rendering.markdown.parsing import DEFINITION


def kept_definitions(md: MarkdownIt) -> None:
    """Put it in. What looks like the text of a footnote (`[^1]: ...`) is no definition."""
    md.options["store_labels"] = True
    md.block.ruler.at("reference", _definition)


def _definition(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    if state.src.startswith("[^", state.bMarks[start] + state.tShift[start]):
        return False
    known = len(state.env.get("references", ()))
    if not reference(state, start, end, silent):
        return False
    if not silent:
        token = state.push(DEFINITION, "", 0)
        token.map = [start, state.line]
        token.content = state.getLines(start, state.line, state.blkIndent, False).strip()
        found = state.env["references"]
        token.meta["label"] = next(reversed(found)) if len(found) > known else None  # the first of a label counts
    return True
