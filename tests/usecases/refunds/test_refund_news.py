"""What channels tell of refunds without being asked, and what the customer is told."""

from datetime import UTC, datetime
from typing import Any

import pytest
from structlog.testing import capture_logs

from fenqi.channels.interface import NotificationRefused, RefundReply
from fenqi.domain.payments import Outcome
from fenqi.domain.payments.refunds import RefundState
from fenqi.records.models import ChannelNotification, OutboxMessage, PaymentAttempt, Refund, RefundLeg
from fenqi.usecases.notices.duplicate_returned import tell_duplicate_returned
from fenqi.usecases.refunds.notifications import take_refund
from fenqi.usecases.refunds.send import send_leg
from fenqi.usecases.repayment.settle import Evidence
from malls import a_customer, bought
from owed_back import legs_of, paid_twice
from town import Town

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime.now(UTC)


@pytest.fixture
def refund(town: Town) -> Refund:
    """Sent; what became of it is not known."""
    plan, refund = paid_twice(now=NOW)
    town.tell("faults", operation="refund", kind="http_500", times=1)
    assert send_leg(plan.customer_id, legs_of(refund)[0].id, now=NOW) is RefundState.UNKNOWN
    return refund


def told(leg: RefundLeg, outcome: Outcome, **changes: Any) -> RefundReply:
    number = PaymentAttempt.objects.get(customer_id=leg.customer_id, id__in=[leg.attempt_id]).out_trade_no
    fields = {"out_trade_no": number, "out_request_no": leg.out_refund_no, **changes}
    return RefundReply(outcome=outcome, **fields)


def evidence(notify_id: str, channel: str = "alipay") -> Evidence:
    return Evidence(channel=channel, notify_id=notify_id, body={"told": notify_id})


def asks(refund: Refund) -> int:
    return OutboxMessage.objects.filter(customer_id=refund.customer_id, topic="ask_refund").count()


def test_a_success_that_is_told_twice_is_settled_once_and_kept(refund: Refund) -> None:
    (leg,) = legs_of(refund)
    for _ in range(2):
        take_refund(told(leg, Outcome.SUCCEEDED), evidence("n-1"), now=NOW)
    assert legs_of(refund)[0].state == RefundState.SUCCEEDED
    kept = ChannelNotification.objects.filter(customer_id=refund.customer_id, notify_id="n-1")
    assert list(kept.values_list("outcome", "attempt_id")) == [("succeeded", leg.attempt_id)]


@pytest.mark.parametrize("more", [{}, {"out_request_no": ""}])
def test_what_only_says_that_something_moved_is_asked_about_at_once(refund: Refund, more: dict[str, str]) -> None:
    (leg,) = legs_of(refund)
    before = asks(refund)
    take_refund(told(leg, Outcome.WAITING, **more), evidence("n-2"), now=NOW)
    assert asks(refund) == before + 1
    assert legs_of(refund)[0].state == RefundState.UNKNOWN


def test_a_refund_made_by_hand_at_the_channel_is_kept_and_told_to_operations(refund: Refund) -> None:
    (leg,) = legs_of(refund)
    with capture_logs() as logs:
        take_refund(told(leg, Outcome.SUCCEEDED, out_request_no="BYHAND0001"), evidence("n-3"), now=NOW)
    assert [entry["event"] for entry in logs] == ["refund_not_ours"]
    assert legs_of(refund)[0].state == RefundState.UNKNOWN
    assert ChannelNotification.objects.filter(customer_id=refund.customer_id, notify_id="n-3").exists()


def test_another_channel_cannot_settle_it(refund: Refund) -> None:
    (leg,) = legs_of(refund)
    take_refund(told(leg, Outcome.SUCCEEDED), evidence("n-4", "wechat_pay"), now=NOW)
    assert legs_of(refund)[0].state == RefundState.UNKNOWN


def test_a_payment_that_is_not_ours_is_refused(refund: Refund) -> None:
    with pytest.raises(NotificationRefused):
        take_refund(told(legs_of(refund)[0], Outcome.SUCCEEDED, out_trade_no="FNOTOURS1"), evidence("n-5"), now=NOW)


@pytest.mark.parametrize(
    ("language", "phone", "text"),
    [
        ("zh-hans", "17000000951", "您重复支付的 100.00 元（青屿 X2 手机）已原路退回，最晚 "),
        ("en", "17000000952", "You paid CNY 100.00 twice (青屿 X2 手机). It is on its way back to you, by "),
    ],
)
def test_the_customer_is_told_once_that_it_is_on_its_way(town: Town, language: str, phone: str, text: str) -> None:
    ref = f"told-{phone}"
    plan = bought(ref)
    a_customer(ref, phone=phone, language=language)
    plan, refund = paid_twice(now=NOW, plan=plan)
    send_leg(plan.customer_id, legs_of(refund)[0].id, now=NOW)
    (message,) = OutboxMessage.objects.filter(customer_id=plan.customer_id, topic="refund_on_its_way")
    assert message.body == {"refund_id": str(refund.id)}
    assert tell_duplicate_returned(plan.customer_id, refund.id, now=NOW)
    assert not tell_duplicate_returned(plan.customer_id, refund.id, now=NOW)
    (sent,) = town.ask("sms", phone=phone)["messages"]
    assert text in sent["text"]
