"""The envelope of an app's callbacks, and of a smart bot's, which is for nobody in particular."""

from pydantic import SecretStr

from imbridge.adapters.envelope import Envelope
from imbridge.adapters.wecom.config import WeComConfig


def envelope_of(config: WeComConfig) -> Envelope | None:
    """None when callbacks are not set up."""
    if config.token is None or config.aes_key is None:
        return None
    return Envelope(_shown(config.token), _shown(config.aes_key), config.corp_id)


def _shown(secret: SecretStr) -> str:
    return secret.get_secret_value()
