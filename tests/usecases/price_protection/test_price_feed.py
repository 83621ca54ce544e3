"""Prices from a feed and from a file: good ones taken once, bad ones told by row and code."""

import csv
import gzip
import json
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from fenqi.domain.errors import FenqiError
from fenqi.domain.money import LARGEST_MINOR
from fenqi.interfaces.commands.import_prices import import_prices as command
from fenqi.records.models import PriceObservation
from fenqi.usecases import clock
from fenqi.usecases.orders.importing.refusals import FileRefused
from fenqi.usecases.orders.prices import prices_of
from fenqi.usecases.price_protection import importing
from fenqi.usecases.price_protection.feed import PriceInput, check_price, take_prices
from fenqi.usecases.price_protection.importing import import_prices
from malls import noon

NOW = noon("2026-03-10")
SEEN_AT = noon("2026-03-05")


def price(**changes: object) -> PriceInput:
    said: dict[str, object] = {"sku": "X2", "price_minor": 100, "currency": "CNY", "observed_at": SEEN_AT, **changes}
    return PriceInput(**said)  # type: ignore[arg-type]  # parametrized


@pytest.mark.django_db
def test_a_price_told_again_adds_nothing_and_another_seller_or_instant_does() -> None:
    assert take_prices([price(), price()]) == 1
    assert take_prices([price()]) == 0
    later = SEEN_AT + timedelta(seconds=1)
    assert take_prices([price(seller="s"), price(observed_at=later), price(price_minor=99)]) == 3
    seen = prices_of("X2").items
    assert [view.observed_at for view in seen] == [later, SEEN_AT, SEEN_AT, SEEN_AT]
    assert {view.source for view in seen} == {"feed"}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"sku": " "}, "invalid_input"),
        ({"sku": "x" * 65}, "invalid_input"),
        ({"sku": "a\x00b"}, "invalid_input"),
        ({"seller": "a\nb"}, "invalid_input"),
        ({"price_minor": -1}, "invalid_amount"),
        ({"price_minor": LARGEST_MINOR + 1}, "invalid_amount"),
        ({"currency": "RMB"}, "unknown_currency"),
        ({"sales_channel": "SHOP"}, "invalid_input"),
        ({"observed_at": NOW + timedelta(minutes=6)}, "invalid_input"),
        ({"observed_at": noon("1999-12-31")}, "invalid_input"),
    ],
)
def test_what_no_price_can_be_is_refused(changes: dict[str, object], code: str) -> None:
    with pytest.raises(FenqiError) as refusal:
        check_price(price(**changes), now=NOW)
    assert refusal.value.code == code
    check_price(price(observed_at=NOW + timedelta(minutes=5), seller="", price_minor=0), now=NOW)


ROWS = [
    "sku,price,currency,observed_at,seller,note",
    "X2,12.34,CNY,2026-03-05T12:00:00+08:00,,first",
    "X2,12.3,,2026-03-05 13:00:00,s1,a time of the mall's, and a comma too many",
    "X2,12.345,CNY,2026-03-05T12:00:00+08:00,,a fraction of a fen",
    "X2,abc,CNY,2026-03-05T12:00:00+08:00,,",
    "X2,1.00,CNY,2026-13-05T12:00:00+08:00,,",
    "X2,1.00,XXX,2026-03-05T12:00:00+08:00,,",
    '=cmd,1.00,CNY,2027-03-05T12:00:00+08:00,,"in the future"',
    "X3,0.99,CNY,2026-03-05T12:00:00,s1,",
    "X3,0.99,CNY,2026-03-05T12:00:00,s1,told twice",
]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "prices.csv.gz"
    path.write_bytes(gzip.compress("\n".join(ROWS).encode()))
    return path


@pytest.mark.django_db(transaction=True)
def test_a_file_is_taken_row_by_row_and_each_bad_row_is_named(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "ROWS_AT_ONCE", 3)
    rejects = tmp_path / "rejects.csv"
    report = import_prices(file, rejects=rejects, now=NOW)
    assert (report.rows, report.taken, report.unchanged, report.rejected) == (9, 2, 1, 6)
    assert report.unread_columns == ("note",)
    with rejects.open(encoding="utf-8", newline="") as text:
        rows = list(csv.DictReader(text))
    assert [(row["line"], row["code"]) for row in rows] == [
        ("3", "wrong_columns"),
        ("4", "invalid_amount"),
        ("5", "invalid_input"),
        ("6", "invalid_input"),
        ("7", "unknown_currency"),
        ("8", "invalid_input"),
    ]
    assert rows[-1]["sku"] == "'=cmd"
    (seen,) = PriceObservation.objects.filter(sku="X3")
    assert (seen.price_minor, seen.seller, seen.observed_at, seen.currency) == (99, "s1", SEEN_AT, "CNY")
    again = import_prices(file, rejects=rejects, now=NOW)
    assert (again.taken, again.unchanged, again.rejected) == (0, 3, 6)


@pytest.mark.parametrize(
    "header", ["sku,price", "price,observed_at", "sku,observed_at", "sku,sku,price,observed_at", ""]
)
def test_a_file_without_what_is_needed_is_refused_whole(tmp_path: Path, header: str) -> None:
    path = tmp_path / "p.csv"
    path.write_text(header)
    with pytest.raises(FileRefused):
        import_prices(path, rejects=tmp_path / "r.csv", now=NOW)


@pytest.mark.django_db(transaction=True)
def test_minor_units_are_read_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text(
        "sku,price_minor,currency,observed_at\nJ,500,JPY,2026-03-05T12:00:00Z\nJ,5.5,JPY,2026-03-05T12:00:00Z\n"
    )
    report = import_prices(path, rejects=tmp_path / "r.csv", now=NOW)
    assert (report.taken, report.rejected) == (1, 1)
    assert PriceObservation.objects.get(sku="J").price_minor == 500


@pytest.mark.django_db(transaction=True)
def test_the_command_says_what_became_of_the_file(file: Path, tmp_path: Path) -> None:
    rejects = tmp_path / "rejects.csv"
    with clock.stopped(NOW):
        said = json.loads(CliRunner().invoke(command, [str(file), "--rejects", str(rejects), "--json"]).stdout)
        shown = CliRunner().invoke(command, [str(file), "--rejects", str(rejects)]).stdout
    assert (said["rows"], said["taken"], said["rejected_for"]["invalid_input"]) == (9, 2, 3)
    assert "rejected, wrong_columns: 1 rows" in shown
