"""Addresses: one string for one channel."""

import copy
import pickle

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from imbridge.protocol import Address, Channel, ChannelKind

IDS = st.text(min_size=1, max_size=30)


@settings(deadline=None)
@given(
    platform=st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True),
    account=IDS,
    kind=st.sampled_from(ChannelKind),
    id=IDS,
    thread=st.none() | IDS,
)
@example("feishu", "work", ChannelKind.GROUP, "a/b#c%d e?f&g", "x/y#z%41 ")
@example("qq", "主账号", ChannelKind.PRIVATE, "张三 😀", "话题\n\t")
@example("x", "%", ChannelKind.USER, "%2F", "%")
@example("x", "..", ChannelKind.GUILD, "..", "..")
def test_any_channel_there_and_back(
    platform: str, account: str, kind: ChannelKind, id: str, thread: str | None  # noqa: A002 - the field's name
) -> None:  # fmt: skip
    channel = Channel(platform=platform, account=account, kind=kind, id=id, thread=thread)
    address = Address(channel.address)
    assert address.channel == channel
    assert address == channel.address == Address.of(channel)
    assert not any(char.isspace() for char in address)


def test_what_it_looks_like() -> None:
    channel = Channel(platform="feishu", account="work", kind=ChannelKind.GROUP, id="oc_1", thread="omt_2", name="Team")
    assert channel.address == "feishu:work/group/oc_1#omt_2"
    assert channel.account_key == "feishu:work"
    assert Address(channel.address).channel == channel.model_copy(update={"name": None})
    plain = channel.model_copy(update={"id": "cid+a==@x:1,2", "thread": None})
    assert plain.address == "feishu:work/group/cid+a==@x:1,2"


@pytest.mark.parametrize("deep", [False, True])
def test_a_changed_copy_has_its_own_address(deep: bool) -> None:
    channel = Channel(platform="feishu", account="work", kind=ChannelKind.GROUP, id="oc_1")
    assert channel.address == "feishu:work/group/oc_1"  # kept from here on
    assert channel.model_copy(update={"thread": "t"}, deep=deep).address == "feishu:work/group/oc_1#t"
    assert channel == Channel(platform="feishu", account="work", kind=ChannelKind.GROUP, id="oc_1")


def test_one_channel_has_one_address_however_it_is_encoded() -> None:
    assert Address("feishu:work/group/%6Fc%2f1") == "feishu:work/group/oc%2F1"
    assert hash(Address("feishu:work/group/%6F")) == hash("feishu:work/group/o")


@pytest.mark.parametrize(
    "text",
    ["", "oc_1", "feishu", "feishu:work", "feishu:work/group", "feishu:work/group/", "feishu:work/group/a/b",
     "feishu:work/group/a#", "feishu:work/group/a#b#c", "feishu:/group/a", "feishu:work/group/a b",
     "Feishu:work/group/a", " feishu:work/group/a", "feishu:work/group/a\n", "1x:work/group/a", "fei-shu:work/group/a"],
)  # fmt: skip
def test_what_is_no_address_is_told_the_form(text: str) -> None:
    with pytest.raises(ValueError, match=r"not an address: .*expected platform:account/kind/id\[#thread\]") as caught:
        Address(text)
    assert repr(text) in str(caught.value)


def test_a_wrong_kind_is_told_the_right_ones() -> None:
    with pytest.raises(ValueError, match="its kind 'room' is none of private, group, guild, user"):
        Address("feishu:work/room/a")


def test_an_encoding_that_is_no_text_is_refused() -> None:
    with pytest.raises(ValueError, match="its percent-encoding is not UTF-8"):
        Address("feishu:work/group/%FF")


def test_copies_keep_their_channel() -> None:
    address = Address("feishu:work/group/oc_1#t")
    for again in (copy.copy(address), copy.deepcopy(address), pickle.loads(pickle.dumps(address))):  # noqa: S301 - ours
        assert again == address
        assert again.channel == address.channel
