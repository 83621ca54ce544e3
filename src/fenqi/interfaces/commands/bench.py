"""`fenqi bench`: how fast this machine is, as figures and as ratios to limits taken in the same run.

Each part runs in a process of its own, so that none finds what another left behind.
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from importlib import import_module

import click
from rich.console import Console
from rich.table import Table

PARTS: Mapping[str, str] = {
    "engine": "bench_engine:bench_engine",
    "import": "bench_import:bench_import",
    "repayments": "bench_repayments:bench_repayments",
    "reconcile": "bench_reconcile:bench_reconcile",
    "faults": "bench_faults:bench_faults",
    "aftersales": "bench_aftersales:bench_aftersales",
    "daily-close": "bench_daily_close:daily_close_figures",
}
"""Part to the function that measures it and gives its figures by name."""

OPTIONS: Mapping[str, tuple[str, ...]] = {
    "faults": ("consumers", "seed"),
    "reconcile": ("lines",),
    "daily-close": ("plans",),
}
"""Part to the options its function takes."""


@click.command()
@click.argument("parts", nargs=-1, type=click.Choice(list(PARTS)))
@click.option("--consumers", type=click.IntRange(1), default=2000, show_default=True, help="For faults.")
@click.option("--seed", type=int, help="For faults: replay the decisions and the faults of an earlier run.")
@click.option("--lines", type=click.IntRange(1), default=1_000_000, show_default=True, help="For reconcile.")
@click.option("--plans", type=click.IntRange(30), default=100_000, show_default=True, help="For daily-close.")
@click.option("--json", "as_json", is_flag=True, help="Machine output.")
def bench(*, parts: tuple[str, ...], as_json: bool, **options: int | None) -> None:
    """Measure PARTS (all of them when none is named): engine, import, repayments, reconcile, faults, aftersales,
    daily-close.
    """
    figures = {part: measured_alone(part, options) for part in parts or PARTS}
    if as_json:
        click.echo(json.dumps(figures))
    else:
        show(figures)


def measured_alone(part: str, options: Mapping[str, int | None]) -> dict[str, float]:
    """The part's figures, measured in a new process."""
    given = {name: options[name] for name in OPTIONS.get(part, ()) if options.get(name) is not None}
    command = [sys.executable, "-m", __name__, part, json.dumps(given)]
    with Console(stderr=True).status(f"measuring: {part}"):
        ran = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if ran.returncode:
        raise click.ClickException(f"{part} did not end well: see above")
    figures: dict[str, float] = json.loads(ran.stdout.splitlines()[-1])
    return figures


def show(figures: Mapping[str, Mapping[str, float]]) -> None:
    table = Table("part", "figure", "value")
    for part, measured in figures.items():
        for n, (name, value) in enumerate(measured.items()):
            table.add_row(
                part if n == 0 else "", name.replace("_", " "), written(value), end_section=n == len(measured) - 1
            )
    Console().print(table)


def written(value: object) -> str:
    """Large figures whole with separators, small ones with three places."""
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3f}"  # noqa: PLR2004 - where decimals stop mattering
    return f"{value:,}" if isinstance(value, int) else str(value)


if __name__ == "__main__":
    module, _, function = PARTS[sys.argv[1]].partition(":")
    given = json.loads(sys.argv[2])
    print(json.dumps(getattr(import_module(f"fenqi.interfaces.commands.{module}"), function)(**given)))  # noqa: T201 - the answer
