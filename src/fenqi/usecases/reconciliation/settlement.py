"""A day's money on a channel's clearing account comes to zero: by the settlement, and by suspense for what differs.

All of it stands in the house books of the channel, dated on the bill's day. Each finding has on suspense what its line
moved less what we booked on the day; as that changes, the difference is posted. So a run may be repeated at any time,
and posts what is new and nothing else.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from django.db import connection, transaction

from fenqi.channels.bills import BillKind
from fenqi.domain.ledger import Account, Entry, clearing, settlement_entry, suspense_entry
from fenqi.domain.reconciliation import Cause, Verdict, booked_minor
from fenqi.domain.reconciliation.causes import MOVED_NOTHING
from fenqi.domain.reconciliation.repairs import Repair
from fenqi.records import locks
from fenqi.records.bills import finding_id
from fenqi.records.identifiers import house_of
from fenqi.records.models import ChannelBill, FindingState, ReconciliationFinding
from fenqi.records.posting import Decision, write
from fenqi.records.scope import across_customers
from fenqi.usecases.audit import SYSTEM
from fenqi.usecases.projection import About, ChainHead, entry_columns
from fenqi.usecases.reconciliation.our_records import OurRecord, find_by_id
from fenqi.usecases.reconciliation.resolving import BOOKED_BY_BILL

FINDINGS_AT_ONCE: Final = 500
REMAINDER: Final = "day"
"""The line kind of the finding that holds what belongs to no line of the day."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What entries about a finding have left on the clearing account, a debit above zero, and on suspense, a credit."""

    cleared: int = 0
    suspense: int = 0


def bring_to_zero(bill: ChannelBill, *, now: datetime) -> bool:
    """Post what each finding needs, the day's settlement once, and what is left; True when anything was new."""
    with across_customers():
        found = ReconciliationFinding.objects.filter(channel=bill.channel, bill_date=bill.bill_date)
        ids = list(found.exclude(line_kind=REMAINDER).order_by("customer_id", "id").values_list("customer_id", "id"))
    changed = False
    for start in range(0, len(ids), FINDINGS_AT_ONCE):
        changed |= _settle_findings(bill, ids[start : start + FINDINGS_AT_ONCE], now=now)
    changed = _settle_day(bill, findings_moved=changed, now=now)
    return _net(bill.channel, now=now) or changed


class HouseBooks:
    """The open end of a channel's house books, held under its lock."""

    def __init__(self, channel: str, *, currency: str, now: datetime) -> None:
        self.house = house_of(channel)
        locked = locks.customer(self.house)
        self._head = ChainHead(locked.entry_seq, locked.entry_hash)
        self._decision = Decision(self.house)
        self._currency = currency
        self._now = now

    def post(self, entry: Entry, *, on: date, finding: UUID | None = None) -> UUID:
        """The finding that it is about stands where a plan's event would."""
        columns, lines, self._head = entry_columns(
            entry,
            code=entry.code,
            on=on,
            currency=self._currency,
            about=About(customer_id=self.house, event_id=finding),
            head=self._head,
            now=self._now,
        )
        self._decision.add("journal_entry", columns)
        self._decision.add("journal_line", *lines)
        self._decision.head_seq = self._head.seq
        entry_id: UUID = columns["id"]
        return entry_id

    def write(self) -> None:
        write(self._decision)


_STANDING = """
SELECT e.event_id,
  coalesce(sum(l.debit_minor - l.credit_minor) FILTER (WHERE l.account = %s), 0)::bigint,
  coalesce(sum(l.credit_minor - l.debit_minor) FILTER (WHERE l.account = %s), 0)::bigint
FROM journal_entry e JOIN journal_line l ON l.customer_id = e.customer_id AND l.entry_id = e.id
WHERE e.customer_id = %s AND l.customer_id = %s AND e.code = 'suspense' AND e.event_id = ANY(%s)
GROUP BY e.event_id
"""


