"""A voucher for every sum that moved (payments, refunds, a lender's refunds, reserves), for every case and every entry.

A voucher is read from what is on record each time; nothing is kept beside the books that could differ from them. Its
proof is the journal entry that booked the sum (R079).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Final
from uuid import UUID

from fenqi.domain.errors import NotFound
from fenqi.domain.ledger import EntryCode
from fenqi.domain.payments import AttemptState
from fenqi.domain.payments.refunds import RefundState
from fenqi.domain.plans import Components, replay
from fenqi.domain.reserves import MoveKind, MoveState
from fenqi.domain.vouchers import Balances
from fenqi.domain.vouchers.period import change_of
from fenqi.records.models import (
    AftersalesCase,
    CaseStep,
    JournalEntry,
    JournalLine,
    PartnerRefund,
    Payment,
    PaymentAttempt,
    PaymentPurpose,
    PaymentState,
    Plan,
    Refund,
    RefundLeg,
    ReserveHold,
    ReserveMove,
)
from fenqi.usecases import plan_file
from fenqi.usecases.aftersales.refund_keys import case_of
from fenqi.usecases.cards.queries import CardView
from fenqi.usecases.partners.queries import repaid_elsewhere
from fenqi.usecases.vouchers.records import OrderRecords, read_records

PROOF_LENGTH: Final = 12
"""Hexadecimal figures of an entry's hash that are shown where the whole would be too long."""


class VoucherKind(StrEnum):
    PAYMENT = "payment"
    REFUND = "refund"
    LENDER_REFUND = "lender-refund"
    RESERVE_HOLD = "reserve-hold"
    RESERVE_RELEASE = "reserve-release"
    RESERVE_CAPTURE = "reserve-capture"
    CASE = "case"
    ENTRY = "entry"  # any other movement: what the books have


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """The entry in the customer's chain that booked the sum; `hash` in hexadecimal."""

    seq: int
    code: str
    on: date
    posted_at: datetime
    hash: str

    @property
    def beginning(self) -> str:
        return self.hash[:PROOF_LENGTH]


@dataclass(frozen=True, slots=True, kw_only=True)
class VoucherView:
    """A sum that moved. `number` is ours and `theirs` the channel's or the lender's, empty where there is none.

    `why` is the payment's purpose, the refund's cause, or the kind of the reserve's move. `account` is masked by the
    channel; `card` is the bound card, where it was one. `further` are words of ours that the paper depends on, too.
    """

    kind: VoucherKind
    voucher_id: UUID
    order_id: UUID
    order_no: str
    number: str
    theirs: str
    amount_minor: int
    currency: str
    at: datetime
    why: str
    proof: Proof | None
    channel: str = ""
    provider: str = ""
    card: CardView | None = None
    account: str = ""
    payment_id: UUID | None = None
    refund_id: UUID | None = None
    case_id: UUID | None = None
    case_no: str = ""
    event_id: UUID | None = None
    further: Mapping[str, str] = field(default_factory=dict)

    @property
    def undone_by(self) -> int | None:
        """The entry that took the sum back later."""
        return int(self.further["undone"]) if "undone" in self.further else None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidPart:
    """What of a payment went to one installment, as it was booked; the down payment has no `number`."""

    number: int | None
    parts: Components


@dataclass(frozen=True, slots=True, kw_only=True)
class VoucherDetail:
    """A voucher with the goods, each with its quantity, and what it paid for; the rest became credit.

    `open_plan_id` is the order's plan while something is left to repay of it here; no part of what the paper says.
    """

    voucher: VoucherView
    goods: tuple[tuple[str, int], ...]
    paid: tuple[PaidPart, ...]
    credit_minor: int
    open_plan_id: UUID | None = None


