"""The same echo with imbridge and its messages in memory, with pacing set high so that it does not decide."""

import logging
import os
import sys

from pydantic import SecretStr

from imbridge import BaseSkill, Bridge, FeishuConfig, Message
from imbridge.storage import MemoryStorage


class Echo(BaseSkill):
    """Repeats what is said; with BENCH_SILENT nothing but the word that warms up."""

    name = "echo"

    def __init__(self) -> None:
        super().__init__()
        self._silent = bool(os.environ.get("BENCH_SILENT"))

    async def handle_message(self, msg: Message) -> str | None:
        return None if self._silent and msg.text != "warm" else msg.text


def account() -> FeishuConfig:
    """The account that the environment names."""
    return FeishuConfig(
        name="bench",
        app_id=os.environ["FEISHU_APP_ID"],
        app_secret=SecretStr(os.environ["FEISHU_APP_SECRET"]),
        base_url=os.environ["FEISHU_BASE_URL"],
        chat_rate="100000/s",
        api_rate="100000/s",
        api_minute_rate="6000000/m",
    )


def main() -> None:
    logging.basicConfig(level=logging.WARNING)
    sys.exit(Bridge([account()], skills=[Echo()], storage=MemoryStorage()).run())


if __name__ == "__main__":
    main()