def standings(channel: str, findings: Sequence[UUID]) -> Mapping[UUID, Standing]:
    """What stands for each finding; those that nothing was posted about are left out."""
    house = house_of(channel)
    with connection.cursor() as cursor:
        cursor.execute(_STANDING, [clearing(channel), Account.SUSPENSE.value, house, house, list(findings)])
        return {finding: Standing(cleared, suspense) for finding, cleared, suspense in cursor.fetchall()}


def _settle_findings(bill: ChannelBill, ids: Sequence[tuple[UUID, UUID]], *, now: datetime) -> bool:
    moved: list[ReconciliationFinding] = []
    with transaction.atomic():
        books = HouseBooks(bill.channel, currency=bill.currency, now=now)
        findings = _read(bill, ids)
        records = _records_of(findings, bill.channel)
        standing = standings(bill.channel, [finding.id for finding in findings])
        for finding in findings:
            before = standing.get(finding.id, Standing())
            record_id = finding.attempt_id or finding.leg_id
            record = records.get(record_id) if record_id else None
            new = _difference(finding, record, bill) - before.cleared
            if new:
                finding.entry_id = books.post(
                    suspense_entry(new, source=clearing(bill.channel)), on=bill.bill_date, finding=finding.id
                )
            if _move(finding, moved=bool(new), standing=before.suspense + new, now=now) or new:
                moved.append(finding)
        keep(*moved)
        books.write()
    return bool(moved)


def _read(bill: ChannelBill, ids: Sequence[tuple[UUID, UUID]]) -> list[ReconciliationFinding]:
    with across_customers():
        found = ReconciliationFinding.objects.filter(
            channel=bill.channel, bill_date=bill.bill_date, id__in=[finding_id for _, finding_id in ids]
        )
        return list(found.order_by("customer_id", "id"))


def _records_of(findings: Sequence[ReconciliationFinding], channel: str) -> Mapping[UUID, OurRecord]:
    """Our records as they are now, by their id."""
    attempts = [(one.customer_id, one.attempt_id) for one in findings if one.attempt_id]
    legs = [(one.customer_id, one.leg_id) for one in findings if one.leg_id]
    return find_by_id(channel, BillKind.PAYMENT, attempts) | find_by_id(channel, BillKind.REFUND, legs)


def _difference(finding: ReconciliationFinding, record: OurRecord | None, bill: ChannelBill) -> int:
    """What the bill moved for it less what we booked for it on the day: above zero, money that we did not book."""
    billed = 0 if finding.cause in MOVED_NOTHING else finding.bill_minor or 0
    if finding.line_kind == BillKind.REFUND:
        billed = -billed
    if record is None or finding.kind == Verdict.DUPLICATE:
        return billed
    return billed - booked_minor(record.ours, day=bill.bill_date)


def _move(finding: ReconciliationFinding, *, moved: bool, standing: int, now: datetime) -> bool:
    """Close what nothing stands on suspense for, open again what something new stands there for; True if it moved."""
    is_open = finding.state == FindingState.OPEN
    if standing == 0 and is_open:
        booked = finding.cause in BOOKED_BY_BILL
        finding.state = FindingState.REPAIRED if booked else FindingState.EXPLAINED
        finding.repair = (Repair.SETTLED_BY_BILL if booked else Repair.AGREES_NOW).value
        finding.closed_at, finding.closed_by = now, SYSTEM
        return True
    if standing and moved and not is_open:
        finding.state, finding.repair = FindingState.OPEN, ""
        finding.closed_at, finding.closed_by = None, ""
        return True
    return False


_KEEP = """
UPDATE reconciliation_finding f SET state = r.state, repair = r.repair, note = r.note, entry_id = r.entry_id,
  closed_at = r.closed_at, closed_by = r.closed_by
FROM jsonb_to_recordset(%s::jsonb) AS r(customer_id uuid, id uuid, state text, repair text, note text, entry_id uuid,
  closed_at timestamptz, closed_by text)
WHERE f.customer_id = r.customer_id AND f.id = r.id
"""
_KEPT = ("customer_id", "id", "state", "repair", "note", "entry_id", "closed_at", "closed_by")


