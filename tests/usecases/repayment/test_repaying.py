"""A repayment over the real protocol: quoted, started, paid at the cashier, and booked once, whoever tells us of it."""

import itertools
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connections
from structlog.testing import capture_logs

from fenqi.domain.errors import NotFound
from fenqi.domain.payments import AttemptState
from fenqi.records.identifiers import new_id
from fenqi.records.models import (
    JournalEntry,
    JournalLine,
    OutboxMessage,
    Payment,
    PaymentAttempt,
    PaymentPurpose,
    PlanEvent,
    RefusedCallback,
)
from fenqi.usecases.repayment import resolve
from fenqi.usecases.repayment.queries import payment_view
from fenqi.usecases.repayment.quote import InvalidChoice, NothingOwed, QuoteExpired
from fenqi.usecases.repayment.start import AlreadyPaid, PaymentUnderWay
from malls import Bought, Payer, bought
from town import Town

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def now() -> datetime:
    """The present: the sandbox has a clock of its own."""
    return datetime.now(UTC)


@pytest.fixture
def plan(town: Town) -> Bought:
    return bought()


def books(plan: Bought) -> dict[str, int]:
    """What stands on each account for the plan, a debit counted above zero."""
    sums: dict[str, int] = {}
    for line in JournalLine.objects.filter(customer_id=plan.customer_id):
        sums[line.account] = sums.get(line.account, 0) + line.debit_minor - line.credit_minor
    return {account: amount for account, amount in sums.items() if amount}


def events(plan: Bought) -> list[PlanEvent]:
    return list(PlanEvent.objects.filter(customer_id=plan.customer_id).order_by("seq"))


@pytest.mark.requirement("R106", "R109", "R115", "R116")
def test_paid_at_the_cashier_and_asked_for_is_booked_once(plan: Bought, now: datetime) -> None:
    started = plan.start(1, 2, now=now)
    assert resolve.ask_channel(plan.customer_id, started.attempt_id, now=now) is AttemptState.SUBMITTED

    assert Payer(started.redirect_url).press("confirm").status_code == 302

    for _ in range(3):
        assert resolve.ask_channel(plan.customer_id, started.attempt_id, now=now) is AttemptState.SUCCEEDED
    (event,) = events(plan)
    assert (event.kind, event.amount_minor, event.payment_id) == ("repayment", 20_000, started.payment_id)
    assert books(plan) == {
        "receivable.principal": 100_000,
        "sales.clearing": -120_000,
        "clearing.alipay": 20_000,
    }
    payment = Payment.objects.get(customer_id=plan.customer_id, id=started.payment_id)
    assert (payment.state, payment.event_id) == ("succeeded", event.id)
    assert [row.paid.total for row in plan.state().rows[:3]] == [10_000, 10_000, 0]
    assert OutboxMessage.objects.filter(customer_id=plan.customer_id, topic="repayment_succeeded").count() == 1


def test_the_same_confirmation_twice_is_one_payment(plan: Bought, now: datetime) -> None:
    first, second = plan.start(1, now=now), plan.start(1, now=now)
    assert (first.payment_id, first.attempt_id) == (second.payment_id, second.attempt_id)
    assert PaymentAttempt.objects.filter(customer_id=plan.customer_id).count() == 1


def test_two_devices_at_once_start_one_payment(plan: Bought, now: datetime) -> None:
    token = plan.quote_token(1, now=now)

    def confirm(key: str) -> object:
        from fenqi.usecases.repayment.start import start_repayment

        try:
            return start_repayment(
                customer_id=plan.customer_id, plan_id=plan.plan_id, quote_token=token, method="alipay",
                request_key=key, now=now,
            ).payment_id  # fmt: skip
        except (PaymentUnderWay, AlreadyPaid) as refusal:
            return refusal.code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(confirm, ["same"] * 8))
    assert Payment.objects.filter(customer_id=plan.customer_id).count() == 1


def test_a_new_confirmation_closes_the_open_one_first(plan: Bought, now: datetime) -> None:
    first = plan.start(1, now=now, key="a")
    payer = Payer(first.redirect_url)
    second = plan.start(1, now=now, key="b")
    states = dict(PaymentAttempt.objects.filter(customer_id=plan.customer_id).values_list("id", "state"))
    assert states == {first.attempt_id: "closed", second.attempt_id: "submitted"}
    assert payer.press("confirm").status_code == 400  # the channel closed that trade


