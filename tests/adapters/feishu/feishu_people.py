"""What the tests of users' authorisation share: a person who agrees, and tokens that grow old."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from feishu_rig import Rig

from imbridge.adapters.feishu import FeishuAdapter
from imbridge.adapters.feishu.authorisation.user_token import UserToken

BACK = "https://bot.example/im/feishu/work/oauth"


def query_of(url: str) -> dict[str, str]:
    return {name: value for name, (value,) in parse_qs(urlsplit(url).query).items()}


async def authorise(rig: Rig, adapter: FeishuAdapter, *scopes: str, **options: Any) -> UserToken:
    url = adapter.oauth.authorize_url(BACK, scopes, **options)
    back = query_of(await rig.feishu.consents(rig.alice, url))
    return await adapter.oauth.finish(back["code"], back["state"])


def age(token: UserToken, **ages: float) -> UserToken:
    now = datetime.now(UTC)
    return token.model_copy(update={name: now + timedelta(seconds=seconds) for name, seconds in ages.items()})


async def make_old(adapter: FeishuAdapter, token: UserToken, *, expires_in: float = 60) -> None:
    """Its time to be renewed has come."""
    await adapter.oauth.store.put(adapter.key, age(token, renew_at=-1, expires_at=expires_in))
