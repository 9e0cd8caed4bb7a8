"""`imbridge demo`: see skills answer, with no account anywhere."""

from imbridge.cli.demo.command import demo

__all__ = ["demo"]
