"""Reads what the address asks of each list of the page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.http import HttpRequest

from fenqi.interfaces.console.customer_lists.bought import AGREEMENTS, ORDERS, PLANS, OtherPlan, standing
from fenqi.interfaces.console.customer_lists.paid import PARTS, RESERVES, TRIES, parts_of, tries_of
from fenqi.interfaces.console.customer_lists.told import CASES, EVENTS, JOURNAL, STORY, lines_of, records_of
from fenqi.interfaces.console.lists import Column, Listing, read_listing
from fenqi.interfaces.console.timeline import Moment
from fenqi.usecases.aftersales.views import CaseSummary
from fenqi.usecases.agreements.queries import AgreementView
from fenqi.usecases.refunds.queries import RefundView
from fenqi.usecases.reserves.queries import ReserveView
from fenqi.usecases.support.customer_file import CustomerFile

ROWS_AT_ONCE: Final = 20
"""There are ten lists below each other."""
AT_ONCE: Final = {"plans": 10, "journal": 50}
"""Plans stand in a column of their own, and an entry of the journal has several lines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """All rows that the reader may see; `left_out` names the lists that have only the newest."""

    file: CustomerFile
    story: Sequence[Moment]
    agreements: Sequence[AgreementView]
    refunds: Sequence[RefundView]
    reserves: Sequence[ReserveView]
    cases: Sequence[CaseSummary]
    left_out: frozenset[str]


def read_customer_lists(request: HttpRequest, shown: Shown, *, today: date) -> Mapping[str, Listing[Any]]:
    """Those that have any rows, by their names on the page; the part of each is the id of its heading."""
    file = shown.file
    plans = [OtherPlan(plan, standing(plan, today=today)) for plan in file.other_plans]
    books = file.books
    of: Mapping[str, tuple[str, str, Sequence[Column[Any]], Sequence[Any]]] = {
        "story_list": ("story", "story", STORY, shown.story),
        "plan_list": ("plans", "other-plans", PLANS, plans),
        "order_list": ("orders", "orders", ORDERS, file.orders),
        "agreement_list": ("auto-debit", "auto-debit", AGREEMENTS, shown.agreements),
        "payment_list": ("payments", "payments", TRIES, tries_of(file)),
        "case_list": ("after-sales", "cases", CASES, shown.cases),
        "refund_list": ("refunds", "refunds", PARTS, parts_of(shown.refunds)),
        "reserve_list": ("reserves", "reserves", RESERVES, shown.reserves),
        "journal": ("journal", "journal", JOURNAL, lines_of(books) if books else ()),
        "event_list": ("events", "events", EVENTS, records_of(file)),
    }
    return {
        on_page: read_listing(
            request,
            name=name,
            columns=columns,
            rows=rows,
            is_cut=part in shown.left_out,
            part=part,
            page_size=AT_ONCE.get(part, ROWS_AT_ONCE),
        )
        for on_page, (part, name, columns, rows) in of.items()
        if rows
    }
