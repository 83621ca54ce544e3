"""All records of one order in one list, each entry with the text that its hash was made of (R076, R079).

Whoever keeps it can make the hash anew with any SHA-256 program and compare it with the books at any later time.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from fenqi.domain.ledger.chain import canonical_text
from fenqi.domain.plans import Components, Rates, Terms, rates
from fenqi.records.models import Installment, JournalEntry, JournalLine, PlanEvent
from fenqi.usecases import plan_file
from fenqi.usecases.aftersales.steps import is_formal
from fenqi.usecases.projection import microseconds
from fenqi.usecases.vouchers.queries import Proof, proof_of
from fenqi.usecases.vouchers.records import OrderRecords, read_records


class RecordKind(StrEnum):
    LINE = "line"
    INSTALLMENT = "installment"
    PAYMENT = "payment"
    REFUND = "refund"
    LENDER_REFUND = "lender_refund"
    RESERVE = "reserve"
    CASE = "case"
    EVENT = "event"
    ENTRY = "entry"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainedEntry:
    """`text` is what the hash was made of; `lines` are (account, debit, credit) in minor units."""

    proof: Proof
    text: str
    lines: tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One line of the statement. `what` is a code, or the name of the goods; a day stands where no time is known.

    Of an installment `number` is its place, empty for the down payment, and `parts` what it asks for.
    """

    kind: RecordKind
    what: str
    number: str = ""
    theirs: str = ""
    state: str = ""
    at: datetime | None = None
    on: date | None = None
    amount_minor: int | None = None
    paid_minor: int | None = None
    parts: Components | None = None
    via: str = ""
    entry: ChainedEntry | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderStatement:
    """`records` in the order of their kinds, within each by time. Without a plan there are no `terms`."""

    order_id: UUID
    order_no: str
    status: str
    placed_at: datetime
    total_minor: int
    currency: str
    provider: str
    terms: Terms | None
    rates: Rates | None
    outstanding_minor: int
    records: tuple[Record, ...]
    taken_at: datetime

    def of(self, kind: RecordKind) -> tuple[Record, ...]:
        return tuple(record for record in self.records if record.kind is kind)


def order_statement(customer_id: UUID, order_id: UUID, *, now: datetime) -> OrderStatement:
    """Raises NotFound, of another customer's order too."""
    found = read_records(customer_id, order_id)
    terms = plan_file.terms_of(found.plan.terms) if found.plan else None
    return OrderStatement(
        order_id=order_id,
        order_no=found.order.order_no,
        status=found.order.status,
        placed_at=found.order.placed_at,
        total_minor=found.order.total_minor,
        currency=found.order.currency,
        provider=found.plan.provider if found.plan else "",
        terms=terms,
        rates=rates(terms) if terms else None,
        outstanding_minor=found.plan.outstanding_minor if found.plan else 0,
        records=tuple(_records(customer_id, found, terms)),
        taken_at=now,
    )


def _records(customer_id: UUID, found: OrderRecords, terms: Terms | None) -> Iterator[Record]:
    for line in found.lines:
        worth = line.quantity * line.unit_price_minor - line.discount_minor + line.freight_minor
        yield Record(kind=RecordKind.LINE, what=line.name, number=str(line.quantity), amount_minor=worth)
    if found.plan is not None and terms is not None:
        yield from _installments(customer_id, found.plan.id, has_down_payment=bool(terms.down_payment_amount))
    yield from _payments(found)
    yield from _refunds(found)
    yield from _reserves(found)
    yield from _cases(found)
    if found.plan is not None:
        yield from _events(customer_id, found.plan.id)
    yield from _entries(customer_id, found.entries)


def _installments(customer_id: UUID, plan_id: UUID, *, has_down_payment: bool) -> Iterator[Record]:
    for row in Installment.objects.filter(customer_id=customer_id, plan_id=plan_id).order_by("n"):
        yield Record(
            kind=RecordKind.INSTALLMENT,
            what="installment",
            number="" if row.is_down_payment else str(row.n - has_down_payment),
            state="paid" if not row.outstanding_minor else "open",
            on=row.due_on,
            amount_minor=row.due_minor,
            paid_minor=row.paid_minor,
            parts=Components(row.principal_minor, row.interest_minor, row.fee_minor, row.late_fee_minor),
        )


