"""Texts that are too long: the platform cuts them, in bytes, and says nothing."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imbridge.emulators.wecom.world import World


def cut(world: "World", name: str, text: str, limit: int) -> str:
    """A text of at most `limit` bytes of UTF-8. That a character is not cut in two is unverified."""
    data = text.encode()
    if len(data) <= limit:
        return text
    world.stats.texts_cut += 1
    world.violation("text_cut", f"{name} has {len(data)} bytes and is cut to {limit}")
    return data[:limit].decode("utf-8", "ignore")
