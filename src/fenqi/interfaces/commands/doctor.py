"""`fenqi doctor`: is this installation fit to work?"""

import json
import os
import sys
from contextlib import ExitStack

import click
from rich.console import Console
from rich.table import Table

from fenqi.config import place
from fenqi.domain.errors import FenqiError

MARKS = {"good": "[green]✓[/]", "warning": "[yellow]![/]", "bad": "[red]✗[/]"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Answer with one JSON object.")
def doctor(*, as_json: bool) -> None:
    """Examine the keys, the settings and the database. Exits with 1 when something is bad."""
    os.environ["FENQI_LOG_LEVEL"] = "CRITICAL"  # the findings say it better
    findings = examined()
    fit = all(finding["verdict"] != "bad" for finding in findings)
    if as_json:
        click.echo(json.dumps({"fit": fit, "findings": findings}, ensure_ascii=False))
    else:
        Console().print(table(findings))
    sys.exit(0 if fit else 1)


def examined() -> list[dict[str, str]]:
    """The findings: `about`, `verdict`, `seen`, `advice`. A place that cannot even be set up is one finding."""
    with ExitStack() as stack:
        try:
            stack.enter_context(place.ready())
        except FenqiError as refusal:
            return [{"about": "start", "verdict": "bad", "seen": refusal.code, "advice": str(refusal)}]
        from fenqi.config.examination import examine  # noqa: PLC0415 - needs the settings that have just been read

        return [finding._asdict() for finding in examine()]


def table(findings: list[dict[str, str]]) -> Table:
    grid = Table.grid(padding=(0, 2))
    for finding in findings:
        grid.add_row(MARKS[finding["verdict"]], finding["about"], finding["seen"], finding["advice"])
    return grid
