"""`fenqi demo --year`, inside: Django is set up, the sandbox answers, and nobody else works in this house."""

import logging
import signal
import sys
import time as machine
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click
from django.conf import settings
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from fenqi.config import environment
from fenqi.interfaces.commands.demo_year.figures import figures_of
from fenqi.interfaces.commands.demo_year.moments import Calendar, Town
from fenqi.interfaces.commands.demo_year.progressed import NOTHING, AnotherYear, HouseNotEmpty, Lived, Progressed, Year
from fenqi.interfaces.commands.demo_year.receiver import receiving
from fenqi.interfaces.commands.demo_year.year import Simulation, year_until
from fenqi.records.models import Order
from fenqi.records.scope import across_customers
from fenqi.usecases import clock
from fenqi.usecases.reconciliation.check import check_books

MOST_SHOWN: Final = 30


@click.command(hidden=True)
@click.option("--customers", type=int, required=True)
@click.option("--days", type=int, required=True)
@click.option("--seed", type=int, required=True)
@click.option("--port", type=int, required=True)
def live(*, customers: int, days: int, seed: int, port: int) -> None:
    """Live the year to its end, and prove its books."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # also where a shell in the background ignores it
    log_to(environment.data_folder() / "logs" / "year.log")
    now = datetime.now(UTC)
    progressed = Progressed.of(environment.data_folder())
    year, lived = begun(progressed, year_until(now, days=days, customers=customers, seed=seed))
    town = Town(settings.FENQI_SANDBOX_URL)
    calendar = Calendar(town)
    started = machine.monotonic()
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    try:
        with receiving(calendar, port=port), Progress(*columns, console=Console(stderr=True)) as progress:
            task = progress.add_task(f"{customers} customers", total=year.days, completed=lived.days)

            def note(so_far: Lived) -> None:
                progressed.write(year, so_far)
                progress.update(task, completed=so_far.days, description=f"{clock.business_date(so_far.until)}")

            told = Simulation(year, town=town, calendar=calendar, until=now).live(begin=lived, note=note)
    except KeyboardInterrupt:
        click.echo("Stopped. The same command goes on where it was.", err=True)
        sys.exit(130)
    finally:
        calendar.give_back()
    findings = list(check_books())
    figures = {**figures_of(year, told), "seconds": round(machine.monotonic() - started), "findings": len(findings)}
    show(figures)
    for found in findings[:MOST_SHOWN]:
        click.echo(f"{found.law} {found.customer_id} {found.subject} {found.detail}", err=True)
    sys.exit(1 if findings or figures["not_reconciled"] else 0)


def log_to(file: Path) -> None:
    """What is logged would tear the progress bar, which has stderr to itself."""
    stream = file.open("a", encoding="utf-8")
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setStream(stream)


def begun(progressed: Progressed, wanted: Year) -> tuple[Year, Lived]:
    """The year to live, and what of it is over. Raises HouseNotEmpty, AnotherYear."""
    before = progressed.read()
    if before is None:
        with across_customers():
            if Order.objects.exists():
                raise HouseNotEmpty(folder=environment.data_folder())
        progressed.write(wanted, NOTHING)
        return wanted, NOTHING
    first, seed, customers = before.year.first, before.year.seed, before.year.customers
    if (seed, customers) != (wanted.seed, wanted.customers):
        raise AnotherYear(seed=seed, customers=customers, folder=environment.data_folder())
    days = max(before.year.days, (clock.business_date(datetime.now(UTC)) - first).days + 1)  # it ends today
    return replace(before.year, days=days), before.lived


def show(figures: dict[str, Any]) -> None:
    """A line each."""
    table = Table("", "", box=None, show_header=False)
    for name, value in figures.items():
        told = (
            ", ".join(f"{key} {count:,}" for key, count in value.items()) if isinstance(value, dict) else f"{value:,}"
        )
        table.add_row(name.replace("_", " "), told)
    Console(width=160).print(table)
