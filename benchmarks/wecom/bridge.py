"""imbridge's callback address with a skill that repeats what it is told: the whole way of a message and its answer."""

import logging
import os

from pydantic import SecretStr

from benchmarks.servers.serve import Counter, serve
from benchmarks.wecom.settings import AES_KEY, AGENT_ID, CORP_ID, SECRET, TOKEN
from imbridge import BaseSkill, Bridge, Message
from imbridge.adapters.wecom import WeComConfig
from imbridge.runtime import settle_garbage_collector
from imbridge.storage import MemoryStorage

COUNTER = Counter()


class Echo(BaseSkill):
    """Repeats what it is told."""

    name = "echo"

    async def handle_message(self, msg: Message) -> str:
        COUNTER.handled += 1
        return msg.text


def main() -> None:
    logging.basicConfig(level=logging.WARNING)
    config = WeComConfig(
        name="bench",
        corp_id=CORP_ID,
        secret=SecretStr(SECRET),
        agent_id=AGENT_ID,
        token=SecretStr(TOKEN),
        aes_key=SecretStr(AES_KEY),
        base_url=os.environ["WECOM_BASE_URL"],
        passive_reply=4.0 if os.environ["BENCH_MODE"] == "passive" else 0.0,
        member_rate="1000000/1s",  # one person of the load says more in a second than the platform lets anybody hear
        member_hour_rate="1000000/1s",
        api_rate="1000000/1s",
    )
    bridge = Bridge([config], skills=[Echo()], storage=MemoryStorage())
    settle_garbage_collector()  # as `imbridge run` and `bridge.run()` do; see docs/decisions/0008
    serve(bridge.asgi(), COUNTER)


if __name__ == "__main__":
    main()
