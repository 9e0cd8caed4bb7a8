"""The command itself; what it needs is imported when it runs."""

import asyncio
import sys

import click

from imbridge.cli.options import debug_option


@click.command()
@click.option(
    "--platform",
    type=click.Choice(["feishu", "wecom", "dingtalk", "qq", "all"]),
    default="feishu",
    show_default=True,
    help="Which platform is emulated; wecom shows a smart bot over its long connection, all a little of each.",
)
@click.option("--interactive", "-i", is_flag=True, help="Chat with the skills yourself, from this terminal.")
@click.option("--wire", is_flag=True, help="Show every frame and HTTP call too (secrets masked).")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line, for scripts.")
@debug_option
@click.pass_context
def demo(context: click.Context, platform: str, interactive: bool, wire: bool, as_json: bool) -> None:
    """See skills answer a platform's real frames, with no account anywhere.

    An emulated platform runs on this machine; the bridge talks to it through the same adapter code that talks to the
    real one. A short conversation is played, with the platform misbehaving on the way.
    """
    if interactive and platform == "all":
        raise click.UsageError("--interactive is for one platform: --platform feishu, wecom, dingtalk or qq")
    try:
        from imbridge.cli.demo.conversation import PLATFORMS, interact, module_of, play, play_all

        for name in PLATFORMS if platform == "all" else (platform,):
            module_of(name)
    except ModuleNotFoundError as error:
        raise click.ClickException(
            f"the demo needs the package {error.name!r}: pip install 'imbridge[{platform}]'"
        ) from None
    from imbridge.cli.demo.screen import Screen

    screen = Screen(as_json=as_json)
    if platform == "all":
        run = play_all(screen, wire=wire)
    elif interactive:
        run = interact(platform, screen, sys.stdin, wire=wire)
    else:
        run = play(platform, screen, wire=wire)
    context.exit(asyncio.run(run))
