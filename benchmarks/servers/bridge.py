"""imbridge's callback address with a skill that does nothing: the whole way of a message, without an answer."""

import logging
import os

from pydantic import SecretStr

from benchmarks.servers.serve import ENCRYPT_KEY, VERIFICATION_TOKEN, Counter, serve
from imbridge import BaseSkill, Bridge, FeishuConfig, Message
from imbridge.adapters.feishu.config import Mode
from imbridge.storage import MemoryStorage

COUNTER = Counter()


class Silent(BaseSkill):
    """Handles everything and says nothing."""

    name = "silent"

    async def handle_message(self, msg: Message) -> None:
        COUNTER.handled += 1


def main() -> None:
    logging.basicConfig(level=logging.WARNING)
    config = FeishuConfig(
        name="bench",
        app_id="cli_bench",
        app_secret=SecretStr("bench-secret"),
        base_url=os.environ["FEISHU_BASE_URL"],
        mode=Mode.WEBHOOK,
        encrypt_key=SecretStr(ENCRYPT_KEY),
        verification_token=SecretStr(VERIFICATION_TOKEN),
    )
    serve(Bridge([config], skills=[Silent()], storage=MemoryStorage()).asgi(), COUNTER)


if __name__ == "__main__":
    main()
