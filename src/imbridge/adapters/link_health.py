"""How an account is doing, as far as its long connection tells."""

from imbridge.adapters.base import Health
from imbridge.transport import LinkState

HEALTH_OF = {
    LinkState.CONNECTING: Health.STARTING,
    LinkState.UP: Health.UP,
    LinkState.DOWN: Health.DOWN,
    LinkState.FAILED: Health.FAILED,
    LinkState.STOPPED: Health.STOPPED,
}
"""Of an account with one connection; of one with several, the connection that counts for all."""
