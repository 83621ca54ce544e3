"""Every list on the page of one customer: narrowed, sorted and taken along by itself, without a statement more."""

import csv
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from io import BytesIO, StringIO
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID
from zipfile import ZipFile

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from fenqi.interfaces.console import customers
from fenqi.records.identifiers import new_id
from fenqi.records.models import AuditRecord, BoundCard, CreditMark, DebitAgreement, DebtContact, Notice
from fenqi.usecases import clock
from fenqi.usecases.orders.register import register_order
from fenqi.usecases.support import customer_file
from held import bound_card, frozen
from malls import Bought, a_customer, an_order, bought, noon
from owed_back import paid_twice
from town import Town

Desk = Callable[..., Client]

REF = "c-of-years"
FORMULA = "=1+1"
PARTS = (
    "story",
    "plans",
    "orders",
    "auto-debit",
    "payments",
    "refunds",
    "reserves",
    "journal",
    "events",
)
HOSTILE = ("<script>alert(1)</script>", "' OR 1=1 --", "%", "x" * 5_000, "a\x00b", "\u202e", FORMULA)

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass(frozen=True, slots=True)
class Life:
    """A customer of whom every list has rows, and the page about them."""

    plan: Bought

    @property
    def customer_id(self) -> UUID:
        return self.plan.customer_id

    @property
    def page(self) -> str:
        return f"/console/customers/{self.customer_id}"

    def asked(self, client: Client, **said: str) -> Any:
        """`orders__q="x"` asks the list of orders for the word."""
        return client.get(self.page, {key.replace("__", "-"): value for key, value in said.items()})

    def signs(self, card: BoundCard | None = None) -> None:
        now = clock.now()
        DebitAgreement.objects.create(
            customer_id=self.customer_id,
            id=new_id(),
            plan_id=self.plan.plan_id,
            channel="alipay",
            number=f"A{new_id().hex[:20]}",
            status="ended",
            limit_minor=40_000,
            currency="CNY",
            consent={"version": "2026-11", "language": "zh", "ip": "203.0.113.9", "text": []},
            card_id=card.id if card else None,
            end_reason="by_customer",
            ended_at=now,
            signed_at=now,
            created_at=now,
            updated_at=now,
        )


@pytest.fixture
def life(town: Town) -> Life:
    now = clock.now()
    plan = bought(REF)
    a_customer(REF, name="陈小云", phone="17000000921")
    frozen(town, now=now, plan=plan)
    paid_twice(now=now, plan=plan)
    register_order(an_order("o-tablet", ref=REF, placed="2026-02-01", principal=60_000), now=now)
    register_order(an_order(f"o{FORMULA}", ref=REF, placed="2026-03-01", principal=90_000), now=now)
    found = Life(plan)
    found.signs()
    return found


def lists_of(answer: Any) -> Iterator[tuple[str, Any]]:
    """Part and list of those that the page has."""
    names = ("story", "plan", "order", "agreement", "payment", "refund", "reserve", "event")
    for name in (*(f"{one}_list" for one in names), "journal"):
        if name in answer.context:
            listing = answer.context[name]
            yield listing.part, listing


def sheet_of(answer: Any) -> list[list[str]]:
    assert answer["Content-Disposition"].endswith('.csv"'), answer["Content-Type"]
    return list(csv.reader(StringIO(answer.content.decode("utf-8-sig"))))