def test_a_new_confirmation_finds_the_earlier_one_paid(plan: Bought, now: datetime) -> None:
    first = plan.start(1, now=now, key="a")
    Payer(first.redirect_url).press("confirm")
    with pytest.raises(AlreadyPaid):
        plan.start(2, now=now, key="b", purpose=PaymentPurpose.SETTLEMENT)
    assert [event.amount_minor for event in events(plan)] == [10_000]


@pytest.mark.requirement("R137")
def test_while_the_outcome_is_unknown_nothing_new_is_charged(town: Town, plan: Bought, now: datetime) -> None:
    first = plan.start(1, now=now, key="a")
    Payer(first.redirect_url).press("confirm")
    town.tell("faults", operation="query", kind="http_500", times=2)
    with pytest.raises(PaymentUnderWay) as refused:
        plan.start(1, now=now, key="b")
    assert refused.value.code == "outcome_unknown"
    assert PaymentAttempt.objects.get(customer_id=plan.customer_id).state == "unknown"
    assert not events(plan)

    town.tell("faults/forget")
    assert resolve.ask_channel(plan.customer_id, first.attempt_id, now=now) is AttemptState.SUCCEEDED
    assert len(events(plan)) == 1


def test_an_unpaid_cashier_is_closed_when_its_window_ends(plan: Bought, now: datetime) -> None:
    started = plan.start(1, now=now)
    Payer(started.redirect_url)
    later = now + timedelta(minutes=16)
    assert resolve.ask_channel(plan.customer_id, started.attempt_id, now=later) is AttemptState.CLOSED
    assert Payment.objects.get(customer_id=plan.customer_id).state == "closed"
    assert not events(plan)


def test_every_ask_plans_the_next_until_the_end_is_known(plan: Bought, now: datetime) -> None:
    started = plan.start(1, now=now)
    asked_at = now
    waits = []
    for _ in range(4):
        attempt = PaymentAttempt.objects.get(customer_id=plan.customer_id)
        assert attempt.next_query_at is not None
        waits.append(attempt.next_query_at - now)
        asked_at = attempt.next_query_at
        resolve.ask_channel(plan.customer_id, started.attempt_id, now=asked_at)
    assert waits == [timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=10)]
    attempt = PaymentAttempt.objects.get(customer_id=plan.customer_id)
    assert attempt.next_query_at == attempt.expires_at
    assert OutboxMessage.objects.filter(customer_id=plan.customer_id, topic="ask_channel").count() == 5


def test_what_stays_unknown_is_asked_about_until_it_is_known(town: Town, plan: Bought, now: datetime) -> None:
    started = plan.start(1, now=now)
    town.tell("faults", operation="query", kind="http_500", times=9)
    asked_at = now
    for _ in range(8):
        attempt = PaymentAttempt.objects.get(customer_id=plan.customer_id)
        assert attempt.next_query_at is not None
        assert attempt.next_query_at > asked_at or attempt.asked == 0
        asked_at = attempt.next_query_at
        resolve.ask_channel(plan.customer_id, started.attempt_id, now=asked_at)
    attempt = PaymentAttempt.objects.get(customer_id=plan.customer_id)
    assert (attempt.state, attempt.next_query_at) == ("unknown", asked_at + timedelta(hours=6))
    town.tell("faults/forget")


def test_a_code_that_nobody_mapped_leaves_the_outcome_unknown_and_tells_operations(
    town: Town, plan: Bought, now: datetime
) -> None:
    started = plan.start(1, now=now)
    town.tell("faults", operation="query", kind="code", value="ACQ.NEVER_HEARD_OF", times=1)
    with capture_logs() as logs:
        assert resolve.ask_channel(plan.customer_id, started.attempt_id, now=now) is AttemptState.UNKNOWN
    (told,) = [entry for entry in logs if entry["event"] == "channel_alert"]
    assert (told["log_level"], told["code"]) == ("error", "ACQ.NEVER_HEARD_OF")


