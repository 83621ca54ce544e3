"""A return of goods that a lender financed: the whole value goes to the lender, which takes it off its plan (P207).

Its number is stored before the first byte leaves and every retry keeps it. The plan's events are recorded when the
lender has done it, with the day of the return: until then its plan, too, is as it was.
"""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from fenqi.channels.interface import UnknownPartner
from fenqi.channels.partner import PartnerEffect, PartnerRefundReply, PartnerRefundRequest
from fenqi.domain.errors import NotFound
from fenqi.domain.ledger import Account, clearing, partner_refund_entry
from fenqi.domain.money import Money
from fenqi.domain.payments import FailureCategory, Outcome, RetryMark, Verdict
from fenqi.domain.payments.refund_schedule import A_WEEK_OF_QUESTIONS, ask_refund_after
from fenqi.domain.payments.refunds import ASKED_ABOUT, RefundState, RefundStep, next_refund_state
from fenqi.domain.plans import Component, Components, Event, EventKind, replay
from fenqi.records import locks
from fenqi.records.identifiers import derived_id, new_id
from fenqi.records.locks import LockedCustomer
from fenqi.records.models import DirectoryKind, FinanceProvider, PartnerRefund, ProviderKind
from fenqi.records.posting import Decision, write
from fenqi.usecases import clock, outbox, plan_file, rails
from fenqi.usecases.numbers import new_number
from fenqi.usecases.partners.errors import PartnerUnavailable
from fenqi.usecases.partners.holders import lenders_row
from fenqi.usecases.partners.providers import provider_of
from fenqi.usecases.partners.queries import expected_by
from fenqi.usecases.plan_file import Fact, PlanFile
from fenqi.usecases.projection import About, entry_columns
from fenqi.usecases.refunds.rows import columns_of

REASON = "退货退款"
BY_HAND = "by_hand"
"""The lender has no interface: staff refund it over the acquirer, and two of them say so."""
MIRROR_DIFFERS = "mirror_differs"
"""The lender credited another sum than our copy of its plan comes to: a repayment there has not been told yet."""

_NOT_SET_UP = Verdict(Outcome.UNKNOWN, FailureCategory.MERCHANT_CONFIG, RetryMark.LATER, alert=True)
"""Its settings are missing from this process: the questions go on, and a person is told."""


def refund_over_partner(
    decision: Decision,
    *,
    plan_id: UUID,
    order_id: UUID,
    case_id: UUID | None,
    amount: Money,
    effective_on: date,
    actor: str,
    now: datetime,
) -> UUID:
    """Put a return of a plan's goods into the caller's decision, to be sent to the lender; its id. One for each case,
    and another once the lender has refused that one for good.

    Raises UnknownProvider and, for a plan of the mall's own, PartnerUnavailable.
    """
    customer_id = decision.customer_id
    earlier = PartnerRefund.objects.filter(customer_id=customer_id, case_id=case_id).exclude(state=RefundState.FAILED)
    if case_id is not None and (found := earlier.values_list("id", flat=True).first()):
        return found
    kept = lenders_row(customer_id, plan_id)
    lender = provider_of(kept.provider) if kept else None
    if kept is None or lender is None:
        raise PartnerUnavailable(provider="")
    by_hand = lender.kind == ProviderKind.CARD
    row = PartnerRefund.objects.create(
        customer_id=customer_id,
        id=new_id(),
        plan_id=plan_id,
        order_id=order_id,
        case_id=case_id,
        provider=kept.provider,
        number=new_number("F"),
        plan_no=kept.plan_no,
        amount_minor=amount.minor,
        currency=amount.currency,
        reason=REASON,
        effective_on=effective_on,
        state=RefundState.CREATED.value,
        alert=BY_HAND if by_hand else "",
        actor=actor,
        created_at=now,
        updated_at=now,
    )
    decision.add("directory", {"kind": DirectoryKind.OUT_REFUND_NO.value, "key": row.number, "target_id": row.id})
    if not by_hand:
        outbox.about_partner_refund(decision, outbox.SEND_PARTNER_REFUND, row.id, at=now, now=now)
    return row.id


