"""Fields that no document has: the platform ignores them, here they are the violation `unknown_field`.

A field that is misspelt is one that does nothing, and nobody would notice.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from imbridge.emulators.wecom.errors import ApiError

if TYPE_CHECKING:
    from imbridge.emulators.wecom.world import World

MEDIA = frozenset({"media_id"})
CONTENT: Mapping[str, frozenset[str]] = {
    "text": frozenset({"content"}),
    "markdown": frozenset({"content"}),
    "markdown_v2": frozenset({"content"}),
    "image": MEDIA,
    "voice": MEDIA,
    "file": MEDIA,
    "video": MEDIA | {"title", "description"},
    "textcard": frozenset({"title", "description", "url", "btntxt"}),
    "news": frozenset({"articles"}),
    "mpnews": frozenset({"articles"}),
}
"""A template card's fields are checked by `card_rules`, which refuses what is unknown."""
ARTICLE: Mapping[str, frozenset[str]] = {
    "news": frozenset({"title", "description", "url", "picurl", "appid", "pagepath"}),
    # show_cover_pic is of an older document; wechatpy insists on it.
    "mpnews": frozenset(
        {"title", "thumb_media_id", "author", "content_source_url", "content", "digest", "show_cover_pic"}
    ),
}
APP = frozenset(
    {
        "touser",
        "toparty",
        "totag",
        "agentid",
        "safe",
        "enable_id_trans",
        "enable_duplicate_check",
        "duplicate_check_interval",
    }
)
APPCHAT = frozenset({"chatid", "safe"})
ROBOT: frozenset[str] = frozenset()
MENTIONS = frozenset({"mentioned_list", "mentioned_mobile_list"})
FLAGS: Mapping[str, frozenset[int]] = {
    "safe": frozenset({0, 1, 2}),
    "enable_id_trans": frozenset({0, 1}),
    "enable_duplicate_check": frozenset({0, 1}),
}


def note_unknown(world: "World", kind: str, body: Mapping[str, Any], outer: Iterable[str], more: Iterable[str]) -> None:
    """Notes what the sender's document does not have.

    Args:
        world: Where to note it.
        kind: The msgtype.
        body: The request.
        outer: Its fields beside `msgtype` and the content.
        more: Fields of the content that only this sender has.
    """
    unknown = set(body) - {"msgtype", kind} - set(outer)
    content = body.get(kind)
    if isinstance(content, Mapping) and kind in CONTENT:
        unknown |= {f"{kind}.{name}" for name in set(content) - CONTENT[kind] - set(more)}
        for article in content.get("articles") or () if kind in ARTICLE else ():
            unknown |= {f"{kind}.articles.{name}" for name in set(article) - ARTICLE[kind]}
    for name in sorted(unknown):
        world.violation("unknown_field", f"{name} of a {kind} message is in no document")


def check_flags(body: Mapping[str, Any]) -> None:
    """Refuses `safe` and the like with a value they do not have: 40058."""
    for name, allowed in FLAGS.items():
        if body.get(name, 0) not in allowed:
            raise ApiError(40058, f"{name} is not one of {sorted(allowed)}")
