"""`fenqi migrate-plans FILE --to PARTNER`: draft a batch of plans to move, and rehearse it; people approve it."""

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from fenqi.domain.migration import ItemState
from fenqi.domain.money import Money
from fenqi.usecases import clock
from fenqi.usecases.migrating.drafting import Wanted, draft_from_file
from fenqi.usecases.migrating.queries import BatchView, ItemView, batch_view, items_of
from fenqi.usecases.migrating.rehearsing import rehearse
from fenqi.usecases.migrating.withdrawing import forget
from fenqi.usecases.partners.providers import MALL

BY = "cli"
MOST_TOLD = 200


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--to", "to_provider", required=True, help="The lender's code, or mall.")
@click.option("--from", "from_provider", default=MALL, show_default=True, help="Who holds the plans now.")
@click.option(
    "--at",
    "cutover_at",
    type=click.DateTime(["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]),
    help="The cut-over, in the mall's time.  [default: a week from now]",
)
@click.option("--dry-run", is_flag=True, help="Rehearse, tell, and keep nothing.")
@click.option("--json", "as_json", is_flag=True, help="Machine output.")
def migrate_plans(
    *, file: Path, to_provider: str, from_provider: str, cutover_at: datetime | None, dry_run: bool, as_json: bool
) -> None:
    """Draft a batch from FILE (CSV: order_no,balance or plan_no,balance) and rehearse it on both sides.

    Nothing moves: a second person approves the batch in the console. Exits with 1 when anything differs.
    """
    now = clock.now()
    at = cutover_at.replace(tzinfo=clock.mall_zone()).astimezone(UTC) if cutover_at else now + timedelta(days=7)
    wanted = Wanted(from_provider=from_provider, to_provider=to_provider, cutover_at=at)
    migration_id = draft_from_file(BY, wanted, file.read_bytes(), name=file.name, now=now)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    try:
        with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
            bar = progress.add_task("rehearsing plans", total=None)
            rehearse(
                migration_id,
                now=now,
                on_progress=lambda done, total: progress.update(bar, completed=done, total=total),
            )
        batch, items = batch_view(migration_id, now=now), items_of(migration_id, limit=MOST_TOLD)
        differing = [item for item in items if item.state == ItemState.DIFFERS]
    finally:
        if dry_run:
            forget(BY, migration_id, now=now)
    if as_json:
        click.echo(json.dumps(_as_json(batch, differing, is_kept=not dry_run), ensure_ascii=False))
    else:
        _show(batch, differing, is_kept=not dry_run)
    sys.exit(1 if differing else 0)


def _as_json(batch: BatchView, differing: list[ItemView], *, is_kept: bool) -> dict[str, Any]:
    return {
        "number": batch.number,
        "id": str(batch.migration_id),
        "kept": is_kept,
        "from": batch.from_provider,
        "to": batch.to_provider,
        "cutover_at": batch.cutover_at.isoformat(),
        "plans": batch.plans,
        "counts": dict(batch.counts),
        "differing": [
            {"order_no": one.order_no, "balance_minor": one.balance_minor, "problems": list(one.problems)}
            for one in differing
        ],
    }


def _show(batch: BatchView, differing: list[ItemView], *, is_kept: bool) -> None:
    console = Console(highlight=False)
    counts = ", ".join(f"{n:,} {state}" for state, n in batch.counts.items())
    console.print(f"{batch.number}: {batch.from_provider} to {batch.to_provider}, {batch.plans:,} plans ({counts})")
    if differing:
        table = Table("order", "reason", "ours", "theirs", box=None, pad_edge=False)
        for one in differing:
            for problem in one.problems:
                table.add_row(
                    one.order_no,
                    str(problem["reason"]),
                    _written(problem.get("ours"), one.currency),
                    _written(problem.get("theirs"), one.currency),
                )
        console.print(table)
    console.print("Kept: approve it in the console." if is_kept else "Nothing was kept.")


def _written(minor: int | None, currency: str) -> str:
    return "" if minor is None else f"{Money(minor, currency).as_decimal():,}"
