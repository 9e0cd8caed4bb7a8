"""What of the emulated platform can be adjusted."""

from dataclasses import dataclass

from imbridge.emulators.common.cdata import Cdata

MEBI = 1024 * 1024


@dataclass(slots=True)
class EmulatorSettings:
    """The platform's numbers; the defaults are WeCom's own where it documents them. Times in seconds, sizes in bytes.

    Attributes:
        callback_timeout: A callback that is not answered in this time is cut and sent again (WeCom: 5 s).
        redelivery: Waits before the second, third, fourth sending of a callback; after the last one the platform gives
            up. WeCom documents three repetitions and no waits.
        resend_identical: Whether a repetition has the query and the body of the first sending, byte by byte; otherwise
            it is encrypted and signed anew. Which of them the platform does is not documented.
        verify_timeout: The address must answer the echostr in this time (WeCom: 1 s).
        cdata: How a `]]>` in what a person writes is sent: `split` over two CDATA sections, or `raw`, which lets the
            text end the section as a platform would that thinks of nothing.
        recognition: Whether voice messages carry `Recognition`, the text that was heard.
        token_lifetime: Lifetime of an access token (WeCom: 7200 s).
        code_lifetime: How long an OAuth code may be used, once (WeCom: 5 min).
        ticket_lifetime: How long a `user_ticket` may be used (WeCom: 1800 s).
        recall_window: How long after sending a message can be recalled (WeCom: 24 h).
        response_code_lifetime: How long a card's `response_code` may be used, once (WeCom: 72 h).
        media_lifetime: How long an upload may be used (WeCom: 3 days).
        rate_limits: Whether the rates below are enforced; benchmarks turn them off.
        member_rate_minute: Messages of an app to one member in a minute; more are dropped silently (WeCom: 30).
        member_rate_hour: Messages of an app to one member in an hour; more are dropped silently (WeCom: 1000).
        api_rate_minute: Calls of one API by the corp in a minute (WeCom: 10,000).
        account_limit: How many accounts the corp may have; an app sends at most 200 times as many messages a day.
        robot_rate_minute: Messages of one group robot in a minute (WeCom: 20).
        appchat_rate_minute: Messages into groups of the apps in a minute, one for each member (WeCom: 20,000).
        group_rate_minute: Messages of apps into groups that one member gets in a minute; more are dropped silently
            (WeCom: 200).
        group_rate_day: The same in a day (WeCom: 10,000).
        text_limit: Longest text; what is beyond is cut (WeCom: 2048).
        markdown_limit: Longest markdown of an app (WeCom: 2048).
        robot_text_limit: Longest text of a group robot (WeCom: 2048).
        robot_markdown_limit: Longest markdown and markdown_v2 of a group robot (WeCom: 4096).
        image_limit: Largest image that can be uploaded (WeCom: 10 MB).
        voice_limit: Largest voice (WeCom: 2 MB).
        video_limit: Largest video (WeCom: 10 MB).
        file_limit: Largest file (WeCom: 20 MB).
        robot_image_limit: Largest image of a group robot, before Base64 (WeCom: 2 MB).
        history: Messages, uploads and violations that are remembered; older ones are forgotten.
    """

    callback_timeout: float = 5.0
    redelivery: tuple[float, ...] = (1.0, 1.0, 1.0)
    resend_identical: bool = False
    verify_timeout: float = 1.0
    cdata: Cdata = "split"
    recognition: bool = True
    token_lifetime: float = 7200.0
    code_lifetime: float = 300.0
    ticket_lifetime: float = 1800.0
    recall_window: float = 86_400.0
    response_code_lifetime: float = 72 * 3600.0
    media_lifetime: float = 3 * 86_400.0
    rate_limits: bool = True
    member_rate_minute: int = 30
    member_rate_hour: int = 1000
    api_rate_minute: int = 10_000
    account_limit: int = 1000
    robot_rate_minute: int = 20
    appchat_rate_minute: int = 20_000
    group_rate_minute: int = 200
    group_rate_day: int = 10_000
    text_limit: int = 2048
    markdown_limit: int = 2048
    robot_text_limit: int = 2048
    robot_markdown_limit: int = 4096
    image_limit: int = 10 * MEBI
    voice_limit: int = 2 * MEBI
    video_limit: int = 10 * MEBI
    file_limit: int = 20 * MEBI
    robot_image_limit: int = 2 * MEBI
    history: int = 10_000