def test_each_is_taken_along_in_the_words_of_its_reader_and_that_is_written_down(life: Life, desk: Desk) -> None:
    english, chinese = desk("finance", "en"), desk("finance")
    page = english.get(life.page)
    assert {part for part, _ in lists_of(page)} == set(PARTS)
    for part, listing in lists_of(page):
        assert listing.everything, part
        assert f'id="{part}"' in page.content.decode()
        heads, *rows = sheet_of(english.get(life.page, {f"{part}-sheet": "csv"}))
        assert len(rows) == len(listing.everything), part
        assert not re.search("[\u4e00-\u9fff]", "".join(heads)), heads
        assert "陈小云" not in str(rows)
        assert "17000000921" not in str(rows)
        taken = chinese.get(life.page, {f"{part}-sheet": "xlsx"})
        with ZipFile(BytesIO(taken.content)) as book:
            texts = re.findall(r"<t[^>]*>([^<]*)</t>", book.read("xl/sharedStrings.xml").decode())
            assert "<f>" not in book.read("xl/worksheets/sheet1.xml").decode()
        assert not [head for head in texts[: len(heads)] if re.fullmatch("[A-Za-z .']+", head) and head != "CNY"], part
        kept = AuditRecord.objects.filter(customer_id=life.customer_id, action="list_taken_along")
        assert kept.filter(details={"list": listing.name, "rows": len(rows), "format": "csv"}).exists(), part
        assert kept.filter(details={"list": listing.name, "rows": len(rows), "format": "xlsx"}).exists(), part


def test_each_is_narrowed_and_sorted_by_itself(life: Life, desk: Desk) -> None:
    client = desk("admin", "en")

    def orders(**said: str) -> list[str]:
        return [order.order_no for order in life.asked(client, **said).context["order_list"].rows]

    first, tablet, odd = f"o-{REF}", "o-tablet", f"o{FORMULA}"
    assert orders() == [odd, tablet, first]
    assert orders(orders__sort="total") == [tablet, odd, first]
    assert orders(orders__sort="-total") == [first, odd, tablet]
    assert orders(orders__q="TABLET") == [tablet]
    assert orders(orders__state="Cancelled") == []
    assert orders(events__q="nothing of it", payments__sort="amount") == [odd, tablet, first]
    plans = life.asked(client, plans__sort="-owed").context["plan_list"].rows
    assert len(plans) == 2
    assert plans[0].plan.outstanding_minor > plans[1].plan.outstanding_minor
    tries = life.asked(client).context["payment_list"].everything
    assert {one.attempt.state if one.attempt else "" for one in tries} == {"", "succeeded"}
    narrowed = life.asked(client, payments__outcome="Succeeded", story__q="paid a second time").context
    assert [one.attempt.state for one in narrowed["payment_list"].rows] == ["succeeded"]
    (told,) = narrowed["story_list"].rows
    assert told.amount_minor == 10_000
    (one,) = narrowed["refund_list"].rows
    number = one.leg.out_refund_no
    assert len(life.asked(client, refunds__q=number).context["refund_list"].rows) == 1
    assert life.asked(client, refunds__state="Has left", refunds__q="?").context["refund_list"].rows == []
    shown = life.asked(client, events__sort="-seq", events__q="repay").context["event_list"]
    assert [line.event.kind for line in shown.rows] == ["repayment"]
    taken = sheet_of(life.asked(client, orders__q="TABLET", orders__sheet="csv", events__q="repay"))
    assert [line[0] for line in taken[1:]] == [tablet]


def test_lists_keep_each_others_filters_and_the_plan_that_is_looked_at(life: Life, desk: Desk) -> None:
    said = {"plan": str(life.plan.plan_id), "show": "orders", "orders-q": "tablet", "events-sort": "-seq"}
    answer = desk("agent", "en").get(life.page, said)
    for part, listing in lists_of(answer):
        others = {key: value for key, value in said.items() if not key.startswith(f"{part}-")}
        query, _, anchor = dict(listing.sheets)["CSV"].removeprefix("?").partition("#")
        assert anchor == part
        assert others.items() <= dict(parse_qsl(query)).items(), part
        assert dict(listing.hidden).items() >= others.items(), part
    assert "journal" not in answer.context


