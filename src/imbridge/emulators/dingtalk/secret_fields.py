"""What of the wire nobody is shown."""

SECRET_FIELDS = frozenset(
    {
        "apiSecret",
        "appSecret",
        "appsecret",
        "clientSecret",
        "accessToken",
        "access_token",
        "refreshToken",
        "x-acs-dingtalk-access-token",
        "code",
        "authCode",
        "ticket",
        "session",
        "sessionWebhook",
        "sign",
        "encrypt",
        "downloadCode",
        "pictureDownloadCode",
        "downloadUrl",
    }
)
