"""Two Feishu bots in one group, one of which asks the other.

    export DESK_APP_ID=cli_... DESK_APP_SECRET=... CLOCK_APP_ID=cli_... CLOCK_APP_SECRET=...
    python two_bots.py

Put both into a group, and ask the first: `@Desk what time is it?` It asks the second, which answers, and tells
you. Feishu by itself would not let the second one hear that; the bridge hands it on, because both are accounts of it.
"""

import os
from datetime import datetime

from imbridge import NOT_MINE, BaseSkill, Bridge, FeishuConfig, Message


def account(name: str) -> FeishuConfig:
    """An account from variables of its own."""
    prefix = name.upper()
    return FeishuConfig(
        name=name,
        app_id=os.environ[f"{prefix}_APP_ID"],
        app_secret=os.environ[f"{prefix}_APP_SECRET"],
        base_url=os.environ.get("FEISHU_BASE_URL"),  # for tests; leave it out
    )


class Desk(BaseSkill):
    """Asks whoever knows."""

    async def handle_message(self, msg: Message) -> object:
        if msg.channel.account != "desk" or not msg.mentions_me:
            return NOT_MINE
        if msg.sender.is_bot:
            return f"{msg.sender.name} says: {msg.text}"
        others = await msg.bots()
        if not others:
            return "I am the only bot here."
        return [others[0].mention(), f" {msg.text}"]


class Clock(BaseSkill):
    """Tells the time, to whoever asks: it calls a bot that asked, so that the bot hears it."""

    async def handle_message(self, msg: Message) -> object:
        if msg.channel.account != "clock" or not msg.mentions_me:
            return NOT_MINE
        answer = f"it is {datetime.now().astimezone():%H:%M}"
        return f"@{msg.sender.name} {answer}" if msg.sender.is_bot else answer


if __name__ == "__main__":
    Bridge([account("desk"), account("clock")], skills=[Desk(), Clock()]).run()
