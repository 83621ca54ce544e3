"""Lists on the page of one customer that grow with the years: after-sales cases, and lines of the journal."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from fenqi.interfaces.console import words
from fenqi.interfaces.console.lists import Column, Kind, Listing, amount, read_listing, worded
from fenqi.interfaces.shared.entry_words import ENTRIES
from fenqi.usecases.aftersales.views import CaseSummary
from fenqi.usecases.support.books import BookedEntry, CustomerBooks
from fenqi.usecases.views import JournalLineView


class BookedLine(NamedTuple):
    """A line of an entry."""

    booked: BookedEntry
    line: JournalLineView

    @property
    def currency(self) -> str:
        return self.booked.entry.currency


CASES: Final[Sequence[Column[CaseSummary]]] = (
    Column(key="number", title=_("Case"), value=lambda case: case.case_no),
    Column(key="goods", title=_("Goods"), value=lambda case: case.title),
    worded("wish", _("Wish"), words.CASE_KINDS, lambda case: case.told_kind),
    amount("amount", _("Amount"), lambda case: case.value_minor, lambda case: case.currency),
    Column(key="applied", title=_("Applied"), value=lambda case: case.created_at, kind=Kind.MOMENT),
    worded("state", _("Now"), words.CASE_STATES, lambda case: case.state),
    worded("reason", _("Reason"), words.CASE_REASONS, lambda case: case.reason, is_shown=False),
)

JOURNAL: Final[Sequence[Column[BookedLine]]] = (
    Column(key="seq", title=_("No."), value=lambda one: one.booked.entry.seq, kind=Kind.NUMBER),
    Column(key="day", title=_("Value date"), value=lambda one: one.booked.entry.effective_on, kind=Kind.DAY),
    worded("account", _("Ledger account"), words.ACCOUNTS, lambda one: one.line.account),
    amount("debit", _("Debit"), lambda one: one.line.debit_minor or None, lambda one: one.currency),
    amount("credit", _("Credit"), lambda one: one.line.credit_minor or None, lambda one: one.currency),
    amount("total", _("Running totals"), lambda one: one.booked.after.debit_minor, lambda one: one.currency),
    amount("owed", _("Owed after it"), lambda one: one.booked.after.owed_minor, lambda one: one.currency),
    worded("entry", _("Entry"), ENTRIES, lambda one: one.booked.entry.code, is_shown=False),
    Column(key="code", title=_("Account code"), value=lambda one: one.line.account, is_shown=False),
    Column(
        key="posted",
        title=_("Posted at"),
        value=lambda one: one.booked.entry.posted_at,
        kind=Kind.MOMENT,
        is_shown=False,
    ),
    Column(key="hash", title=_("Hash"), value=lambda one: one.booked.entry.hash, is_shown=False),
)


def read_customer_lists(
    request: HttpRequest, *, cases: Sequence[CaseSummary], books: CustomerBooks | None
) -> Mapping[str, Listing[Any]]:
    """Those that have any rows, by their names on the page."""
    found: dict[str, Listing[Any]] = {}
    if cases:
        found["case_list"] = read_listing(request, name="cases", columns=CASES, rows=cases, part="after-sales")
    if books and books.entries:
        lines = [BookedLine(booked, line) for booked in books.entries for line in booked.entry.lines]
        is_cut = books.left_out > 0
        found["journal"] = read_listing(
            request, name="journal", columns=JOURNAL, rows=lines, is_cut=is_cut, part="journal"
        )
    return found
