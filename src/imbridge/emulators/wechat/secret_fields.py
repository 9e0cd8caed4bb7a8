"""What of the wire nobody is shown."""

SECRET_FIELDS = frozenset({"secret", "access_token", "refresh_token", "code", "signature", "msg_signature"})
