"""Lists of the console: narrowed, sorted, turned page by page, and taken along without harm."""

import csv
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO, StringIO
from typing import Any
from uuid import UUID
from zipfile import ZipFile

import pytest
from django.test import Client

from fenqi.records.identifiers import HOUSE_ID
from fenqi.records.models import AuditRecord, RefusedCallback
from fenqi.usecases import clock

Desk = Callable[..., Client]
Person = Callable[[str], UUID]

FORMULA = "=cmd|' /C calc'!A0"
BOMB = "+1+cmd"


@pytest.fixture
def callbacks(db: None) -> None:
    now = clock.now()
    made = [("alipay", "malformed", "10.0.0.1", "plain"), ("alipay", "signature", "10.0.0.2", FORMULA)]
    made += [("wechat_pay", "signature", BOMB, "订单 4471")]
    for n, (channel, reason, address, body) in enumerate(made):
        at = now - timedelta(minutes=n)
        RefusedCallback.objects.create(
            channel=channel, reason=reason, remote_address=address, body=body, received_at=at
        )


def shown(answer: Any) -> list[str]:
    return [row.remote_address for row in answer.context["listing"].rows]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, ["10.0.0.1", "10.0.0.2", BOMB]),
        ({"q": "订单"}, [BOMB]),
        ({"q": "10.0 PLAIN"}, ["10.0.0.1"]),
        ({"channel": "支付宝"}, ["10.0.0.1", "10.0.0.2"]),
        ({"channel": "支付宝", "q": "nothing of it"}, []),
        ({"sort": "from"}, [BOMB, "10.0.0.1", "10.0.0.2"]),
        ({"sort": "-from"}, ["10.0.0.2", "10.0.0.1", BOMB]),
        ({"sort": "received"}, [BOMB, "10.0.0.2", "10.0.0.1"]),
        ({"sort": "no such column", "page": "-7", "sheet": "exe"}, ["10.0.0.1", "10.0.0.2", BOMB]),
    ],
)
def test_a_list_is_narrowed_and_sorted(callbacks: None, desk: Desk, asked: dict[str, str], found: list[str]) -> None:
    assert shown(desk("finance").get("/console/refused-callbacks", asked)) == found


def test_a_head_says_how_it_is_sorted_and_turns_the_order(callbacks: None, desk: Desk) -> None:
    page = desk("finance").get("/console/refused-callbacks", {"sort": "from", "q": "10"}).content.decode()
    assert 'aria-sort="ascending"><a class="sorter" href="?q=10&amp;sort=-from"' in page


def test_as_csv_it_is_what_was_narrowed_and_runs_nothing(callbacks: None, desk: Desk) -> None:
    answer = desk("finance", "en").get("/console/refused-callbacks", {"q": "signature", "sheet": "csv"})
    assert answer["Content-Disposition"] == 'attachment; filename="refused-callbacks.csv"'
    text = answer.content.decode("utf-8-sig")
    heads, *lines = csv.reader(StringIO(text))
    assert heads == ["Received", "Channel", "Reason", "From", "What it said"]
    assert [line[3:] for line in lines] == [["10.0.0.2", f"'{FORMULA}"], [f"'{BOMB}", "订单 4471"]]
    kept = AuditRecord.objects.get(customer_id=HOUSE_ID, action="list_taken_along")
    assert kept.details == {"list": "refused-callbacks", "rows": 2, "format": "csv"}


def test_as_xlsx_texts_are_texts_and_amounts_are_numbers(person: Person, desk: Desk) -> None:
    lin = person("lin")
    answer = desk("agent", "en").get("/console/repayments", {"which": "unknown", "sheet": "xlsx"})
    with ZipFile(BytesIO(answer.content)) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
        texts = book.read("xl/sharedStrings.xml").decode()
    assert "Outcome unknown" in texts
    assert "CNY" in texts
    assert "<f>" not in sheet
    listing = desk("agent", "en").get("/console/repayments", {"which": "unknown"}).context["listing"]
    (one,) = listing.rows
    assert one.customer.customer_id == lin
    assert f"<v>{one.amount_minor / 100:.2f}".rstrip("0").rstrip(".") in sheet
    assert f"<t>{one.out_trade_no}</t>" in texts


def test_repayments_of_a_period_are_listed_with_what_became_of_them(person: Person, desk: Desk) -> None:
    person("chen")
    agent = desk("agent")
    this_year = agent.get("/console/repayments", {"from": "2020-01-01"}).context["listing"]
    long_ago = agent.get("/console/repayments", {"from": "2020-01-01", "to": "2020-02-01"}).context["listing"]
    assert {one.state for one in this_year.everything} >= {"failed", "unknown"}
    assert long_ago.everything == []
    backwards = agent.get("/console/repayments", {"from": "2026-02-01", "to": "2026-01-01"}).context["listing"]
    assert backwards.period.from_on < backwards.period.to_on