def voucher_detail(customer_id: UUID, kind: VoucherKind, voucher_id: UUID) -> VoucherDetail:
    """Raises NotFound, of another customer's and of what has not succeeded, too."""
    records = read_records(customer_id, _order_of(customer_id, kind, voucher_id))
    found = _of_entry(records, voucher_id) if kind is VoucherKind.ENTRY else _vouchers(records)
    voucher = next((one for one in found if (one.kind, one.voucher_id) == (kind, voucher_id)), None)
    if voucher is None:
        raise NotFound
    paid = _paid(customer_id, records.plan, voucher.event_id) if records.plan and voucher.event_id else ()
    return VoucherDetail(
        voucher=voucher,
        goods=tuple((line.name, line.quantity) for line in records.lines),
        paid=paid,
        credit_minor=voucher.amount_minor - sum(one.parts.total for one in paid) if paid else 0,
        open_plan_id=_open_plan_id(records.plan),
    )


def _open_plan_id(plan: Plan | None) -> UUID | None:
    if plan is None or not plan.outstanding_minor or repaid_elsewhere([plan.provider]):
        return None
    return plan.id


def vouchers_of(
    customer_id: UUID,
    order_id: UUID,
    *,
    payment_id: UUID | None = None,
    refund_id: UUID | None = None,
    case_id: UUID | None = None,
) -> tuple[VoucherView, ...]:
    """Of an order, newest first; or those of one payment, refund or case of it. Raises NotFound."""
    return _narrowed(read_records(customer_id, order_id), payment_id=payment_id, refund_id=refund_id, case_id=case_id)


def _narrowed(records: OrderRecords, **about: UUID | None) -> tuple[VoucherView, ...]:
    wanted = {name: value for name, value in about.items() if value is not None}
    found = (one for one in _vouchers(records) if all(getattr(one, name) == value for name, value in wanted.items()))
    return tuple(sorted(found, key=lambda one: one.at, reverse=True))


# Where a voucher belongs ---------------------------------------------------------------------------------------------


def _order_of(customer_id: UUID, kind: VoucherKind, voucher_id: UUID) -> UUID:
    """The order that the sum moved for. Raises NotFound."""
    ways = {
        VoucherKind.PAYMENT: _order_of_payment,
        VoucherKind.REFUND: _order_of_leg,
        VoucherKind.LENDER_REFUND: _order_of_lender_refund,
        VoucherKind.RESERVE_HOLD: _order_of_hold,
        VoucherKind.RESERVE_RELEASE: _order_of_move,
        VoucherKind.RESERVE_CAPTURE: _order_of_move,
        VoucherKind.CASE: _order_of_case,
        VoucherKind.ENTRY: _order_of_entry,
    }
    order_id = ways[kind](customer_id, voucher_id)
    if order_id is None:
        raise NotFound
    return order_id


def _order_of_payment(customer_id: UUID, voucher_id: UUID) -> UUID | None:
    """By its attempt; what was received outside the rails has none, and is its own voucher."""
    attempt = PaymentAttempt.objects.filter(customer_id=customer_id, id=voucher_id).first()
    payment = Payment.objects.filter(customer_id=customer_id, id=attempt.payment_id if attempt else voucher_id).first()
    return _order_of_plan(customer_id, payment.plan_id) if payment else None


def _order_of_plan(customer_id: UUID, plan_id: UUID) -> UUID | None:
    return Plan.objects.filter(customer_id=customer_id, id=plan_id).values_list("order_id", flat=True).first()


def _order_of_leg(customer_id: UUID, voucher_id: UUID) -> UUID | None:
    leg = RefundLeg.objects.filter(customer_id=customer_id, id=voucher_id).first()
    return order_of_refund(customer_id, leg.refund_id) if leg else None


def order_of_refund(customer_id: UUID, refund_id: UUID) -> UUID | None:
    """The order that a refund is about: its own, its plan's, or that of the reserve it releases."""
    refund = Refund.objects.filter(customer_id=customer_id, id=refund_id).first()
    if refund is None:
        return None
    if refund.order_id or refund.plan_id is None:
        return refund.order_id or _order_of_released(customer_id, refund_id)
    return _order_of_plan(customer_id, refund.plan_id)


def _order_of_released(customer_id: UUID, refund_id: UUID) -> UUID | None:
    move = ReserveMove.objects.filter(customer_id=customer_id, refund_id=refund_id).first()
    return _order_of_move(customer_id, move.id) if move else None


def _order_of_lender_refund(customer_id: UUID, voucher_id: UUID) -> UUID | None:
    found = PartnerRefund.objects.filter(customer_id=customer_id, id=voucher_id)
    return found.values_list("order_id", flat=True).first()


