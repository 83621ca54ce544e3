"""`fenqi reconcile CHANNEL DATE|FILE`: a channel's bill against our books, until its clearing account is zero."""

import json
import re
import sys
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from fenqi.domain.reconciliation import CAUSES, Verdict
from fenqi.interfaces.shared.formats import money
from fenqi.usecases import clock
from fenqi.usecases.reconciliation.bills import Stage
from fenqi.usecases.reconciliation.clearing import ClearingDay, clearing_day
from fenqi.usecases.reconciliation.findings import FindingView, findings_of
from fenqi.usecases.reconciliation.run import Reconciled
from fenqi.usecases.reconciliation.run import reconcile as reconcile_day

FINDINGS_SHOWN = 20
_DAY_IN_NAME = re.compile(r"(?<!\d)(20\d\d)-?(\d\d)-?(\d\d)(?!\d)")
_SHORT_DAY_IN_NAME = re.compile(r"INN(\d{6})88ZME?_")  # as the card gateway names its files

_STAGES = {Stage.READING: "lines read", Stage.MATCHING: "lines matched", Stage.SETTLING: "settled by the bill"}


@click.command()
@click.argument("channel")
@click.argument("bill", metavar="DATE|FILE")
@click.option("--date", "day", type=click.DateTime(["%Y-%m-%d"]), help="The bill's day, where FILE's name has none.")
@click.option("--json", "as_json", is_flag=True, help="Machine output.")
def reconcile(*, channel: str, bill: str, day: datetime | None, as_json: bool) -> None:
    """Reconcile CHANNEL with its bill of DATE (YYYY-MM-DD), fetched from the channel, or with a bill in FILE.

    Run it again at any time: what is done already stays as it is. Exits with 1 while findings are open.
    """
    file = None if _as_day(bill) else Path(bill)
    if file is not None and not file.is_file():
        raise click.BadParameter(f"{bill} is neither a date as 2026-11-22 nor a file", param_hint="DATE|FILE")
    bill_day = day.date() if day else _as_day(bill) or _day_in_name(bill)
    if bill_day is None:
        raise click.UsageError("The file's name does not say its day: give it with --date.")
    columns = SpinnerColumn(), TextColumn("{task.description}"), TextColumn("{task.completed:,}"), TimeElapsedColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("waiting for the bill", total=None)

        def watch(stage: Stage, done: int) -> None:
            progress.update(bar, description=_STAGES[stage], completed=done)

        ran = reconcile_day(channel, bill_day, file=file, now=clock.now(), watch=watch)
    shown = clearing_day(channel, bill_day)
    if as_json:
        left = {"left_minor": shown.left_minor, "settled_minor": shown.settled_minor}
        click.echo(json.dumps({**asdict(ran), **left}, default=str))
    else:
        _show(ran, shown)
    sys.exit(1 if ran.open_findings else 0)


def _as_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _day_in_name(file: str) -> date | None:
    name = Path(file).name
    if short := _SHORT_DAY_IN_NAME.search(name):
        return _as_day("20" + short[1])
    found = _DAY_IN_NAME.search(name)
    return _as_day("-".join(found.groups())) if found else None


def _show(ran: Reconciled, shown: ClearingDay) -> None:
    console = Console(highlight=False)
    lines = Table("verdict", "lines", title=f"{ran.channel} {ran.day}", box=None, pad_edge=False, title_justify="left")
    lines.columns[1].justify = "right"
    for verdict in Verdict:
        lines.add_row(verdict.value.replace("_", " "), f"{ran.counts.get(verdict.value, 0):,}")
    console.print(lines)
    sums = Table("", "ours", "bill", box=None, pad_edge=False)
    for column in sums.columns[1:]:
        column.justify = "right"
    for name, ours, theirs in (
        ("in", shown.booked_in_minor, shown.billed_in_minor),
        ("out", shown.booked_out_minor, shown.billed_out_minor),
    ):
        sums.add_row(name, money(ours, ran.currency), money(theirs, ran.currency))
    sums.add_row("fee", "", money(ran.fee_minor, ran.currency))
    sums.add_row("into the bank", "", money(shown.settled_minor, ran.currency))
    sums.add_row("left on clearing", money(shown.left_minor, ran.currency), "")
    console.print(sums)
    if ran.settled or ran.closed:
        console.print(f"booked because of the bill: {ran.settled:,}; closed as not paid: {ran.closed:,}")
    if not ran.is_new:
        console.print("This bill was reconciled before; nothing changed.")
    open_ones = [finding for finding in findings_of(ran.channel, ran.day) if finding.state == "open"]
    if open_ones:
        _show_findings(console, open_ones[:FINDINGS_SHOWN], in_all=ran.open_findings)


def _show_findings(console: Console, findings: list[FindingView], *, in_all: int) -> None:
    table = Table("number", "on suspense", "what is the matter", "what to do", title=f"{in_all:,} open findings")
    table.columns[1].justify = "right"
    for found in findings:
        text = CAUSES[found.cause]
        number = found.number or found.channel_no or "-"
        table.add_row(number, money(found.standing_minor, found.currency), text.en, text.todo_en)
    console.print(table)
    if in_all > len(findings):
        console.print(f"and {in_all - len(findings):,} more: see the console's page of reconciliation")
