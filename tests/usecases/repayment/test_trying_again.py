"""After a failure the same bill is repaid once, by the same rail or by another."""

from datetime import UTC, datetime

import pytest

from another_rail import AnotherRail, open_rail
from fenqi.channels.interface import PaymentChannel
from fenqi.domain.payments import AttemptState
from fenqi.records.models import JournalLine, PaymentAttempt, PlanEvent
from fenqi.usecases.repayment import resolve
from fenqi.usecases.repayment.start import StartedRepayment, start_repayment
from malls import Bought, Payer, bought
from town import Town

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def plan(town: Town) -> Bought:
    return bought()


def amounts_booked(plan: Bought) -> list[int | None]:
    events = PlanEvent.objects.filter(customer_id=plan.customer_id).order_by("seq")
    return list(events.values_list("amount_minor", flat=True))


def by_rail(plan: Bought, rail: AnotherRail, *, now: datetime) -> StartedRepayment:
    return start_repayment(
        customer_id=plan.customer_id,
        plan_id=plan.plan_id,
        quote_token=plan.quote_token(1, now=now),
        method=rail.name,
        request_key="another",
        now=now,
    )


@pytest.mark.requirement("R142")
def test_a_bill_that_failed_is_repaid_once(plan: Bought) -> None:
    now = datetime.now(UTC)
    failed = plan.start(1, now=now, key="failed")
    payer = Payer(failed.redirect_url)
    payer.press("refuse", code="ACQ.BUYER_BALANCE_NOT_ENOUGH")
    assert "余额不足" in payer.browser.get(payer.page.url).text
    again = plan.start(1, now=now, key="again")
    Payer(again.redirect_url).press("confirm")

    assert resolve.ask_channel(plan.customer_id, again.attempt_id, now=now) is AttemptState.SUCCEEDED
    assert payer.press("confirm").status_code == 400
    assert resolve.ask_channel(plan.customer_id, failed.attempt_id, now=now) is AttemptState.CLOSED
    assert amounts_booked(plan) == [10_000]


@pytest.mark.requirement("R111")
def test_a_rail_that_is_added_carries_a_repayment_into_the_books(plan: Bought, monkeypatch: pytest.MonkeyPatch) -> None:
    rail, now = AnotherRail("wechat_pay"), datetime.now(UTC)
    assert isinstance(rail, PaymentChannel)
    open_rail(rail, monkeypatch)
    first = plan.start(1, now=now)
    second = by_rail(plan, rail, now=now)
    number = PaymentAttempt.objects.get(customer_id=plan.customer_id, id=second.attempt_id).out_trade_no
    assert second.redirect_url == f"https://wechat_pay.example/{number}"

    rail.paid.add(number)
    assert resolve.ask_channel(plan.customer_id, second.attempt_id, now=now) is AttemptState.SUCCEEDED
    assert resolve.ask_channel(plan.customer_id, first.attempt_id, now=now) is AttemptState.CLOSED
    assert amounts_booked(plan) == [10_000]
    clearing = JournalLine.objects.filter(customer_id=plan.customer_id, account__startswith="clearing.")
    assert list(clearing.values_list("account", "debit_minor")) == [("clearing.wechat_pay", 10_000)]
