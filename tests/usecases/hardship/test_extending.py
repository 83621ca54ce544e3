"""One due date moves by what was quoted, within the rules, and no sum changes but the quoted fee."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import pytest

from fenqi.domain.hardship import extension as rules
from fenqi.records.models import HardshipPolicyVersion, JournalEntry, PlanChange, PlanEvent
from fenqi.usecases.hardship.errors import ExtensionQuoteExpired
from fenqi.usecases.hardship.extension import confirm_extension, offer, quote_extension
from fenqi.usecases.hardship.policies import policy_on
from fenqi.usecases.reconciliation.check import check_books
from malls import Bought, bought, noon

pytestmark = pytest.mark.django_db

NOW = noon("2026-02-02")  # a day past the first due date, within grace


def with_grace(**more: Any) -> Bought:
    return bought(grace_days=3, **more)


def extend(plan: Bought, days: int = 10, *, key: str = "e1", now: datetime = NOW) -> PlanChange:
    token = quote_extension(plan.customer_id, plan.plan_id, days=days, now=now).token
    change_id = confirm_extension(
        plan.customer_id,
        plan.plan_id,
        token=token,
        request_key=key,
        via="portal",
        now=now,
    )
    return PlanChange.objects.get(customer_id=plan.customer_id, id=change_id)


def test_the_row_and_those_after_it_move_and_no_sum_does() -> None:
    plan = with_grace()
    before = plan.state()
    quoted = quote_extension(plan.customer_id, plan.plan_id, days=10, now=NOW).quote
    change = extend(plan)
    after = plan.state()
    assert [row.due_on for row in after.rows][:3] == [date(2026, 2, 11), date(2026, 3, 11), date(2026, 4, 11)]
    assert after.rows == quoted.after.rows
    assert (after.totals, [row.due for row in after.rows]) == (before.totals, [row.due for row in before.rows])
    assert (change.state, change.amount_minor, change.body["days"]) == ("done", 0, 10)
    assert not JournalEntry.objects.filter(customer_id=plan.customer_id, event_id=change.event_id).exists()
    assert [finding for finding in check_books() if finding.customer_id == plan.customer_id] == []


def test_confirmed_twice_it_is_one_extension() -> None:
    plan = with_grace()
    token = quote_extension(plan.customer_id, plan.plan_id, days=5, now=NOW).token
    ids = {
        confirm_extension(plan.customer_id, plan.plan_id, token=token, request_key="k", via="portal", now=NOW)
        for _ in range(2)
    }
    assert len(ids) == 1
    assert PlanEvent.objects.filter(customer_id=plan.customer_id, kind="extension").count() == 1


def test_a_fee_is_charged_as_quoted() -> None:
    body = policy_on(date(2026, 2, 1)).rules.to_mapping() | {"extension_fee_minor": 500}
    HardshipPolicyVersion.objects.create(
        version=2, valid_from=date(2026, 1, 1), body=body, published_by="system", published_at=NOW
    )
    plan = with_grace()
    quoted = quote_extension(plan.customer_id, plan.plan_id, days=10, now=NOW).quote
    assert (quoted.fee, quoted.after.totals.outstanding.total) == (500, 120_500)
    change = extend(plan)
    assert plan.state().rows[0].outstanding.fee == 500
    assert change.fee_event_id is not None
    assert [finding for finding in check_books() if finding.customer_id == plan.customer_id] == []


def test_once_in_twelve_months() -> None:
    plan = with_grace()
    extend(plan, 3)
    later = noon("2026-02-03")
    found = offer(plan.customer_id, plan.plan_id, now=later)
    assert isinstance(found.refusal, rules.ExtensionTooOften)
    assert found.refusal.details["again_on"] == "2027-02-02"
    with pytest.raises(rules.ExtensionTooOften):
        quote_extension(plan.customer_id, plan.plan_id, days=3, now=later)


@pytest.mark.parametrize("days", [0, 1, 16])
def test_only_by_days_that_are_offered(days: int) -> None:
    plan = with_grace()
    with pytest.raises(rules.ExtensionTooLong):
        quote_extension(plan.customer_id, plan.plan_id, days=days, now=NOW)


def test_not_after_grace() -> None:
    found = offer(*ids_of(with_grace()), now=noon("2026-02-05"))
    assert isinstance(found.refusal, rules.ExtensionTooLate)
    assert found.refusal.details["until"] == "2026-02-04"


def ids_of(plan: Bought) -> tuple[UUID, UUID]:
    return plan.customer_id, plan.plan_id


@pytest.mark.usefixtures("town")
def test_not_while_a_payment_has_no_known_outcome() -> None:
    plan = with_grace()
    plan.start_unknown(1, now=NOW)
    assert isinstance(offer(*ids_of(plan), now=NOW).refusal, rules.ExtensionWhileUnknown)


def test_what_was_shown_of_another_day_or_another_plan_is_not_done() -> None:
    plan, other = with_grace(), with_grace()
    token = quote_extension(plan.customer_id, plan.plan_id, days=5, now=NOW).token
    for owner, now in ((other, NOW), (plan, noon("2026-02-03"))):
        with pytest.raises(ExtensionQuoteExpired):
            confirm_extension(owner.customer_id, owner.plan_id, token=token, request_key="x", via="portal", now=now)
    with pytest.raises(ExtensionQuoteExpired):
        confirm_extension(plan.customer_id, plan.plan_id, token=token + "x", request_key="x", via="portal", now=NOW)
    plan.record(1_000, on=date(2026, 2, 2), now=NOW, key="part")
    with pytest.raises(ExtensionQuoteExpired):
        confirm_extension(plan.customer_id, plan.plan_id, token=token, request_key="x", via="portal", now=NOW)
    assert not PlanChange.objects.filter(customer_id=plan.customer_id).exists()
