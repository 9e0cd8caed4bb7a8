"""Content × capabilities → parts a platform can show, with a report of what could not be shown as meant."""

from imbridge.rendering.characters import repair
from imbridge.rendering.compose import repair_all
from imbridge.rendering.fitting import shown_bytes
from imbridge.rendering.growing import beginning, rest_after
from imbridge.rendering.markdown import Dialect
from imbridge.rendering.message import WrittenMessage, message_in
from imbridge.rendering.parts import Part, PartKind, Rendered
from imbridge.rendering.plain import as_plain, to_plain
from imbridge.rendering.render import render
from imbridge.rendering.split import Measure

__all__ = [
    "Dialect",
    "Measure",
    "Part",
    "PartKind",
    "Rendered",
    "WrittenMessage",
    "as_plain",
    "beginning",
    "message_in",
    "render",
    "repair",
    "repair_all",
    "rest_after",
    "shown_bytes",
    "to_plain",
]