@pytest.mark.requirement("R114")
def test_an_expired_or_altered_quote_is_refused_and_nothing_is_stored(plan: Bought, now: datetime) -> None:
    from fenqi.usecases.repayment.start import start_repayment

    token = plan.quote_token(1, now=now)
    for broken, at in ((token, now + timedelta(days=1)), (token[:-2] + "xx", now), ("", now)):
        with pytest.raises(QuoteExpired):
            start_repayment(
                customer_id=plan.customer_id, plan_id=plan.plan_id, quote_token=broken, method="alipay",
                request_key=str(new_id()), now=at,
            )  # fmt: skip
    plan.record(5_000, on=date(2026, 1, 2), now=now, key="changes the amount")
    with pytest.raises(QuoteExpired):
        start_repayment(
            customer_id=plan.customer_id, plan_id=plan.plan_id, quote_token=token, method="alipay",
            request_key="k", now=now,
        )  # fmt: skip
    assert not PaymentAttempt.objects.filter(customer_id=plan.customer_id).exists()


@pytest.mark.parametrize("chosen", [(2,), (1, 3), (2, 1), (99,)])
def test_installments_are_chosen_from_the_earliest_without_a_gap(
    plan: Bought, now: datetime, chosen: tuple[int, ...]
) -> None:
    with pytest.raises(InvalidChoice):
        plan.quote_token(*chosen, now=now)


@pytest.mark.requirement("R002")
def test_another_customer_does_not_learn_that_a_plan_exists(plan: Bought, now: datetime) -> None:
    other = bought()
    stranger = Bought(other.customer_id, plan.order_id, plan.plan_id)
    with pytest.raises(NotFound):
        stranger.quote_token(1, now=now)


def test_early_settlement_pays_exactly_its_quote_and_ends_the_plan(town: Town, now: datetime) -> None:
    plan = bought(method="flat_fee", fee_rate="0.6")
    started = plan.start(now=now, purpose=PaymentPurpose.SETTLEMENT)
    Payer(started.redirect_url).press("confirm")
    resolve.ask_channel(plan.customer_id, started.attempt_id, now=now)
    (event,) = events(plan)
    assert event.kind == "settlement"
    state = plan.state()
    assert state.status.value == "settled"
    owed = {account: amount for account, amount in books(plan).items() if account.startswith("receivable")}
    assert owed == {}
    with pytest.raises(NothingOwed):
        plan.quote_token(now=now, purpose=PaymentPurpose.SETTLEMENT)


def test_late_money_for_what_was_paid_meanwhile_is_owed_back(town: Town, plan: Bought, now: datetime) -> None:
    """The bill was paid at the counter while the customer stood at the cashier: the second money is the customer's."""
    started = plan.start(1, now=now)
    payer = Payer(started.redirect_url)
    plan.record(10_000, on=date(2026, 1, 20), now=now, key="counter")
    payer.press("confirm")
    assert resolve.ask_channel(plan.customer_id, started.attempt_id, now=now) is AttemptState.SUCCEEDED
    assert len(events(plan)) == 1
    assert books(plan)["payable.refund"] == -10_000
    assert Payment.objects.get(customer_id=plan.customer_id, id=started.payment_id).state == "closed"
    assert payment_view(plan.customer_id, started.payment_id).duplicate_minor == 10_000
    assert books(plan)["clearing.alipay"] == 10_000
    assert not RefusedCallback.objects.exists()


def test_entries_form_one_chain_whatever_comes_at_once(town: Town) -> None:
    """Many plans of one customer, written at the same time: no entry is lost and none shares a place."""
    plan = bought()
    now = datetime.now(UTC)

    def record(n: int) -> None:
        try:
            plan.record(100, on=date(2026, 1, 2), now=now, key=f"at once {n}")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(record, range(40)))
    entries = list(JournalEntry.objects.filter(customer_id=plan.customer_id).order_by("seq"))
    assert [entry.seq for entry in entries] == list(range(1, 42))
    assert all(bytes(after.prev_hash) == bytes(before.hash) for before, after in itertools.pairwise(entries))
    assert plan.state().totals.paid.total == 4_000
