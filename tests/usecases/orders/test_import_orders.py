"""Orders from files into the database: all of them, once, with their plans in the books, and a word about every row."""

import csv
import gzip
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from django.conf import settings
from django.db import IntegrityError, connection

from fenqi.interfaces.commands.import_orders import import_orders as command
from fenqi.records.models import (
    Customer,
    ImportRun,
    Installment,
    JournalEntry,
    Order,
    OrderLine,
    OrderPayment,
    Plan,
    PriceObservation,
)
from fenqi.records.scope import across_customers
from fenqi.usecases.orders.importing import preparing, run
from fenqi.usecases.orders.importing.batch import Batch, Written, write_batch
from fenqi.usecases.orders.importing.copying import Table
from fenqi.usecases.orders.importing.mapping import read_mapping
from fenqi.usecases.orders.importing.native import native_order
from fenqi.usecases.orders.importing.run import ImportReport, import_orders
from fenqi.usecases.orders.register import price_observations, register_customer, register_order
from fenqi.usecases.reconciliation.check import check_books
from malls import noon

pytestmark = pytest.mark.django_db(transaction=True)

PROJECT = Path(__file__).parents[3]
EXAMPLES = PROJECT / "docs" / "examples"
OLIST_MAPPING = EXAMPLES / "olist-mapping.yaml"
OLIST_SAMPLE = PROJECT.parent / "shared" / "data" / "olist_sample_2000.csv"


@pytest.fixture(autouse=True)
def _all_customers() -> Iterator[None]:
    with across_customers():
        yield


def taken(path: Path, **more: Any) -> ImportReport:
    """Import, and see that every row and every order is accounted for."""
    report = import_orders(path, rejects=path.with_suffix(".rejects"), **more)
    assert report.rows_taken + report.rows_unchanged + report.rows_rejected == report.rows
    assert report.orders_taken + report.orders_unchanged + report.orders_rejected == report.orders
    assert sum(report.rejected_for.values()) == report.rows_rejected == len(rejected(path))
    return report


def rejected(path: Path) -> dict[int, str]:
    """By line, the code of each row that was not taken."""
    file = path.with_suffix(".rejects")
    if not file.exists():
        return {}
    with file.open(encoding="utf-8", newline="") as text:
        return {int(row["line"]): row["code"] for row in csv.DictReader(text)}


def example(tmp_path: Path, name: str) -> Path:
    copy = tmp_path / name
    copy.write_bytes((EXAMPLES / name).read_bytes())
    return copy


def order(n: int, **changes: Any) -> dict[str, Any]:
    return {
        "order_no": f"O{n}",
        "customer_ref": f"c{n // 2}",
        "currency": "CNY",
        "status": "approved",
        "placed_at": "2026-01-01T10:00:00+08:00",
        "approved_at": "2026-01-01T10:01:00+08:00",
        "lines": [{"sku": f"S{n % 7}", "name": "货", "unit_price_minor": 12_000}],
        "payments": [{"method": "mall", "amount_minor": 12_000, "installments": 3, "financed": True}],
        "plan": {"terms": {"principal": 12_000, "currency": "CNY", "opened_on": "2026-01-01", "installments": 3}},
        **changes,
    }


def json_file(path: Path, orders: Iterable[object]) -> Path:
    path.write_text("".join(json.dumps(it, ensure_ascii=False) + "\n" for it in orders), encoding="utf-8")
    return path


def test_our_own_csv_is_taken_with_lines_payments_plans_and_books(tmp_path: Path) -> None:
    report = taken(example(tmp_path, "orders.csv"))
    assert (report.orders_taken, report.rows_taken, report.customers, report.plans, report.prices) == (3, 4, 2, 2, 4)
    television = Order.objects.get(order_no="M20260302-007")
    assert television.total_minor == 485_000
    assert [line.name for line in OrderLine.objects.filter(order_id=television.id).order_by("line_no")] == [
        "清晖电视 65 英寸",
        "万能遥控器",
    ]
    payments = OrderPayment.objects.filter(order_id=television.id).order_by("seq")
    assert [(it.method, it.amount_minor, it.installments, it.financed) for it in payments] == [
        ("balance", 85_000, 0, False),
        ("installments", 400_000, 12, True),
    ]
    plan = Plan.objects.get(order_id=television.id)
    assert (plan.principal_minor, plan.installment_count, plan.fee_bearer) == (400_000, 12, "MERCHANT")
    rows = Installment.objects.filter(plan_id=plan.id)
    assert sum(row.principal_minor for row in rows) == 400_000
    entry = JournalEntry.objects.get(plan_id=plan.id)
    customer = Customer.objects.get(id=plan.customer_id)
    assert (customer.entry_seq, bytes(customer.entry_hash)) == (1, bytes(entry.hash))
    assert list(check_books()) == []


