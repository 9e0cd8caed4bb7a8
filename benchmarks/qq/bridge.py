"""The same echo with imbridge: the whole way of a message."""

import logging
import os
import sys

from pydantic import SecretStr

from benchmarks.clients.bridge import Echo
from imbridge import Bridge
from imbridge.adapters.qq import QQConfig
from imbridge.storage import MemoryStorage


def main() -> None:
    logging.basicConfig(level=logging.WARNING)
    config = QQConfig(
        name="bench",
        app_id=os.environ["QQ_APP_ID"],
        secret=SecretStr(os.environ["QQ_SECRET"]),
        api_base_url=os.environ["QQ_API_BASE_URL"],
        token_url=os.environ["QQ_TOKEN_URL"],
        api_rate="100000/s",
    )
    sys.exit(Bridge([config], skills=[Echo()], storage=MemoryStorage()).run())


if __name__ == "__main__":
    main()