def send(customer_id: UUID, refund_id: UUID, *, now: datetime) -> RefundState:
    """Tell the lender; where it stands then. What was sent already is asked about by its schedule. Raises NotFound."""
    with transaction.atomic(durable=True):
        locks.customer(customer_id)
        row = find(customer_id, refund_id)
        if row.state != RefundState.CREATED or row.alert == BY_HAND:
            return RefundState(row.state)
        row.state = next_refund_state(RefundState.CREATED, RefundStep.SENT).value
        row.submitted_at = row.updated_at = now
        decision = Decision(customer_id)
        _ask_later(decision, row, RetryMark.QUERY_FIRST, now=now)
        keep(row)
        write(decision)
    return settle(customer_id, refund_id, _request(row), now=now)


def ask(customer_id: UUID, refund_id: UUID, *, now: datetime) -> RefundState:
    """Ask the lender, and send again under the same number what it never saw. Raises NotFound."""
    row = find(customer_id, refund_id)
    if RefundState(row.state) not in ASKED_ABOUT or row.alert == BY_HAND:
        return RefundState(row.state)
    reply = _query(row)
    if reply.outcome is Outcome.NOT_FOUND and row.state != RefundState.PROCESSING:
        reply = _request(row)
    return settle(customer_id, refund_id, reply, now=now, asked=True)


def _request(row: PartnerRefund) -> PartnerRefundReply:
    """One call, with the number and the amount of every other one for this return."""
    request = PartnerRefundRequest(
        number=row.number,
        plan_no=row.plan_no,
        amount=row.amount_minor,
        currency=row.currency,
        reason=row.reason,
        effective_on=row.effective_on,
    )
    try:
        return rails.partner(row.provider).refund(request)
    except UnknownPartner as unknown:
        return PartnerRefundReply(
            outcome=Outcome.NOT_EXECUTED, code=unknown.code, verdict=_NOT_SET_UP, number=row.number
        )


def _query(row: PartnerRefund) -> PartnerRefundReply:
    try:
        return rails.partner(row.provider).query_refund(row.number)
    except UnknownPartner as unknown:
        return PartnerRefundReply(outcome=Outcome.UNKNOWN, code=unknown.code, verdict=_NOT_SET_UP, number=row.number)


def settle(
    customer_id: UUID, refund_id: UUID, told: PartnerRefundReply, *, now: datetime, asked: bool = False
) -> RefundState:
    """Record what the lender said; a success records the return on our copy of its plan, in the same transaction."""
    with transaction.atomic(durable=True):
        locked = locks.customer(customer_id)
        row = find(customer_id, refund_id)
        before = RefundState(row.state)
        after = next_refund_state(before, told.outcome)
        decision = Decision(customer_id)
        row.code, row.reply = told.code or row.code, dict(told.raw) or row.reply
        row.accepted_at = told.accepted_at or row.accepted_at
        row.asked += asked
        row.state, row.updated_at = after.value, now
        row.alert = _alert(row, told, after)
        if after is RefundState.SUCCEEDED and before is not after:
            assert told.effect is not None, "a success says what it did"
            _take_off(decision, locked, row, told.effect, now=now)
        elif after in ASKED_ABOUT and (asked or before is not after):
            _ask_later(decision, row, told.retry, now=now)
        if row.case_id is not None and before is not after:
            outbox.about_case(decision, outbox.FOLLOW_CASE, row.case_id, now=now)
        keep(row)
        write(decision)
    return after


def _alert(row: PartnerRefund, told: PartnerRefundReply, after: RefundState) -> str:
    """Why a person must look: it was refused, cannot be believed, or has not been answered for a week."""
    if after is RefundState.SUCCEEDED:
        return ""
    if after is RefundState.FAILED:
        return "refused"
    if told.alert:
        return "contradicts"
    return "no_answer" if row.asked >= A_WEEK_OF_QUESTIONS else row.alert


def _ask_later(decision: Decision, row: PartnerRefund, retry: RetryMark | None, *, now: datetime) -> None:
    row.next_query_at = now + ask_refund_after(row.asked, retry)
    outbox.about_partner_refund(decision, outbox.ASK_PARTNER_REFUND, row.id, at=row.next_query_at, now=now)


