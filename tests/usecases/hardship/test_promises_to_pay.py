"""A promise holds reminders, is kept by money that came in time, and is broken by its day, told once."""

from datetime import date, timedelta
from uuid import UUID

import pytest

from fenqi.domain.hardship.promises import PromiseOutOfRange, PromiseStands, PromiseState, PromiseTooFar
from fenqi.records.models import AuditRecord, OutboxMessage
from fenqi.usecases.hardship import promises
from fenqi.usecases.hardship.contacts import contact_standing
from fenqi.usecases.hardship.on_day import on_day
from fenqi.usecases.hardship.promises import Promised, held_until, make_promise, open_promise, take_back_promise
from fenqi.usecases.notices.hardship import tell_promise_broken
from fenqi.usecases.outbox import PROMISE_BROKEN
from fenqi.usecases.repayment.quote import NothingOwed
from malls import Bought, a_customer, bought, noon
from town import Town

pytestmark = pytest.mark.django_db

DUE = date(2026, 2, 1)
MADE = noon("2026-02-03")
BY = date(2026, 2, 10)


def promised(plan: Bought, amount: int = 10_000, by: date = BY, key: str = "p1") -> UUID:
    return make_promise(
        plan.customer_id,
        plan.plan_id,
        Promised(amount_minor=amount, pay_by=by),
        request_key=key,
        via="portal",
        now=MADE,
    )


def passes(plan: Bought, day: str) -> int:
    return on_day(date.fromisoformat(day), first=plan.customer_id, last=plan.customer_id, now=noon(day))


def state_of(plan: Bought) -> PromiseState:
    return promises.promises_of(plan.customer_id, plan.plan_id)[0].state


def test_reminders_wait_through_the_promised_day_and_not_longer() -> None:
    plan = bought()
    promised(plan)
    held = [held_until(plan.customer_id, plan.plan_id, now=noon(BY + timedelta(days=n))) for n in (-3, 0, 1)]
    assert held == [BY, BY, None]


def test_the_same_request_is_the_same_promise_and_another_is_refused() -> None:
    plan = bought()
    assert promised(plan) == promised(plan)
    with pytest.raises(PromiseStands):
        promised(plan, key="p2")


@pytest.mark.parametrize(
    ("amount", "by", "refusal"),
    [
        (0, BY, PromiseOutOfRange),
        (120_001, BY, PromiseOutOfRange),
        (10_000, date(2026, 2, 3), PromiseTooFar),
        (10_000, date(2026, 2, 18), PromiseTooFar),
    ],
)
def test_a_promise_stays_within_the_policy(amount: int, by: date, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        promised(bought(), amount, by)


def test_nothing_is_promised_where_nothing_is_owed() -> None:
    plan = bought()
    plan.record(120_000, on=date(2026, 2, 2), now=noon("2026-02-02"), key="all")
    with pytest.raises(NothingOwed):
        promised(plan)


def test_taken_back_it_holds_nothing_and_another_may_be_made() -> None:
    plan = bought()
    take_back_promise(plan.customer_id, promised(plan), now=MADE)
    assert held_until(plan.customer_id, plan.plan_id, now=MADE) is None
    promised(plan, key="p2")
    assert open_promise(plan.customer_id, plan.plan_id) is not None


def test_money_in_parts_by_the_day_keeps_it() -> None:
    plan = bought()
    promised(plan)
    plan.record(4_000, on=date(2026, 2, 5), now=noon("2026-02-05"), key="a")
    assert (passes(plan, "2026-02-06"), state_of(plan)) == (0, PromiseState.OPEN)
    plan.record(6_000, on=BY, now=noon(BY), key="b")
    assert (passes(plan, "2026-02-11"), state_of(plan)) == (1, PromiseState.KEPT)
    assert (passes(plan, "2026-02-11"), state_of(plan)) == (0, PromiseState.KEPT)
    assert not OutboxMessage.objects.filter(customer_id=plan.customer_id, topic=PROMISE_BROKEN).exists()


def test_what_was_paid_before_the_promise_does_not_keep_it() -> None:
    plan = bought()
    plan.record(10_000, on=date(2026, 2, 3), now=MADE, key="before")
    promised(plan)
    passes(plan, "2026-02-11")
    assert state_of(plan) is PromiseState.BROKEN


def test_the_day_after_it_is_broken_and_told_once(town: Town) -> None:
    phone = "17000000931"
    plan = bought("promise-told")
    a_customer("promise-told", phone=phone)
    promise_id = promised(plan)
    assert passes(plan, "2026-02-10") == 0
    assert passes(plan, "2026-02-11") == 1
    assert passes(plan, "2026-02-12") == 0
    queued = OutboxMessage.objects.filter(customer_id=plan.customer_id, topic=PROMISE_BROKEN)
    assert [message.body["promise_id"] for message in queued] == [str(promise_id)]
    at = noon("2026-02-11")
    assert tell_promise_broken(plan.customer_id, promise_id, now=at)
    assert not tell_promise_broken(plan.customer_id, promise_id, now=at)
    assert town.messages(phone)[0]["params"] == {"title": "青屿 X2 手机", "amount": "100.00 元", "by": "2026-02-10"}
    assert AuditRecord.objects.filter(customer_id=plan.customer_id, subject=f"promise:{promise_id}:broken").count() == 1
    assert contact_standing(plan.customer_id, plan.plan_id, at=at).today == 1


def test_money_that_left_in_time_and_is_learned_of_late_has_kept_it() -> None:
    plan = bought()
    promise_id = promised(plan)
    passes(plan, "2026-02-11")
    plan.record(10_000, on=BY, now=noon("2026-02-13"), key="late")
    assert (passes(plan, "2026-02-14"), state_of(plan)) == (1, PromiseState.KEPT)
    assert not tell_promise_broken(plan.customer_id, promise_id, now=noon("2026-02-14"))


@pytest.mark.usefixtures("town")
def test_while_a_payment_has_no_known_outcome_it_is_neither() -> None:
    plan = bought()
    promised(plan)
    plan.start_unknown(1, 2, now=noon(BY))
    assert (passes(plan, "2026-02-11"), state_of(plan)) == (0, PromiseState.OPEN)
