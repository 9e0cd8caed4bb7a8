"""The command `imbridge render`."""

import json
from pathlib import Path
from typing import Any

import click

from imbridge.cli.options import debug_option, json_option


@click.command()
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--all", "everything", is_flag=True, help="Every platform and mode.  [default unless --to is given]")
@click.option("--to", "platform", metavar="PLATFORM", help="One platform: feishu, wecom, wechat, dingtalk, qq.")
@click.option("--mode", metavar="MODE", help="One sort of account of it, as custom_bot.  [default: all of them]")
@click.option(
    "--format",
    "form",
    type=click.Choice(["markdown", "text", "elements"]),
    help="What FILE holds.  [default: by its name; stdin: markdown]",
)
@click.option("--strict", is_flag=True, help="Exit status 1 if anything is lost.")
@json_option
@debug_option
@click.pass_context
def render(
    context: click.Context,
    file: Path,
    everything: bool,
    platform: str | None,
    mode: str | None,
    form: str | None,
    strict: bool,
    as_json: bool,
) -> None:
    """Show what each platform would get for FILE, and what is lost.

    FILE is Markdown (.md), text, or elements in YAML or JSON: a list of texts and elements, or one element such as a
    card. `-` reads stdin. No account and no network are needed, and nothing is sent.
    """
    import asyncio
    import sys

    from imbridge.cli.render.content import STDIN, Format, format_of, read_reply
    from imbridge.cli.render.modes import sorts
    from imbridge.config.yaml_file import MAX_BYTES, decoded

    if everything and platform:
        raise click.UsageError("--all and --to contradict each other; give one of them")
    if mode and not platform:
        raise click.UsageError("--mode needs --to: modes have other names on each platform")
    text = decoded(sys.stdin.buffer.read(MAX_BYTES + 1), Path("stdin")) if file == STDIN else None
    reply = read_reply(file, text, Format(form) if form else format_of(file))
    shown = asyncio.run(_shown(sorts(platform, mode), reply, as_json=as_json))
    as_meant = all(one["as_meant"] for one in shown)
    if as_json:
        click.echo(json.dumps([one["json"] for one in shown], ensure_ascii=False, indent=2))
    else:
        click.echo("\n\n".join("\n".join(one["lines"]) for one in shown))
    context.exit(1 if strict and not as_meant else 0)


async def _shown(chosen: list[Any], reply: Any, *, as_json: bool) -> list[dict[str, Any]]:
    from imbridge.adapters.imagined import imagined
    from imbridge.cli.render import shown
    from imbridge.runtime.previewing import preview_reply

    found: list[dict[str, Any]] = []
    for sort in chosen:
        if sort.adapter is None:
            lines = [
                f"{click.style(sort.platform, bold=True)}  {click.style('not installed', fg='red')}",
                f"  {sort.why}",
            ]
            found.append({"as_meant": False, "lines": lines, "json": {"platform": sort.platform, "error": sort.why}})
            continue
        made = await preview_reply(*imagined(sort.adapter, sort.mode), reply)
        written: dict[str, Any] = {"as_meant": made.is_as_meant}
        if as_json:
            written["json"] = shown.as_json(sort.platform, sort.mode, made)
        else:
            written["lines"] = list(shown.as_lines(sort.platform, sort.mode, made))
        found.append(written)
    return found
