"""`fenqi daily-close`: what a day brings to every plan, and the days that were missed before it."""

import json
import sys
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from fenqi.domain.errors import InvalidInput
from fenqi.interfaces.shared.formats import money
from fenqi.usecases import clock
from fenqi.usecases.closing.run import Closed, close_day


@click.command()
@click.option("--date", "day", metavar="YYYY-MM-DD", help="The business date.  [default: today]")
@click.option("--json", "as_json", is_flag=True, help="Machine output.")
def daily_close(*, day: str | None, as_json: bool) -> None:
    """Close a day: charge late fees, plan debits, let lapse what has ended.

    Days that were missed come first, in order. Run it again at any time, also after it was killed: what is done already
    stays as it is, and consumers can pay meanwhile. Exits with 1 when a plan could not be judged.
    """
    wanted = None if day is None else _day(day)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("customers", total=None)

        def watch(so_far: Closed) -> None:
            progress.update(bar, description=str(so_far.day), total=so_far.customers, completed=so_far.customers_done)

        done = close_day(wanted, started_by="command", now=clock.now, watch=watch)
    if as_json:
        click.echo(json.dumps([_document(one) for one in done], default=str))
    else:
        for one in done:
            _show(one)
    sys.exit(1 if any(one.counts.get("failed") for one in done) else 0)


def _day(text: str) -> date:
    """Raises InvalidInput, so that it is told in the language of the terminal."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007  # a day, and no instant
    except ValueError:
        problem, problem_zh = "write a day as 2026-02-01", "日期请写成 2026-02-01"
        raise InvalidInput(where="--date", problem=problem, problem_zh=problem_zh) from None


def _document(one: Closed) -> dict[str, Any]:
    return asdict(one)


def _show(one: Closed) -> None:
    console = Console(highlight=False)
    missed = ", caught up" if one.is_catch_up else ""
    table = Table("", "", title=f"{one.day}: {one.state}{missed}", box=None, pad_edge=False, title_justify="left")
    table.columns[1].justify = "right"
    table.add_row("customers", f"{one.customers:,}")
    for name, label in (("charged", "late fees charged"), ("taken_back", "late fees taken back")):
        sums = [money(minor, currency) for currency, minor in one.counts.get(f"{name}_minor", {}).items() if minor]
        table.add_row(label, f"{one.counts.get(name, 0):,}" + (f" ({', '.join(sums)})" if sums else ""))
    table.add_row("plans judged one by one", f"{one.counts.get('judged', 0):,}")
    for name, count in one.counts.get("steps", {}).items():
        table.add_row(name.replace("_", " "), f"{count:,}")
    for reason, count in one.counts.get("skipped", {}).items():
        table.add_row(f"late, not charged: {reason.replace('_', ' ')}", f"{count:,}")
    if one.counts.get("failed"):
        table.add_row("failed, see the log", f"{one.counts['failed']:,}")
    console.print(table)
