"""`fenqi demo --year`, inside: Django is set up, the sandbox answers, and nobody else works in this house."""

import json
import sys
import time as machine
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import click
from django.conf import settings
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from fenqi.config import environment, postgres
from fenqi.domain.errors import FenqiError
from fenqi.interfaces.commands.demo_year.deliveries import customer_of
from fenqi.interfaces.commands.demo_year.figures import figures_of
from fenqi.interfaces.commands.demo_year.moments import Calendar, Town
from fenqi.interfaces.commands.demo_year.people import FIRST_REF
from fenqi.interfaces.commands.demo_year.receiver import receiving
from fenqi.interfaces.commands.demo_year.year import Simulation, Year, year_until
from fenqi.records.models import Order
from fenqi.records.scope import across_customers
from fenqi.usecases import clock
from fenqi.usecases.reconciliation.check import check_books

MOST_SHOWN: Final = 30


class HouseNotEmpty(FenqiError):
    """A year is simulated in an empty house only. Details: `folder`."""

    code = "house_not_empty"
    status = 409
    zh = "这里已经有数据，模拟一年要从空的开始：用 FENQI_DATA 指定一个新目录，或先删除 {folder}。"
    en = (
        "There are orders here already; a year begins with none: name another folder by FENQI_DATA, or delete {folder}."
    )


class AnotherYear(FenqiError):
    """A year with other choices was begun here. Details: `seed`, `customers`, `folder`."""

    code = "another_year"
    status = 409
    zh = "这里已经开始了另一个模拟年（种子 {seed}，{customers} 位顾客）：用同样的参数接着跑，或删除 {folder} 重新开始。"
    en = "Another year was begun here (seed {seed}, customers {customers}): go on with it, or delete {folder}."


class Progressed:
    """How far the year has come, in a small file of the data folder: whoever stops it can go on."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> dict[str, Any] | None:
        return json.loads(self._path.read_text()) if self._path.exists() else None

    def write(self, year: Year, days_lived: int) -> None:
        told = {**asdict(year), "first": year.first.isoformat(), "days_lived": days_lived}
        postgres.write_private(self._path, json.dumps(told))


@click.command(hidden=True)
@click.option("--customers", type=int, required=True)
@click.option("--days", type=int, required=True)
@click.option("--seed", type=int, required=True)
@click.option("--port", type=int, required=True)
def live(*, customers: int, days: int, seed: int, port: int) -> None:
    """Live the year to its end, and prove its books."""
    now = datetime.now(UTC)
    progressed = Progressed(environment.data_folder() / "year.json")
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
            task = progress.add_task(f"{customers} customers", total=year.days, completed=lived)

            def note(n: int) -> None:
                progressed.write(year, n + 1)
                progress.update(task, completed=n + 1, description=f"{date.fromordinal(year.first.toordinal() + n)}")

            told = Simulation(year, town=town, calendar=calendar, until=now).live(from_day=lived, lived=note)
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


def begun(progressed: Progressed, wanted: Year) -> tuple[Year, int]:
    """The year to live, and how many of its days are over. Raises HouseNotEmpty, AnotherYear."""
    before = progressed.read()
    folder = environment.data_folder()
    if before is None:
        with across_customers():
            if Order.objects.exists():
                raise HouseNotEmpty(folder=folder)
        progressed.write(wanted, 0)
        return wanted, 0
    if (before["seed"], before["customers"]) != (wanted.seed, wanted.customers):
        raise AnotherYear(seed=before["seed"], customers=before["customers"], folder=folder)
    first = date.fromisoformat(before["first"])
    days = (clock.business_date(datetime.now(UTC)) - first).days + 1  # it ends today, whenever that is
    lived = before["days_lived"]
    return Year(first=first, days=days, customers=wanted.customers, seed=wanted.seed), lived


def is_year_house() -> bool:
    """Whether a year was simulated here: then the sample mall is not loaded beside it."""
    return customer_of(FIRST_REF) is not None


def show(figures: dict[str, Any]) -> None:
    """A line each."""
    table = Table("", "", box=None, show_header=False)
    for name, value in figures.items():
        told = (
            ", ".join(f"{key} {count:,}" for key, count in value.items()) if isinstance(value, dict) else f"{value:,}"
        )
        table.add_row(name.replace("_", " "), told)
    Console(width=160).print(table)
