"""Lists of the console: narrowed, sorted, turned page by page, and taken along without harm."""

import csv
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from io import BytesIO, StringIO
from typing import Any
from uuid import UUID
from zipfile import ZipFile

import pytest
from django.test import Client, RequestFactory

from bill_sources import CHANNEL, bill_line, open_bills
from closings import closed
from fenqi.interfaces.console.lists import Column, Kind, read_listing
from fenqi.records.identifiers import HOUSE_ID
from fenqi.records.models import Account, AuditRecord, RefusedCallback, Role, TextKind
from fenqi.usecases import clock
from fenqi.usecases.help import publishing
from fenqi.usecases.migrating.rehearsing import rehearse
from fenqi.usecases.partners import refunding
from fenqi.usecases.partners.providers import edit_provider
from fenqi.usecases.partners.settlement import take_settlement
from fenqi.usecases.reconciliation.run import reconcile
from fenqi.usecases.staff.permissions import staff_member
from lenders import CARD, PARTNER_CODE, PLATFORM, buy_financed, returned
from malls import bought, noon
from moving import drafted
from returned import a_return, delivered
from town import Town

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


@dataclass(frozen=True, slots=True)
class Place:
    """A list as it is taken along: its page, the part that it is, its heads in English, and a word of one row."""

    page: str
    part: str
    heads: Sequence[str]
    word: str
    customer_id: UUID = HOUSE_ID

    @property
    def prefix(self) -> str:
        return f"{self.part}-" if self.part else ""


@pytest.fixture
def places(
    person: Person, town: Town, make_staff: Callable[[str], Account], monkeypatch: pytest.MonkeyPatch
) -> list[Place]:
    """A mall in which every list has something: what is closed, moves, fails, is written, lent, billed, claimed."""
    person("wang")
    now = clock.now()
    admin = staff_member(make_staff(Role.ADMIN))
    assert admin
    edit_provider(admin, PLATFORM, now=now)
    closing_id = closed(now, hours=2)
    moving = drafted(admin, bought(), now=now)
    rehearse(moving.migration_id, now=now)
    lent = buy_financed()
    row = returned(lent, 30_000, now=now)
    town.order("refund", "processing", channel="partner")
    refunding.send(lent.customer_id, row.id, now=now)
    town.tell(f"refunds/{row.number}/fail")
    refunding.ask(lent.customer_id, row.id, now=now)
    take_settlement(PARTNER_CODE, clock.business_date(now), now=now)
    bills = open_bills(monkeypatch)
    bills.days[date(2026, 2, 1)] = [bill_line("NOBODYS1", 700, fee_minor=4)]
    reconcile(CHANNEL, date(2026, 2, 1), now=noon("2026-02-02"))
    text: dict[str, Any] = dict.fromkeys(publishing.PRINTED, "words")
    told = publishing.TextDraft(
        kind=TextKind.ANNOUNCEMENT, code="entry-moves", valid_from=clock.business_date(now), **text
    )
    publishing.write(admin, told, now=now)
    case = delivered().apply(a_return())
    of_whom = f"customers/{case.customer_id}"
    return [
        Place("entries", "closings", ("Repayment entry", "Closed from"), "An upgrade"),
        Place(f"entries/closings/{closing_id}", "plans", ("Customer", "Customer number"), "CNY"),
        Place(f"moves/{moving.migration_id}", "plans", ("Order of the plan", "State"), "Agrees to the fen"),
        Place("recovery", "", ("Cause", "Failed"), "not enough balance"),
        Place("saved-answers", "", ("Title", "Short name"), "Offered now"),
        Place("texts", "", ("Title", "Kind"), "Waits for a second person"),
        Place("notices/messages", "", ("Message", "Short name"), "repayment_succeeded"),
        Place("collections/rules", "versions", ("Version", "Holds from"), "system"),
        Place("after-sales/policies", "versions", ("Kind", "What it holds for"), "Rules now"),
        Place("lenders", "waiting", ("Customer", "Lender"), row.number),
        Place("lenders", "lenders", ("Lender", "Short name"), PARTNER_CODE),
        Place("lenders", "files", ("Day", "Lender"), "Qingrong"),
        Place("reconciliation", "days", ("Day", "Channel"), "6.96"),
        Place(f"reconciliation/{CHANNEL}/2026-02-01", "differences", ("What differs", "Number"), "NOBODYS1"),
        Place(of_whom, "after-sales", ("Case", "Goods"), case.view.case_no, case.customer_id),
        Place(of_whom, "journal", ("No.", "Value date"), "Receivable: principal", case.customer_id),
    ]


