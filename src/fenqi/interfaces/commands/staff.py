"""`fenqi staff`: sign-ins for the console."""

import click

from fenqi.usecases import clock
from fenqi.usecases.staff.create import create_staff

ROLES = ("agent", "finance", "admin")


@click.group()
def staff() -> None:
    """Make sign-ins for the console."""


@staff.command()
@click.argument("username")
@click.option("--role", type=click.Choice(ROLES), required=True, help="What this member of staff may do.")
@click.password_option(envvar="FENQI_STAFF_PASSWORD", help="Asked for when neither given nor in the environment.")
def create(username: str, role: str, password: str) -> None:
    """Make a sign-in for USERNAME."""
    create_staff(username=username, password=password, role=role, actor="system", now=clock.now())
    click.echo(f"{username} ({role}) can sign in at /console/")
