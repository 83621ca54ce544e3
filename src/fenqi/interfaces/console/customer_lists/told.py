"""What is on record of the customer: the story, after-sales cases, lines of the journal, events of a plan."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from django.utils.translation import gettext_lazy as _

from fenqi.interfaces.console import words
from fenqi.interfaces.console.lists import Column, Kind, amount, worded
from fenqi.interfaces.console.tags import as_json
from fenqi.interfaces.console.timeline import Moment
from fenqi.interfaces.shared.entry_words import ENTRIES
from fenqi.usecases.aftersales.views import CaseSummary
from fenqi.usecases.support.books import BookedEntry, CustomerBooks
from fenqi.usecases.support.customer_file import CustomerFile
from fenqi.usecases.views import EventView, JournalLineView


class BookedLine(NamedTuple):
    """A line of an entry."""

    booked: BookedEntry
    line: JournalLineView

    @property
    def currency(self) -> str:
        return self.booked.entry.currency


class Recorded(NamedTuple):
    """An event of the plan that is shown."""

    event: EventView
    currency: str


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

EVENTS: Final[Sequence[Column[Recorded]]] = (
    Column(key="seq", title=_("No."), value=lambda one: one.event.seq, kind=Kind.NUMBER),
    worded("event", _("Event"), ENTRIES, lambda one: one.event.kind),
    Column(key="effective", title=_("Effective on"), value=lambda one: one.event.effective_on, kind=Kind.DAY),
    Column(key="known", title=_("Known since"), value=lambda one: one.event.recorded_at, kind=Kind.MOMENT),
    amount("amount", _("Amount"), lambda one: one.event.amount_minor, lambda one: one.currency),
    Column(key="by", title=_("By whom"), value=lambda one: one.event.actor),
    Column(key="record", title=_("Raw record"), value=lambda one: as_json(one.event.body)),
)

STORY: Final[Sequence[Column[Moment]]] = (
    Column(key="at", title=_("When"), value=lambda moment: moment.at, kind=Kind.MOMENT),
    Column(key="kind", title=_("Kind"), value=lambda moment: str(moment.kind.label)),
    Column(key="what", title=_("What happened"), value=lambda moment: moment.title),
    Column(key="about", title=_("About"), value=lambda moment: moment.detail),
    amount("amount", _("Amount"), lambda moment: moment.amount_minor, lambda moment: moment.currency),
)


def lines_of(books: CustomerBooks) -> list[BookedLine]:
    return [BookedLine(booked, line) for booked in books.entries for line in booked.entry.lines]


def records_of(file: CustomerFile) -> list[Recorded]:
    """Of the plan that is shown, the newest first."""
    currency = file.plan.terms.currency if file.plan else ""
    return [Recorded(event, currency) for event in reversed(file.events)]
