"""`fenqi api-client`: keys for the mall's own programs."""

import click

from fenqi.usecases import clock
from fenqi.usecases.api_clients import REVOCATION_SECONDS, Scope, clients, make_client, revoke_client


@click.group()
def api_client() -> None:
    """Make, list and revoke keys for the API."""


@api_client.command()
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    type=click.Choice([*(scope.value for scope in Scope), "all"]),  # click shows an enum by its names
    help="What the key opens; give it once for each scope.",
)
def create(name: str, scopes: tuple[str, ...]) -> None:
    """Make a client called NAME and print its key, which is shown this once."""
    chosen = tuple(Scope) if "all" in scopes else tuple(Scope(scope) for scope in scopes)
    click.echo(make_client(name, chosen, now=clock.now()))
    click.echo("Keep this key now: only its hash is stored.", err=True)


@api_client.command("list")
def list_() -> None:
    """List the clients and what their keys open."""
    for client in clients():
        standing = f"revoked {client.revoked_at:%Y-%m-%d %H:%M}Z" if client.revoked_at else "good"
        click.echo(f"{client.name}\t{standing}\t{' '.join(client.scopes)}")


@api_client.command()
@click.argument("name")
def revoke(name: str) -> None:
    """Close the key of client NAME for good."""
    revoke_client(name, now=clock.now())
    click.echo(f"{name} is revoked; running servers refuse its key within {REVOCATION_SECONDS:.0f} seconds.")
