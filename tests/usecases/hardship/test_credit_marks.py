"""Nobody is reported who was not told before; days without fault, doubts and objections hold it; it is corrected."""

from datetime import date, timedelta

import pytest

from fenqi.domain.errors import NotFound
from fenqi.domain.hardship.credit import MarkState
from fenqi.records.identifiers import new_id
from fenqi.records.models import CreditMark, NoFaultPeriod, NoticeDelivery, SupportThread
from fenqi.usecases.hardship.credit_export import export_marks
from fenqi.usecases.hardship.credit_marks import answer_objection, note_warned, object_to_mark, withdraw_mark
from fenqi.usecases.hardship.errors import MarkNotReady, ObjectionNotPossible
from fenqi.usecases.hardship.on_day import on_day
from fenqi.usecases.notices.hardship import tell_credit_mark
from fenqi.usecases.reconciliation.check import check_books
from fenqi.usecases.staff.permissions import NotPermitted
from malls import Bought, a_customer, bought, noon
from staff_members import agent, finance
from town import Town

pytestmark = pytest.mark.django_db

DUE = date(2026, 2, 1)
GRACE_ENDS = DUE + timedelta(days=3)
REPORT = GRACE_ENDS + timedelta(days=30)  # 6 March
WARN = REPORT - timedelta(days=7)


def late() -> Bought:
    return bought(grace_days=3)


def passes(plan: Bought, day: date) -> int:
    return on_day(day, first=plan.customer_id, last=plan.customer_id, now=noon(day))


def mark_of(plan: Bought) -> CreditMark:
    return CreditMark.objects.get(customer_id=plan.customer_id, n=1)


def warned(plan: Bought) -> CreditMark:
    passes(plan, WARN)
    note_warned(plan.customer_id, mark_of(plan).id, now=noon(WARN))
    return mark_of(plan)


def marked(plan: Bought) -> CreditMark:
    warned(plan)
    passes(plan, REPORT)
    found = mark_of(plan)
    assert found.state == MarkState.MARKED
    return found


def clean(plan: Bought) -> bool:
    return [finding for finding in check_books() if finding.customer_id == plan.customer_id] == []


@pytest.mark.requirement("R120")
def test_the_warning_names_day_and_sum_and_the_mark_comes_on_that_day_not_before() -> None:
    plan = late()
    assert passes(plan, WARN - timedelta(days=1)) == 0
    assert (passes(plan, WARN), passes(plan, WARN)) == (1, 0)
    found = mark_of(plan)
    assert (found.state, found.report_on, found.amount_minor) == ("warned", REPORT, 10_000)
    note_warned(plan.customer_id, found.id, now=noon(WARN))
    passes(plan, REPORT - timedelta(days=1))
    assert mark_of(plan).state == "warned"
    passes(plan, REPORT)
    found = mark_of(plan)
    assert (found.state, found.days_past_due, found.exported_at) == ("marked", 30, None)
    assert clean(plan)


def test_the_message_makes_it_warned(town: Town) -> None:
    phone = "17000000933"
    plan = bought("mark-told", grace_days=3)
    a_customer("mark-told", phone=phone)
    passes(plan, WARN)
    found = mark_of(plan)
    assert tell_credit_mark(plan.customer_id, found.id, now=noon(WARN))
    assert not tell_credit_mark(plan.customer_id, found.id, now=noon(WARN))
    assert mark_of(plan).warned_at == noon(WARN)
    (message,) = town.messages(phone)
    assert (message["params"]["amount"], message["params"]["by"]) == ("100.00 元", REPORT.isoformat())


def test_a_warning_that_turns_out_not_to_have_arrived_is_none(town: Town) -> None:
    phone = "17000000934"
    plan = bought("mark-lost", grace_days=3)
    a_customer("mark-lost", phone=phone)
    passes(plan, WARN)
    tell_credit_mark(plan.customer_id, mark_of(plan).id, now=noon(WARN))
    NoticeDelivery.objects.filter(customer_id=plan.customer_id).update(state="undelivered")
    assert passes(plan, WARN + timedelta(days=4)) == 1
    found = mark_of(plan)
    assert (found.warned_at, found.standstill, found.tries) == (None, "not_told", 2)
    passes(plan, REPORT)
    assert mark_of(plan).state == "warned"


def test_a_catch_up_judges_by_its_day_and_not_by_the_clock() -> None:
    plan = late()
    day = WARN - timedelta(days=1)
    on_day(day, first=plan.customer_id, last=plan.customer_id, now=noon(WARN + timedelta(days=30)))
    assert not CreditMark.objects.filter(customer_id=plan.customer_id).exists()


def test_who_was_not_reached_is_not_reported_but_told_again() -> None:
    plan = late()
    passes(plan, WARN)
    for days in range(1, 12):
        passes(plan, WARN + timedelta(days=days))
    found = mark_of(plan)
    assert (found.state, found.marked_at, found.tries) == ("warned", None, 4)
    assert found.report_on >= WARN + timedelta(days=9 + 7)


def test_paid_before_the_day_it_is_dropped() -> None:
    plan = late()
    warned(plan)
    plan.record(10_000, on=WARN + timedelta(days=2), now=noon(WARN + timedelta(days=2)), key="paid")
    passes(plan, REPORT)
    assert mark_of(plan).state == "dropped"