def taken_along(client: Client, place: Place, as_what: str) -> bytes:
    answer = client.get(f"/console/{place.page}", {f"{place.prefix}sheet": as_what})
    assert f".{as_what}" in answer["Content-Disposition"], place
    return answer.content


def heads_of(book: bytes) -> list[str]:
    """The first row of a workbook."""
    with ZipFile(BytesIO(book)) as files:
        texts = re.findall(r"<t[^>]*>([^<]*)</t>", files.read("xl/sharedStrings.xml").decode())
        (first,) = re.findall(r'<row r="1"[^>]*>(.*?)</row>', files.read("xl/worksheets/sheet1.xml").decode())
    return [texts[int(number)] for number in re.findall(r"<v>(\d+)</v>", first)]


@pytest.mark.django_db(transaction=True)
def test_every_list_of_a_page_is_taken_along_in_the_words_of_its_reader(places: list[Place], desk: Desk) -> None:
    english, chinese, agent = desk("admin", "en"), desk("admin"), desk("agent", "en")
    for place in places:
        narrowed = english.get(f"/console/{place.page}", {f"{place.prefix}q": "no such word"}).content.decode()
        assert re.search(r">0 of \d", narrowed), place
        heads, *rows = csv.reader(StringIO(taken_along(english, place, "csv").decode("utf-8-sig")))
        assert tuple(heads[: len(place.heads)]) == place.heads
        assert place.word in str(rows)
        in_chinese = heads_of(taken_along(chinese, place, "xlsx"))
        assert len(in_chinese) == len(heads)
        assert not any(re.search("[A-Za-z]{3}", head) for head in in_chinese), place
        taken = AuditRecord.objects.filter(customer_id=place.customer_id, action="list_taken_along")
        assert taken.filter(details__format="xlsx", details__rows=len(rows)).exists()
    refused = {"moves", "lenders", "reconciliation"}
    for place in places:
        if place.page.split("/")[0] in refused:
            assert agent.get(f"/console/{place.page}", {f"{place.prefix}sheet": "csv"}).status_code == 403
    journal = places[-1]
    assert agent.get(f"/console/{journal.page}", {"journal-sheet": "csv"})["Content-Type"].startswith("text/html")


@pytest.mark.parametrize(("read", "listed", "is_cut"), [(2, 2, False), (3, 3, False), (4, 3, True)])
def test_one_row_more_than_is_listed_tells_that_there_are_more(
    rf: RequestFactory,
    read: int,
    listed: int,
    is_cut: bool,  # noqa: FBT001  # a column of the table
) -> None:
    columns: list[Column[int]] = [Column(key="n", title="N", value=lambda n: n, kind=Kind.NUMBER)]
    listing = read_listing(rf.get("/"), name="numbers", columns=columns, rows=range(read), most=3)
    assert (len(listing.everything), listing.is_cut) == (listed, is_cut)


def test_lists_of_one_page_keep_each_others_filters_and_lead_to_their_own_heading(
    town: Town, desk: Desk, make_staff: Callable[[str], Account]
) -> None:
    admin = staff_member(make_staff(Role.ADMIN))
    assert admin
    edit_provider(admin, PLATFORM, now=clock.now())
    edit_provider(admin, CARD, now=clock.now())
    asked = {"lenders-q": "qing", "lenders-kind": "Installment platform", "files-sort": "-lines", "month": "2026-11"}
    answer = desk("admin", "en").get("/console/lenders", asked)
    lenders, files = (answer.context[name] for name in ("lenders", "files"))
    assert [one.of.code for one in lenders.rows] == [PARTNER_CODE]
    assert lenders.plain_address == "?files-sort=-lines&month=2026-11#lenders"
    assert dict(files.hidden) == asked
    assert 'action="#lenders"' in answer.content.decode()
