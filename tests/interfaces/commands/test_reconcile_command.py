"""`fenqi reconcile`: by date or by file, for people and for programs; its exit code says whether anything is open."""

import json
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bill_sources import WrittenBills, bill_line, open_bills
from fenqi.channels.bills import BillNotReady
from fenqi.interfaces.commands.main import COMMANDS
from fenqi.interfaces.commands.reconcile import reconcile
from fenqi.usecases import clock
from malls import noon

DAY = date(2026, 2, 1)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def bills(monkeypatch: pytest.MonkeyPatch) -> WrittenBills:
    source = open_bills(monkeypatch)
    source.days[DAY] = [bill_line("", 100, kind="fee", channel_no=f"F{n}") for n in range(3)]
    return source


def run(*arguments: str) -> Result:
    with clock.stopped(noon("2026-02-02")):
        return CliRunner().invoke(reconcile, list(arguments))


def test_the_command_is_there() -> None:
    assert COMMANDS["reconcile"].needs_database


def test_a_day_that_agrees_exits_with_zero(bills: WrittenBills) -> None:
    first, again = run("alipay", "2026-02-01"), run("alipay", "2026-02-01")
    assert (first.exit_code, again.exit_code) == (0, 0)
    assert "matched" in first.stdout
    assert "¥3.00" in first.stdout
    assert "nothing changed" in again.stdout


def test_what_is_open_is_told_and_exits_with_one(bills: WrittenBills) -> None:
    bills.days[DAY].append(bill_line("NOBODYS1", 700))
    told = run("alipay", "2026-02-01")
    assert told.exit_code == 1
    assert "NOBODYS1" in told.stdout
    assert "1 open findings" in told.stdout
    said = json.loads(run("alipay", "2026-02-01", "--json").stdout)
    assert (said["open_findings"], said["left_minor"], said["counts"]["missing_here"]) == (1, 0, 1)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("2088_20260201_bill.zip", ()),
        ("1900All2026-02-01.csv", ()),
        ("INN26020188ZM_898000000000001.zip", ()),
        ("bill.zip", ("--date", "2026-02-01")),
    ],
)
def test_a_file_is_taken_for_the_day_that_it_names(
    bills: WrittenBills, tmp_path: Path, name: str, options: tuple[str, ...]
) -> None:
    file = tmp_path / name
    file.write_text("as the channel gave it")
    said = json.loads(run("alipay", str(file), "--json", *options).stdout)
    assert (said["day"], said["lines"]) == ("2026-02-01", 3)


def test_a_file_without_a_day_asks_for_it(bills: WrittenBills, tmp_path: Path) -> None:
    file = tmp_path / "bill.zip"
    file.write_text("x")
    assert "--date" in run("alipay", str(file)).output
    assert "neither a date" in run("alipay", "yesterday").output


def test_a_bill_that_is_not_there_yet_is_refused(bills: WrittenBills) -> None:
    assert isinstance(run("alipay", "2026-01-31").exception, BillNotReady)
