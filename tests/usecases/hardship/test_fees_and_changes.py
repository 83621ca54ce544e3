"""What the close charged, and what staff or the customer change afterwards: nothing is charged twice or comes back."""

from datetime import date

import pytest

from fenqi.domain.hardship.changes import ChangeKind
from fenqi.domain.plans import Component
from fenqi.usecases.hardship.agree import agree, offered
from fenqi.usecases.hardship.extension import confirm_extension, quote_extension
from fenqi.usecases.hardship.propose import Wanted, propose, simulate
from fenqi.usecases.reconciliation.check import check_books
from late_plans import charges, close, late
from malls import Bought, noon
from staff_members import agent

pytestmark = pytest.mark.django_db(transaction=True)


def changed(plan: Bought, wanted: Wanted, on: str) -> None:
    ids = plan.customer_id, plan.plan_id
    token = simulate(agent(), *ids, wanted, now=noon(on)).token
    change_id = propose(agent(), *ids, token=token, reason="lost the job", request_key=on, now=noon(on))
    if wanted.kind is ChangeKind.RESCHEDULE:
        shown = offered(plan.customer_id, change_id, now=noon(on))
        agree(plan.customer_id, change_id, token=shown.token, language="en", now=noon(on))


@pytest.mark.requirement("R119")
def test_a_fee_that_was_waived_stays_waived_and_the_next_day_costs_its_own() -> None:
    plan = late()
    close("2026-02-07")
    made = charges(plan)
    fee = plan.state().totals.outstanding.late_fee
    assert fee == sum(amount for _, _, amount in made) == 15
    changed(plan, Wanted(kind=ChangeKind.WAIVER, component=Component.LATE_FEE, amount_minor=fee), "2026-02-08")
    close("2026-02-08")
    assert charges(plan) == [*made, ("2026-02-08", "2026-02-01", 5)]
    assert plan.state().totals.outstanding.late_fee == 5
    close("2026-02-08")
    assert plan.state().totals.outstanding.late_fee == 5
    assert list(check_books()) == []


@pytest.mark.requirement("R119")
def test_a_new_schedule_keeps_the_fee_and_is_not_charged_until_it_is_late_itself() -> None:
    plan = late()
    close("2026-02-07")
    made, owed = charges(plan), plan.state().totals.outstanding
    changed(plan, Wanted(kind=ChangeKind.RESCHEDULE, installments=6, first_due_on=date(2026, 3, 2)), "2026-02-08")
    for day in ("2026-02-08", "2026-02-20", "2026-03-05"):
        close(day)
    assert (charges(plan), plan.state().totals.outstanding) == (made, owed)
    close("2026-03-06")
    (last,) = [charge for charge in charges(plan) if charge not in made]
    assert last[:2] == ("2026-03-06", "2026-03-02")
    assert list(check_books()) == []


@pytest.mark.requirement("R119")
def test_an_extension_in_grace_is_charged_from_its_new_date_once() -> None:
    plan = late()
    close("2026-02-03")
    token = quote_extension(plan.customer_id, plan.plan_id, days=10, now=noon("2026-02-04")).token
    confirm_extension(
        plan.customer_id, plan.plan_id, token=token, request_key="e", via="portal", now=noon("2026-02-04")
    )
    close("2026-02-14")
    assert charges(plan) == []
    for _ in range(2):
        close("2026-02-15")
    assert charges(plan) == [("2026-02-15", "2026-02-11", 5)]
    assert list(check_books()) == []
