"""`fenqi check`: names everything that does not agree, and exits with 1 if anything does not."""

import json
import sys
from dataclasses import asdict

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from fenqi.usecases.reconciliation.check import Finding, check_books, count_customers


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
def check(*, as_json: bool) -> None:
    """Prove that entries balance and are unaltered, and that plans, ledger and payments agree."""
    customers = count_customers()
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("customers", total=customers)
        findings = list(check_books(on_progress=lambda done: progress.advance(task, done)))
    if as_json:
        click.echo(json.dumps({"customers": customers, "findings": [asdict(found) for found in findings]}, default=str))
    else:
        _show(findings, customers=customers)
    sys.exit(1 if findings else 0)


def _show(findings: list[Finding], *, customers: int) -> None:
    if not findings:
        click.echo(f"{customers} customers: every law of the books holds.")
        return
    table = Table("law", "customer", "subject", "found", title=f"{len(findings)} findings")
    for found in findings:
        table.add_row(found.law, str(found.customer_id), found.subject, found.detail)
    Console(width=200).print(table)
