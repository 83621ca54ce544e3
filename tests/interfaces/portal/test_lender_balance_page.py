"""What a customer has at a lender is asked while the page is opened, and told with how to use it (R053-R055)."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.test import Client

from fenqi.domain.aftersales.reasons import Reason
from fenqi.domain.payments.refunds import RefundState
from fenqi.records.models import Account, FinanceProvider, JournalEntry, PartnerRefund, Role
from fenqi.usecases import clock, rails, rate_limits
from fenqi.usecases.partners import refunding
from fenqi.usecases.partners.providers import ProviderTexts, edit_provider
from fenqi.usecases.staff.create import create_staff
from fenqi.usecases.staff.permissions import Staff, staff_member
from lenders import CARD, PARTNER_CODE, PLATFORM, buy_financed, repaid_there, returned
from malls import Bought, bought, noon
from pdf_texts import text_of
from returned import Returning, a_return
from town import Town, free_port

pytestmark = pytest.mark.django_db(transaction=True)

Says = Callable[[ProviderTexts], FinanceProvider]


@pytest.fixture(autouse=True)
def _fresh_limits() -> Iterator[None]:
    rate_limits.forget()
    yield
    rate_limits.forget()


@pytest.fixture
def say(town: Town) -> Says:
    """Staff say what a lender's rules are."""
    account = create_staff(
        username="admin", password="nine-green-lamps-1987", role=Role.ADMIN, actor="test", now=clock.now()
    )
    admin = staff_member(account)
    assert isinstance(admin, Staff)
    return lambda texts: edit_provider(admin, texts, now=clock.now())


def customer(plan: Bought, language: str = "zh-hans") -> Client:
    client = Client(headers={"accept-language": language})
    client.force_login(
        Account.objects.for_customer(plan.customer_id), backend="django.contrib.auth.backends.ModelBackend"
    )
    return client


def with_a_balance(town: Town) -> tuple[Bought, PartnerRefund]:
    """Six of twelve are repaid at the lender, then all goods go back."""
    plan = buy_financed()
    repaid_there(town, plan, 6)
    row = returned(plan, 120_000, now=datetime.now(UTC))
    assert refunding.send(plan.customer_id, row.id, now=datetime.now(UTC)) is RefundState.SUCCEEDED
    return plan, PartnerRefund.objects.get(customer_id=plan.customer_id, id=row.id)


def money(minor: int) -> str:
    return f"¥{minor / 100:,.2f}"


def plain(page: str) -> str:
    """As it is read: amounts are cut into parts of different size."""
    return "".join(part.partition(">")[2] for part in f">{page}".split("<"))


@pytest.mark.requirement("R053", "R054", "R055")
@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "zh-hans",
            ("你在「轻融分期」有", "在「轻融分期」付款时选余额支付", "提现到本人名下的银行卡", "余额可在轻融消费"),
        ),
        (
            "en",
            (
                "is at Qingrong",
                "Choose the balance when you pay",
                "to a bank card in your own name",
                "withdrawn to your own",
            ),
        ),
    ],
)
def test_the_balance_is_told_with_how_to_spend_and_withdraw_it(
    town: Town, say: Says, language: str, words: tuple[str, ...]
) -> None:
    say(PLATFORM)
    plan, refund = with_a_balance(town)
    client = customer(plan, language)
    address = f"/lender-balance/{plan.plan_id}"
    assert address in client.get(f"/orders/{plan.order_id}").content.decode()
    answer = client.get(address)
    assert answer.status_code == 200
    page = plain(answer.content.decode())
    there = rails.partner(PARTNER_CODE).plan(refund.plan_no).plan
    assert there
    assert there.balance == refund.surplus_minor > 0
    for word in (*words, money(there.balance), money(there.withdrawable), refund.plan_no, "400-000-0000"):
        assert word in page


@pytest.mark.requirement("R054", "R055")
def test_what_a_lenders_rules_do_not_allow_is_said(town: Town, say: Says) -> None:
    say(replace(PLATFORM, balance_spendable=False, balance_withdrawable=False))
    plan = buy_financed()
    page = plain(customer(plan).get(f"/lender-balance/{plan.plan_id}").content.decode())
    for word in ("你在「轻融分期」没有余额", "不能用于消费", "不能提现"):
        assert word in page


@pytest.mark.parametrize(("language", "told"), [("zh-hans", "现在没有答复"), ("en", "does not answer now")])
def test_a_lender_that_does_not_answer_is_said_not_to(
    town: Town, say: Says, monkeypatch: pytest.MonkeyPatch, language: str, told: str
) -> None:
    say(PLATFORM)
    plan = buy_financed()
    monkeypatch.setenv("FENQI_PARTNER_GATEWAY", f"http://127.0.0.1:{free_port()}")
    rails.forget_rails()
    answer = customer(plan, language).get(f"/lender-balance/{plan.plan_id}")
    monkeypatch.undo()
    rails.forget_rails()
    assert answer.status_code == 503
    page = plain(answer.content.decode())
    assert told in page
    assert "400-000-0000" in page
    assert "¥" not in page


def test_only_the_holder_asks_and_only_where_there_is_a_balance(town: Town, say: Says) -> None:
    say(PLATFORM)
    say(CARD)
    plan, on_a_card, own = buy_financed(), buy_financed(provider=CARD.code), bought()
    assert customer(own).get(f"/lender-balance/{plan.plan_id}").status_code == 404
    for without in (on_a_card, own):
        assert customer(without).get(f"/lender-balance/{without.plan_id}").status_code == 404
    client = customer(plan)
    statuses = [client.get(f"/lender-balance/{plan.plan_id}").status_code for _ in range(21)]
    assert statuses == [200] * 20 + [429]


@pytest.mark.requirement("R078")
def test_what_went_to_the_lender_has_a_voucher(town: Town, say: Says) -> None:
    say(PLATFORM)
    plan, refund = with_a_balance(town)
    client = customer(plan, "en")
    address = f"/vouchers/lender-refund/{refund.id}"
    assert address in client.get(f"/orders/{plan.order_id}/records").content.decode()
    entry = JournalEntry.objects.get(customer_id=plan.customer_id, code="partner_refund")
    page, pdf = client.get(address).content.decode(), text_of(client.get(f"{address}.pdf").content)
    for word in ("Qingrong", refund.number, refund.plan_no, "¥1,200.00", bytes(entry.hash).hex()[:12]):
        assert word in plain(page)
        assert word in pdf


@pytest.mark.requirement("R054", "R081")
def test_a_case_leads_to_the_balance_and_is_disputed_with_its_voucher(town: Town, say: Says) -> None:
    say(PLATFORM)
    now = noon("2026-06-15")
    order = Returning(buy_financed(), now)
    case = order.apply(a_return((1, 1), reason=Reason.FAULTY))
    case.up_to_the_money()
    refund = PartnerRefund.objects.get(customer_id=case.customer_id, case_id=case.case_id)
    refunding.send(case.customer_id, refund.id, now=now)
    client = customer(order.plan)
    page = client.get(f"/after-sales/{case.case_id}").content.decode()
    for address in (
        f"/lender-balance/{order.plan.plan_id}",
        f"/vouchers/lender-refund/{refund.id}",
        "/support/dispute",
    ):
        assert address in page
    dispute = client.post("/support/dispute", {"case_id": str(case.case_id)}).headers["Location"]
    question = client.post("/support/open", {"case_id": str(case.case_id)}).headers["Location"]
    assert dispute != question
    told = client.get(dispute).content.decode()
    assert refund.number in told
    assert case.row.case_no in told
    assert refund.number not in client.get(question).content.decode()
