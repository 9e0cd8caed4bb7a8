"""The signature of a custom robot's requests. Pure.

Source: open.dingtalk.com, "security settings of custom robots": Base64 of the HMAC-SHA256 of the time in milliseconds,
a line feed and the secret, with the secret as the key; good for an hour.
"""

import base64
import hashlib
import hmac


def signed(secret: str, milliseconds: int) -> dict[str, str]:
    """What belongs into the query, before it is quoted for an address.

    Args:
        secret: `SEC...`.
        milliseconds: The time of the platform, since 1970.
    """
    timestamp = str(milliseconds)
    digest = hmac.new(secret.encode(), f"{timestamp}\n{secret}".encode(), hashlib.sha256).digest()
    return {"timestamp": timestamp, "sign": base64.b64encode(digest).decode()}
