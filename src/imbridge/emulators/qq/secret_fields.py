"""What of the wire nobody is shown."""

SECRET_FIELDS = frozenset(
    {
        "clientSecret",
        "access_token",
        "token",
        "Authorization",
        "X-Signature-Ed25519",
        "signature",
        "file_info",
        "presigned_url",
        "url",
    }
)
