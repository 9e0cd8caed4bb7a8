"""Media that skills send: from where they come, and what becomes of what cannot be had."""

import pytest

from imbridge import Bridge
from imbridge.config.options import BridgeOptions
from imbridge.protocol import ConfigError


def test_hosts_of_our_own_are_an_option() -> None:
    environ = {
        "IMBRIDGE_MEDIA_HOSTS": "files.corp, 10.1.0.0/16",
        "FEISHU_APP_ID": "cli_a",
        "FEISHU_APP_SECRET": "invented",
    }
    bridge = Bridge.from_env(environ=environ)
    assert bridge.options.media_hosts == ("files.corp", "10.1.0.0/16")
    with pytest.raises(ConfigError, match="'http://files' is no host") as caught:
        Bridge(options=BridgeOptions(media_hosts=("http://files",)))
    assert caught.value.key == "bridge.media_hosts"