def no_fault(plan: Bought, first: date, last: date) -> None:
    NoFaultPeriod.objects.create(
        customer_id=plan.customer_id,
        id=new_id(),
        plan_id=plan.plan_id,
        cause="entry_closed",
        starts_at=noon(first),
        ends_at=noon(last),
        recorded_at=noon(last),
    )


def test_days_that_are_nobodys_fault_put_it_off() -> None:
    plan = late()
    warned(plan)
    no_fault(plan, date(2026, 2, 20), date(2026, 2, 24))
    passes(plan, REPORT)
    assert (mark_of(plan).state, mark_of(plan).standstill) == ("warned", "no_fault")
    passes(plan, REPORT + timedelta(days=5))
    assert mark_of(plan).state == "marked"


def test_learned_of_after_the_mark_such_days_take_it_back() -> None:
    plan = late()
    marked(plan)
    no_fault(plan, date(2026, 2, 20), date(2026, 2, 24))
    passes(plan, REPORT + timedelta(days=1))
    found = mark_of(plan)
    assert (found.state, found.ended_by) == ("withdrawn", "system")
    assert passes(plan, REPORT + timedelta(days=40)) >= 0
    assert CreditMark.objects.filter(customer_id=plan.customer_id, n=1).count() == 1


@pytest.mark.usefixtures("town")
def test_while_a_payment_has_no_known_outcome_nothing_is_marked() -> None:
    plan = late()
    warned(plan)
    plan.start_unknown(1, now=noon(REPORT))
    passes(plan, REPORT)
    assert (mark_of(plan).state, mark_of(plan).standstill) == ("warned", "outcome_unknown")


def test_while_it_is_disputed_nothing_is_marked() -> None:
    plan = late()
    warned(plan)
    SupportThread.objects.create(
        customer_id=plan.customer_id,
        id=new_id(),
        topic="dispute",
        plan_id=plan.plan_id,
        state="waiting",
        opened_at=noon(REPORT),
        updated_at=noon(REPORT),
        due_at=noon(REPORT),
        customer_read_no=0,
        staff_read_no=0,
    )
    passes(plan, REPORT)
    assert (mark_of(plan).state, mark_of(plan).standstill) == ("warned", "disputed")


def test_an_objection_holds_the_mark_until_it_is_answered() -> None:
    plan = late()
    found = warned(plan)
    by = object_to_mark(plan.customer_id, found.id, words="I paid at the counter", now=noon(WARN))
    assert by == WARN + timedelta(days=20)
    with pytest.raises(ObjectionNotPossible):
        object_to_mark(plan.customer_id, found.id, words="again", now=noon(WARN))
    passes(plan, REPORT)
    assert mark_of(plan).standstill == "disputed"
    answer_objection(agent(), plan.customer_id, found.id, upheld=False, words="no such receipt", now=noon(REPORT))
    passes(plan, REPORT + timedelta(days=1))
    assert mark_of(plan).state == "marked"
    assert clean(plan)


def test_an_objection_that_is_right_ends_it_for_good() -> None:
    for make, state in ((warned, "dropped"), (marked, "withdrawn")):
        plan = late()
        found = make(plan)
        object_to_mark(plan.customer_id, found.id, words="not mine", now=noon(REPORT))
        answer_objection(agent(), plan.customer_id, found.id, upheld=True, words="you are right", now=noon(REPORT))
        assert mark_of(plan).state == state
        passes(plan, REPORT + timedelta(days=20))
        assert CreditMark.objects.filter(customer_id=plan.customer_id, n=1).count() == 1
        with pytest.raises(MarkNotReady):
            answer_objection(agent(), plan.customer_id, found.id, upheld=True, words="again", now=noon(REPORT))


def lines(staff_name: str = "export") -> list[list[str]]:
    text = export_marks(finance(staff_name), now=noon(REPORT)).text
    return [line.split(",") for line in text.splitlines()[1:]]


def test_the_lender_gets_each_mark_once_and_its_correction_once() -> None:
    plan = late()
    found = marked(plan)
    with pytest.raises(NotPermitted):
        export_marks(agent(), now=noon(REPORT))
    assert [line[:2] for line in lines() if line[0] == str(found.id)] == [[str(found.id), "report"]]
    assert lines() == []
    withdraw_mark(agent(), plan.customer_id, found.id, reason="wrong sum", now=noon(REPORT))
    assert [line[1] for line in lines()] == ["correct"]
    assert lines() == []


def test_paid_after_the_mark_the_lender_is_told() -> None:
    plan = late()
    marked(plan)
    lines()
    day = REPORT + timedelta(days=3)
    plan.record(10_000, on=day, now=noon(day), key="paid")
    passes(plan, day + timedelta(days=1))
    assert mark_of(plan).cleared_on == day
    assert [line[1] for line in lines()] == ["update"]


def test_nobody_objects_to_what_is_not_theirs() -> None:
    found = warned(late())
    other = late().customer_id
    with pytest.raises(NotFound):
        object_to_mark(other, found.id, words="mine?", now=noon(WARN))
