"""`imbridge render`: what each platform makes of some content, with no account and no network."""

from imbridge.cli.render.command import render

__all__ = ["render"]
