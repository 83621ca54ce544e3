"""Orders a second that `fenqi import-orders` takes in, on a durable server of its own, and the memory it takes.

The file is made here, of the shape that a mall's export has: one row for each item, one order in two on installments.
With FENQI_OLIST it is the real set of that name, read through the mapping in docs/examples.
"""

import csv
import json
import os
import random
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from fenqi.interfaces.commands.bench_repayments import own_place

ORDERS = 30_000
SAMPLE_SECONDS = 0.5
HEADER = (
    *("order_no", "customer_ref", "currency", "status", "placed_at", "approved_at"),
    *("sku", "item_name", "category", "unit_price_minor", "freight_minor", "payments", "plan_terms"),
)


def bench_import() -> dict[str, float]:
    """Figures of a first import, of the same file again, and the peak of all processes' memory in MB."""
    with own_place(), tempfile.TemporaryDirectory() as folder:
        from fenqi.config.environment import project_folder  # noqa: PLC0415 - needs Django set up, as do the others
        from fenqi.usecases.orders.importing.mapping import read_mapping  # noqa: PLC0415
        from fenqi.usecases.orders.importing.run import import_orders  # noqa: PLC0415

        real = os.environ.get("FENQI_OLIST")
        mapping = read_mapping(project_folder() / "docs" / "examples" / "olist-mapping.yaml") if real else None
        file = Path(real) if real else made_orders(Path(folder) / "orders.csv")
        rejects = Path(folder) / "rejects.csv"
        with watched_memory() as peak:
            first = import_orders(file, mapping=mapping, rejects=rejects)
        again = import_orders(file, mapping=mapping, rejects=rejects)
    assert again.orders_unchanged == first.orders_taken, "the second import was not a repeat of the first"
    return {
        "orders": first.orders,
        "orders_taken": first.orders_taken,
        "orders_rejected": first.orders_rejected,
        "plans": first.plans,
        "seconds": first.seconds,
        "orders_per_second": first.orders_per_second,
        "unchanged_orders_per_second": again.orders_per_second,
        "importer_peak_mb": first.peak_memory_bytes / 1024**2,
        "all_processes_peak_mb": peak[0] / 1024,
    }


def made_orders(path: Path) -> Path:
    """A file of our own format, the same at every run."""
    chance = random.Random(20260301)  # noqa: S311 - a made-up mall needs no secrecy
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(HEADER)
        for n in range(ORDERS):
            rows.writerows(_rows_of(n, chance))
    return path


def _rows_of(n: int, chance: random.Random) -> Iterator[tuple[object, ...]]:
    placed_at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=n)
    items = chance.choices((1, 2, 3), weights=(88, 9, 3))[0]
    prices = [chance.randrange(1_000, 80_000) for _ in range(items)]
    total, installments = sum(prices) + 900 * items, chance.choice((0, 0, 0, 0, 2, 3, 3, 4, 6, 10))
    terms = {"principal": total, "currency": "CNY", "opened_on": "2026-01-01", "installments": installments}
    for price in prices:
        yield (
            *(f"B{n}", f"bench-{n // 30 if n % 30 == 0 else n}", "CNY", "approved"),
            *(placed_at.isoformat(), placed_at.isoformat()),
            *(f"sku-{price % 5000}", "货", "home", price, 900),
            *(f"mall:{installments}:{total}:{'yes' if installments else 'no'}",),
            json.dumps(terms) if installments else "",
        )


@contextmanager
def watched_memory() -> Iterator[list[int]]:
    """One number: the most kilobytes that this process and the database server held together, shared pages once."""
    from fenqi.config.place import cluster  # noqa: PLC0415 - reads the environment that own_place makes
    from fenqi.config.postgres import processes_at_work  # noqa: PLC0415

    peak, over = [0], threading.Event()

    def watch() -> None:
        while not over.wait(SAMPLE_SECONDS):
            peak[0] = max(peak[0], sum(map(kilobytes, [os.getpid(), *processes_at_work(cluster().data)])))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield peak
    finally:
        over.set()
        watcher.join()


def kilobytes(process: int) -> int:
    """The proportional set size: pages that several processes share are counted once among them."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