def test_the_same_file_twice_adds_nothing(tmp_path: Path) -> None:
    path = example(tmp_path, "orders.csv")
    taken(path)
    again = taken(path)
    assert (again.orders_taken, again.orders_unchanged, again.rows_unchanged) == (0, 3, 4)
    assert (again.customers, again.plans, again.prices) == (0, 0, 0)
    assert (Order.objects.count(), Plan.objects.count(), JournalEntry.objects.count()) == (3, 2, 2)


def test_json_lines_packed_or_not_and_csv_say_the_same(tmp_path: Path) -> None:
    taken(example(tmp_path, "orders.csv"))
    packed = tmp_path / "orders.jsonl.gz"
    packed.write_bytes(gzip.compress((EXAMPLES / "orders.jsonl").read_bytes()))
    report = taken(packed)
    assert (report.orders_unchanged, report.orders_taken) == (1, 1)


def test_an_order_registered_through_the_api_is_unchanged_in_a_file(tmp_path: Path) -> None:
    told = native_order(order(1), zone=noon("2026-01-01").tzinfo)  # type: ignore[arg-type]  # any zone: times have offsets
    register_customer(told.customer, now=noon("2026-01-02"))
    register_order(told.order, now=noon("2026-01-02"))
    report = taken(json_file(tmp_path / "a.jsonl", [order(1)]))
    assert (report.orders_unchanged, report.customers) == (1, 0)


def test_prices_are_observed_as_the_api_observes_them(tmp_path: Path) -> None:
    taken(json_file(tmp_path / "a.jsonl", [order(1), order(2), order(8)]))
    told = native_order(order(1), zone=noon("2026-01-01").tzinfo)  # type: ignore[arg-type]  # as above
    assert {it.id for it in price_observations(told.order)} <= set(
        PriceObservation.objects.values_list("id", flat=True)
    )
    assert PriceObservation.objects.count() == 2


@pytest.mark.parametrize(
    "change",
    [
        {"lines": [{"sku": "S1", "name": "货", "unit_price_minor": 12_001}]},
        {"status": "delivered", "delivered_at": "2026-01-09T10:00:00+08:00"},
        {"customer_ref": "somebody-else"},
        {"plan": None},
    ],
)
def test_a_changed_order_is_a_reported_conflict(tmp_path: Path, change: dict[str, Any]) -> None:
    taken(json_file(tmp_path / "a.jsonl", [order(1)]))
    before = Order.objects.get(order_no="O1")
    report = taken(json_file(tmp_path / "b.jsonl", [order(1, **change), order(2)]))
    assert (report.orders_rejected, report.orders_taken) == (1, 1)
    assert rejected(tmp_path / "b.jsonl") == {1: "order_conflict"}
    assert bytes(Order.objects.get(order_no="O1").digest) == bytes(before.digest)


def test_a_conflict_inside_one_file_is_found_too(tmp_path: Path) -> None:
    report = taken(json_file(tmp_path / "a.jsonl", [order(1), order(1), order(1, currency="USD", plan=None)]))
    assert (report.orders_taken, report.orders_unchanged, report.orders_rejected) == (1, 1, 1)


def test_orders_of_one_customer_extend_one_chain_over_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preparing, "ORDERS_PER_BATCH", 3)
    report = taken(json_file(tmp_path / "a.jsonl", [order(n, customer_ref="one") for n in range(8)]))
    assert (report.orders_taken, report.customers) == (8, 1)
    assert Customer.objects.get(ref="one").entry_seq == 8
    assert list(check_books()) == []


