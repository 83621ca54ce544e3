"""A customer's part of the journal with running totals, so that a reader sees it balance after every entry."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Sum

from fenqi.records.models import Customer, JournalEntry, JournalLine
from fenqi.usecases.paging import to_cursor
from fenqi.usecases.repayment.queries import journal_of
from fenqi.usecases.views import EntryView

RECEIVABLE = "receivable."
MOST_ENTRIES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """Sums over all entries of one currency up to one of them. `owed_minor`: what the books say the customer owes."""

    currency: str
    debit_minor: int = 0
    credit_minor: int = 0
    owed_minor: int = 0

    @property
    def balances(self) -> bool:
        return self.debit_minor == self.credit_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedEntry:
    """An entry and the totals after it."""

    entry: EntryView
    after: Running


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerBooks:
    """The newest entries, newest first, and the totals of each currency; `left_out` counts older entries."""

    entries: tuple[BookedEntry, ...]
    totals: tuple[Running, ...]
    left_out: int


def customer_books(customer_id: UUID, *, limit: int = MOST_ENTRIES) -> CustomerBooks:
    """The last `limit` entries. Four statements; entries never change, so neither do the sums before them."""
    head: int = Customer.objects.values_list("entry_seq", flat=True).get(id=customer_id)
    before = max(0, head - limit)
    running = _totals_until(customer_id, before) if before else {}
    entries = journal_of(customer_id, after=to_cursor(before), limit=limit).items
    booked = tuple(_book(entries, running))
    return CustomerBooks(entries=booked[::-1], totals=tuple(running.values()), left_out=before)


def _book(entries: Iterable[EntryView], running: dict[str, Running]) -> Iterable[BookedEntry]:
    for entry in entries:
        so_far = running.get(entry.currency, Running(currency=entry.currency))
        running[entry.currency] = Running(
            currency=entry.currency,
            debit_minor=so_far.debit_minor + sum(line.debit_minor for line in entry.lines),
            credit_minor=so_far.credit_minor + sum(line.credit_minor for line in entry.lines),
            owed_minor=so_far.owed_minor
            + sum(line.debit_minor - line.credit_minor for line in entry.lines if line.account.startswith(RECEIVABLE)),
        )
        yield BookedEntry(entry=entry, after=running[entry.currency])


def _totals_until(customer_id: UUID, seq: int) -> dict[str, Running]:
    entries = JournalEntry.objects.filter(customer_id=customer_id, seq__lte=seq)
    lines = JournalLine.objects.filter(customer_id=customer_id, entry_id__in=list(entries.values_list("id", flat=True)))
    sums: dict[str, list[tuple[str, int, int]]] = defaultdict(list)
    for currency, account, debit, credit in lines.values_list("currency", "account").annotate(
        Sum("debit_minor"), Sum("credit_minor")
    ):
        sums[currency].append((account, int(debit), int(credit)))
    return {
        currency: Running(
            currency=currency,
            debit_minor=sum(debit for _, debit, _ in accounts),
            credit_minor=sum(credit for _, _, credit in accounts),
            owed_minor=sum(debit - credit for account, debit, credit in accounts if account.startswith(RECEIVABLE)),
        )
        for currency, accounts in sums.items()
    }
