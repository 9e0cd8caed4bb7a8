"""What an account can find out about itself without being heard or seen.

No call says who a robot is. Taking back a message that was never sent needs the app's token, its robot and the right
to send (`qyapi_robot_sendmsg`), and changes nothing; it is one call of the month. A stream is not opened: it would be
given messages. Source: open.dingtalk.com, "recall messages of single chats in batches".
"""

import uuid

from imbridge.adapters.base import Probe
from imbridge.adapters.dingtalk.api import DingTalkApi
from imbridge.adapters.dingtalk.errors import NO_RIGHT, ROBOT_CODE
from imbridge.protocol import DeliveryError, ImbridgeError

_PATIENCE = 10.0


async def probed(api: DingTalkApi, name: str) -> Probe:
    """Ask the platform.

    Args:
        api: The app's.
        name: What the robot is called, where it is known.
    """
    try:
        await api.caller.token(patience=min(_PATIENCE, api.config.send_timeout))
    except ImbridgeError as error:
        return Probe(ok=False, problems=(str(error),))
    ok, found = await _look(api)
    return Probe(ok=ok, bot_id=api.config.robot, bot_name=name, problems=(*found, *api.quota.problems()))


async def _look(api: DingTalkApi) -> tuple[bool, tuple[str, ...]]:
    """Whether the robot is the app's and may send. What cannot be found out is told, and is no reason to fail."""
    try:
        await api.recall_from_users([uuid.uuid4().hex], patience=_PATIENCE)
    except DeliveryError as error:
        code = str(error.code)
        if code.startswith(ROBOT_CODE):
            return False, (str(error),)
        if code == NO_RIGHT:  # answers by session webhook need none
            return api.config.reply_by == "webhook", (f"it cannot send of itself: {error}",)
        if code.startswith("invalidParameter"):  # so it has looked at the rest
            return True, ()
        return True, (str(error),)
    except ImbridgeError as error:
        return False, (str(error),)
    return True, ()
