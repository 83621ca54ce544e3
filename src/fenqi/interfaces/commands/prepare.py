"""`fenqi prepare`: what `fenqi run` does before it serves: shape, files, sample mall, sample staff."""

import click

from fenqi.interfaces.commands.demo import demo
from fenqi.interfaces.commands.demo_cases import add_cases
from fenqi.interfaces.commands.demo_prices import add_price_drop
from fenqi.interfaces.commands.demo_town import add_from_town
from fenqi.interfaces.commands.demo_year.deliveries import is_year_house
from fenqi.interfaces.commands.migrate import migrate
from fenqi.usecases import clock
from fenqi.usecases.closing.nightly import close_if_due
from fenqi.usecases.staff.create import StaffTaken, create_staff


@click.command(hidden=True)
@click.option("--staff", nargs=2, multiple=True, metavar="NAME ROLE", help="A member of staff to make.")
@click.option("--password", envvar="FENQI_SAMPLE_PASSWORD", required=True, help="Of all of them.")
@click.option("--sample/--no-sample", default=True, help="Load the sample mall.")
@click.pass_context
def prepare(ctx: click.Context, *, staff: tuple[tuple[str, str], ...], password: str, sample: bool) -> None:
    """Bring the database to this version's shape and load what there is to try. Does nothing twice."""
    ctx.invoke(migrate)
    sample = sample and not is_year_house()
    if sample:
        ctx.invoke(demo, quiet=True)
    for username, role in staff:
        try:
            create_staff(username=username, password=password, role=role, actor="system", now=clock.now())
        except StaffTaken:
            continue
    if sample:
        add_cases(now=clock.now())
        add_price_drop(now=clock.now())
        add_from_town(now=clock.now())
        close_if_due(now=clock.now)
