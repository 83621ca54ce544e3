"""A sum below what is owed: paid by the plan's rules, and the rest stays as it was."""

from datetime import UTC, datetime

import pytest

from fenqi.channels.interface import ChannelReply
from fenqi.domain.money import Money
from fenqi.domain.payments import AttemptState, Outcome
from fenqi.records.models import Payment, PaymentAttempt, PaymentPurpose
from fenqi.usecases.repayment.quote import Choice, PartOutOfRange, quote
from fenqi.usecases.repayment.settle import settle_attempt
from fenqi.usecases.repayment.start import start_repayment
from malls import bought
from town import Town

pytestmark = pytest.mark.django_db(transaction=True)


def part(amount: int) -> Choice:
    return Choice(purpose=PaymentPurpose.PART, amount_minor=amount)


@pytest.mark.requirement("R138")
@pytest.mark.parametrize(("amount", "rows"), [(1, (1,)), (9_999, (1,)), (10_000, (1,)), (25_000, (1, 2, 3))])
def test_a_part_goes_to_the_earliest_installments(town: Town, amount: int, rows: tuple[int, ...]) -> None:
    plan, now = bought(), datetime.now(UTC)
    offer = quote(plan.customer_id, plan.plan_id, part(amount), now=now)
    assert (offer.amount_minor, offer.rows, offer.parts.total) == (amount, rows, amount)
    assert offer.before.totals.outstanding.total - offer.after.totals.outstanding.total == amount


@pytest.mark.parametrize("amount", [0, -5, 120_000, 120_001])
def test_a_part_is_above_zero_and_below_all_that_is_owed(town: Town, amount: int) -> None:
    plan = bought()
    with pytest.raises(PartOutOfRange):
        quote(plan.customer_id, plan.plan_id, part(amount), now=datetime.now(UTC))


def test_a_part_that_is_paid_is_an_ordinary_repayment(town: Town) -> None:
    plan, now = bought(), datetime.now(UTC)
    started = start_repayment(
        customer_id=plan.customer_id,
        plan_id=plan.plan_id,
        quote_token=quote(plan.customer_id, plan.plan_id, part(3_000), now=now).token,
        method="alipay",
        request_key="part",
        now=now,
    )
    attempt = PaymentAttempt.objects.get(customer_id=plan.customer_id, id=started.attempt_id)
    reply = ChannelReply(
        outcome=Outcome.SUCCEEDED, out_trade_no=attempt.out_trade_no, amount=Money(3_000, "CNY"), paid_at=now
    )
    state = settle_attempt(plan.customer_id, attempt.id, reply, actor="channel:alipay", now=now)
    assert state is AttemptState.SUCCEEDED
    assert plan.state().rows[0].outstanding.total == 7_000
    payment = Payment.objects.get(customer_id=plan.customer_id, id=started.payment_id)
    assert (payment.purpose, payment.installments) == ("part", [1])
