"""`fenqi import-prices FILE`: take in prices that were seen, from a CSV file."""

import json
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from fenqi.usecases import clock
from fenqi.usecases.price_protection.importing import PriceImport
from fenqi.usecases.price_protection.importing import import_prices as take_prices


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--rejects",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Where the rows that are not taken are listed.  [default: FILE's name with .rejects.csv, here]",
)
@click.option("--json", "as_json", is_flag=True, help="Machine output.")
def import_prices(*, file: Path, rejects: Path | None, as_json: bool) -> None:
    """Take in the prices of FILE, a CSV packed by gzip or not.

    Columns: sku, observed_at, and price (12.34) or price_minor; currency (CNY), seller (the mall itself) and
    sales_channel (OFFICIAL) may be left out. A time without an offset is the mall's. Rows that cannot be taken are
    listed by line and code in a file of their own; the others are taken. Run on the same file again, nothing is added.
    """
    columns = SpinnerColumn(), TextColumn("prices"), TextColumn("{task.completed:,} rows"), TimeElapsedColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("prices", total=None)
        report = take_prices(
            file,
            rejects=rejects or Path(f"{file.name}.rejects.csv"),
            now=clock.now(),
            watch=lambda so_far: progress.update(bar, completed=so_far.rows),
        )
    if as_json:
        click.echo(json.dumps(asdict(report), default=str, ensure_ascii=False))
    else:
        _show(report)


def _show(report: PriceImport) -> None:
    console = Console(highlight=False)
    table = Table("", "taken", "unchanged", "rejected", "in all", box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    counts = (report.taken, report.unchanged, report.rejected, report.rows)
    table.add_row("prices", *(f"{count:,}" for count in counts))
    console.print(table)
    for code, count in report.rejected_for.items():
        console.print(f"rejected, {code}: {count:,} rows")
    if report.rejects_file:
        console.print(f"the rejected rows are listed in {report.rejects_file}", markup=False)
    if report.unread_columns:
        console.print(f"columns not read: {', '.join(report.unread_columns)}", markup=False)
