"""Closing an entry: never the last way, never by one person alone, nobody left untold or charged for it."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import override_settings

from closings import APPROVER, PLANNER, asked, closed
from fenqi.domain.entries import EntryKind, Group
from fenqi.domain.errors import FenqiError, InvalidInput, NotFound
from fenqi.records.identifiers import HOUSE_ID
from fenqi.records.models import AuditRecord, Customer, EntryWindow, NoFaultPeriod, OutboxMessage, PaymentAttempt
from fenqi.records.scope import across_customers
from fenqi.usecases import no_fault_days
from fenqi.usecases.entries.announce import tell_of_closing, tell_open
from fenqi.usecases.entries.change_closing import cancel_closing, end_closing_early, extend_closing
from fenqi.usecases.entries.decide_closing import approve_closing, reject_closing
from fenqi.usecases.entries.errors import (
    ClosingDecided,
    ClosingHasBegun,
    ClosingInThePast,
    ClosingTooLong,
    LastWayClosed,
    SamePerson,
    SuccessorNotOpen,
)
from fenqi.usecases.entries.guard import EntryClosed
from fenqi.usecases.entries.guard_days import guard_closings
from fenqi.usecases.entries.plan_closing import plan_closing, preview_closing
from fenqi.usecases.entries.queries import closing_view, plans_touched
from fenqi.usecases.entries.routing import route
from fenqi.usecases.reconciliation.check import check_books
from fenqi.usecases.staff.permissions import NotPermitted
from late_plans import charges, close, late, put_right
from malls import Bought, a_customer, bought, noon
from staff_members import agent, finance
from town import Town

pytestmark = pytest.mark.django_db(transaction=True)

NOW = noon("2026-01-20")
CLOSES = noon("2026-01-31")  # the first installment is due on 1 February


@pytest.fixture
def plan(db: None) -> Bought:
    return bought()


def best(plan: Bought, at: datetime) -> str:
    return route(plan.customer_id, plan.plan_id, now=at).best.code


def periods(plan: Bought) -> list[NoFaultPeriod]:
    return list(NoFaultPeriod.objects.filter(customer_id=plan.customer_id, plan_id=plan.plan_id).order_by("starts_at"))


@pytest.mark.requirement("R144")
def test_a_closing_rules_once_a_second_person_approved_it(plan: Bought) -> None:
    closing_id = plan_closing(PLANNER, asked(CLOSES), now=NOW)
    during = CLOSES + timedelta(hours=1)
    assert best(plan, during) == "mall_page"
    with pytest.raises(SamePerson):
        approve_closing(PLANNER, closing_id, 1, now=NOW)
    approve_closing(APPROVER, closing_id, 1, now=NOW)
    approve_closing(APPROVER, closing_id, 1, now=NOW)
    assert [best(plan, at) for at in (NOW, during, CLOSES + timedelta(hours=24))] == [
        "mall_page",
        "message_link",
        "mall_page",
    ]
    acts = AuditRecord.objects.filter(customer_id=HOUSE_ID, subject=f"entry:{closing_id}")
    assert sorted(acts.values_list("action", flat=True)) == ["closing_approved", "closing_planned"]


@pytest.mark.requirement("R145", "R149")
def test_the_preview_counts_whom_it_touches_and_which_ways_stay(plan: Bought) -> None:
    others = [bought() for _ in range(3)]
    late = bought(placed="2025-11-01")
    found = preview_closing(PLANNER, asked(CLOSES, hours=48), now=NOW)
    assert (found.customers, found.plans, found.overdue, found.shut_out) == (5, 5, 1, 0)
    assert [(str(day), plans) for day, plans in found.due_in] == [("2026-02-01", 4)]
    assert {entry.code: plans for entry, plans in found.stays} == {"message_link": 5, "agent": 5}
    narrow = asked(CLOSES, group=Group(customers=frozenset({f"nobody-{uuid4()}"})))
    assert preview_closing(PLANNER, narrow, now=NOW).plans == 0
    shares = [
        preview_closing(PLANNER, asked(CLOSES, group=Group(share_from=low, share_to=high)), now=NOW).plans
        for low, high in ((0, 50), (50, 100))
    ]
    assert sum(shares) == 5
    assert len(others) + len([plan, late]) == 5


@pytest.mark.parametrize("share", [(0, 50), (50, 100)])
def test_the_rule_in_sql_is_the_rule_in_python(plan: Bought, share: tuple[int, int]) -> None:
    group = Group(share_from=share[0], share_to=share[1], languages=frozenset({"zh-hans"}))
    found = preview_closing(PLANNER, asked(NOW, group=group), now=NOW)
    closed(NOW, group=group)
    assert (best(plan, NOW) == "message_link") is (found.plans == 1)


def test_the_plans_that_it_touches_are_listed_until_it_is_over(plan: Bought) -> None:
    bought()
    with across_customers():
        ref = Customer.objects.get(id=plan.customer_id).ref
    narrow = closing_view(closed(CLOSES, now=NOW, group=Group(customers=frozenset({ref}))), now=NOW)
    found, is_cut = plans_touched(narrow, limit=2)
    assert [(one.plan_id, one.outstanding_minor, is_cut) for one in found] == [(plan.plan_id, 120_000, False)]
    wide = closed(CLOSES, now=NOW)
    found, is_cut = plans_touched(closing_view(wide, now=NOW), limit=1)
    assert (len(found), is_cut) == (1, True)
    assert plans_touched(closing_view(wide, now=CLOSES + timedelta(days=2)), limit=1) == ([], False)


@pytest.mark.requirement("R149")
def test_the_last_open_way_is_not_closed(plan: Bought) -> None:
    closed(CLOSES, now=NOW, successor="agent")
    closed(CLOSES + timedelta(hours=3), now=NOW, hours=2, entry="message_link", successor="agent")
    with pytest.raises(LastWayClosed) as refused:
        plan_closing(PLANNER, asked(CLOSES + timedelta(hours=4), hours=9, entry="agent"), now=NOW)
    assert refused.value.details["plans"] == 1
    before = asked(CLOSES - timedelta(hours=4), hours=4, entry="agent", successor="mall_page")
    assert plan_closing(PLANNER, before, now=NOW) is not None


def test_two_closings_are_not_approved_that_together_leave_nothing(plan: Bought) -> None:
    closed(CLOSES, now=NOW, successor="agent")
    ids = [
        plan_closing(PLANNER, asked(CLOSES, entry=entry, successor=successor), now=NOW)
        for entry, successor in (("message_link", "agent"), ("agent", "message_link"))
    ]
    approve_closing(APPROVER, ids[0], 1, now=NOW)
    with pytest.raises(LastWayClosed):
        approve_closing(APPROVER, ids[1], 1, now=NOW)
    assert best(plan, CLOSES) == "agent"


def test_nobody_is_sent_to_an_entry_that_is_closed_itself(plan: Bought) -> None:
    closed(CLOSES, now=NOW, entry="message_link", successor="agent")
    with pytest.raises(SuccessorNotOpen):
        plan_closing(PLANNER, asked(CLOSES + timedelta(hours=23)), now=NOW)


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"starts_at": NOW - timedelta(days=1)}, ClosingInThePast),
        ({"starts_at": NOW - timedelta(days=9), "hours": 24}, ClosingInThePast),
        ({"hours": -1}, InvalidInput),
        ({"hours": 0}, InvalidInput),
        ({"hours": 24 * 61}, ClosingTooLong),
        ({"notice_zh": " "}, InvalidInput),
        ({"notice_en": ""}, InvalidInput),
        ({"notice_en": "x" * 401}, InvalidInput),
        ({"successor": ""}, InvalidInput),
        ({"successor": "mall_page"}, InvalidInput),
        ({"entry": "nowhere"}, InvalidInput),
        ({"group": Group(share_from=60, share_to=40)}, InvalidInput),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_closing_that_makes_no_sense_is_refused_and_nothing_is_kept(
    plan: Bought, change: dict[str, object], refusal: type[FenqiError]
) -> None:
    said = {"starts_at": CLOSES} | change
    with pytest.raises(refusal):
        plan_closing(PLANNER, asked(**said), now=NOW)  # type: ignore[arg-type]
    assert not EntryWindow.objects.exists()


def test_closings_need_their_permission(plan: Bought) -> None:
    closing_id = plan_closing(PLANNER, asked(CLOSES), now=NOW)
    for act in (
        lambda: plan_closing(agent(), asked(CLOSES), now=NOW),
        lambda: approve_closing(agent(), closing_id, 1, now=NOW),
        lambda: reject_closing(agent(), closing_id, 1, reason="", now=NOW),
        lambda: cancel_closing(agent(), closing_id, reason="", now=NOW),
    ):
        with pytest.raises(NotPermitted):
            act()


def test_what_was_turned_down_or_superseded_is_not_approved(plan: Bought) -> None:
    closing_id = plan_closing(PLANNER, asked(CLOSES), now=NOW)
    reject_closing(APPROVER, closing_id, 1, reason="wrong day", now=NOW)
    with pytest.raises(ClosingDecided):
        approve_closing(finance("third"), closing_id, 1, now=NOW)
    with pytest.raises(ClosingDecided):
        cancel_closing(PLANNER, closing_id, reason="", now=NOW)
    with pytest.raises(NotFound):
        approve_closing(APPROVER, uuid4(), 1, now=NOW)
    late = plan_closing(PLANNER, asked(CLOSES), now=NOW)
    with pytest.raises(ClosingDecided):
        approve_closing(APPROVER, late, 1, now=CLOSES + timedelta(days=2))


def test_one_cancels_before_it_begins_and_ends_it_early_afterwards(plan: Bought) -> None:
    first = closed(CLOSES, now=NOW)
    cancel_closing(PLANNER, first, reason="not needed", now=NOW)
    assert best(plan, CLOSES) == "mall_page"
    second = closed(CLOSES, now=NOW)
    during = CLOSES + timedelta(hours=2)
    with pytest.raises(ClosingHasBegun):
        cancel_closing(PLANNER, second, reason="", now=during)
    end_closing_early(PLANNER, second, reason="done", now=during)
    assert best(plan, during) == "mall_page"
    with pytest.raises(ClosingDecided):
        end_closing_early(PLANNER, second, reason="", now=during + timedelta(hours=1))
    assert EntryWindow.objects.filter(closing_id=second).count() == 2


def test_longer_takes_two_again(plan: Bought) -> None:
    closing_id = closed(CLOSES, now=NOW)
    end = CLOSES + timedelta(hours=24)
    with pytest.raises(InvalidInput):
        extend_closing(PLANNER, closing_id, ends_at=end, reason="", now=NOW)
    version = extend_closing(PLANNER, closing_id, ends_at=end + timedelta(hours=6), reason="late", now=CLOSES)
    assert best(plan, end) == "mall_page"
    with pytest.raises(SamePerson):
        approve_closing(PLANNER, closing_id, version, now=CLOSES)
    approve_closing(APPROVER, closing_id, version, now=CLOSES)
    assert [best(plan, end + timedelta(hours=hours)) for hours in (0, 5, 6)] == [
        "message_link",
        "message_link",
        "mall_page",
    ]


@pytest.mark.requirement("R156")
def test_days_on_which_the_usual_entry_is_closed_around_the_due_date_are_nobodys_fault(plan: Bought) -> None:
    later = bought(first_due_on="2026-02-20")
    elsewhere = bought()
    plan.record(10_000, on=noon("2026-01-05").date(), now=NOW, key="paid-ahead")
    closing_id = closed(CLOSES, now=NOW, hours=72)
    assert guard_closings(now=NOW) == 0
    changed = guard_closings(now=CLOSES + timedelta(minutes=5))
    assert changed == 1
    assert guard_closings(now=CLOSES + timedelta(hours=1)) == 0
    (period,) = periods(elsewhere)
    assert (period.cause, period.starts_at, period.ends_at) == ("entry_closed", CLOSES, None)
    assert (periods(plan), periods(later)) == ([], [])
    during = CLOSES + timedelta(hours=30)
    end_closing_early(PLANNER, closing_id, reason="done", now=during)
    (period,) = periods(elsewhere)
    assert period.ends_at == during + timedelta(days=1)
    views = no_fault_days.no_fault_of(elsewhere.customer_id, [elsewhere.plan_id])[elsewhere.plan_id]
    exempt = no_fault_days.exempt_days(views, today=noon("2026-02-10").date())
    assert sorted(str(day) for day in exempt) == ["2026-01-31", "2026-02-01", "2026-02-02"]
    assert list(check_books()) == []


def test_an_entry_that_nobody_relies_on_excuses_nothing(plan: Bought) -> None:
    closed(CLOSES, now=NOW, entry="message_link", successor="mall_page")
    assert guard_closings(now=CLOSES + timedelta(hours=1)) == 0


def test_a_closing_that_nobody_looked_at_while_it_lasted_is_made_good(plan: Bought) -> None:
    closed(CLOSES, now=NOW)
    assert guard_closings(now=CLOSES + timedelta(days=9)) == 2
    (period,) = periods(plan)
    assert (period.starts_at, period.ends_at) == (CLOSES, CLOSES + timedelta(hours=48))
    assert guard_closings(now=CLOSES + timedelta(days=9)) == 0


@pytest.mark.requirement("R156")
def test_a_late_fee_for_days_on_which_the_entry_was_closed_goes_back_at_once() -> None:
    plan = late()
    for day in ("2026-02-06", "2026-02-07"):
        close(day)
    assert [on for on, _, _ in charges(plan)] == ["2026-02-05", "2026-02-06", "2026-02-07"]
    closed(noon("2026-02-05"), now=NOW, hours=48)
    assert guard_closings(now=noon("2026-02-07") + timedelta(hours=1)) == 2
    put_right(plan)
    assert charges(plan) == []
    assert plan.state().totals.outstanding.late_fee == 0
    assert guard_closings(now=noon("2026-02-07") + timedelta(hours=2)) == 0
    close("2026-02-08")
    assert charges(plan) == []
    assert not OutboxMessage.objects.filter(
        customer_id=plan.customer_id, topic="correct_late_fees", done_at=None
    ).exists()
    assert list(check_books()) == []


LAWS = {
    "closed_days_have_a_closing": "UPDATE entry_window SET approved_by = '', approved_at = NULL",
    "late_while_closed_is_excused": "DELETE FROM no_fault_period",
}


@pytest.mark.requirement("R079")
@pytest.mark.parametrize("law", LAWS)
def test_the_check_finds_what_was_broken(law: str) -> None:
    bought(placed="2025-11-01")
    with across_customers(), connection.cursor() as cursor:
        cursor.execute("UPDATE plan SET updated_at = '2026-01-01Z'")
    closed(CLOSES, now=NOW)
    guard_closings(now=CLOSES + timedelta(hours=1))
    assert list(check_books()) == []
    with across_customers(), connection.cursor() as cursor:
        cursor.execute(LAWS[law])
    assert {finding.law for finding in check_books()} == {law}


@pytest.mark.requirement("R143")
def test_who_has_a_bill_due_meanwhile_is_told_once_and_not_after_it_was_paid(plan: Bought) -> None:
    paid = bought()
    bought(first_due_on="2026-03-20")
    closing_id = closed(CLOSES, now=NOW)
    with across_customers():
        queued = list(OutboxMessage.objects.filter(topic="entry_closing"))
    assert {row.customer_id for row in queued} == {plan.customer_id, paid.customer_id}
    assert {row.not_before for row in queued} == {CLOSES - timedelta(days=3)}
    assert queued[0].body == {"closing_id": str(closing_id), "version": "1"}
    paid.record(10_000, on=NOW.date(), now=NOW, key="meanwhile")
    for one in (plan, paid):
        assert tell_of_closing(one.customer_id, closing_id, version=1, now=NOW) is False  # none has a phone
    cancel_closing(PLANNER, closing_id, reason="", now=NOW)
    assert tell_of_closing(plan.customer_id, closing_id, version=1, now=NOW) is False


@pytest.mark.requirement("R143")
def test_who_was_told_of_a_closing_is_told_once_that_it_was_called_off(town: Town) -> None:
    phone = "17000001961"
    plan, other = bought("told-of"), bought("untold-of")
    a_customer("told-of", phone=phone)
    closing_id = closed(CLOSES, now=NOW)
    tell_of_closing(plan.customer_id, closing_id, version=1, now=NOW)
    cancel_closing(PLANNER, closing_id, reason="", now=NOW + timedelta(hours=1))
    with across_customers():
        queued = list(OutboxMessage.objects.filter(topic="entry_open").values_list("customer_id", "body"))
    assert queued == [(plan.customer_id, {"closing_id": str(closing_id)})]
    for _ in range(2):
        tell_open(plan.customer_id, closing_id, now=NOW + timedelta(hours=1))
        assert tell_open(other.customer_id, closing_id, now=NOW) is False
    assert ["照常使用" in message["text"] for message in town.messages(phone)] == [True, False]


@pytest.mark.requirement("R155", "R161")
def test_a_closed_entry_starts_nothing_and_another_does(plan: Bought) -> None:
    closed(NOW)
    with pytest.raises(EntryClosed) as refused:
        plan.start(1, now=NOW)
    assert refused.value.details["instead"] == "message_link"
    assert "系统升级" not in refused.value.text("zh")
    assert "专属还款链接" in refused.value.text("zh")
    assert not PaymentAttempt.objects.filter(customer_id=plan.customer_id).exists()


@override_settings(FENQI_FINANCE_APP_URL="https://app.example/")
def test_the_apps_entry_may_be_closed_alone(plan: Bought) -> None:
    closed(NOW, entry="finance_app", successor="mall_page")
    found = route(plan.customer_id, plan.plan_id, now=NOW)
    assert found.works(EntryKind.MALL_PAGE)
    assert not found.works(EntryKind.FINANCE_APP)
