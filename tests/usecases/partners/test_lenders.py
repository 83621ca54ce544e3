"""Plans that a lender finances: registered, returned over the lender, settled by its daily file (R050-R056, T1)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from fenqi.domain.errors import InvalidInput, NotFound
from fenqi.domain.payments.refunds import RefundState
from fenqi.domain.plans import PlanStatus
from fenqi.records.identifiers import new_id
from fenqi.records.models import AuditRecord, JournalEntry, OutboxMessage, PartnerRefund, PartnerSettlement, Role
from fenqi.usecases import clock, rails
from fenqi.usecases.partners import by_hand, refunding
from fenqi.usecases.partners.errors import PartnerUnavailable, RepaidElsewhere, UnknownProvider
from fenqi.usecases.partners.providers import edit_provider
from fenqi.usecases.partners.queries import ask_partner, refunds_at_partners
from fenqi.usecases.partners.settlement import SettlementChanged, due_days, take_settlement
from fenqi.usecases.reconciliation.check import check_books
from fenqi.usecases.staff.permissions import NotPermitted, Staff
from lenders import CARD, PARTNER_CODE, PLATFORM, repaid_there, returned
from malls import Bought, noon
from owed_back import books
from town import Town

pytestmark = pytest.mark.django_db(transaction=True)

Buy = Callable[..., Bought]
"""Buys on a plan that a lender finances."""


def today() -> datetime:
    return datetime.now(UTC)


def again(row: PartnerRefund) -> PartnerRefund:
    return PartnerRefund.objects.get(customer_id=row.customer_id, id=row.id)


@pytest.mark.requirement("R056")
def test_what_the_lender_pays_is_booked_beside_the_plan_and_all_that_is_owed_is_the_lenders(financed: Buy) -> None:
    plan = financed()
    assert books(plan) == {
        "receivable.principal": 120_000,
        "receivable.fee": 8_640,
        "sales.clearing": -120_000,
        "clearing.qingrong": 117_600,
        "expense.channel_fee": 2_400,
        "payable.partner": -128_640,
    }
    assert list(check_books()) == []


def test_a_subsidy_is_the_malls_cost(financed: Buy) -> None:
    plan = financed(fee_rate="0", subsidy=7_200)
    standing = books(plan)
    assert (standing["expense.subsidy"], standing["clearing.qingrong"]) == (7_200, 110_400)
    assert standing["payable.partner"] == -120_000


def test_its_installments_are_not_repaid_here(financed: Buy, now: datetime) -> None:
    with pytest.raises(RepaidElsewhere):
        financed().quote_token(1, now=now)


def test_a_lender_that_nobody_set_up_and_a_plan_without_its_number_are_refused(financed: Buy) -> None:
    with pytest.raises(UnknownProvider):
        financed(provider="nobody")
    with pytest.raises(InvalidInput):
        financed(commission=120_001)


@pytest.mark.requirement("R050", "R051", "R052", "R053", "R062")
def test_a_full_return_cancels_the_plan_and_what_was_repaid_is_balance_at_the_lender(
    financed: Buy, lenders: Town
) -> None:
    plan, now = financed(), today()
    repaid_there(lenders, plan, 4)
    take_settlement(PARTNER_CODE, clock.business_date(now), now=now)
    assert plan.state().totals.paid.total == 4 * 10_720

    part = ask_partner(plan.customer_id, plan.plan_id, amount_minor=120_000, on=clock.business_date(now))
    assert part
    assert (part.cancelled_minor, part.dropped_fees_minor, part.surplus_minor) == (80_000, 5_760, 40_000)

    row = returned(plan, 120_000, now=now)
    assert refunding.send(plan.customer_id, row.id, now=now) is RefundState.SUCCEEDED
    assert refunding.send(plan.customer_id, row.id, now=now) is RefundState.SUCCEEDED
    settled = again(row)
    assert (settled.surplus_minor, settled.commission_back_minor, settled.alert) == (40_000, 2_400, "")
    state = plan.state()
    assert (state.status, state.totals.outstanding.total, state.balance) == (PlanStatus.CANCELLED, 0, 0)
    assert books(plan) == {
        "sales.clearing": -120_000,
        "sales.returns": 120_000,
    }, "the lender has its money back, and the mall its commission"
    assert list(check_books()) == []
    (view,) = refunds_at_partners(plan.customer_id, order_id=plan.order_id)
    assert (view.number, view.state, view.provider.name("en")) == (row.number, "succeeded", "Qingrong")


def test_a_partial_return_takes_the_last_installments_and_their_fees(financed: Buy) -> None:
    plan, now = financed(), today()
    row = returned(plan, 30_000, now=now)
    refunding.send(plan.customer_id, row.id, now=now)
    owed = plan.state().totals.outstanding
    assert owed.total == 120_000 + 8_640 - 30_000 - 2_160
    assert books(plan)["payable.partner"] == -owed.total
    assert list(check_books()) == []


@pytest.mark.parametrize("kind", ["reset", "http_500", "wrong_signature", "nonsense"])
def test_without_a_believable_answer_it_is_asked_about_and_booked_once(financed: Buy, lenders: Town, kind: str) -> None:
    plan, now = financed(), today()
    row = returned(plan, 30_000, now=now)
    lenders.order("refund", kind, channel="partner")
    assert refunding.send(plan.customer_id, row.id, now=now) is RefundState.UNKNOWN
    assert not JournalEntry.objects.filter(customer_id=plan.customer_id, code="partner_refund").exists()
    assert refunding.ask(plan.customer_id, row.id, now=now + timedelta(seconds=10)) is RefundState.SUCCEEDED
    assert refunding.ask(plan.customer_id, row.id, now=now + timedelta(minutes=1)) is RefundState.SUCCEEDED
    assert JournalEntry.objects.filter(customer_id=plan.customer_id, code="partner_refund").count() == 1


def test_what_never_arrived_is_sent_again_under_the_same_number(financed: Buy, lenders: Town) -> None:
    plan, now = financed(), today()
    row = returned(plan, 30_000, now=now)
    lenders.order("refund", "code", "SYSTEM_BUSY", channel="partner")
    assert refunding.send(plan.customer_id, row.id, now=now) is RefundState.UNKNOWN
    assert refunding.ask(plan.customer_id, row.id, now=now + timedelta(seconds=10)) is RefundState.SUCCEEDED
    assert [one["number"] for one in lenders.trade(row.plan_no)["refunds"]] == [row.number]


def test_one_that_the_lender_refuses_calls_a_person_who_sends_it_again(
    financed: Buy, lenders: Town, admin: Staff
) -> None:
    plan, now = financed(), today()
    row = returned(plan, 30_000, now=now, case_id=None)
    lenders.order("refund", "processing", channel="partner")
    assert refunding.send(plan.customer_id, row.id, now=now) is RefundState.PROCESSING
    lenders.tell(f"refunds/{row.number}/fail")
    assert refunding.ask(plan.customer_id, row.id, now=now) is RefundState.FAILED
    assert again(row).alert == "refused"
    assert plan.state().totals.outstanding.total == 128_640, "nothing is done half"
    second = by_hand.send_again(admin, plan.customer_id, row.id, now=now)
    with pytest.raises(by_hand.NotByHand):
        by_hand.send_again(admin, plan.customer_id, row.id, now=now)
    assert refunding.send(plan.customer_id, second, now=now) is RefundState.SUCCEEDED
    assert again(row).alert == ""


def test_a_quote_that_cannot_be_believed_is_none(financed: Buy, lenders: Town, now: datetime) -> None:
    plan = financed()
    lenders.order("query", "nonsense", channel="partner")
    with pytest.raises(PartnerUnavailable):
        ask_partner(plan.customer_id, plan.plan_id, amount_minor=1_000, on=now.date())


@pytest.mark.requirement("R049")
def test_a_banks_plan_is_refunded_to_the_card_by_two_people(
    financed: Buy, admin: Staff, staff: Callable[[str, str], Staff], now: datetime
) -> None:
    plan = financed(provider=CARD.code, commission=0)
    part = ask_partner(plan.customer_id, plan.plan_id, amount_minor=120_000, on=now.date())
    assert part
    assert (part.surplus_minor, part.cancelled_minor) == (120_000, 0)
    row = returned(plan, 120_000, now=now)
    assert not OutboxMessage.objects.filter(customer_id=plan.customer_id, topic="send_partner_refund").exists()
    assert refunding.send(plan.customer_id, row.id, now=now) is RefundState.CREATED
    with pytest.raises(NotPermitted):
        by_hand.propose(staff("agent", Role.AGENT), plan.customer_id, row.id, reference="A1", now=now)
    with pytest.raises(by_hand.NotByHand):
        by_hand.approve(admin, plan.customer_id, row.id, reference="", now=now)
    by_hand.propose(admin, plan.customer_id, row.id, reference="ACQ-2026-1", now=now)
    with pytest.raises(by_hand.SamePerson):
        by_hand.approve(admin, plan.customer_id, row.id, reference="ACQ-2026-1", now=now)
    second = staff("finance", Role.FINANCE)
    approved = by_hand.approve(second, plan.customer_id, row.id, reference="ACQ-2026-1", now=now)
    assert approved is RefundState.SUCCEEDED
    with pytest.raises(by_hand.NotByHand):
        by_hand.approve(second, plan.customer_id, row.id, reference="ACQ-2026-1", now=now)
    assert plan.state().status is PlanStatus.CANCELLED
    assert "payable.partner" not in books(plan)
    assert list(check_books()) == []


def test_only_the_number_that_was_shown_is_approved(
    financed: Buy, admin: Staff, staff: Callable[[str, str], Staff], now: datetime
) -> None:
    plan = financed(provider=CARD.code, commission=0)
    row = returned(plan, 120_000, now=now)
    by_hand.propose(admin, plan.customer_id, row.id, reference="ACQ-1", now=now)
    by_hand.propose(admin, plan.customer_id, row.id, reference="ACQ-2", now=now)
    second = staff("finance", Role.FINANCE)
    with pytest.raises(by_hand.ReferenceChanged):
        by_hand.approve(second, plan.customer_id, row.id, reference="ACQ-1", now=now)
    assert again(row).approved_by == ""
    by_hand.approve(second, plan.customer_id, row.id, reference="ACQ-2", now=now)
    written = AuditRecord.objects.filter(customer_id=plan.customer_id, action="partner_refund_looked_at")
    assert list(written.order_by("at", "id").values_list("details", flat=True)) == [
        {"what": "proposed", "reference": "ACQ-1"},
        {"what": "proposed", "reference": "ACQ-2"},
        {"what": "approved", "reference": "ACQ-2"},
    ]


def test_one_return_is_sent_for_one_case(financed: Buy, now: datetime) -> None:
    plan = financed()
    assert returned(plan, 10_000, now=now).id != returned(plan, 10_000, now=now).id, "no case, nothing to tell by"
    with pytest.raises(NotFound):
        refunding.find(plan.customer_id, new_id())


def test_a_day_is_taken_once_and_every_line_is_compared(financed: Buy, lenders: Town) -> None:
    plan, other, now = financed(), financed(commission=1), today()
    repaid_there(lenders, plan, 1)
    row = returned(plan, 60_000, now=now)
    refunding.send(plan.customer_id, row.id, now=now)
    day = clock.business_date(now)
    taken = take_settlement(PARTNER_CODE, day, now=now)
    assert taken.repayments >= 1
    ours = {plan.plan_id, other.plan_id}
    wrong = [found for found in taken.differences if found["problem"] == "amount_differs"]
    assert len(wrong) == 1, (ours, taken.differences)
    assert not take_settlement(PARTNER_CODE, day, now=now).is_new
    assert PartnerSettlement.objects.count() == 1
    assert day not in due_days(PARTNER_CODE, now=now + timedelta(days=1))
    repaid_there(lenders, plan, 1)
    with pytest.raises(SettlementChanged):
        take_settlement(PARTNER_CODE, day, now=now)
    assert list(check_books()) == []


def test_the_days_file_settles_a_return_whose_outcome_nobody_knew(financed: Buy, lenders: Town) -> None:
    plan, now = financed(), today()
    row = returned(plan, 30_000, now=now)
    lenders.order("refund", "reset", channel="partner")
    assert refunding.send(plan.customer_id, row.id, now=now) is RefundState.UNKNOWN
    taken = take_settlement(PARTNER_CODE, clock.business_date(now), now=now)
    assert again(row).state == RefundState.SUCCEEDED
    assert [found for found in taken.differences if found["number"] == row.number] == []


def test_while_the_lender_is_not_set_up_the_questions_go_on(financed: Buy, monkeypatch: pytest.MonkeyPatch) -> None:
    plan, now = financed(), today()
    row = returned(plan, 30_000, now=now)
    monkeypatch.delenv("FENQI_PARTNER_CODE")
    rails.forget_rails()
    assert refunding.send(plan.customer_id, row.id, now=now) is RefundState.SUBMITTED
    assert refunding.ask(plan.customer_id, row.id, now=now) is RefundState.UNKNOWN
    waiting = again(row)
    assert (waiting.alert, waiting.next_query_at is not None) == ("contradicts", True)
    monkeypatch.undo()
    rails.forget_rails()
    assert refunding.ask(plan.customer_id, row.id, now=now) is RefundState.SUCCEEDED


@pytest.mark.parametrize(
    "wrong",
    [
        replace(PLATFORM, code="Bad Code"),
        replace(PLATFORM, code="mall"),
        replace(PLATFORM, kind="friend"),
        replace(PLATFORM, name_en=" "),
        replace(PLATFORM, latest_working_days=0),
        replace(PLATFORM, contact_zh="字" * 2_001),
    ],
)
def test_what_cannot_be_said_of_a_lender_is_refused(admin: Staff, wrong: object) -> None:
    with pytest.raises(InvalidInput):
        edit_provider(admin, wrong, now=noon("2026-01-01"))  # type: ignore[arg-type]


def test_agents_do_not_edit_lenders(staff: Callable[[str, str], Staff]) -> None:
    with pytest.raises(NotPermitted):
        edit_provider(staff("agent", Role.AGENT), PLATFORM, now=noon("2026-01-01"))
