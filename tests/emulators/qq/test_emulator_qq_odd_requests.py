"""Requests that no sane client sends are refused, never answered with HTTP 500."""

import random
import re
from typing import Any

from qq_raw_api import Api, RawGateway

from imbridge.emulators.qq import Bot, Channel, Group, Guild, QQEmulator, User
from imbridge.emulators.qq.emulator import PARTS
from imbridge.emulators.qq.routes import Routes

NESTED: list[Any] = [
    {"rows": [1]},
    {"content": {"rows": [{"buttons": [{"render_data": 3}]}]}},
    {"content": {"rows": [{"buttons": [{"render_data": {"label": "x"}, "action": {"type": []}}]}]}},
    {"content": {"rows": [{"buttons": [{"render_data": {"label": "x"}, "action": {"type": 1, "permission": []}}]}]}},
    {"template_id": 1, "kv": [1, {"obj": [1, {"obj_kv": 3}]}]},
    {"title": "x", "fields": 3},
    {"custom_template_id": "t", "params": [1, {"key": 1, "values": [None]}]},
]
ODD: list[Any] = [None, 0, 1, -1, True, 1.5, "", "x", "1", [], [1], ["x"], {}, {"a": 1}, [{}], *NESTED]
NAMES = """
    content msg_type markdown keyboard ark embed media msg_id event_id msg_seq is_wakeup input_notify message_reference
    image file_type url file_data srv_send_msg file_name upload_id part_index block_size md5 file_size input_mode
    input_state content_type content_raw index stream_msg_id code name schedule message_id channel_id add remove info
    recommend_channels api_identify recipient_id source_guild_id mute_seconds user_ids appId clientSecret color hoist
"""
ROUNDS = 1500


class Paths(Routes):
    """Only notes what there is."""

    def __init__(self) -> None:
        super().__init__()
        self.known: list[tuple[str, str]] = []

    def add(self, method: str, path: str, handler: Any, *, public: bool = False) -> None:
        self.known.append((method, path))


async def test_odd_requests(
    link: RawGateway, api: Api, qq: QQEmulator, alice: User, bot: Bot, group: Group, guild: Guild, channel: Channel
) -> None:
    bot.private = bot.active = True
    bot.templates["t"] = "{{.a}}"
    own = await alice.says("hi")
    said = await alice.says("hi", chat=channel, mentions=[bot])
    places = {
        "openid": [alice.openid_for(bot)],
        "group_openid": [qq.group_openid(group)],
        "channel_id": [channel.id],
        "guild_id": [guild.id, guild.direct(alice, bot).id],
        "message_id": [own.id, said.id],
        "user_id": [alice.id],
        "role_id": ["1"],
    }
    sane: dict[str, list[Any]] = {
        "msg_type": [0, 2, 3, 4, 6, 7],
        "msg_id": [own.id, said.id],
        "content": ["x"],
        "file_type": [1, 4],
        "input_mode": ["replace"],
        "content_type": ["markdown"],
        "content_raw": ["x"],
        "input_state": [1, 10],
        "index": [0, 1],
        "file_size": ["1"],
    }
    paths = Paths()
    for part in PARTS:
        part.add_routes(paths)
    dice = random.Random(1)
    keeps = ("/members/{user_id}", "/channels/{channel_id}")
    asked = [(method, path) for method, path in paths.known if method != "DELETE" or not path.endswith(keeps)]
    await api.call("GET", "/users/@me")
    headers = {"Authorization": f"QQBot {api.token}"}
    seen = set()
    for _ in range(ROUNDS):
        method, pattern = dice.choice(asked)
        path = re.sub(r"\{(\w+)\}", lambda found: dice.choice([*places.get(found[1], []), "x", "1"]), pattern)
        names = dice.sample(NAMES.split(), dice.randint(0, 30))
        body = {name: dice.choice(sane.get(name, ODD) if dice.random() < 0.7 else ODD) for name in names}
        url = f"{qq.base_url}{path}?limit=x&after=y"
        async with api.session.request(method, url, json=body, headers=headers) as response:
            await response.read()
        assert response.status < 500, (method, path, body)
        seen.add(response.status)
    assert {200, 204, 400} <= seen
