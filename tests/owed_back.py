"""Customers who paid twice, for the tests of money out."""

from datetime import date, datetime

from fenqi.records.models import JournalLine, Refund, RefundLeg
from fenqi.usecases.repayment import resolve
from malls import Bought, Payer, bought


def paid_twice(*, now: datetime, key: str = "k1", plan: Bought | None = None) -> tuple[Bought, Refund]:
    """Paid at the counter while standing at the cashier: the second payment goes back."""
    plan = plan or bought()
    started = plan.start(1, now=now, key=key)
    payer = Payer(started.redirect_url)
    plan.record(10_000, on=date(2026, 1, 20), now=now, key=f"counter {started.payment_id}")
    payer.press("confirm")
    resolve.ask_channel(plan.customer_id, started.attempt_id, now=now)
    return plan, Refund.objects.get(customer_id=plan.customer_id, payment_id=started.payment_id)


def legs_of(refund: Refund) -> list[RefundLeg]:
    return list(RefundLeg.objects.filter(customer_id=refund.customer_id, refund_id=refund.id).order_by("leg_no"))


def status_of(refund: Refund) -> str:
    return Refund.objects.get(customer_id=refund.customer_id, id=refund.id).status


def books(plan: Bought) -> dict[str, int]:
    """What stands on each account for the customer, a debit counted above zero."""
    sums: dict[str, int] = {}
    for line in JournalLine.objects.filter(customer_id=plan.customer_id):
        sums[line.account] = sums.get(line.account, 0) + line.debit_minor - line.credit_minor
    return {account: amount for account, amount in sums.items() if amount}
