"""A return from the application to the arrival, over the real rails of the sandbox."""

import pytest

from fenqi.domain.aftersales.cases import CaseState
from fenqi.domain.payments.refunds import RefundState
from fenqi.usecases.reconciliation.check import check_books
from owed_back import books
from returned import a_return, delivered, refunded
from town import Town

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.usefixtures("town")
def test_a_whole_return_brings_back_what_was_paid_the_way_it_was_paid(town: Town) -> None:
    order = delivered()
    order.repay(1, key="first")
    order.repay(2, key="second")
    quoted = order.quote(a_return((1, 1), (2, 4)))
    assert (quoted.value_minor, quoted.cash_minor, quoted.off_plan_minor) == (120_000, 20_000, 100_000)
    case = order.apply(a_return((1, 1), (2, 4)), quoted=quoted)
    assert case.state == CaseState.SUBMITTED
    case.approve()
    assert case.state == CaseState.GOODS_AWAITED
    case.send()
    assert case.receive() is CaseState.GOODS_RECEIVED
    assert case.execute() is CaseState.REFUNDING
    assert case.execute() is CaseState.REFUNDING, "once"
    assert refunded(case) == 20_000
    assert [leg.channel for leg in case.legs()] == ["alipay", "alipay"]
    assert set(case.send_money()) <= {RefundState.SUCCEEDED, RefundState.PROCESSING, RefundState.CREATED}
    assert order.plan.state().totals.outstanding.total == 0
    assert list(check_books()) == []
    case.let_arrive()
    assert case.follow() is CaseState.COMPLETED
    assert case.view.arrived_minor == 20_000
    assert books(order.plan).get("payable.refund", 0) == 0
