"""`imbridge skills list`."""

import json

import click

from imbridge.cli.options import debug_option, json_option


@click.group()
def skills() -> None:
    """Look at skills."""


@skills.command("list")
@click.argument("names", metavar="[SKILL]...", nargs=-1)
@json_option
@debug_option
def list_skills(names: tuple[str, ...], as_json: bool) -> None:
    """List the installed skills, or what each SKILL (weather.py, module:Class) holds.

    A SKILL is imported: name only what you trust.
    """
    from imbridge.cli.inventory import all_installed, skills_of

    found = skills_of(names) if names else all_installed()
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    width = max((len(skill["name"]) for skill in found), default=0)
    for skill in found:
        click.echo(f"{click.style(skill['name'].ljust(width), bold=True)}  {skill['version']:<8}{skill['description']}")
