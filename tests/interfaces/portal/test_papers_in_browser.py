"""A customer hands a voucher on, and a stranger without an account checks it; statements of any period."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from playwright.sync_api import expect
from pytest_django.live_server_helper import LiveServer

from browsing import PICTURES_ARE_WANTED, Windows
from fenqi.records.models import Account, Order
from fenqi.usecases import clock, rate_limits
from fenqi.usecases.vouchers.queries import VoucherKind, vouchers_of
from malls import Bought, bought
from pdf_texts import text_of
from visitors import EN_DESK, ZH_PHONE, Visitor, screen, walked_by

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _fresh_limits() -> Iterator[None]:
    rate_limits.forget()
    yield
    rate_limits.forget()


def repaid(*days_ago: int) -> Bought:
    plan, now = bought(method="flat_fee", fee_rate="0.6"), datetime.now(UTC)
    for days in days_ago:
        day = clock.business_date(now - timedelta(days=days))
        plan.record(10_720, on=day, now=now, key=str(days))
    return plan


def reader_of(plan: Bought, language: str = "zh-hans") -> Client:
    client = Client(headers={"accept-language": language})
    client.force_login(
        Account.objects.for_customer(plan.customer_id), backend="django.contrib.auth.backends.ModelBackend"
    )
    return client


@pytest.mark.requirement("R078", "R079", "R178")
@walked_by(ZH_PHONE, EN_DESK)
def test_a_voucher_is_checked_by_a_stranger(live_server: LiveServer, windows: Windows, visitor: Visitor) -> None:
    plan = repaid(2)
    (voucher,) = vouchers_of(plan.customer_id, plan.order_id)
    with screen(windows, live_server, visitor) as seen:
        page = seen.of(Account.objects.for_customer(plan.customer_id))
        page.goto(f"/vouchers/payment/{voucher.voucher_id}")
        if visitor is ZH_PHONE or PICTURES_ARE_WANTED:
            visitor.looks_at(page, "voucher-with-code")
        code = page.locator(".code-shown").inner_text()
        page.goto("/statement")
        if visitor is EN_DESK or PICTURES_ARE_WANTED:
            visitor.looks_at(page, "statement-of-account")
        page.close()
        seen.window.clear_cookies()
        stranger = seen.window.new_page()
        stranger.set_viewport_size({"width": visitor.width, "height": 844})
        stranger.goto(f"/verify/{code.replace('-', '')}")
        stranger.locator("#amount").fill("107.20")
        stranger.locator("#day").fill(clock.business_date(voucher.at).isoformat())
        stranger.locator("form button.filled").click()
        told = visitor.reads("这张凭证与账簿一致", "This paper says what our books say")
        expect(stranger.get_by_role("heading", level=1)).to_contain_text(told)
        visitor.looks_at(stranger, "voucher-checked")
        stranger.locator("#amount").fill("1,107.20")
        stranger.locator("form button.filled").click()
        told = visitor.reads("不符", "not what we issued")
        expect(stranger.get_by_role("heading", level=1)).to_contain_text(told)
        expect(stranger.locator("dl.facts")).to_have_count(0)


@pytest.mark.requirement("R076")
@pytest.mark.parametrize(
    ("language", "words"), [("zh-hans", ("账户对账单", "期末余额", "凭证验真")), ("en", ("Closing balance",))]
)
def test_a_statement_of_any_period_is_read_and_kept(language: str, words: tuple[str, ...]) -> None:
    plan = repaid(40, 5)
    client = reader_of(plan, language)
    today = clock.business_date(clock.now())
    for days, opening, closing in ((10, "¥1,179.20", "¥1,072.00"), (60, "¥1,286.40", "¥1,072.00")):
        query = f"?first={today - timedelta(days=days)}&last={today}"
        page = client.get(f"/statement{query}").content.decode()
        pdf = text_of(client.get(f"/statement.pdf{query}").content)
        for told in (opening, closing):
            assert told in page
            assert told in pdf
    assert all(word in pdf for word in ("".join(one.split()) for one in words))
    assert re.search("[0-9A-Z]{5}-[0-9A-Z]{5}-[0-9A-Z]{5}-[0-9A-Z]{5}", pdf)
    links = set(re.findall(r"/vouchers/entry/[0-9a-f-]{36}", page))
    assert len(links) == 2, "what opened the plan lies before the period"
    assert {client.get(link).status_code for link in links} == {200}


@pytest.mark.parametrize(
    "query", ["?first=2026-05-01&last=2026-04-01", "?last=2999-01-01", "?first=x", "?plan=x", "?first=0001-01-01"]
)
def test_a_period_that_cannot_be_is_told(query: str) -> None:
    plan = repaid()
    assert reader_of(plan).get(f"/statement{query}").status_code == 422


def test_nobody_else_sees_a_plan_in_a_statement() -> None:
    plan, stranger = repaid(3), repaid()
    number = Order.objects.get(customer_id=plan.customer_id).order_no
    assert reader_of(stranger).get(f"/statement?plan={plan.plan_id}").status_code == 404
    assert number not in reader_of(stranger).get("/statement").content.decode()
    assert VoucherKind.ENTRY not in {one.kind for one in vouchers_of(plan.customer_id, plan.order_id)}