def _order_of_move(customer_id: UUID, voucher_id: UUID) -> UUID | None:
    move = ReserveMove.objects.filter(customer_id=customer_id, id=voucher_id).first()
    return _order_of_hold(customer_id, move.hold_id) if move else None


def _order_of_hold(customer_id: UUID, voucher_id: UUID) -> UUID | None:
    hold = ReserveHold.objects.filter(customer_id=customer_id, id=voucher_id).first()
    return hold.order_id if hold else None


def _order_of_case(customer_id: UUID, voucher_id: UUID) -> UUID | None:
    found = AftersalesCase.objects.filter(customer_id=customer_id, id=voucher_id)
    return found.values_list("order_id", flat=True).first()


def _order_of_entry(customer_id: UUID, voucher_id: UUID) -> UUID | None:
    entry = JournalEntry.objects.filter(customer_id=customer_id, id=voucher_id).first()
    if entry is None or entry.order_id or entry.plan_id is None:
        return entry.order_id if entry else None
    return _order_of_plan(customer_id, entry.plan_id)


# What moved ----------------------------------------------------------------------------------------------------------


def _vouchers(records: OrderRecords) -> Iterator[VoucherView]:
    yield from _paid_over_channels(records)
    yield from _received(records)
    yield from _went_back(records)
    yield from _went_to_the_lender(records)
    yield from _held(records)
    yield from _released_or_captured(records)
    yield from _cases(records)


def _paid_over_channels(records: OrderRecords) -> Iterator[VoucherView]:
    """Both of a payment that came twice: each was taken from the customer, and each is booked."""
    for attempt in records.attempts:
        if attempt.state != AttemptState.SUCCEEDED:
            continue
        payment = records.payments[attempt.payment_id]
        duplicate = _duplicate_of(records, attempt)
        event_id = None if duplicate else payment.event_id
        yield VoucherView(
            kind=VoucherKind.PAYMENT,
            voucher_id=attempt.id,
            order_id=records.order.id,
            order_no=records.order.order_no,
            number=attempt.out_trade_no,
            theirs=attempt.trade_no,
            amount_minor=attempt.amount_minor,
            currency=attempt.currency,
            at=attempt.paid_at or attempt.created_at,
            channel=attempt.channel,
            card=records.cards.get(attempt.card_id) if attempt.card_id else None,
            why="duplicate" if duplicate else payment.purpose,
            payment_id=payment.id,
            event_id=event_id,
            proof=_proof_of_attempt(records, payment, duplicate),
            further=_undone(records, event_id),
        )


def _duplicate_of(records: OrderRecords, attempt: PaymentAttempt) -> Refund | None:
    """The refund that a second payment of the same became."""
    key = f"duplicate:{attempt.id}"
    return next((refund for refund in records.refunds.values() if refund.source_key == key), None)


def _undone(records: OrderRecords, event_id: UUID | None) -> Mapping[str, str]:
    seq = records.undone.get(event_id) if event_id else None
    return {"undone": str(seq)} if seq else {}


def _proof_of_attempt(records: OrderRecords, payment: Payment, duplicate: Refund | None) -> Proof | None:
    if duplicate is not None:
        return _proof(
            entry
            for entry in records.entries
            if (entry.code, entry.payment_id, entry.posted_at)
            == (EntryCode.DUPLICATE_PAYMENT, payment.id, duplicate.created_at)
        )
    if payment.purpose == PaymentPurpose.RESERVE:
        held = next((hold.entry_id for hold in records.holds.values() if hold.payment_id == payment.id), None)
        return _proof_of_entry(records, held)
    return _proof_of_event(records, payment.event_id)


def _received(records: OrderRecords) -> Iterator[VoucherView]:
    """What the mall received outside the rails: it is quoted by the payment's own id."""
    over_channels = {attempt.payment_id for attempt in records.attempts}
    for payment in records.payments.values():
        if payment.state != PaymentState.SUCCEEDED or payment.id in over_channels:
            continue
        yield VoucherView(
            kind=VoucherKind.PAYMENT,
            voucher_id=payment.id,
            order_id=records.order.id,
            order_no=records.order.order_no,
            number=payment.id.hex,
            theirs="",
            amount_minor=payment.amount_minor,
            currency=payment.currency,
            at=payment.succeeded_at or payment.created_at,
            channel=payment.channel,
            why=payment.purpose,
            payment_id=payment.id,
            event_id=payment.event_id,
            proof=_proof_of_event(records, payment.event_id),
            further=_undone(records, payment.event_id),
        )


