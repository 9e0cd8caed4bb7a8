"""The people who follow an account.

Sources: developers.weixin.qq.com, doc/service/api/usermanage/userinfo/api_userinfo and api_getfans. Names and portraits
are told no more, since 2021-12-27: who a person is they tell themselves, by `oauth`.
"""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from pydantic import Field

from imbridge.adapters.wechat.api import WeChatApi
from imbridge.protocol.message import utc
from imbridge.protocol.model import ProtocolModel


class Follower(ProtocolModel):
    """Somebody who follows, or followed.

    Attributes:
        openid: Their id for this account.
        unionid: Their id for all accounts of one owner, where these are joined on the open platform.
        follows: Whether they follow now; when not, nothing else is told.
        since: Since when.
        language: Of their client.
        remark: What the account's staff noted.
        tags: Ids of the tags that staff gave them.
        scene: How they found the account (`ADD_SCENE_QR_CODE`).
        code: The scene of the code that they scanned, as it was when the code was made.
        payload: All that the platform says.
    """

    openid: str
    unionid: str = ""
    follows: bool = False
    since: datetime | None = None
    language: str = ""
    remark: str = ""
    tags: tuple[int, ...] = ()
    scene: str = ""
    code: str = ""
    payload: dict[str, Any] = Field(default_factory=dict, repr=False)


class Followers:
    """The followers of one account."""

    def __init__(self, api: WeChatApi) -> None:
        """Over the account's API."""
        self._api = api

    async def get(self, openid: str) -> Follower:
        """What is known of one person.

        Raises:
            TargetGoneError: no such openid.
            DeliveryError: the platform refuses; certified accounts alone may ask.
        """
        return follower_of(await self._api.user(openid))

    async def openids(self) -> AsyncIterator[str]:
        """The openids of all followers, asked for page by page.

        Raises:
            DeliveryError: as `get`.
        """
        after = ""
        while True:
            page = await self._api.followers(after)
            found = page.get("data")
            openids = found.get("openid") if isinstance(found, dict) else None
            if not isinstance(openids, list) or not openids:
                return
            for openid in openids:
                yield str(openid)
            before, after = after, str(page.get("next_openid") or "")
            if not after or after == before:
                return


def follower_of(facts: dict[str, Any]) -> Follower:
    """A person, by what `user/info` says."""
    since, tags = facts.get("subscribe_time"), facts.get("tagid_list")
    code = facts.get("qr_scene_str") or facts.get("qr_scene") or ""
    return Follower(
        openid=str(facts.get("openid") or ""),
        unionid=str(facts.get("unionid") or ""),
        follows=facts.get("subscribe") == 1,
        since=utc(since * 1000) if isinstance(since, int) and 0 < since < 1 << 40 else None,
        language=str(facts.get("language") or ""),
        remark=str(facts.get("remark") or ""),
        tags=tuple(tag for tag in tags if isinstance(tag, int)) if isinstance(tags, list) else (),
        scene=str(facts.get("subscribe_scene") or ""),
        code=str(code),
        payload={name: value for name, value in facts.items() if name not in ("errcode", "errmsg")},
    )
