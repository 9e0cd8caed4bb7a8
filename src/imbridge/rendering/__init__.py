"""Content × capabilities → parts a platform can show, with a report of what could not be shown as meant."""

from imbridge.rendering.parts import Part, PartKind, Rendered

__all__ = ["Part", "PartKind", "Rendered"]
