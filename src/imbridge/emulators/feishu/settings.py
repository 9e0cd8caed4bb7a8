"""What of the emulated platform can be adjusted."""

from dataclasses import dataclass


@dataclass(slots=True)
class EmulatorSettings:
    """The platform's numbers; the defaults are Feishu's own where Feishu documents them. All times in seconds.

    Attributes:
        ack_timeout: An event that is not acknowledged in this time is pushed again (Feishu: 3 s).
        redelivery: Waits before the second, third, ... push of an event; after the last one the platform gives up.
        redeliver_on_reconnect: Events whose connection died unacknowledged go out at once, in order and before newer
            ones, when the app has a connection again. A simplification: the real platform follows its schedule.
        queue_limit: Events kept for an app that has no connection; beyond it the oldest is dropped and counted.
        split_size: Payloads of more bytes than this are split over several frames.
        reconnect_count: `ClientConfig.ReconnectCount` (-1: for ever).
        reconnect_interval: `ClientConfig.ReconnectInterval`.
        reconnect_nonce: `ClientConfig.ReconnectNonce`, the upper end of the random first wait.
        ping_interval: `ClientConfig.PingInterval`.
        max_connections: Long connections an app may have (Feishu: 50).
        ticket_lifetime: How long the ticket in the connection URL may be used (once).
        token_lifetime: Lifetime of a tenant access token (Feishu: 7200 s).
        token_renewal: With less than this left, a token request issues a new token (Feishu: 30 min).
        code_lifetime: How long an authorisation code may be used (Feishu: 5 min).
        user_token_lifetime: Lifetime of a user access token (Feishu: 7200 s in its examples).
        user_token_grace: How long a user token lives on when it has been renewed (Feishu: 1 min).
        refresh_token_lifetime: Lifetime of a refresh token (Feishu: 7 days in its examples).
        authorisation_lifetime: How long after the person agreed tokens can be refreshed (Feishu: 365 days).
        device_lifetime: How long a device's code can be agreed to.
        rate_limits: Whether the request rates below are enforced; benchmarks turn them off.
        chat_rate: Messages per second into one chat (Feishu: 5, shared by all the bots of a group).
        api_rate: Requests per second of one app to one API (Feishu: 50).
        api_rate_minute: Requests per minute of one app to one API (Feishu: 1000).
        hook_rate: Messages per second through one custom bot (Feishu: 5).
        hook_rate_minute: Messages per minute through one custom bot (Feishu: 100).
        hook_limit: Largest request to a custom bot, in bytes (Feishu: 20 KB).
        text_limit: Largest content of a text message, in bytes (Feishu: 150 KB).
        rich_limit: Largest content of a post or a card, in bytes (Feishu: 30 KB).
        image_limit: Largest image, in bytes (Feishu: 10 MB).
        file_limit: Largest file, in bytes (Feishu: 30 MB).
        edit_limit: Edits per message (Feishu: 20).
        uuid_window: How long a `uuid` stands for its first message (Feishu: 1 h).
        card_lifetime: How long a card entity can be sent and changed (Feishu: 14 days).
        streaming_timeout: Streaming mode ends this long after it was switched on (Feishu: 10 min).
        card_rate: Changes of one card entity per second (Feishu: 10).
        card_tables: Tables in one card, those in Markdown counted (Feishu documents 5; reports differ).
        card_components: Components and elements in one 2.0 card (Feishu: 200).
        card_token_lifetime: How long the token of a click may change its card (Feishu: 30 min).
        card_token_uses: How often (Feishu: 2).
        card_history: Shown texts of one card that are kept, see `BotMessage.history`.
        read_window: How long after its sending one can ask who read a message (Feishu: 7 days).
        download_limit: Largest resource that can be downloaded at once, in bytes (Feishu: 100 MB); parts can be.
        echo_reactions: Whether an app is told of its own reactions too, as the platform does.
        history: Messages, uploads and violations that are kept; older ones are forgotten.
        resource_bytes: Total size of the uploads that are kept, in bytes.
        tenant_key: The tenant of all users and apps.
    """

    ack_timeout: float = 3.0
    redelivery: tuple[float, ...] = (5.0, 300.0, 3600.0, 21600.0)
    redeliver_on_reconnect: bool = True
    queue_limit: int = 10_000
    split_size: int = 128 * 1024
    reconnect_count: int = -1
    reconnect_interval: int = 120
    reconnect_nonce: int = 30
    ping_interval: int = 120
    max_connections: int = 50
    ticket_lifetime: float = 60.0
    token_lifetime: float = 7200.0
    token_renewal: float = 1800.0
    code_lifetime: float = 300.0
    user_token_lifetime: float = 7200.0
    user_token_grace: float = 60.0
    refresh_token_lifetime: float = 604_800.0
    authorisation_lifetime: float = 31_536_000.0
    device_lifetime: float = 240.0
    rate_limits: bool = True
    chat_rate: int = 5
    api_rate: int = 50
    api_rate_minute: int = 1000
    hook_rate: int = 5
    hook_rate_minute: int = 100
    hook_limit: int = 20 * 1024
    text_limit: int = 150 * 1024
    rich_limit: int = 30 * 1024
    image_limit: int = 10 * 1024 * 1024
    file_limit: int = 30 * 1024 * 1024
    edit_limit: int = 20
    uuid_window: float = 3600.0
    card_lifetime: float = 14 * 86400.0
    streaming_timeout: float = 600.0
    card_rate: int = 10
    card_tables: int = 5
    card_components: int = 200
    card_token_lifetime: float = 1800.0
    card_token_uses: int = 2
    card_history: int = 500
    read_window: float = 7 * 86400.0
    download_limit: int = 100 * 1024 * 1024
    echo_reactions: bool = True
    history: int = 10_000
    resource_bytes: int = 256 * 1024 * 1024
    tenant_key: str = "2ca1d211f64f6438"

    def client_config(self) -> dict[str, int]:
        """The `ClientConfig` of the endpoint's answer and of every pong."""
        return {
            "ReconnectCount": self.reconnect_count,
            "ReconnectInterval": self.reconnect_interval,
            "ReconnectNonce": self.reconnect_nonce,
            "PingInterval": self.ping_interval,
        }
