"""`fenqi`, the command line. A command is imported when it is called, and Django only if it needs it."""

import os
import sys
from importlib import import_module
from typing import NamedTuple

import click

from fenqi.config import place
from fenqi.domain.errors import FenqiError


class Entry(NamedTuple):
    """Where a command lives, what it does in a few words (none: not for users), and whether it needs the database."""

    path: str
    help: str
    needs_database: bool = True


HELP_OPTIONS = frozenset({"-h", "--help"})

COMMANDS = {
    "run": Entry("run:run", "Start everything on this machine and load the sample mall.", needs_database=False),
    "serve": Entry("serve:serve", "Serve the portal, the console and the API."),
    "worker": Entry("worker:worker", "Do the queued work."),
    "migrate": Entry("migrate:migrate", "Bring the database to this version's shape."),
    "prepare": Entry("prepare:prepare", ""),
    "demo": Entry("demo_entry:demo", "Load the sample mall, or simulate a year of one.", needs_database=False),
    "live-year": Entry("demo_year.command:live", ""),
    "simulate": Entry("simulate:simulate", "Replay plan scenarios from JSON lines.", needs_database=False),
    "import-orders": Entry("import_orders:import_orders", "Take in a file of orders."),
    "import-prices": Entry("import_prices:import_prices", "Take in a file of prices that were seen."),
    "price-drops": Entry("price_drops:price_drops", "List goods that were seen cheaper after they were bought."),
    "migrate-plans": Entry(
        "migrate_plans:migrate_plans", "Draft and rehearse a batch of plans that move to another finance partner."
    ),
    "reconcile": Entry("reconcile:reconcile", "Match a channel's daily bill with our books."),
    "daily-close": Entry("daily_close:daily_close", "Do what a day brings to every plan, and to missed days before."),
    "check": Entry("check:check", "Prove that plans, ledger and payments agree."),
    "staff": Entry("staff:staff", "Make sign-ins for the console."),
    "api-client": Entry("api_client:api_client", "Make, list and revoke the keys of programs."),
    "doctor": Entry("doctor:doctor", "Examine the installation.", needs_database=False),
    "bench": Entry("bench:bench", "Measure how fast this machine is.", needs_database=False),
}


class LazyGroup(click.Group):
    """A group that knows its commands by where they are."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*super().list_commands(ctx), *COMMANDS]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name].help) for name in self.list_commands(ctx) if COMMANDS[name].help])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        if entry.needs_database:
            prepare(ctx)
        module, _, name = entry.path.partition(":")
        command = getattr(import_module(f"fenqi.interfaces.commands.{module}"), name)
        assert isinstance(command, click.Command)
        return command


def prepare(ctx: click.Context) -> None:
    """Make the database and Django ready until the command is over; a help page needs neither keys nor a server."""
    if HELP_OPTIONS.intersection(sys.argv):
        os.environ["DJANGO_SETTINGS_MODULE"] = "fenqi.config.testing"
        place.set_up_django()
    else:
        ctx.with_resource(place.ready())


@click.group(cls=LazyGroup, context_settings={"help_option_names": sorted(HELP_OPTIONS)})
@click.version_option(package_name="fenqi")
def fenqi() -> None:
    """Servicing of installment orders for an online mall."""


def main() -> None:
    """Run a command; a refusal is told in one sentence, in the language of the terminal, and exits with 1."""
    try:
        fenqi()
    except FenqiError as refusal:
        language = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or "en"
        click.echo(f"fenqi: {refusal.text(language)}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