def _went_back(records: OrderRecords) -> Iterator[VoucherView]:
    by_attempt = {attempt.id: attempt for attempt in records.attempts}
    for leg in records.legs:
        if leg.state != RefundState.SUCCEEDED:
            continue
        refund = records.refunds[leg.refund_id]
        paid = by_attempt.get(leg.attempt_id) if leg.attempt_id else None
        card_id = leg.card_id or (paid.card_id if paid else None)
        yield VoucherView(
            kind=VoucherKind.REFUND,
            voucher_id=leg.id,
            order_id=records.order.id,
            order_no=records.order.order_no,
            number=leg.out_refund_no,
            theirs=leg.transfer_reference or leg.refund_no,
            amount_minor=leg.amount_minor,
            currency=leg.currency,
            at=leg.refunded_at or leg.updated_at,
            channel=leg.channel,
            card=records.cards.get(card_id) if card_id else None,
            account=leg.account,
            why=refund.cause,
            payment_id=refund.payment_id,
            refund_id=refund.id,
            case_id=(case_id := case_of(refund.source_key)),
            case_no=_case_no(records, case_id),
            proof=_proof_of_entry(records, leg.entry_id),
        )


def _went_to_the_lender(records: OrderRecords) -> Iterator[VoucherView]:
    for refund in records.lender_refunds:
        if refund.state != RefundState.SUCCEEDED:
            continue
        yield VoucherView(
            kind=VoucherKind.LENDER_REFUND,
            voucher_id=refund.id,
            order_id=records.order.id,
            order_no=records.order.order_no,
            number=refund.number,
            theirs=refund.plan_no,
            amount_minor=refund.amount_minor,
            currency=refund.currency,
            at=refund.accepted_at or refund.settled_at or refund.updated_at,
            provider=refund.provider,
            why="lender",
            case_id=refund.case_id,
            case_no=_case_no(records, refund.case_id),
            proof=_proof(
                entry
                for entry in records.entries
                if (entry.code, entry.posted_at) == (EntryCode.PARTNER_REFUND, refund.settled_at)
            ),
        )


def _held(records: OrderRecords) -> Iterator[VoucherView]:
    """A frozen reserve. One that was paid beforehand came as a payment, and is there."""
    for hold in records.holds.values():
        if hold.entry_id is None or hold.payment_id is not None:
            continue
        yield VoucherView(
            kind=VoucherKind.RESERVE_HOLD,
            voucher_id=hold.id,
            order_id=records.order.id,
            order_no=records.order.order_no,
            number=hold.reserve_no,
            theirs=hold.auth_no,
            amount_minor=hold.frozen_minor,
            currency=hold.currency,
            at=hold.held_at or hold.created_at,
            channel=hold.channel,
            card=records.cards.get(hold.card_id) if hold.card_id else None,
            why="reserve",
            proof=_proof_of_entry(records, hold.entry_id),
        )


def _released_or_captured(records: OrderRecords) -> Iterator[VoucherView]:
    """Of a frozen reserve. One that was paid beforehand goes back as a refund, and is there."""
    for move in records.moves:
        if move.state != MoveState.DONE or move.refund_id is not None:
            continue
        hold = records.holds[move.hold_id]
        is_capture = move.kind == MoveKind.CAPTURE
        yield VoucherView(
            kind=VoucherKind.RESERVE_CAPTURE if is_capture else VoucherKind.RESERVE_RELEASE,
            voucher_id=move.id,
            order_id=records.order.id,
            order_no=records.order.order_no,
            number=move.number,
            theirs=hold.auth_no,
            amount_minor=move.amount_minor,
            currency=move.currency,
            at=move.done_at or move.updated_at,
            channel=hold.channel,
            card=records.cards.get(hold.card_id) if hold.card_id else None,
            why=move.kind,
            proof=_proof_of_entry(records, move.entry_id),
        )


