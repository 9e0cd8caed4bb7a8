"""The same echo with imbridge and its messages in a SQLite file, as it keeps them unless told otherwise."""

import logging
import sys
import tempfile
from pathlib import Path

from benchmarks.clients.bridge import Echo, account
from imbridge import Bridge
from imbridge.storage import SqlStorage


def main() -> None:
    logging.basicConfig(level=logging.WARNING)
    with tempfile.TemporaryDirectory(prefix="imbridge-") as folder:
        bridge = Bridge([account()], skills=[Echo()], storage=SqlStorage(Path(folder) / "bench.db"))
        status = bridge.run()
    sys.exit(status)


if __name__ == "__main__":
    main()