def _payments(found: OrderRecords) -> Iterator[Record]:
    """Every try over a channel, whatever became of it, and what was received outside the rails."""
    for attempt in found.attempts:
        yield Record(
            kind=RecordKind.PAYMENT,
            what=found.payments[attempt.payment_id].purpose,
            number=attempt.out_trade_no,
            theirs=attempt.trade_no,
            state=attempt.state,
            at=attempt.paid_at or attempt.created_at,
            amount_minor=attempt.amount_minor,
            via=attempt.channel,
        )
    over_channels = {attempt.payment_id for attempt in found.attempts}
    for payment in found.payments.values():
        if payment.id not in over_channels:
            yield Record(
                kind=RecordKind.PAYMENT,
                what=payment.purpose,
                number=payment.id.hex,
                state=payment.state,
                at=payment.succeeded_at or payment.created_at,
                on=payment.quoted_on,
                amount_minor=payment.amount_minor,
                via=payment.channel,
            )


def _refunds(found: OrderRecords) -> Iterator[Record]:
    for leg in found.legs:
        yield Record(
            kind=RecordKind.REFUND,
            what=found.refunds[leg.refund_id].cause,
            number=leg.out_refund_no,
            theirs=leg.transfer_reference or leg.refund_no,
            state=leg.state,
            at=leg.refunded_at or leg.updated_at,
            on=leg.arrived_on,
            amount_minor=leg.amount_minor,
            via=leg.channel or leg.route,
        )
    for refund in found.lender_refunds:
        yield Record(
            kind=RecordKind.LENDER_REFUND,
            what="lender",
            number=refund.number,
            theirs=refund.plan_no,
            state=refund.state,
            at=refund.accepted_at or refund.created_at,
            amount_minor=refund.amount_minor,
            via=refund.provider,
        )


def _reserves(found: OrderRecords) -> Iterator[Record]:
    for hold in found.holds.values():
        yield Record(
            kind=RecordKind.RESERVE,
            what="reserve",
            number=hold.reserve_no,
            theirs=hold.auth_no,
            state=hold.state,
            at=hold.held_at or hold.created_at,
            amount_minor=hold.amount_minor,
            via=hold.channel,
        )
    for move in found.moves:
        yield Record(
            kind=RecordKind.RESERVE,
            what=move.kind,
            number=move.number,
            state=move.state,
            at=move.done_at or move.created_at,
            amount_minor=move.amount_minor,
            via=found.holds[move.hold_id].channel,
        )


def _cases(found: OrderRecords) -> Iterator[Record]:
    """Each case with every step that somebody took in it."""
    for step in found.steps:
        if is_formal(step):
            continue
        case = found.cases[step.case_id]
        yield Record(
            kind=RecordKind.CASE,
            what=step.signal,
            number=case.case_no,
            state=step.after,
            at=step.at,
            amount_minor=case.value_minor or None,
        )


def _events(customer_id: UUID, plan_id: UUID) -> Iterator[Record]:
    for event in PlanEvent.objects.filter(customer_id=customer_id, plan_id=plan_id).order_by("seq"):
        yield Record(
            kind=RecordKind.EVENT,
            what=event.kind,
            number=str(event.seq),
            at=event.recorded_at,
            on=event.effective_on,
            amount_minor=event.amount_minor,
        )


def _entries(customer_id: UUID, entries: Sequence[JournalEntry]) -> Iterator[Record]:
    lines = _lines(customer_id, entries)
    for entry in entries:
        chained = _chained(entry, lines[entry.id])
        yield Record(
            kind=RecordKind.ENTRY,
            what=entry.code,
            number=str(entry.seq),
            at=entry.posted_at,
            on=entry.effective_on,
            amount_minor=sum(debit for _account, debit, _credit in chained.lines),
            entry=chained,
        )


def _lines(customer_id: UUID, entries: Sequence[JournalEntry]) -> Mapping[UUID, list[JournalLine]]:
    found: dict[UUID, list[JournalLine]] = defaultdict(list)
    rows = JournalLine.objects.filter(customer_id=customer_id, entry_id__in=[entry.id for entry in entries])
    for line in rows.order_by("entry_id", "line_no"):
        found[line.entry_id].append(line)
    return found


def _chained(entry: JournalEntry, lines: Sequence[JournalLine]) -> ChainedEntry:
    text = canonical_text(
        bytes(entry.prev_hash),
        entry_id=entry.id,
        customer_id=entry.customer_id,
        seq=entry.seq,
        posted_at_us=microseconds(entry.posted_at),
        on=entry.effective_on,
        code=entry.code,
        plan_id=entry.plan_id,
        currency=entry.currency,
        lines=[(line.line_no, line.account, line.debit_minor, line.credit_minor) for line in lines],
    )
    return ChainedEntry(
        proof=proof_of(entry),
        text=text,
        lines=tuple((line.account, line.debit_minor, line.credit_minor) for line in lines),
    )
