"""Each law of help is broken on purpose and seen to be found."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.db import connection

from fenqi.domain.hardship.changes import ChangeKind
from fenqi.domain.plans import Component
from fenqi.records.identifiers import new_id
from fenqi.records.models import CreditMark, DebtContact
from fenqi.records.scope import across_customers
from fenqi.usecases.hardship.promises import Promised, make_promise
from fenqi.usecases.hardship.propose import Wanted, propose, simulate
from fenqi.usecases.reconciliation.check import check_books
from malls import Bought, bought, noon
from staff_members import agent

pytestmark = pytest.mark.django_db

NOW = noon("2026-03-10")


@pytest.fixture
def helped() -> Bought:
    """A promise that stands, a waiver that was done, a mark that was announced, a call."""
    plan = bought(method="flat_fee", fee_rate="1")
    promised = Promised(amount_minor=1_000, pay_by=date(2026, 3, 12))
    make_promise(plan.customer_id, plan.plan_id, promised, request_key="p", via="portal", now=NOW)
    wanted = Wanted(kind=ChangeKind.WAIVER, component=Component.FEE, amount_minor=500)
    token = simulate(agent(), plan.customer_id, plan.plan_id, wanted, now=NOW).token
    propose(agent(), plan.customer_id, plan.plan_id, token=token, reason="goodwill", request_key="w", now=NOW)
    CreditMark.objects.create(
        customer_id=plan.customer_id,
        plan_id=plan.plan_id,
        n=1,
        due_on=date(2026, 2, 1),
        amount_minor=10_000,
        currency="CNY",
        state="warned",
        report_on=date(2026, 3, 20),
        policy_version=1,
        noticed_at=NOW,
        warned_at=NOW,
    )
    return plan


def calls(plan: Bought) -> None:
    for n in range(8):
        DebtContact.objects.create(
            customer_id=plan.customer_id,
            id=new_id(),
            plan_id=plan.plan_id,
            at=NOW + timedelta(minutes=n),
            how="call",
            outcome="reached",
            actor="staff:x",
            request_key=str(n),
            recorded_at=NOW,
        )


def runs(statement: str) -> Callable[[Bought], None]:
    def run(_plan: Bought) -> None:
        with across_customers(), connection.cursor() as cursor:
            cursor.execute(statement)

    return run


BREAKS: dict[str, Callable[[Bought], None]] = {
    "plan_changes_are_events": runs("UPDATE plan_change SET kind = 'reschedule'"),
    "plan_changes_do_as_shown": runs("UPDATE plan_change SET after = before"),
    "promises_are_decided_by_money": runs("UPDATE payment_promise SET state = 'kept', decided_at = now()"),
    "credit_marks_follow_warnings": runs(
        "UPDATE credit_mark SET state = 'marked', marked_at = warned_at + interval '1 hour'"
    ),
    "contacts_keep_the_cap": calls,
}


def laws_broken() -> set[str]:
    return {finding.law for finding in check_books()}


def test_help_that_nobody_broke_is_clean(helped: Bought) -> None:
    assert laws_broken() == set()


@pytest.mark.parametrize("law", BREAKS)
def test_a_broken_law_of_help_is_found(helped: Bought, law: str) -> None:
    BREAKS[law](helped)
    assert law in laws_broken()
