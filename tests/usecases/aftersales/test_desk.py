"""The desk is ordered by the clock that ends first, and calls late what the clocks of the domain call late (P202)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from fenqi.domain.aftersales.cases import CLOSED, CaseState
from fenqi.domain.aftersales.refusals import ANSWERS, Answer
from fenqi.domain.aftersales.rules import RULES
from fenqi.records.identifiers import new_id
from fenqi.records.models import AftersalesCase
from fenqi.usecases import clock
from fenqi.usecases.aftersales.desk import Pile, cases_to_review, desk, desk_state
from fenqi.usecases.staff.permissions import NotPermitted, Staff
from malls import Bought, bought
from staff_members import agent

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)
OPEN = [state for state in CaseState if state not in CLOSED]
MakeCase = Callable[..., AftersalesCase]


@pytest.fixture
def bill(db: None) -> Bought:
    return bought()


@pytest.fixture
def a_case(bill: Bought) -> MakeCase:
    """Review due in so many hours, promise and law in so many days from now."""

    def make(state: CaseState, *, review: int = 24, promise: int = 10, law: int = 12, by: str = "") -> AftersalesCase:
        today = clock.business_date(NOW)
        return AftersalesCase.objects.create(
            customer_id=bill.customer_id,
            id=new_id(),
            case_no=f"AS{new_id().hex[-8:]}",
            order_id=bill.order_id,
            plan_id=bill.plan_id,
            kind="return",
            reason="faulty",
            via="portal",
            applied_by="customer",
            state=state.value,
            policy_code="return.default",
            policy_version=1,
            currency="CNY",
            agent=by,
            review_due_at=NOW + timedelta(hours=review),
            promise_by=today + timedelta(days=promise),
            law_by=today + timedelta(days=law),
            created_at=NOW - timedelta(days=1),
            updated_at=NOW,
        )

    return make


@pytest.mark.requirement("R042")
def test_late_is_what_the_clocks_of_the_domain_call_late(a_case: MakeCase) -> None:
    made = [
        a_case(state, review=review, promise=promise, law=law)
        for state, review, promise, law in product(OPEN, (-30, -1, 5), (-3, 0, 6), (-2, 0, 9))
    ]
    with clock.stopped(NOW):
        shown, is_cut = desk(agent(), Pile.ALL, limit=len(made), now=NOW)
        late, _ = desk(agent(), Pile.LATE, limit=len(made), now=NOW)
    assert (len(shown), is_cut) == (len(made), False)
    told_late = {row.case.case_id for row in shown if row.case.deadlines.is_late}
    # Where the review ends on the day of another clock, its hour counts here and the end of the day there.
    same_day = {
        case.id
        for case in made
        if clock.business_date(case.review_due_at) in (case.promise_by, case.law_by) and case.review_due_at < NOW
    }
    assert {row.case.case_id for row in late} - same_day == told_late - same_day
    assert [row.case.case_id for row in shown[: len(late)]] == [row.case.case_id for row in late]


def test_the_clock_that_ends_first_stands_on_top_and_who_waits_for_the_customer_last(a_case: MakeCase) -> None:
    customers = a_case(CaseState.GOODS_AWAITED, promise=-5, law=-5)
    far = a_case(CaseState.SUBMITTED, review=40)
    by_law = a_case(CaseState.GOODS_RECEIVED, law=0)
    near = a_case(CaseState.SUBMITTED, review=2)
    late = a_case(CaseState.IN_REVIEW, review=-1)
    rows, _ = desk(agent(), Pile.ALL, limit=9, now=NOW)
    assert [row.case.case_id for row in rows] == [case.id for case in (late, near, by_law, far, customers)]


def test_the_counts_are_those_of_the_piles(a_case: MakeCase) -> None:
    mine = agent("lin")
    for state, by in product(OPEN, ("", mine.actor)):
        a_case(state, by=by, review=-1 if by else 5)
    done = a_case(CaseState.COMPLETED)
    AftersalesCase.objects.filter(customer_id=done.customer_id, id=done.id).update(closed_at=NOW)
    counted = desk_state(mine, now=NOW)
    assert counted.counts == {pile: len(desk(mine, pile, limit=100, now=NOW)[0]) for pile in Pile}
    assert (counted.to_review, counted.review_late, cases_to_review()) == (4, 2, 4)
    assert counted.longest_wait_since == NOW - timedelta(days=1)


def test_a_desk_says_when_there_is_more_than_it_shows(a_case: MakeCase) -> None:
    for hours in range(4):
        a_case(CaseState.SUBMITTED, review=hours)
    shown, is_cut = desk(agent(), Pile.ALL, limit=3, now=NOW)
    assert (len(shown), is_cut) == (3, True)


def test_whoever_may_not_see_cases_sees_no_desk() -> None:
    nobody = Staff(account_id=new_id(), username="x", role="x", permissions=frozenset())
    with pytest.raises(NotPermitted):
        desk(nobody, Pile.ALL, limit=9, now=NOW)
    with pytest.raises(NotPermitted):
        desk_state(nobody, now=NOW)


@pytest.mark.requirement("R045")
@pytest.mark.parametrize("answer", Answer)
def test_every_standard_answer_cites_a_rule_and_says_why_in_both_languages(answer: Answer) -> None:
    said = ANSWERS[answer]
    assert said.rule in RULES
    assert any("\u4e00" <= letter <= "\u9fff" for letter in said.text("zh-hans"))
    assert said.text("en").isascii()
    assert said.kinds
