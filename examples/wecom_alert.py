"""Alert a WeCom group through its robot: for cron jobs and scripts. No app and no skill is needed.

    export WECOM_WEBHOOK_URL='https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=...'
    python wecom_alert.py "The backup **failed**"
    python wecom_alert.py "The backup **failed**" zhangsan tel:13800000000      calls two members
    python wecom_alert.py "The backup **failed**" all                           calls everybody

Exit status: 0 when WeCom took the messages, 1 when it did not.
"""

import asyncio
import os
import sys

from imbridge import Bridge, ImbridgeError, Markdown, Mention, MentionAll

TO = "wecom:default/group/hook"
# Only these: other variables would make further accounts, and a bot that runs beside this script has their connections.
SETTINGS = ("WECOM_WEBHOOK_URL", "WECOM_BASE_URL")


async def alert(text: str, called: list[str]) -> int:
    # Markdown calls nobody by telephone number and never everybody, so who is called gets a line of text of its own.
    messages: list[object] = [Markdown(text)]
    if called:
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
    if len(sys.argv) < 2 or not os.environ.get("WECOM_WEBHOOK_URL"):
        raise SystemExit(__doc__)
    try:
        raise SystemExit(asyncio.run(alert(sys.argv[1], sys.argv[2:])))
    except (ImbridgeError, ValueError) as error:
        raise SystemExit(f"wecom_alert.py: {error}") from None