def _cases(records: OrderRecords) -> Iterator[VoucherView]:
    """Each case with where it stands; its proof is the newest entry of the order at its last step."""
    for case in records.cases.values():
        steps = [step for step in records.steps if step.case_id == case.id]
        at = steps[-1].at if steps else case.created_at
        booked = [entry for entry in records.entries if entry.posted_at <= at]
        yield VoucherView(
            kind=VoucherKind.CASE,
            voucher_id=case.id,
            order_id=records.order.id,
            order_no=records.order.order_no,
            number=case.case_no,
            theirs="",
            amount_minor=case.value_minor,
            currency=case.currency,
            at=at,
            why="aftersale",
            case_id=case.id,
            case_no=case.case_no,
            proof=_proof(booked[-1:]),
            further={"state": case.state, "steps": str(len(steps)), "told": _digest_of_steps(steps)},
        )


def _digest_of_steps(steps: Iterable[CaseStep]) -> str:
    """Of what happened and when, without anybody's words."""
    told = "\n".join(f"{step.seq},{step.signal},{step.after},{step.at.isoformat()}" for step in steps)
    return sha256(told.encode()).hexdigest()[:16]


def _of_entry(records: OrderRecords, entry_id: UUID) -> Iterator[VoucherView]:
    """A movement as it was booked; its sum is what one side of the entry comes to."""
    entry = next((one for one in records.entries if one.id == entry_id), None)
    if entry is None:
        return
    lines = JournalLine.objects.filter(customer_id=entry.customer_id, entry_id=entry.id)
    change = Balances()
    booked_minor = 0
    for line in lines:
        booked_minor += line.debit_minor
        change = change.plus(change_of(line.account, line.debit_minor, line.credit_minor))
    yield VoucherView(
        kind=VoucherKind.ENTRY,
        voucher_id=entry.id,
        order_id=records.order.id,
        order_no=records.order.order_no,
        number=str(entry.seq),
        theirs="",
        amount_minor=booked_minor,
        currency=entry.currency,
        at=entry.posted_at,
        why=entry.code,
        event_id=entry.event_id,
        proof=proof_of(entry),
        further={name: str(value) for name, value in change._asdict().items()},
    )


def _case_no(records: OrderRecords, case_id: UUID | None) -> str:
    case = records.cases.get(case_id) if case_id else None
    return case.case_no if case else ""


# Proofs and parts ----------------------------------------------------------------------------------------------------


def _proof_of_event(records: OrderRecords, event_id: UUID | None) -> Proof | None:
    return _proof(entry for entry in records.entries if event_id and entry.event_id == event_id)


def _proof_of_entry(records: OrderRecords, entry_id: UUID | None) -> Proof | None:
    return _proof(entry for entry in records.entries if entry.id == entry_id)


def _proof(entries: Iterable[JournalEntry]) -> Proof | None:
    return next(map(proof_of, entries), None)


def proof_of(entry: JournalEntry) -> Proof:
    return Proof(
        seq=entry.seq,
        code=entry.code,
        on=entry.effective_on,
        posted_at=entry.posted_at,
        hash=bytes(entry.hash).hex(),
    )


def _paid(customer_id: UUID, plan: Plan, event_id: UUID) -> tuple[PaidPart, ...]:
    """Where the money went when it was booked: what came to be known later does not change a voucher."""
    file = plan_file.read(customer_id, plan.id)
    ids: Sequence[str] = [event.id for event in file.events]
    if str(event_id) not in ids:
        return ()
    known = ids.index(str(event_id))
    before = {row.n: row.paid for row in replay(file.terms, file.events[:known]).rows}
    down_payments = 1 if file.terms.down_payment_amount else 0
    paid = []
    for row in replay(file.terms, file.events[: known + 1]).rows:
        earlier = before.get(row.n, Components())
        parts = Components(*(now_paid - then for now_paid, then in zip(row.paid, earlier, strict=True)))
        if any(parts):
            paid.append(PaidPart(number=None if row.is_down_payment else row.n - down_payments, parts=parts))
    return tuple(paid)
