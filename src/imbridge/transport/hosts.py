"""Names of hosts that mean something of themselves."""

LOOPBACK = ("127.0.0.1", "::1", "localhost")
"""This machine: what goes there crosses no network, so it need not be encrypted."""
