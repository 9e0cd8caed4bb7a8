"""Content × capabilities → parts a platform can show, with a report of what could not be shown as meant."""

from imbridge.rendering.characters import repair
from imbridge.rendering.compose import repair_all
from imbridge.rendering.growing import beginning, rest_after
from imbridge.rendering.parts import Part, PartKind, Rendered
from imbridge.rendering.plain import to_plain
from imbridge.rendering.render import render
from imbridge.rendering.split import Measure

__all__ = [
    "Measure",
    "Part",
    "PartKind",
    "Rendered",
    "beginning",
    "render",
    "repair",
    "repair_all",
    "rest_after",
    "to_plain",
]
