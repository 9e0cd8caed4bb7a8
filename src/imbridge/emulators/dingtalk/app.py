"""An app of the organisation with its robot."""

from dataclasses import dataclass, field

from imbridge.emulators.common.crypto import Crypto


@dataclass(slots=True, eq=False)
class App:
    """An internal app (企业内部应用) that has a robot.

    Attributes:
        client_id: ClientID, formerly AppKey.
        client_secret: ClientSecret, formerly AppSecret.
        robot_code: The robot's code; of internal apps the ClientID.
        name: What people see.
        chatbot_user_id: The robot's own id among the people, `$:LWCP_v1:$...`.
        agent_id: The app's number.
        app_id: The app's unified id, a UUID.
        token: The event callback's token.
        aes_key: The event callback's key, 43 characters.
    """

    client_id: str
    client_secret: str = field(repr=False)
    robot_code: str
    name: str
    chatbot_user_id: str
    agent_id: int
    app_id: str
    token: str = field(repr=False)
    aes_key: str = field(repr=False)

    @property
    def crypto(self) -> Crypto:
        """The encryption of its event callback: the receiver is the ClientID."""
        return Crypto(self.token, self.aes_key, self.client_id)
