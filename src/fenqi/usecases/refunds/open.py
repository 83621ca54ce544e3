"""A refund begins here: what is owed back is split over the payments it came by, and set on its way."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Sum

from fenqi.domain.errors import FenqiError
from fenqi.domain.ledger import Account
from fenqi.domain.money import Money
from fenqi.domain.payments.refunds import RefundState
from fenqi.domain.payments.splitting import Source, split
from fenqi.records.identifiers import new_id
from fenqi.records.locks import LockedCustomer
from fenqi.records.models import JournalLine, PaymentAttempt, Refund, RefundCause, RefundLeg, RefundStatus
from fenqi.records.posting import Decision
from fenqi.usecases import clock
from fenqi.usecases.refunds.rows import add_legs, columns_of, status_of
from fenqi.usecases.refunds.sources import sources_of
from fenqi.usecases.reserves.due import look_at_reserve


class RefundAboveOwed(FenqiError):
    """More would go back than the books owe the customer. Details: `amount`, `owed`, both minor units."""

    code = "refund_above_owed"
    status = 409
    zh = "退款金额超过应退金额，没有发出。请核对应退款项。"
    en = "The refund is more than is owed back, so it was not opened. Check what is owed."


def open_refund(
    decision: Decision,
    locked: LockedCustomer,
    *,
    cause: RefundCause,
    source_key: str,
    amount: Money,
    reason: str,
    plan_id: UUID | None = None,
    order_id: UUID | None = None,
    payment_id: UUID | None = None,
    sources: Sequence[Source[PaymentAttempt]] | None = None,
    actor: str,
    now: datetime,
) -> UUID:
    """Put the refund into the caller's decision, whose entries owe it on `payable.refund`; the refund's id.

    It goes back over `sources`, else over what succeeded for the payment, else for the plan; what cannot is left to be
    transferred. The same `source_key` gives the same refund. `reason` is what the payer reads at the channel.
    Raises RefundAboveOwed.
    """
    customer_id = locked.customer_id
    earlier = Refund.objects.filter(customer_id=customer_id, source_key=source_key).first()
    if earlier is not None:
        return earlier.id
    owed = _owed(decision, customer_id, amount.currency)
    if amount.minor > owed:
        raise RefundAboveOwed(amount=amount.minor, owed=owed)
    if sources is None:
        sources = sources_of(customer_id, plan_id=plan_id, payment_id=payment_id, currency=amount.currency)
    refund_id = new_id()
    parts = split(amount.minor, sources, on=clock.business_date(now))
    legs = add_legs(decision, refund_id, parts, currency=amount.currency, first_no=1, now=now, send_at=now)
    refund = Refund(
        customer_id=customer_id,
        id=refund_id,
        cause=cause.value,
        source_key=source_key,
        plan_id=plan_id,
        order_id=order_id,
        payment_id=payment_id,
        amount_minor=amount.minor,
        currency=amount.currency,
        reason=reason,
        status=status_of(amount.minor, legs).value,
        actor=actor,
        created_at=now,
        completed_at=None,
        updated_at=now,
    )
    decision.add("refund", columns_of(refund))
    if cause is not RefundCause.RESERVE:
        look_at_reserve(decision, order_id, now=now)
    return refund_id


def _owed(decision: Decision, customer_id: UUID, currency: str) -> int:
    """What stands on `payable.refund`, after what is being decided, and is not on its way by an earlier refund."""
    lines = JournalLine.objects.filter(customer_id=customer_id, account=Account.PAYABLE_REFUND, currency=currency)
    booked = lines.aggregate(debits=Sum("debit_minor", default=0), credits=Sum("credit_minor", default=0))
    decided = sum(
        line["credit_minor"] - line["debit_minor"]
        for line in decision.rows.get("journal_line", ())
        if line["account"] == Account.PAYABLE_REFUND and line["currency"] == currency
    )
    refunds = Refund.objects.filter(customer_id=customer_id, currency=currency).exclude(status=RefundStatus.COMPLETED)
    open_ids = dict(refunds.values_list("id", "amount_minor"))
    paid = RefundLeg.objects.filter(
        customer_id=customer_id, refund_id__in=list(open_ids), state=RefundState.SUCCEEDED.value
    ).aggregate(total=Sum("amount_minor", default=0))
    opening = sum(row["amount_minor"] for row in decision.rows.get("refund", ()) if row["currency"] == currency)
    on_its_way = sum(open_ids.values()) - paid["total"] + opening
    return int(booked["credits"] - booked["debits"] + decided - on_its_way)