def test_whatever_is_written_into_a_filter_harms_nothing(life: Life, desk: Desk) -> None:
    client = desk("admin", "en")
    asked = [f"{part}-{key}" for part in PARTS for key in ("q", "sort", "page", "sheet", "state")]
    for turn in range(2):
        said = {key: HOSTILE[(n + turn) % len(HOSTILE)] for n, key in enumerate(asked)}
        answer = client.get(life.page, said)
        assert answer.status_code == 200
        assert "<script>alert(1)" not in answer.content.decode()
    sheet = sheet_of(life.asked(client, orders__q=f"o{FORMULA}", orders__sheet="csv"))
    assert [line[0] for line in sheet[1:]] == [f"o{FORMULA}"]
    assert not [cell for line in sheet for cell in line if cell.startswith(("=", "+", "@"))]


def test_who_may_not_see_a_list_takes_none_along(life: Life, desk: Desk, client: Client) -> None:
    agent = desk("agent", "en")
    assert agent.get(life.page, {"journal-sheet": "csv"})["Content-Type"].startswith("text/html")
    for part in PARTS:
        answer = client.get(life.page, {f"{part}-sheet": "csv"})
        assert answer.status_code == 302
        assert answer["Location"].startswith("/console/sign-in")
    taken = AuditRecord.objects.filter(customer_id=life.customer_id, action="list_taken_along")
    assert not taken.exists()


def test_after_names_were_shown_the_lists_go_on_masked(life: Life, desk: Desk) -> None:
    agent = desk("agent")
    agent.post(f"{life.page}/reveal", {"reason": "为订单回电"})
    answer = agent.get(f"{life.page}/reveal", {"orders-sort": "total", "plan": str(life.plan.plan_id)})
    assert answer["Location"] == f"{life.page}?orders-sort=total&plan={life.plan.plan_id}"
    assert "陈小云" not in agent.get(answer["Location"]).content.decode()


def test_more_rows_need_no_more_statements(life: Life, town: Town, desk: Desk) -> None:
    client = desk("admin")
    client.get(life.page)
    card = BoundCard.objects.get(
        customer_id=life.customer_id, id=bound_card(town, life.customer_id, now=clock.now()).card_id
    )
    life.signs(card)

    def asked_for_the_page() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert client.get(life.page).status_code == 200
        return len(asked)

    few = asked_for_the_page()
    for n in range(3):
        register_order(an_order(f"o-more-{n}", ref=REF, placed="2026-04-01"), now=clock.now())
        life.signs(card)
        life.plan.record(1_000, on=clock.business_date(clock.now()), now=clock.now(), key=f"more {n}")
    assert asked_for_the_page() == few


