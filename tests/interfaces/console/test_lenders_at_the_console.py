"""The lenders' pages: what is said of them, returns that need a person, their daily files."""

from collections.abc import Callable

import pytest
from django.test import Client

from fenqi.records.models import Account, AuditRecord, FinanceProvider, PartnerRefund, Role
from fenqi.usecases import clock
from fenqi.usecases.partners import refunding
from fenqi.usecases.partners.errors import PartnerUnavailable
from fenqi.usecases.partners.providers import edit_provider
from fenqi.usecases.partners.settlement import take_settlement
from fenqi.usecases.staff.permissions import staff_member
from lenders import CARD, PARTNER_CODE, PLATFORM, buy_financed, returned
from town import Town

Desk = Callable[..., Client]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def lenders(town: Town, make_staff: Callable[[str], Account]) -> Town:
    admin = staff_member(make_staff(Role.ADMIN))
    assert admin
    for said in (PLATFORM, CARD):
        edit_provider(admin, said, now=clock.now())
    return town


@pytest.mark.parametrize(("language", "words"), [("zh-hans", "轻融分期"), ("en", "Qingrong")])
def test_lenders_files_and_waiting_returns_are_on_one_page(
    lenders: Town, desk: Desk, language: str, words: str
) -> None:
    now = clock.now()
    plan = buy_financed()
    row = returned(plan, 30_000, now=now)
    lenders.order("refund", "processing", channel="partner")
    refunding.send(plan.customer_id, row.id, now=now)
    lenders.tell(f"refunds/{row.number}/fail")
    refunding.ask(plan.customer_id, row.id, now=now)
    take_settlement(PARTNER_CODE, clock.business_date(now), now=now)
    page = desk(Role.FINANCE, language).get("/console/lenders").content.decode()
    assert words in page
    assert row.number in page
    assert "msgid" not in page
    for raw in ("by_hand", "amount_differs", "payment_account", "refused<"):
        assert raw not in page


def test_a_banks_refund_is_recorded_by_one_and_approved_by_another(lenders: Town, desk: Desk) -> None:
    plan = buy_financed(provider=CARD.code, commission=0)
    row = returned(plan, 120_000, now=clock.now())
    at = f"/console/customers/{plan.customer_id}/lender-refunds/{row.id}"
    first, second = desk(Role.FINANCE), desk(Role.ADMIN)
    assert first.post(f"{at}/propose", {"reference": "ACQ-1"}).status_code == 302
    assert "由你登记" in first.get("/console/lenders").content.decode()
    assert first.post(f"{at}/approve", {"reference": "ACQ-1"}).status_code == 409
    assert 'name="reference" value="ACQ-1"' in second.get("/console/lenders").content.decode()
    assert first.post(f"{at}/propose", {"reference": "ACQ-2"}).status_code == 302
    assert second.post(f"{at}/approve", {"reference": "ACQ-1"}).status_code == 409
    assert second.post(f"{at}/approve", {"reference": "ACQ-2"}).status_code == 302
    assert PartnerRefund.objects.get(customer_id=plan.customer_id, id=row.id).state == "succeeded"
    assert "没有需要人工处理的退货" in second.get("/console/lenders").content.decode()


def test_what_is_said_of_a_lender_is_kept_or_refused_with_what_was_typed(lenders: Town, desk: Desk) -> None:
    finance = desk(Role.FINANCE, "en")
    typed = {
        "code": "blue_bank",
        "kind": "platform",
        "name_zh": "蓝分期",
        "name_en": "Blue",
        "usual_working_days": "9",
        "latest_working_days": "3",
        "difference_route": "plan",
        "balance_rules_en": "Spend it at Blue.",
    }
    refused = finance.post("/console/lenders/add", typed)
    assert (refused.status_code, "Spend it at Blue." in refused.content.decode()) == (422, True)
    assert finance.post("/console/lenders/add", {**typed, "latest_working_days": "12"}).status_code == 302
    lender = FinanceProvider.objects.get(code="blue_bank")
    assert (lender.latest_working_days, lender.balance_withdrawable, lender.repays_here) == (12, False, False)
    assert (
        finance.post("/console/lenders/blue_bank", {**typed, "code": "other", "latest_working_days": "15"}).status_code
        == 302
    )
    assert list(
        FinanceProvider.objects.filter(code__in=["blue_bank", "other"]).values_list("code", "latest_working_days")
    ) == [("blue_bank", 15)]


@pytest.mark.parametrize(
    ("role", "page"), [(Role.FINANCE, "/console/lenders"), (Role.AGENT, "/console/customers/{customer_id}")]
)
def test_who_asks_the_lender_is_on_record_whatever_it_says_and_goes_where_they_may_look(
    lenders: Town, desk: Desk, role: str, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = clock.now()
    plan = buy_financed()
    row = returned(plan, 30_000, now=now)
    refunding.send(plan.customer_id, row.id, now=now)
    ask = f"/console/customers/{plan.customer_id}/lender-refunds/{row.id}/ask"
    written = AuditRecord.objects.filter(
        customer_id=plan.customer_id, action="channel_asked", subject=f"partner_refund:{row.id}"
    )

    def silent(*_said: object, **_more: object) -> None:
        raise PartnerUnavailable(provider=PARTNER_CODE)

    with monkeypatch.context() as patched:
        patched.setattr(refunding, "ask", silent)
        assert desk(role).post(ask).status_code == PartnerUnavailable.status
    assert written.count() == 1

    answer = desk(role).post(ask)
    assert answer.headers["Location"] == page.format(customer_id=plan.customer_id)
    assert written.count() == 2


def test_agents_do_not_learn_of_it(lenders: Town, desk: Desk) -> None:
    agent = desk(Role.AGENT)
    for address in ("/console/lenders", "/console/lenders/add", f"/console/lenders/{PARTNER_CODE}"):
        assert agent.get(address).status_code in (403, 404)
    assert desk(Role.ADMIN).get("/console/lenders/nobody").status_code == 404


def test_help_with_a_plan_that_its_lender_collects_is_the_lenders(lenders: Town, desk: Desk) -> None:
    plan = buy_financed()
    page = desk("agent", "en").get(f"/console/customers/{plan.customer_id}")
    offered = {action.code: (action.address, action.why_not) for action in page.context["actions"]}
    for code in ("promise", "reschedule", "waive", "log_call"):
        assert offered[code] == ("", "the lender collects this plan, and decides about it")
