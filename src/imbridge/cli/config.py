"""`imbridge config check` and `imbridge config show`."""

import json
import os
from pathlib import Path

import click

from imbridge.cli.options import config_option, debug_option, json_option, settings_file


@click.group()
def config() -> None:
    """Look at the settings."""


@config.command()
@config_option
@debug_option
def check(file: Path | None) -> None:
    """Say what is missing or wrong in the settings, without connecting.

    Skills are looked for but not imported.
    """
    from imbridge.cli.bridge import check_settings, load_settings

    path = settings_file(file)
    settings = load_settings(path, dict(os.environ))
    check_settings(settings)
    accounts = ", ".join(account.key for account in settings.accounts)
    skills = ", ".join(skill.target for skill in settings.skills) or "none (name them at imbridge run)"
    click.echo(click.style("ok", fg="green") + f": {path or 'environment'}")
    click.echo(f"accounts: {accounts}")
    click.echo(f"skills: {skills}")
    if settings.schedule:
        click.echo(f"schedule: {len(settings.schedule)} jobs")


@config.command()
@config_option
@json_option
@debug_option
def show(file: Path | None, as_json: bool) -> None:
    """Write all settings as they take effect, with secrets masked."""
    from imbridge.cli.bridge import load_settings
    from imbridge.cli.masking import masked

    shown = masked(load_settings(settings_file(file), dict(os.environ)), os.environ)
    if as_json:
        click.echo(json.dumps(shown, ensure_ascii=False, indent=2))
        return
    import yaml

    click.echo(yaml.safe_dump(shown, allow_unicode=True, sort_keys=False), nl=False)
