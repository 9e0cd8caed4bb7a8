"""The same echo with imbridge: the whole way of a message."""

import logging
import os
import sys

from pydantic import SecretStr

from benchmarks.clients.bridge import Echo
from imbridge import Bridge
from imbridge.adapters.dingtalk import DingTalkConfig
from imbridge.storage import MemoryStorage


def main() -> None:
    logging.basicConfig(level=logging.WARNING)
    base_url = os.environ["DINGTALK_BASE_URL"]
    config = DingTalkConfig(
        name="bench",
        client_id=os.environ["DINGTALK_CLIENT_ID"],
        client_secret=SecretStr(os.environ["DINGTALK_CLIENT_SECRET"]),
        base_url=base_url,
        oapi_url=base_url,
        api_rate="100000/s",
    )
    sys.exit(Bridge([config], skills=[Echo()], storage=MemoryStorage()).run())


if __name__ == "__main__":
    main()
