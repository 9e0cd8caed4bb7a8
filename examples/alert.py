"""Say one thing and leave: for cron jobs and scripts. No skill is needed.

    python alert.py feishu:default/group/oc_1 "The backup failed"      with an app: FEISHU_APP_ID, FEISHU_APP_SECRET
    python alert.py feishu:default/group/hook "The backup failed"      with a group's custom bot: FEISHU_WEBHOOK_URL

Exit status: 0 when the platform took the message, 1 when it did not.
"""

import asyncio
import os
import sys

from imbridge import Bridge, ImbridgeError

# Feishu gives each event to any one of an app's long connections. With one of its own, this script would take messages
# away from the bot that runs beside it. An account that waits for callbacks opens none, and nobody calls it back here.
# A custom bot only sends, whatever is set.
SEND_ONLY = {"FEISHU_MODE": "webhook", "FEISHU_VERIFICATION_TOKEN": "nothing-is-received-here"}


async def alert(to: str, text: str) -> int:
    settings = os.environ if "FEISHU_WEBHOOK_URL" in os.environ else os.environ | SEND_ONLY
    async with Bridge.from_env(environ=settings) as bridge:
        receipt = await bridge.send(to, text)
    if not receipt:
        print(f"not sent to {to}: {receipt.error}", file=sys.stderr)
        return 1
    print(f"sent to {to}: {', '.join(receipt.message_ids) or 'taken'}")
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    try:
        raise SystemExit(asyncio.run(alert(sys.argv[1], sys.argv[2])))
    except (ImbridgeError, ValueError) as error:
        raise SystemExit(f"alert.py: {error}") from None
