"""What of the wire nobody is shown."""

SECRET_FIELDS = frozenset({"secret", "aeskey", "response_url", "base64_data", "base64", "url", "encrypt"})
