"""`fenqi price-drops`: which delivered goods were seen cheaper after they were bought."""

import json
import sys
import time
from datetime import datetime
from typing import Any, TextIO

import click
import polars as pl
from rich.console import Console
from rich.table import Table

from fenqi.domain.aftersales.policies import Clock
from fenqi.interfaces.shared.formats import money
from fenqi.usecases import clock as house_clock
from fenqi.usecases.price_protection.drops import By, DropQuestion, find_drops, rows_of, totals_of

ROWS_SHOWN = 50


@click.command()
@click.option("--window-days", type=click.IntRange(1, 3650), default=7, show_default=True, help="How long after.")
@click.option(
    "--by",
    type=click.Choice([by.value for by in By]),
    default=By.PRODUCT.value,
    show_default=True,
    help="Whose prices are compared: any seller's of the product, or the same seller's only.",
)
@click.option(
    "--clock",
    type=click.Choice([clock.value for clock in Clock]),
    default=Clock.HOURS.value,
    show_default=True,
    help="N x 24 hours from the purchase, or to the end of the Nth day after it in the mall's zone.",
)
@click.option("--rows", type=click.IntRange(0), default=ROWS_SHOWN, show_default=True, help="Rows of the table.")
@click.option("--json", "as_json", is_flag=True, help="Machine output: one document with every drop.")
def price_drops(*, window_days: int, by: str, clock: str, rows: int, as_json: bool) -> None:
    """List every line of a delivered order whose product was seen strictly cheaper after it was bought, within N days.

    Compared are unit prices: what the order line says one piece cost, before coupons and freight, and every price seen
    of the same product in the same currency: in orders of any state, cancelled ones too, and in the price feed. Only
    instants after the purchase count; one exactly N x 24 hours later still does. The difference is to the lowest price,
    times the pieces that were not returned.

    The document of --json has a drop on each line, amounts in minor units, instants in UTC; it ends with `count` and
    with `total_minor` by currency.
    """
    question = DropQuestion(window_days=window_days, by=By(by), clock=Clock(clock))
    started = time.monotonic()
    with Console(stderr=True).status("comparing prices"):
        found = find_drops(question)
    seconds = time.monotonic() - started
    if as_json:
        write_document(found, question, sys.stdout)
    else:
        show(found, question, rows=rows, seconds=seconds)


def write_document(found: pl.DataFrame, question: DropQuestion, out: TextIO) -> None:
    """The drops as they come, then what they add up to."""
    asked = {"window_days": question.window_days, "by": question.by.value, "clock": question.clock.value}
    out.write(json.dumps(asked)[:-1] + ', "drops": [')
    for n, row in enumerate(rows_of(found)):
        out.write(",\n" if n else "\n")
        out.write(json.dumps(row, ensure_ascii=False, default=datetime.isoformat))
    ending = {"count": len(found), "total_minor": totals_of(found)}
    out.write("\n], " + json.dumps(ending)[1:] + "\n")


def show(found: pl.DataFrame, question: DropQuestion, *, rows: int, seconds: float) -> None:
    """The largest differences, and what all of them come to."""
    console = Console(highlight=False)
    largest = found.sort("difference_minor", descending=True, maintain_order=True).head(rows)
    if len(largest):
        table = Table("order", "product", box=None, pad_edge=False)
        for name in ("bought", "seen cheaper"):
            table.add_column(name, no_wrap=True)
        for name in ("pieces", "paid", "lowest", "difference"):
            table.add_column(name, justify="right", no_wrap=True)
        for row in rows_of(largest):
            table.add_row(*_cells(row))
        console.print(table)
    if len(found) > len(largest):
        console.print(f"and {len(found) - len(largest):,} more: --json lists all, --rows shows more")
    for currency, total in totals_of(found).items():
        console.print(f"total {money(total, currency)}")
    console.print(
        f"{len(found):,} lines were seen cheaper within {question.window_days} days "
        f"(by {question.by.value}, clock {question.clock.value}); {seconds:.1f} s"
    )


def _cells(row: dict[str, Any]) -> list[str]:
    currency, zone = row["currency"], house_clock.mall_zone()
    return [
        f"{row['order_no']}/{row['line_no']}",
        row["sku"],
        *(f"{row[name].astimezone(zone):%y-%m-%d %H:%M}" for name in ("placed_at", "seen_at")),
        f"{row['pieces']:,}",
        *(money(row[name], currency) for name in ("paid_minor", "lowest_minor", "difference_minor")),
    ]
