"""Price drops on a mall's orders beside a bare DuckDB query of the same question, in the same run.

With FENQI_OLIST it is the real set of that name, read through the mapping in docs/examples; without it, a file of the
same size is made here. DuckDB reads the file; ours is asked of a durable PostgreSQL of its own that took the file in.
"""

import csv
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import click

from fenqi.interfaces.commands.bench_repayments import own_place

ORDERS: Final = 99_441
PRODUCTS: Final = 33_000
DAYS: Final = 730
WINDOW_DAYS: Final = 7
ROUNDS: Final = 3

MADE_COLUMNS: Final = (
    *("order_no", "customer_ref", "currency", "status", "placed_at"),
    *("sku", "item_name", "unit_price_minor", "seller"),
)

_QUESTION: Final = """
WITH item AS ({items})
SELECT count(*), coalesce(sum(paid - lowest), 0)::bigint FROM (
  SELECT any_value(l.price) AS paid, min(o.price) AS lowest FROM item l JOIN item o
  ON o.sku = l.sku AND o.at > l.at AND o.at <= l.at + INTERVAL {hours} HOUR AND o.price < l.price
  WHERE l.status = 'delivered' GROUP BY l.order_no, l.line)
"""
_REAL_ITEMS: Final = """
SELECT order_id AS order_no, order_item_id AS line, order_status AS status, product_id AS sku,
  round(price * 100)::bigint AS price, timezone('America/Sao_Paulo', purchase_ts::timestamp) AS at
FROM read_csv('{file}') WHERE product_id IS NOT NULL
"""
_MADE_ITEMS: Final = """
SELECT order_no, row_number() OVER () AS line, status, sku, unit_price_minor AS price, placed_at::timestamptz AS at
FROM read_csv('{file}')
"""


def price_drop_figures() -> dict[str, float]:
    """Seconds that finding takes by itself and as a command, and the ratio to DuckDB, which answers the same."""
    with own_place(), tempfile.TemporaryDirectory() as folder:
        file, is_real = _file(Path(folder))
        _take_in(file, Path(folder), is_real=is_real)
        found, total, seconds = _ours()
        figures: dict[str, float] = {
            "orders_file_is_real": float(is_real),
            "price_drops": found,
            "price_drops_total_minor": total,
            "price_drops_seconds": seconds,
            "price_drops_command_seconds": _command(found, total),
        }
        bare = _duckdb(file, is_real=is_real)
    if bare is not None:
        assert bare[:2] == (found, total), f"DuckDB found {bare[0]} of {bare[1]}, we {found} of {total}"
        figures |= {"duckdb_seconds": bare[2], "price_drops_ratio": seconds / bare[2]}
    return figures


def _file(folder: Path) -> tuple[Path, bool]:
    real = os.environ.get("FENQI_OLIST")
    if real:
        return Path(real), True
    click.echo("FENQI_OLIST does not name the real orders: a file of the same size is made up instead.", err=True)
    return made_orders(folder / "orders.csv"), False


def made_orders(path: Path, orders: int = ORDERS) -> Path:
    """Two years of orders of one item, few products selling most; the same at every run."""
    chance = random.Random(20260504)  # noqa: S311 - a made-up mall needs no secrecy
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(MADE_COLUMNS)
        for n in range(orders):
            product = int(PRODUCTS * chance.random() ** 3)
            price = 2_000 + product % 900 * 50 + chance.choice((0, 0, 0, 0, 0, 0, 0, 0, 0, -300))
            at = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=chance.randrange(DAYS * 86_400))
            status = "cancelled" if chance.random() < 0.03 else "delivered"  # noqa: PLR2004 - some are
            rows.writerow(
                (f"B{n}", f"c{n}", "CNY", status, at.isoformat(), f"p{product}", "货", price, f"s{product % 900}")
            )
    return path


def _take_in(file: Path, folder: Path, *, is_real: bool) -> None:
    from fenqi.config.environment import project_folder  # noqa: PLC0415 - needs Django set up, as do the others
    from fenqi.usecases.orders.importing.mapping import read_mapping  # noqa: PLC0415
    from fenqi.usecases.orders.importing.run import import_orders  # noqa: PLC0415

    mapping = read_mapping(project_folder() / "docs" / "examples" / "olist-mapping.yaml") if is_real else None
    report = import_orders(file, mapping=mapping, rejects=folder / "rejects.csv")
    assert not report.rows_rejected, report


def _ours() -> tuple[int, int, float]:
    """Found, minor units, and the best of some rounds in seconds."""
    from fenqi.usecases.price_protection.drops import DropQuestion, find_drops, totals_of  # noqa: PLC0415 - as above

    seconds = []
    for _ in range(ROUNDS):
        started = time.monotonic()
        found = find_drops(DropQuestion(window_days=WINDOW_DAYS))
        seconds.append(time.monotonic() - started)
    return len(found), sum(totals_of(found).values()), min(seconds)


def _command(found: int, total: int) -> float:
    """Seconds of `fenqi price-drops --json` as its user runs it."""
    started = time.monotonic()
    ran = subprocess.run(
        [sys.executable, "-m", "fenqi.interfaces.commands.main", "price-drops", "--json"],
        stdout=subprocess.PIPE,
        env={**os.environ, "FENQI_LOG_LEVEL": "ERROR", "PYTHONWARNINGS": "ignore"},
        text=True,
        check=True,
    )
    seconds = time.monotonic() - started
    said = json.loads(ran.stdout)
    assert (said["count"], sum(said["total_minor"].values())) == (found, total), "the command found something else"
    return seconds


def _duckdb(file: Path, *, is_real: bool) -> tuple[int, int, float] | None:
    """The same by DuckDB, from the file; None where it is not installed."""
    try:
        import duckdb  # noqa: PLC0415 - of the development group
    except ImportError:
        click.echo("DuckDB is not installed (pip install -e . --group dev): nothing to compare with.", err=True)
        return None
    items = (_REAL_ITEMS if is_real else _MADE_ITEMS).format(file=file)
    question = _QUESTION.format(items=items, hours=WINDOW_DAYS * 24)
    seconds = []
    for _ in range(ROUNDS):
        started = time.monotonic()
        ((count, total),) = duckdb.connect().execute(question).fetchall()
        seconds.append(time.monotonic() - started)
    return int(count), int(total), min(seconds)