BAD_ORDERS = {
    "not json": "{",
    "an array": "[1]",
    "a name too many": order(1, extra=1),
    "no customer": {key: value for key, value in order(1).items() if key != "customer_ref"},
    "an empty number": order(1, order_no=" "),
    "a long number": order(1, order_no="9" * 65),
    "nul": order(1, order_no="a\x00b"),
    "half a surrogate": '{"order_no": "\\ud800", "customer_ref": "c"}',
    "a fraction of a fen": order(1, payments=[{"method": "mall", "amount_minor": 1.5}]),
    "a text for an amount": order(1, payments=[{"method": "mall", "amount_minor": "12"}]),
    "less than nothing": order(1, payments=[{"method": "mall", "amount_minor": -1}]),
    "more than there is": order(1, lines=[{"sku": "s", "name": "n", "unit_price_minor": 10**15, "quantity": 10**6}]),
    "an unknown currency": order(1, currency="XXX"),
    "an unknown status": order(1, status="lost"),
    "an unknown sales channel": order(1, sales_channel="MOON"),
    "dates out of order": order(1, approved_at="2025-12-31T00:00:00+08:00"),
    "a plan of nothing": order(1, plan={"terms": {"principal": 0, "currency": "CNY", "opened_on": "2026-01-01"}}),
    "a plan in another currency": order(
        1, plan={"terms": {"principal": 1, "currency": "USD", "opened_on": "2026-01-01", "installments": 3}}
    ),
    "a phone that is none": order(1, customer_phone="call me"),
    "a category too long": order(1, lines=[{"sku": "s", "name": "n", "unit_price_minor": 1, "category": "x" * 65}]),
    "too many lines": order(1, lines=[{"sku": "s", "name": "n", "unit_price_minor": 1}] * 501),
    "endless installments": order(1, payments=[{"method": "m", "amount_minor": 1, "installments": 2**40}]),
}


