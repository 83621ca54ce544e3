"""The set-based path and the domain's path leave the same events, entries, rows and accruals behind."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from hypothesis import event, given, settings
from hypothesis import strategies as st

from fenqi.domain.ledger import entry_hash
from fenqi.records import locks
from fenqi.records.identifiers import new_id
from fenqi.records.models import JournalEntry, JournalLine
from fenqi.usecases.closing.charging import charge_plan
from fenqi.usecases.closing.late_rows import find_late_rows
from fenqi.usecases.closing.set_based import charge_customers
from fenqi.usecases.orders.register import register_order
from fenqi.usecases.projection import microseconds
from late_plans import at_night, left_behind
from malls import Bought, a_customer, an_order, noon

pytestmark = pytest.mark.django_db

RULES = st.one_of(
    st.fixed_dictionaries({"fixed": st.integers(1, 5_000)}),
    st.fixed_dictionaries(
        {
            "daily_rate": st.sampled_from(["0.01", "0.05", "0.0333", "0.5"]),
            "base": st.sampled_from(["overdue_amount", "overdue_principal"]),
        },
        optional={"cap_percent": st.sampled_from(["0.5", "2", "100"])},
    ),
)
TERMS = st.fixed_dictionaries(
    {
        "principal": st.integers(1_000, 300_000),
        "installments": st.integers(2, 5),
        "method": st.sampled_from(["interest_free", "flat_fee", "equal_installment"]),
        "rounding": st.sampled_from(["half_even", "half_up"]),
        "grace_days": st.integers(0, 4),
        "late_fee": RULES,
        "fee_rate": st.just("0.6"),
        "annual_rate": st.just("12"),
    }
)
PAYMENTS = st.lists(st.tuples(st.integers(1, 70), st.integers(1, 30_000)), max_size=3)


@contextmanager
def undone() -> Iterator[None]:
    """What is written inside is taken back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@given(st.lists(st.tuples(TERMS, PAYMENTS), min_size=1, max_size=2), st.integers(33, 100))
@settings(max_examples=15)
def test_both_paths_come_to_the_same(plans: list[tuple[dict[str, Any], list[tuple[int, int]]]], days: int) -> None:
    day = date(2026, 1, 1) + timedelta(days=days)
    customer_id, bought = a_house(plans, before=day)
    for plan in bought:
        charge_plan(customer_id, plan, day - timedelta(days=1), batch=new_id(), now=at_night(day - timedelta(days=1)))
    late = find_late_rows(day, first=customer_id, last=customer_id)
    assert late.to_judge == ()
    by_set: dict[str, Any] = {}
    with undone():
        locks.customers([customer_id])
        done = charge_customers([customer_id], day, batch=new_id(), now=at_night(day))
        event("charged" if done.rows else "nothing to charge")
        by_set.update(left_behind(customer_id))
        assert_hashes(customer_id)
        for plan in bought:
            assert not charge_plan(customer_id, plan, day, batch=new_id(), now=at_night(day)).rows
    for plan in sorted(bought):
        charge_plan(customer_id, plan, day, batch=new_id(), now=at_night(day))
    assert_hashes(customer_id)
    one_by_one = left_behind(customer_id)
    late_rows = {(accrual[1], accrual[2]) for accrual in by_set["accruals"]}
    for part in ("events", "entries", "rows", "plans"):
        assert by_set[part] == one_by_one[part], part
    assert late_rows == {(accrual[1], accrual[2]) for accrual in one_by_one["accruals"]}


def a_house(plans: list[tuple[dict[str, Any], list[tuple[int, int]]]], *, before: date) -> tuple[UUID, list[UUID]]:
    """A customer with these plans, and what was paid on them before the day."""
    ref = f"c-{new_id()}"
    customer_id = a_customer(ref)
    bought: list[UUID] = []
    for n, (terms, payments) in enumerate(plans):
        taken = register_order(an_order(f"o-{ref}-{n}", ref=ref, **terms), now=noon("2026-01-01"))
        assert taken.plan_id is not None
        plan = Bought(taken.customer_id, taken.order_id, taken.plan_id)
        for k, (after, amount) in enumerate(sorted(payments)):
            on = date(2026, 1, 1) + timedelta(days=after)
            owed = plan.state().totals.outstanding.total
            if on < before and owed:
                plan.record(min(amount, owed), on=on, now=noon(on), key=f"{ref}-{n}-{k}")
        bought.append(taken.plan_id)
    return customer_id, bought


def assert_hashes(customer_id: UUID) -> None:
    """Every entry is what the domain would have hashed."""
    before = b""
    for entry in JournalEntry.objects.filter(customer_id=customer_id).order_by("seq"):
        lines = JournalLine.objects.filter(customer_id=customer_id, entry_id=entry.id)
        assert bytes(entry.prev_hash) == before
        before = entry_hash(
            before,
            entry_id=entry.id,
            customer_id=customer_id,
            seq=entry.seq,
            posted_at_us=microseconds(entry.posted_at),
            on=entry.effective_on,
            code=entry.code,
            plan_id=entry.plan_id,
            currency=entry.currency,
            lines=[(line.line_no, line.account, line.debit_minor, line.credit_minor) for line in lines],
        )
        assert bytes(entry.hash) == before
    assert bytes(locks.customer(customer_id).entry_hash) == before
