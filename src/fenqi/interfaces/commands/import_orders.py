"""`fenqi import-orders FILE`: take in orders from a file, with their payments and plans."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from fenqi.usecases.orders.importing.mapping import read_mapping
from fenqi.usecases.orders.importing.run import ImportReport, Step
from fenqi.usecases.orders.importing.run import import_orders as take_orders


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--mapping",
    "mapping_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="YAML that says how to read another program's file.",
)
@click.option(
    "--rejects",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Where the rows that are not taken are listed.  [default: FILE's name with .rejects.csv, here]",
)
@click.option("--json", "as_json", is_flag=True, help="Machine output.")
def import_orders(*, file: Path, mapping_file: Path | None, rejects: Path | None, as_json: bool) -> None:
    """Take in the orders of FILE: CSV or JSON lines, packed by gzip or not.

    Run it again after an interruption and it goes on; run it on the same file and nothing is added.
    """
    mapping = read_mapping(mapping_file) if mapping_file else None
    rejects = rejects or Path(f"{file.name}.rejects.csv")
    with _progress() as progress:
        bar = progress.add_task("looking through the file", total=None, rate="")

        def watch(step: Step) -> None:
            progress.update(
                bar,
                description="orders",
                total=step.rows,
                completed=step.rows_done,
                rate=f"{step.orders_per_second:,.0f} orders/s",
            )

        report = take_orders(file, mapping=mapping, rejects=rejects, watch=watch)
    if as_json:
        click.echo(json.dumps(_as_json(report), ensure_ascii=False))
    else:
        _show(report)


def _progress() -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        MofNCompleteColumn(),
        TextColumn("rows"),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )


def _as_json(report: ImportReport) -> dict[str, Any]:
    said = asdict(report)
    said["rejects_file"] = str(report.rejects_file) if report.rejects_file else None
    said["seconds"] = round(report.seconds, 3)
    said["orders_per_second"] = round(report.orders_per_second, 1)
    return said


def _show(report: ImportReport) -> None:
    console = Console(highlight=False)
    table = Table("", "taken", "unchanged", "rejected", "in all", box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for name, counts in (
        ("orders", (report.orders_taken, report.orders_unchanged, report.orders_rejected, report.orders)),
        ("rows", (report.rows_taken, report.rows_unchanged, report.rows_rejected, report.rows)),
    ):
        table.add_row(name, *(f"{count:,}" for count in counts))
    console.print(table)
    console.print(f"new: {report.customers:,} customers, {report.plans:,} plans, {report.prices:,} prices")
    for name, count in report.notes.items():
        console.print(f"taken all the same, {name}: {count:,} orders")
    for code, count in report.rejected_for.items():
        console.print(f"rejected, {code}: {count:,} rows")
    if report.rejects_file:
        console.print(f"the rejected rows are listed in {report.rejects_file}", markup=False)
    if report.unread_columns:
        console.print(f"columns not read: {', '.join(report.unread_columns)}", markup=False)
    if report.resumed_after_row:
        console.print(f"went on after row {report.resumed_after_row:,}")
    console.print(
        f"{report.seconds:,.1f} s, {report.orders_per_second:,.0f} orders/s, "
        f"{report.peak_memory_bytes / 1024**2:,.0f} MB at most"
    )