def _take_off(
    decision: Decision, locked: LockedCustomer, row: PartnerRefund, effect: PartnerEffect, *, now: datetime
) -> None:
    """The return on our copy of the plan, what is balance there by the lender's rules, and the lender's own entry."""
    lender = provider_of(row.provider)
    assert lender is not None, "a refund at a lender names one"
    row.cancelled_minor, row.dropped_fees_minor = effect.cancelled_principal, effect.dropped_fees
    row.surplus_minor = effect.surplus
    row.commission_back_minor, row.subsidy_back_minor = effect.commission_back, effect.subsidy_back
    row.settled_at, row.next_query_at = now, None
    row.expected_by = expected_by(lender, on=clock.business_date(row.accepted_at or now))
    file = plan_file.read(row.customer_id, row.plan_id)
    facts, surplus = _facts(file, row, lender, on=clock.business_date(now))
    if surplus != effect.surplus and lender.kind != ProviderKind.CARD:
        row.alert = MIRROR_DIFFERS
    recorded = plan_file.add_events(decision, file, facts, head=locked, actor=row.actor, now=now)
    dropped = Components(interest=_given_back(facts, Component.INTEREST), fee=_given_back(facts, Component.FEE))
    entry = partner_refund_entry(
        row.amount_minor,
        dropped=dropped,
        commission_back=effect.commission_back,
        subsidy_back=effect.subsidy_back,
        source=clearing(row.provider),
    )
    columns, lines, head = entry_columns(
        entry,
        code=entry.code,
        on=clock.business_date(row.accepted_at or now),
        currency=row.currency,
        about=About(customer_id=row.customer_id, plan_id=row.plan_id, order_id=row.order_id),
        head=recorded.head,
        now=now,
    )
    decision.add("journal_entry", columns)
    decision.add("journal_line", *lines)
    decision.head_seq = head.seq


def _facts(file: PlanFile, row: PartnerRefund, lender: FinanceProvider, *, on: date) -> tuple[Sequence[Fact], int]:
    """What happens to our copy of the plan, and what of it is balance afterwards: paid out to the one at the lender.

    A bank drops nothing that it would tell us of: when all goods went back, what our copy still asks for is dropped.
    """
    partner = str(Account.PAYABLE_PARTNER)
    refund = _event(row, EventKind.REFUND, row.amount_minor)
    events = [refund, *_dropped(file, row, (*file.events, refund), lender)]
    balance = replay(file.terms, (*file.events, *events)).balance
    if balance:
        events.append(_event(row, EventKind.BALANCE_PAYOUT, balance, on=max(on, row.effective_on)))
    return [Fact(event, partner) for event in events], balance


def _dropped(file: PlanFile, row: PartnerRefund, events: Sequence[Event], lender: FinanceProvider) -> list[Event]:
    refunded = sum(event.amount or 0 for event in events if event.kind is EventKind.REFUND)
    is_full = refunded >= file.terms.principal
    owed = replay(file.terms, events).totals.outstanding.total
    left = owed if lender.kind == ProviderKind.CARD and is_full else row.dropped_fees_minor
    given = []
    charged = replay(file.terms, file.events).totals.outstanding
    for component, most in ((Component.FEE, charged.fee), (Component.INTEREST, charged.interest)):
        amount = min(left, most)
        if amount:
            given.append(_event(row, EventKind.FEE_REFUND, amount, component=component))
            left -= amount
    return given


def _event(
    row: PartnerRefund, kind: EventKind, amount: int, *, component: Component | None = None, on: date | None = None
) -> Event:
    event_id = derived_id("partner_refund", row.id, kind.value, component.value if component else "")
    return Event(id=str(event_id), on=on or row.effective_on, kind=kind, amount=amount, component=component)


def _given_back(facts: Sequence[Fact], component: Component) -> int:
    return sum(fact.event.amount or 0 for fact in facts if fact.event.component is component)


def find(customer_id: UUID, refund_id: UUID) -> PartnerRefund:
    """Raises NotFound."""
    row = PartnerRefund.objects.filter(customer_id=customer_id, id=refund_id).first()
    if row is None:
        raise NotFound
    return row


def keep(row: PartnerRefund) -> None:
    """Store the row as it is now."""
    columns = {name: value for name, value in columns_of(row).items() if name not in ("id", "pk")}
    PartnerRefund.objects.filter(customer_id=row.customer_id, id=row.id).update(**columns)
