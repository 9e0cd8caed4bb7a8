"""Tell people on QQ what happens here, as far as QQ lets a bot: it answers, and hardly ever speaks first.

    export QQ_APP_ID=102... QQ_SECRET=...
    python qq_alerts.py                                        answers /where with the address of the chat
    tail -n 0 -F backup.log | python qq_alerts.py qq:default/private/OPENID qq:default/group/GROUP_OPENID

Each line of standard input is said there. What cannot be said now is kept; when somebody writes there, all that was
kept is said at once, as one message, for a message of theirs can be answered a few times and no more. With the end of
its input it ends, when everything is said.

Exit status: 0 when all was said, 1 when something was refused.
"""

import asyncio
import os
import sys
from uuid import uuid4

from imbridge import Bridge, ImbridgeError, Message
from imbridge.protocol import DeliveryState, Receipt

MOST_KEPT = 200
"""Lines for one place; of more the oldest are counted and not said."""
# Only QQ's and the bridge's: other variables would make further accounts.
SETTINGS = {name: value for name, value in os.environ.items() if name.startswith(("QQ_", "IMBRIDGE_"))}
SETTINGS["IMBRIDGE_ON_MISSED_WINDOW"] = "push_or_wait"


class Lines:
    """The lines that one place has not been told yet."""

    def __init__(self) -> None:
        self.kept: list[str] = []
        self.missing = 0
        self.changed = asyncio.Event()
        self.ended = False

    def add(self, line: str) -> None:
        self.kept.append(line)
        if len(self.kept) > MOST_KEPT:
            del self.kept[0]
            self.missing += 1
        self.changed.set()

    def end(self) -> None:
        self.ended = True
        self.changed.set()

    async def take(self) -> str:
        """All of them as one text, once there are any; empty at the end."""
        while not self.kept and not self.ended:
            await self.changed.wait()
            self.changed.clear()
        left_out = [f"({self.missing} older lines are left out)"] if self.missing else []
        text = "\n".join([*left_out, *self.kept])
        self.kept, self.missing = [], 0
        return text


class Ends:
    """How what had to wait ended."""

    def __init__(self) -> None:
        self.waiting: dict[str, asyncio.Future[Receipt]] = {}

    def told(self, receipt: Receipt) -> None:
        if (end := self.waiting.pop(receipt.key, None)) is not None:
            end.set_result(receipt)

    async def of(self, bridge: Bridge, to: str, text: str) -> Receipt:
        """Say something, and wait for its end."""
        key = uuid4().hex
        end = self.waiting[key] = asyncio.get_running_loop().create_future()
        receipt = await bridge.send(to, text, key=key)
        if receipt.state is DeliveryState.PENDING:  # kept until somebody writes there
            receipt = await end
        self.waiting.pop(key, None)
        return receipt


async def tell(bridge: Bridge, to: str, lines: Lines, ends: Ends) -> bool:
    """Say what there is to say, until the end; False when something was refused."""
    good = True
    while text := await lines.take():
        receipt = await ends.of(bridge, to, text)
        if not receipt:
            print(f"not sent to {to}: {receipt.error}", file=sys.stderr)
            good = False
    return good


async def read(places: list[Lines]) -> None:
    """Hand each line of standard input to every place."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        if text := line.decode(errors="replace").rstrip():
            for lines in places:
                lines.add(text)
    for lines in places:
        lines.end()


async def main(addresses: list[str]) -> int:
    bridge = Bridge.from_env(environ=SETTINGS)

    @bridge.command("where")
    async def where(msg: Message) -> str:
        return msg.channel.address

    places = {to: Lines() for to in addresses}
    ends = Ends()
    bridge.on_receipt(ends.told)
    async with bridge:
        if not places:
            await asyncio.Event().wait()  # until Ctrl-C
        said = [asyncio.ensure_future(tell(bridge, to, lines, ends)) for to, lines in places.items()]
        await read(list(places.values()))
        return 0 if all(await asyncio.gather(*said)) else 1


if __name__ == "__main__":
    if not os.environ.get("QQ_APP_ID"):
        raise SystemExit(__doc__)
    try:
        raise SystemExit(asyncio.run(main(sys.argv[1:])))
    except (ImbridgeError, ValueError) as error:
        raise SystemExit(f"qq_alerts.py: {error}") from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None
