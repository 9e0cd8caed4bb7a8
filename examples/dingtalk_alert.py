"""Alert a DingTalk group through its custom robot: for cron jobs and scripts. No app and no skill is needed.

    export DINGTALK_WEBHOOK_URL='https://oapi.dingtalk.com/robot/send?access_token=...'
    export DINGTALK_SIGN_SECRET=SEC...            if the robot's security setting is the signature
    python dingtalk_alert.py "The backup **failed**"
    python dingtalk_alert.py "The backup **failed**" manager123 tel:13800000000      calls two members
    python dingtalk_alert.py "The backup **failed**" all                             calls everybody

Exit status: 0 when DingTalk took the messages, 1 when it did not.
"""

import asyncio
import os
import sys

from imbridge import Bridge, ImbridgeError, Markdown, Mention, MentionAll

TO = "dingtalk:default/group/hook"
# Only these: other variables would make further accounts, and a bot that runs beside this script has their connections.
SETTINGS = ("DINGTALK_WEBHOOK_URL", "DINGTALK_SIGN_SECRET")


async def alert(text: str, called: list[str]) -> int:
    messages: list[object] = [Markdown(text)]
    if called:  # a line of its own: text beside a mention keeps its place, Markdown would be a message apart
        messages.append([MentionAll() if each == "all" else Mention(id=each) for each in called])
    settings = {name: os.environ[name] for name in SETTINGS if name in os.environ}
    async with Bridge.from_env(environ=settings) as bridge:
        for message in messages:
            receipt = await bridge.send(TO, message)
            if not receipt:
                print(f"not sent: {receipt.error}", file=sys.stderr)
                return 1
    return 0


if __name__ == "__main__":
    if len(sys.argv) < 2 or not os.environ.get("DINGTALK_WEBHOOK_URL"):
        raise SystemExit(__doc__)
    try:
        raise SystemExit(asyncio.run(alert(sys.argv[1], sys.argv[2:])))
    except (ImbridgeError, ValueError) as error:
        raise SystemExit(f"dingtalk_alert.py: {error}") from None