def keep(*findings: ReconciliationFinding) -> None:
    """Store what became of them."""
    rows = [{name: getattr(finding, name) for name in _KEPT} for finding in findings]
    with across_customers(), connection.cursor() as cursor:
        cursor.execute(_KEEP, [json.dumps(rows, default=str)])


_DAY = """
SELECT coalesce(sum(l.debit_minor - l.credit_minor), 0)::bigint, max(e.posted_at)
FROM journal_entry e JOIN journal_line l ON l.customer_id = e.customer_id AND l.entry_id = e.id
WHERE e.effective_on = %s AND l.account = %s AND l.currency = %s
"""


def _settle_day(bill: ChannelBill, *, findings_moved: bool, now: datetime) -> bool:
    """The settlement, once; then whatever is still there, which belongs to no line, goes to suspense as one finding."""
    with transaction.atomic():
        books = HouseBooks(bill.channel, currency=bill.currency, now=now)
        stored = ChannelBill.objects.get(id=bill.id)
        source = clearing(bill.channel)
        is_new = stored.matched_at is None or findings_moved
        left, last_posted = _on_clearing(bill)
        if stored.entry_id is None:
            entry = settlement_entry(
                paid=stored.paid_minor, refunded=stored.refunded_minor, fee=stored.fee_minor, source=source
            )
            if entry is not None:
                stored.entry_id = books.post(entry, on=bill.bill_date)
                left -= stored.paid_minor - stored.refunded_minor
        if left:
            _post_remainder(books, bill, left, now=now)
        if is_new or left:
            stored.matched_at = max(now, last_posted or now)  # what was booked meanwhile is in the sum
            stored.save(update_fields=["entry_id", "matched_at"])
        books.write()
    bill.entry_id, bill.matched_at = stored.entry_id, stored.matched_at
    return is_new or bool(left)


def _on_clearing(bill: ChannelBill) -> tuple[int, datetime | None]:
    """What the day has left there in minor units, and when the last of it was posted."""
    with across_customers(), connection.cursor() as cursor:
        cursor.execute(_DAY, [bill.bill_date, clearing(bill.channel), bill.currency])
        left, last_posted = cursor.fetchone()
    return int(left), last_posted


def _post_remainder(books: HouseBooks, bill: ChannelBill, left: int, *, now: datetime) -> None:
    finding, _created = ReconciliationFinding.objects.get_or_create(
        customer_id=books.house,
        id=finding_id(bill, REMAINDER, "", 0),
        defaults={
            "channel": bill.channel,
            "bill_date": bill.bill_date,
            "kind": Verdict.STATE_DIFFERS.value,
            "line_kind": REMAINDER,
            "number": "",
            "currency": bill.currency,
            "cause": Cause.REMAINDER.value,
            "state": FindingState.OPEN,
            "opened_at": now,
        },
    )
    before = standings(bill.channel, [finding.id]).get(finding.id, Standing())
    finding.entry_id = books.post(
        suspense_entry(-left, source=clearing(bill.channel)), on=bill.bill_date, finding=finding.id
    )
    _move(finding, moved=True, standing=before.suspense - left, now=now)
    keep(finding)


def _net(channel: str, *, now: datetime) -> bool:
    """Open findings about the same number whose money comes to nothing together explain each other."""
    with across_customers():
        open_ones = list(
            ReconciliationFinding.objects.filter(channel=channel, state=FindingState.OPEN).exclude(number="")
        )
    standing = standings(channel, [finding.id for finding in open_ones])
    together: dict[tuple[str, str], list[ReconciliationFinding]] = {}
    for finding in open_ones:
        together.setdefault((finding.line_kind, finding.number), []).append(finding)
    changed = False
    for findings in together.values():
        if len(findings) > 1 and sum(standing.get(one.id, Standing()).suspense for one in findings) == 0:
            _close_all(findings, now=now)
            changed = True
    return changed


def _close_all(findings: Sequence[ReconciliationFinding], *, now: datetime) -> None:
    with transaction.atomic():
        for finding in findings:
            finding.state, finding.repair = FindingState.EXPLAINED, Repair.AGREES_NOW.value
            finding.closed_at, finding.closed_by = now, SYSTEM
        keep(*findings)
