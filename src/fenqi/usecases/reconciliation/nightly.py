"""Every morning: yesterday's bill of each channel, the days that are still without one, and what closes by now."""

from datetime import date, datetime, timedelta

import structlog
from django.db import connection

from fenqi.channels.bills import BillNotReady, BillRefused
from fenqi.domain.ledger import clearing
from fenqi.records.models import ChannelBill, FindingState, ReconciliationFinding
from fenqi.records.scope import across_customers
from fenqi.usecases import clock
from fenqi.usecases.reconciliation.clearing import DAYS_BACK, days_without_bill
from fenqi.usecases.reconciliation.run import Reconciled, reconcile

_log = structlog.get_logger(__name__)


def reconcile_due(channel: str, *, now: datetime) -> list[Reconciled]:
    """Reconcile what is due, the oldest day first; a bill that is late or refused holds up no other.

    Raises after everything else is done: BillNotReady, which comes by itself, before BillRefused, which needs a person.
    """
    done: list[Reconciled] = []
    late: list[BillNotReady] = []
    refused: list[BillRefused] = []
    for day in days_due(channel, now=now):
        try:
            done.append(reconcile(channel, day, now=now))
        except BillNotReady as refusal:
            late.append(refusal)
        except BillRefused as refusal:
            _log.error("bill_refused", channel=channel, day=day.isoformat(), why=refusal.text("en"))
            refused.append(refusal)
    if late or refused:
        raise [*late, *refused][0]
    return done


def days_due(channel: str, *, now: datetime) -> list[date]:
    """Yesterday; days since the channel was first used that have no bill; days with findings, or that came off zero."""
    yesterday = clock.business_date(now) - timedelta(days=1)
    missing = days_without_bill(channel, upto=yesterday)
    first = yesterday - timedelta(days=DAYS_BACK - 1)
    bills = ChannelBill.objects.filter(channel=channel, bill_date__gte=first, bill_date__lte=yesterday)
    finished = set(bills.filter(matched_at__isnull=False).values_list("bill_date", flat=True))
    return sorted({yesterday, *missing} | _days_open(channel, first) | _days_off_zero(channel, finished))


def _days_open(channel: str, first: date) -> set[date]:
    with across_customers():
        found = ReconciliationFinding.objects.filter(channel=channel, state=FindingState.OPEN, bill_date__gte=first)
        return set(found.values_list("bill_date", flat=True))


_OFF_ZERO = """
SELECT e.effective_on FROM journal_entry e
JOIN journal_line l ON l.customer_id = e.customer_id AND l.entry_id = e.id
WHERE e.effective_on = ANY(%s) AND l.account = %s
GROUP BY e.effective_on HAVING sum(l.debit_minor) <> sum(l.credit_minor)
"""


def _days_off_zero(channel: str, finished: set[date]) -> set[date]:
    """Reconciled days on which something was booked since."""
    with across_customers(), connection.cursor() as cursor:
        cursor.execute(_OFF_ZERO, [sorted(finished), clearing(channel)])
        return {day for (day,) in cursor.fetchall()}