def test_a_list_that_is_cut_says_so(life: Life, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    client = desk("agent", "en")
    whole = client.get(life.page)
    assert "there are more than are listed here" not in whole.content.decode()
    monkeypatch.setattr(customer_file, "MOST_ROWS", 1)
    monkeypatch.setattr(customers, "MOST_ROWS", 0)
    cut = client.get(life.page)
    are_cut = {part for part, listing in lists_of(cut) if listing.is_cut}
    assert are_cut >= {"story", "orders", "payments"}
    assert len(cut.context["order_list"].everything) == 1
    assert "refund_list" not in cut.context
    assert "there are more than are listed here" in cut.content.decode()


@pytest.fixture
def troubled() -> Bought:
    """A plan past due with calls, a promise, a mark and notices on record."""
    now = noon("2026-03-10")
    plan = bought("c-late", method="flat_fee", fee_rate="1")
    about = {"customer_id": plan.customer_id, "plan_id": plan.plan_id}
    for n in range(12):
        DebtContact.objects.create(
            **about,
            at=now - timedelta(days=n),
            how="called_us" if n else "call",
            outcome="reached" if n else "busy",
            note=f"call {n}",
            actor="system",
            request_key=f"k-{n}",
            recorded_at=now,
        )
    for n in range(3):
        Notice.objects.create(
            customer_id=plan.customer_id,
            message="due_soon",
            subject=f"due:{n}",
            weight="news",
            params={},
            language="zh",
            state="held" if n else "told",
            reason="paid" if n else "",
            due_at=now - timedelta(days=n),
            created_at=now,
            told_at=None if n else now,
        )
    CreditMark.objects.create(
        **about,
        n=1,
        due_on=date(2026, 2, 1),
        amount_minor=11_200,
        currency="CNY",
        state="dropped",
        report_on=date(2026, 3, 20),
        noticed_at=now,
        ended_at=now,
        ended_reason="paid",
        policy_version=1,
    )
    return plan


def test_calls_promises_and_marks_of_a_late_plan_are_lists(troubled: Bought, desk: Desk) -> None:
    agent, page = desk("agent", "en"), f"/console/collections/{troubled.customer_id}/{troubled.plan_id}"
    with clock.stopped(noon("2026-03-10")):
        said = {"amount": "50", "pay_by": "2026-03-11", "note": "salary", "request_key": str(new_id())}
        agent.post(f"{page}/promise", said)
        again = agent.post(f"{page}/promise", {**said, "amount": "no sum", "request_key": str(new_id())})
        assert again.status_code == 422
        assert f'href="{page}?contacts-sheet=csv#contacts"' in again.content.decode()
        told = agent.get(page, {"contacts-outcome": "Busy", "promises-q": "no such word"})
        assert [one.note for one in told.context["contacts"].rows] == ["call 0"]
        assert "No promise here" in told.content.decode()
        assert len(agent.get(page, {"contacts-page": "2"}).context["contacts"].rows) == 2
        for part, word in (("contacts", "The customer called us"), ("promises", "salary"), ("marks", "Not reported")):
            taken = sheet_of(agent.get(page, {f"{part}-sheet": "csv"}))
            assert word in str(taken[1]) or word in str(taken[2])
            assert agent.get(page, {f"{part}-sheet": "xlsx"})["Content-Type"].endswith("spreadsheetml.sheet")
            kept = AuditRecord.objects.filter(customer_id=troubled.customer_id, action="list_taken_along")
            assert kept.filter(details__list=f"{part}-of-a-plan", details__rows=len(taken) - 1).count() == 2


def test_what_a_customer_was_told_is_a_list_that_asks_no_more_for_more(troubled: Bought, desk: Desk) -> None:
    agent, page = desk("agent", "en"), f"/console/customers/{troubled.customer_id}/notices"
    agent.get(page)
    with CaptureQueriesContext(connection) as for_all:
        everything = agent.get(page).context["listing"]
    assert [one.state for one in everything.rows] == ["told", "held", "held"]
    narrowed = agent.get(page, {"state": "Not sent", "sort": "at"}).context["listing"].rows
    assert [one.due_at for one in narrowed] == sorted(one.due_at for one in everything.rows)[:2]
    heads, *rows = sheet_of(agent.get(page, {"sheet": "csv", "why": "paid meanwhile"}))
    assert heads[:4] == ["At", "What was told", "State", "Ways"]
    assert len(rows) == 2
    assert "xlsx" in agent.get(page, {"sheet": "xlsx"})["Content-Disposition"]
    assert AuditRecord.objects.filter(customer_id=troubled.customer_id, action="list_taken_along").count() == 2
    Notice.objects.filter(customer_id=troubled.customer_id, state="held").delete()
    with CaptureQueriesContext(connection) as for_one:
        agent.get(page)
    assert len(for_one) == len(for_all)


def test_orders_to_dispute_are_a_list_for_who_may_make_the_files(life: Life, desk: Desk) -> None:
    page = f"{life.page}/account"
    found = desk("agent", "en").get(page, {"orders-q": "tablet"})
    assert [order.order_no for order in found.context["listing"].rows] == ["o-tablet"]
    assert len(sheet_of(desk("agent", "en").get(page, {"orders-sheet": "csv"}))) == 4
    assert desk("finance", "en").get(page, {"orders-sheet": "csv"})["Content-Type"].startswith("text/html")
