"""An address that an account cannot send to is refused with the addresses that it can."""

from collections.abc import Callable

import pytest

from imbridge.adapters.dingtalk.sent.recipients import users_of
from imbridge.adapters.qq.api import place
from imbridge.adapters.wechat.outbound import openid_of
from imbridge.adapters.wecom.bot.errors import BOT_ERRORS
from imbridge.adapters.wecom.bot.outbound import chat
from imbridge.adapters.wecom.outbound import recipients
from imbridge.protocol import Address, Channel, ChannelKind, TargetGoneError

PLACES: list[tuple[str, Callable[[Channel], object], str]] = [
    ("wecom", recipients, "an app"),
    ("wecom", chat, "a smart bot"),
    ("wechat", openid_of, "an Official Account"),
    ("dingtalk", users_of, "a robot"),
    ("qq", place, "a QQ bot"),
]


@pytest.mark.parametrize(("platform", "goes_to", "who"), PLACES)
def test_what_is_named_instead_can_be_sent_to(platform: str, goes_to: Callable[[Channel], object], who: str) -> None:
    refused = [kind for kind in ChannelKind if not takes(goes_to, kind, platform)]
    assert refused
    for kind in refused:
        with pytest.raises(TargetGoneError, match=f"/id1 is no address that {who} can send to; write ") as no:
            goes_to(channel(platform, kind))
        for form in str(no.value).partition("; write ")[2].split(" or "):
            named = Address(form.partition("<")[0] + "id1").channel
            assert named.kind is ChannelKind.GROUP or takes(goes_to, named.kind, platform)  # groups go another way


def channel(platform: str, kind: ChannelKind) -> Channel:
    return Channel(platform=platform, account="work", kind=kind, id="id1")


def takes(goes_to: Callable[[Channel], object], kind: ChannelKind, platform: str) -> bool:
    try:
        goes_to(channel(platform, kind))
    except TargetGoneError:
        return False
    return True


def test_a_bot_that_nobody_has_spoken_to_says_what_to_do() -> None:
    rule = BOT_ERRORS.lookup(93006)
    assert "somebody has to write to the bot there first" in rule.hint
