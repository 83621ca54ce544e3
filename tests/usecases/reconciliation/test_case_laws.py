"""Each law of after-sales is broken on purpose and seen to be found; what nobody broke is clean."""

import pytest
from django.db import connection, transaction

from fenqi.domain.aftersales.cases import CaseState
from fenqi.domain.aftersales.reasons import Reason, WishKind
from fenqi.records.kinds import APPEND_ONLY_TABLES
from fenqi.records.scope import across_customers
from fenqi.usecases import clock
from fenqi.usecases.aftersales.withdraw import withdraw
from fenqi.usecases.reconciliation.check import check_books
from returned import a_return, delivered

pytestmark = pytest.mark.django_db(transaction=True)

BREAKS = [
    ("cases_are_their_steps", "UPDATE aftersales_case SET state = 'in_review' WHERE state = 'refunding'"),
    ("cases_are_their_steps", "UPDATE aftersales_case_step SET before = 'approved' WHERE signal = 'received'"),
    ("cases_are_their_steps", "UPDATE aftersales_case_step SET seq = 90 WHERE signal = 'executed'"),
    ("cases_are_their_steps", "UPDATE aftersales_case SET closed_at = created_at WHERE state = 'refunding'"),
    (
        "cases_are_their_quotes",
        "UPDATE refund_quote SET cash_minor = cash_minor + 1, off_plan_minor = off_plan_minor - 1",
    ),
    ("cases_are_their_quotes", "UPDATE plan_event SET amount_minor = amount_minor + 1 WHERE kind = 'refund'"),
    ("cases_are_their_quotes", "UPDATE plan_event SET kind = 'credit' WHERE kind = 'refund'"),
    ("cases_are_their_quotes", "UPDATE refund SET amount_minor = amount_minor + 1 WHERE cause = 'aftersale'"),
    ("cases_are_booked", "UPDATE journal_line SET account = 'suspense' WHERE account = 'sales.returns'"),
    ("cases_are_booked", "UPDATE journal_line SET account = 'suspense' WHERE account = 'payable.refund'"),
    (
        "what_was_paid_at_ordering_is_booked_once",
        "UPDATE journal_entry SET code = 'suspense' WHERE code = 'return_at_ordering'",
    ),
    ("pieces_within_bought", "UPDATE aftersales_case_line SET pieces = 9 WHERE line_no = 2"),
    ("returns_within_worth", "UPDATE order_line SET discount_minor = unit_price_minor WHERE line_no = 1"),
    ("cash_within_paid_in", "UPDATE refund SET amount_minor = 10000000 WHERE plan_id IS NOT NULL"),
    ("pauses_follow_cases", "UPDATE no_fault_period SET ends_at = NULL"),
    ("pauses_follow_cases", "UPDATE no_fault_period SET cause = 'entry_closed'"),
]


@pytest.fixture
def everything_done() -> None:
    """One case on its way back, with money paid at ordering; one done without cash, and one taken back."""
    order = delivered(at_ordering=30_000)
    order.plan.record(15_000, on=clock.business_date(order.now), now=order.now, key="counter")
    taken_back = order.apply(a_return((2, 1)))
    withdraw(taken_back.customer_id, taken_back.case_id, actor="customer", now=order.now)
    assert order.apply(a_return((1, 1), (2, 2))).up_to_the_money() is CaseState.REFUNDING
    other = delivered()
    kept = other.apply(a_return((2, 1), kind=WishKind.REFUND_ONLY, reason=Reason.FAULTY))
    assert kept.up_to_the_money() is CaseState.COMPLETED


@pytest.mark.usefixtures("everything_done")
def test_a_broken_law_of_after_sales_is_found() -> None:
    assert list(check_books()) == []
    for law, statement in BREAKS:
        assert law in broken_by(statement), statement
    assert list(check_books()) == []


def broken_by(statement: str) -> set[str]:
    """The laws that do not hold after the statement, which is undone afterwards."""
    with across_customers(), transaction.atomic(), connection.cursor() as cursor:
        for table in APPEND_ONLY_TABLES:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(statement)
        found = {finding.law for finding in check_books()}
        transaction.set_rollback(True)
    return found
