"""What of the wire nobody is shown."""

SECRET_FIELDS = frozenset(
    {
        "AppSecret",
        "app_secret",
        "access_key",
        "ticket",
        "tenant_access_token",
        "app_access_token",
        "authorization",
        "token",
        "URL",
        "client_secret",
        "access_token",
        "refresh_token",
        "code",
        "code_verifier",
        "device_code",
        "user_code",
        "verification_uri_complete",
        "sign",
    }
)
