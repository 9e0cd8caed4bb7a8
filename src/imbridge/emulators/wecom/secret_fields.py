"""What of the wire nobody is shown."""

SECRET_FIELDS = frozenset(
    {
        "corpsecret",
        "access_token",
        "key",
        "code",
        "user_ticket",
        "response_code",
        "ResponseCode",
        "WelcomeCode",
        "Encrypt",
        "msg_signature",
    }
)