def test_every_bad_order_is_rejected_and_every_good_one_taken(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for bad in BAD_ORDERS.values():
            file.write((bad if isinstance(bad, str) else json.dumps(bad)) + "\n")
            file.write("\n")
        file.write(json.dumps(order(2)) + "\n")
    report = taken(path)
    assert (report.orders_rejected, report.orders_taken) == (len(BAD_ORDERS), 1)
    assert sorted(rejected(path)) == [2 * n + 1 for n in range(len(BAD_ORDERS))]
    assert list(Order.objects.values_list("order_no", flat=True)) == ["O2"]


def test_an_order_is_taken_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    header, *rows = (EXAMPLES / "orders.csv").read_text(encoding="utf-8").splitlines()
    remote = rows[2].replace(",gift,", ",").replace("万能遥控器", "")
    path.write_text("\n".join([header, rows[0], rows[1], remote, rows[3], rows[0]]) + "\n", encoding="utf-8")
    report = taken(path)
    assert rejected(path) == {
        2: "rows_not_adjacent",
        3: "wrong_columns",
        4: "wrong_columns",
        6: "rows_not_adjacent",
    }
    assert report.orders_taken == 1


def test_what_the_buyer_confirmed_of_an_item_is_taken_from_its_row(tmp_path: Path) -> None:
    columns = "order_no,customer_ref,currency,status,placed_at,sku,item_name,unit_price_minor,tags"
    header = f"{columns},no_return_confirmed_at,no_return_text_version"
    of_order = "c1,CNY,delivered,2026-03-01 10:00"
    path = tmp_path / "confirmed.csv"
    path.write_text(
        f"{header}\n"
        f"A1,{of_order},S1,货,100,opened,2026-03-01 09:59,v2\n"
        f"A1,{of_order},S2,货,100,,,\n"
        f"A2,{of_order},S1,货,100,opened,2026-03-01 10:01,v2\n"
        f"A3,{of_order},S1,货,100,opened,,v2\n",
        encoding="utf-8",
    )
    report = taken(path)
    assert (report.orders_taken, rejected(path)) == (1, {4: "invalid_input", 5: "invalid_input"})
    confirmed, other = OrderLine.objects.order_by("line_no")
    assert confirmed.no_return_confirmed_at == datetime(2026, 3, 1, 1, 59, tzinfo=UTC)
    assert (confirmed.no_return_text_version, other.no_return_confirmed_at) == ("v2", None)


def test_rows_that_disagree_about_their_order_are_rejected(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    text = (EXAMPLES / "orders.csv").read_text(encoding="utf-8")
    path.write_text(text.replace("balance:0:85000:no|", "balance:0:99999:no|", 1), encoding="utf-8")
    assert taken(path).rejected_for == {"rows_disagree": 2}


def test_a_phone_bound_to_somebody_else_is_a_reported_reject(tmp_path: Path) -> None:
    orders = [order(n, customer_ref=f"c{n}", customer_phone="138 0013 8001") for n in (1, 2)]
    report = taken(json_file(tmp_path / "a.jsonl", orders))
    assert report.rejected_for == {"phone_taken": 1}
    kept = json_file(tmp_path / "b.jsonl", [order(3, customer_ref="c1", customer_phone="13900139001")])
    assert taken(kept).notes == {"customer_phone_kept": 1}


def test_an_interrupted_import_goes_on_after_its_last_whole_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preparing, "ORDERS_PER_BATCH", 4)
    orders = [order(n) if n % 5 else order(n, status="lost") for n in range(30)]
    path = json_file(tmp_path / "a.jsonl", orders)
    calls = 0

    def break_down(some: Batch, **more: Any) -> Written:
        nonlocal calls
        calls += 1
        if calls == 4:
            raise KeyboardInterrupt
        return write_batch(some, **more)

    monkeypatch.setattr(run, "write_batch", break_down)
    with pytest.raises(KeyboardInterrupt):
        taken(path)
    assert ImportRun.objects.get().rows_done == 12
    report = taken(path)
    assert (report.resumed_after_row, report.orders_taken, report.orders_rejected) == (12, 24, 6)
    assert list(rejected(path)) == [1, 6, 11, 16, 21, 26]
    assert list(check_books()) == []


def test_a_batch_is_tried_again_when_somebody_came_between(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failures = iter([True, True])

    def fail_twice(some: Batch, **more: Any) -> Written:
        written = write_batch(some, **more)
        if next(failures, False):
            raise IntegrityError
        return written

    monkeypatch.setattr(run, "PAUSES", (0, 0, 0))
    monkeypatch.setattr(run, "write_batch", fail_twice)
    assert taken(json_file(tmp_path / "a.jsonl", [order(n) for n in range(5)])).orders_taken == 5
    assert Order.objects.count() == 5


def test_what_only_the_database_refuses_costs_its_own_order_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse_one(table: Table, rows: list[str]) -> None:
        if table.name == "orders" and any("\tO3\t" in row for row in rows):
            raise IntegrityError
        copy(table, rows)

    copy = Table.copy
    monkeypatch.setattr(Table, "copy", refuse_one)
    path = json_file(tmp_path / "a.jsonl", [order(n) for n in range(5)])
    monkeypatch.setattr(run, "PAUSES", (0,))
    assert taken(path).rejected_for == {"refused_by_database": 1}
    assert Order.objects.count() == 4
    assert list(check_books()) == []


def test_killed_in_the_middle_it_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    path = json_file(tmp_path / "many.jsonl", (order(n) for n in range(6000)))
    database = settings.DATABASES["default"]
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "fenqi.config.testing",
        "DATABASE_URL": f"postgresql://{database['USER']}:{database['PASSWORD']}@/{connection.settings_dict['NAME']}"
        f"?host={database['HOST']}&port={database['PORT']}",
    }
    rejects = tmp_path / "r.csv"
    arguments = [sys.executable, "-m", "fenqi.interfaces.commands.main", "import-orders", str(path)]
    process = subprocess.Popen([*arguments, "--rejects", str(rejects)], env=environment, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while not ImportRun.objects.filter(rows_done__gt=0).exists():
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    done = ImportRun.objects.get().rows_done
    assert 0 < done < 6000
    assert Order.objects.count() == done
    report = taken(path)
    assert (report.resumed_after_row, report.orders_taken, report.orders) == (done, 6000, 6000)
    assert (Order.objects.count(), Plan.objects.count()) == (6000, 6000)
    assert list(check_books()) == []


def test_the_command_says_it_in_words_and_in_json(tmp_path: Path) -> None:
    path = json_file(tmp_path / "a.jsonl", [order(1), order(2, status="lost")])
    rejects = tmp_path / "r.csv"
    spoken = CliRunner().invoke(command, [str(path), "--rejects", str(rejects)])
    assert spoken.exit_code == 0, spoken.output
    assert "rejected, invalid_input: 1 rows" in spoken.output
    said = CliRunner().invoke(command, [str(path), "--rejects", str(rejects), "--json"])
    report = json.loads(said.stdout)
    assert (report["orders"], report["orders_unchanged"], report["orders_rejected"]) == (2, 1, 1)
    assert report["rejects_file"] == str(rejects)


@pytest.mark.skipif(not OLIST_SAMPLE.exists(), reason="the data set is not here")
def test_two_thousand_real_orders_are_taken_whole(tmp_path: Path) -> None:
    mapping = read_mapping(OLIST_MAPPING)
    report = import_orders(OLIST_SAMPLE, rejects=tmp_path / "r.csv", mapping=mapping)
    assert (report.orders_taken, report.orders, report.rows_taken, report.rows) == (2000, 2000, 2310, 2310)
    assert report.plans == 2000
    financed = sum(OrderPayment.objects.filter(financed=True).values_list("amount_minor", flat=True))
    assert sum(Plan.objects.values_list("principal_minor", flat=True)) == financed
    assert list(check_books()) == []
    again = import_orders(OLIST_SAMPLE, rejects=tmp_path / "r.csv", mapping=mapping)
    assert (again.orders_taken, again.orders_unchanged, again.rejects_file) == (0, 2000, None)
