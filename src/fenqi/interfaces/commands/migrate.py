"""`fenqi migrate`: bring the database and the pages' files to this version's shape."""

import click
from django.core.management import call_command

from fenqi.config.examination import waiting_migrations


@click.command()
def migrate() -> None:
    """Apply the migrations that are missing and collect the files of the pages. Quick when there is nothing to do."""
    if waiting := waiting_migrations():
        click.echo(f"applying {waiting} migrations")
        call_command("migrate", verbosity=0, interactive=False)
    call_command("collectstatic", verbosity=0, interactive=False)
