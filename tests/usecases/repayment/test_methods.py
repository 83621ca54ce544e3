"""The ways a customer has to repay: which can be used, why another cannot, and that each pays once."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from another_rail import open_rail
from card_rail import EXPIRED, SHORT, CardRail, ScanRail, open_cards
from fenqi.channels.interface import ChannelRefuses, ChannelReply, ChargeRef, Device, UnknownChannel
from fenqi.domain.payments import AttemptState, FailureCategory, Outcome, RetryMark, Verdict
from fenqi.records import personal
from fenqi.records.identifiers import new_id
from fenqi.records.models import (
    BoundCard,
    CardState,
    ChannelCondition,
    ConditionKind,
    Payment,
    PaymentAttempt,
    PaymentPurpose,
)
from fenqi.usecases.repayment import resolve
from fenqi.usecases.repayment.methods import Method, MethodUnavailable, methods
from fenqi.usecases.repayment.quote import Choice, quote
from fenqi.usecases.repayment.start import Next, Payer, PaymentUnderWay, StartedRepayment, reopen, start_repayment
from malls import Bought, bought
from town import Town

pytestmark = pytest.mark.django_db(transaction=True)

UNKNOWN = Verdict(Outcome.UNKNOWN, FailureCategory.OUTCOME_UNKNOWN, RetryMark.QUERY_FIRST)


@pytest.fixture
def rail(town: Town, monkeypatch: pytest.MonkeyPatch) -> CardRail:
    return open_cards(monkeypatch)


@pytest.fixture
def plan(town: Town) -> Bought:
    return bought()


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC)


def a_card(plan: Bought, state: CardState = CardState.ACTIVE, **more: str) -> UUID:
    card = BoundCard.objects.create(
        customer_id=plan.customer_id,
        id=new_id(),
        channel="bank_card",
        number=f"B{new_id().hex[:24]}",
        token_encrypted=personal.encrypt("the-token").decode(),
        **{"bank": "CMB", "kind": "debit", "last4": "6621", **more},
        state=state,
        bound_at=datetime.now(UTC),
    )
    return card.id


def pay(
    plan: Bought, method: str, *, now: datetime, key: str = "k1", payer: Payer | None = None, token: str = ""
) -> StartedRepayment:
    return start_repayment(
        customer_id=plan.customer_id,
        plan_id=plan.plan_id,
        quote_token=token or plan.quote_token(1, now=now),
        method=method,
        request_key=key,
        payer=payer,
        now=now,
    )


def offered(plan: Bought, *, now: datetime, installment: int = 1) -> dict[str, Method]:
    offer = quote(
        plan.customer_id,
        plan.plan_id,
        Choice(purpose=PaymentPurpose.INSTALLMENTS, installments=(installment,)),
        now=now,
    )
    return {str(method.key): method for method in methods(plan.customer_id, offer, now=now)}


def attempt_of(plan: Bought, started: StartedRepayment) -> PaymentAttempt:
    return PaymentAttempt.objects.get(customer_id=plan.customer_id, id=started.attempt_id)


@pytest.mark.requirement("R107", "R108", "R109", "R110")
def test_every_rail_and_every_card_is_a_method(plan: Bought, rail: CardRail, now: datetime) -> None:
    card_id = a_card(plan)
    found = offered(plan, now=now)
    assert set(found) == {"alipay", "wechat_pay", f"bank_card:{card_id}"}
    assert all(method.available for method in found.values())


@pytest.mark.requirement("R112")
@pytest.mark.parametrize(
    ("more", "reason"),
    [({"state": CardState.UNUSABLE}, "card_unusable"), ({"kind": "credit"}, "credit_card")],
)
def test_a_card_that_cannot_pay_is_shown_with_its_reason_and_refused(
    plan: Bought, rail: CardRail, now: datetime, more: dict[str, str], reason: str
) -> None:
    key = f"bank_card:{a_card(plan, **more)}"  # type: ignore[arg-type]  # a state is a word
    assert offered(plan, now=now)[key].reason == reason
    with pytest.raises(MethodUnavailable) as refused:
        pay(plan, key, now=now)
    assert refused.value.details["reason"] == reason
    assert not Payment.objects.filter(customer_id=plan.customer_id).exists()


@pytest.mark.requirement("R112", "R139", "R140")
def test_maintenance_is_told_beforehand_and_closes_the_method_while_it_lasts(
    plan: Bought, rail: CardRail, now: datetime
) -> None:
    starts_at, ends_at = now + timedelta(hours=1), now + timedelta(hours=2)
    ChannelCondition.objects.create(
        channel="alipay",
        kind=ConditionKind.MAINTENANCE,
        starts_at=starts_at,
        ends_at=ends_at,
        created_by="tests",
        created_at=now,
    )
    before = offered(plan, now=now)["alipay"]
    assert before.available
    assert before.announced == (starts_at, ends_at)
    during = offered(plan, now=starts_at + timedelta(minutes=1))["alipay"]
    assert (during.reason, during.until) == ("maintenance", ends_at)
    with pytest.raises(MethodUnavailable):
        pay(plan, "alipay", now=starts_at + timedelta(minutes=1))


@pytest.mark.requirement("R112", "R138")
def test_a_limit_says_what_would_still_go(plan: Bought, rail: CardRail, now: datetime) -> None:
    ChannelCondition.objects.create(
        channel="bank_card",
        bank="CMB",
        kind=ConditionKind.LIMIT_PER_PAYMENT,
        amount_minor=5_000,
        currency="CNY",
        created_by="tests",
        created_at=now,
    )
    ours, others = a_card(plan), a_card(plan, bank="ICBC")
    found = offered(plan, now=now)
    assert found[f"bank_card:{ours}"].reason == "limit_per_payment"
    assert found[f"bank_card:{ours}"].left_minor == 5_000
    assert found[f"bank_card:{others}"].available


@pytest.mark.requirement("R108", "R116")
def test_a_bound_card_pays_at_once_and_once(plan: Bought, rail: CardRail, now: datetime) -> None:
    key = f"bank_card:{a_card(plan)}"
    token = plan.quote_token(1, now=now)
    first, again = (pay(plan, key, now=now, token=token) for _ in range(2))
    assert first.next is again.next is Next.RESULT
    assert first.attempt_id == again.attempt_id
    assert len(rail.asked("debit")) == 1
    assert attempt_of(plan, first).state == AttemptState.SUCCEEDED
    assert plan.state().rows[0].outstanding.total == 0
    assert offered(plan, now=now + timedelta(seconds=1), installment=2)[key].used_last


def test_the_attempt_is_stored_before_the_card_is_asked(plan: Bought, rail: CardRail, now: datetime) -> None:
    """A process that dies between the two leaves a number to ask for, and is not asked to debit another time."""
    rail.says.append(ConnectionAbortedError())  # stands for the end of the process
    key = f"bank_card:{a_card(plan)}"
    with pytest.raises(ConnectionAbortedError):
        pay(plan, key, now=now)
    again = pay(plan, key, now=now)
    assert again.next is Next.RESULT
    assert len(rail.asked("debit")) == 1
    assert attempt_of(plan, again).state == AttemptState.SUBMITTED


@pytest.mark.requirement("R129", "R142")
def test_a_card_short_of_money_leads_to_another_method(plan: Bought, rail: CardRail, now: datetime) -> None:
    key = f"bank_card:{a_card(plan)}"
    rail.says.append(ChannelReply(outcome=Outcome.FAILED, out_trade_no="x", code="64", verdict=SHORT))
    failed = pay(plan, key, now=now)
    assert (attempt_of(plan, failed).state, attempt_of(plan, failed).category) == ("failed", "insufficient_balance")
    switched = pay(plan, "alipay", now=now, key="k2")
    assert switched.next is Next.CHANNEL
    assert offered(plan, now=now)[key].available


def test_a_card_that_the_bank_ended_is_not_offered_again(plan: Bought, rail: CardRail, now: datetime) -> None:
    key = f"bank_card:{a_card(plan)}"
    rail.says.append(ChannelReply(outcome=Outcome.FAILED, out_trade_no="x", code=EXPIRED, verdict=SHORT))
    pay(plan, key, now=now)
    assert offered(plan, now=now)[key].reason == "card_unusable"


def test_while_a_debit_is_unknown_nothing_else_is_started(plan: Bought, rail: CardRail, now: datetime) -> None:
    key = f"bank_card:{a_card(plan)}"
    rail.says.append(ChannelReply(outcome=Outcome.UNKNOWN, out_trade_no="x", code="timeout", verdict=UNKNOWN))
    pay(plan, key, now=now)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CardRail, "query", _unknown)
        with pytest.raises(PaymentUnderWay):
            pay(plan, "alipay", now=now, key="k2")


def _unknown(_rail: CardRail, charge: ChargeRef) -> ChannelReply:
    return ChannelReply(outcome=Outcome.UNKNOWN, out_trade_no=charge.out_trade_no, verdict=UNKNOWN)


def test_what_a_rail_refuses_by_its_rules_has_failed_unsent(plan: Bought, rail: CardRail, now: datetime) -> None:
    rail.says.append(ChannelRefuses(channel="bank_card", problem="too much", problem_zh="金额过大"))
    started = pay(plan, f"bank_card:{a_card(plan)}", now=now)
    attempt = attempt_of(plan, started)
    assert (attempt.state, attempt.code) == ("failed", "channel_refuses")


@pytest.mark.parametrize(
    "key", ["bank_card", "bank_card:x", "alipay:1", "", "bank_card:0197a3a0-0000-7000-8000-000000000000"]
)
def test_a_key_that_is_none_of_the_customers_is_refused(plan: Bought, rail: CardRail, now: datetime, key: str) -> None:
    with pytest.raises((MethodUnavailable, UnknownChannel)):
        pay(plan, key, now=now)
    assert not Payment.objects.filter(customer_id=plan.customer_id).exists()


def test_another_customers_card_cannot_be_used(plan: Bought, rail: CardRail, now: datetime) -> None:
    theirs = a_card(bought())
    with pytest.raises(MethodUnavailable):
        pay(plan, f"bank_card:{theirs}", now=now)


@pytest.mark.parametrize(("device", "goes"), [(Device.PHONE, Next.CHANNEL), (Device.DESKTOP, Next.SCAN)])
def test_a_desktop_scans_and_a_phone_is_sent_on_both_may_come_back(
    plan: Bought, monkeypatch: pytest.MonkeyPatch, now: datetime, device: Device, goes: Next
) -> None:
    rail = ScanRail("wechat_pay")
    open_rail(rail, monkeypatch)
    started = pay(plan, "wechat_pay", now=now, payer=Payer(device=device, address="203.0.113.9"))
    assert started.next is goes
    assert [request.payer_ip for request in rail.opened] == ["203.0.113.9"]
    back = reopen(plan.customer_id, started.payment_id, payer=Payer(device=Device.PHONE), now=now)
    assert back.next is goes
    assert (back.redirect_url or back.scan_code) != (started.redirect_url or started.scan_code)
    assert len({request.out_trade_no for request in rail.opened}) == 1
    assert {(request.payer_ip, request.device) for request in rail.opened} == {("203.0.113.9", device)}
    kept = attempt_of(plan, started).cashier
    assert (kept.get("url") or kept["code"]) == (back.redirect_url or back.scan_code)

    rail.paid.add(attempt_of(plan, started).out_trade_no)
    resolve.ask_channel(plan.customer_id, started.attempt_id, now=now)
    assert reopen(plan.customer_id, started.payment_id, payer=Payer(), now=now).next is Next.RESULT


def test_from_another_network_the_same_wechat_order_is_opened_again(plan: Bought, now: datetime) -> None:
    """WeChat Pay refuses a number that comes back with another address: the first one is kept and sent again."""
    at_home, on_the_train = Payer(address="203.0.113.9"), Payer(device=Device.DESKTOP, address="198.51.100.7")
    first = pay(plan, "wechat_pay", now=now, payer=at_home)
    again = pay(plan, "wechat_pay", now=now, payer=on_the_train)
    back = reopen(plan.customer_id, first.payment_id, payer=on_the_train, now=now)
    assert {first.next, again.next, back.next} == {Next.CHANNEL}
    assert (attempt_of(plan, back).state, attempt_of(plan, back).code) == ("submitted", "")
