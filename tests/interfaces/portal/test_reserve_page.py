"""The reserve on the customer's pages: agreed to, scanned, held, given back, and whom to ask (R063-R072)."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from django.test import Client
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from browsing import Windows, violations
from fenqi.domain.reserves import HoldKind, HoldState, ReleaseRule
from fenqi.records.models import Account, PaymentAttempt
from fenqi.usecases.repayment import resolve
from fenqi.usecases.reserves.capture import approve_capture, propose_capture
from fenqi.usecases.reserves.consent import conditions_of
from fenqi.usecases.reserves.release import release_what_is_due
from fenqi.usecases.reserves.resolve import ask_hold
from fenqi.usecases.reserves.send import send_release
from held import Secured, asked_for, frozen, prepaid, run_jobs
from malls import Payer, bought
from staff_members import finance
from town import Town

pytestmark = pytest.mark.django_db(transaction=True)

ARTEFACTS = Path("test-artefacts") / "portal"

LANGUAGES = ["zh-hans", "en"]


@pytest.fixture
def now(town: Town) -> Iterator[datetime]:
    yield datetime.now(UTC)
    town.tell("faults/forget")


def customer(customer_id: UUID, language: str = "zh-hans") -> Client:
    client = Client(headers={"accept-language": language})
    client.force_login(Account.objects.for_customer(customer_id), backend="django.contrib.auth.backends.ModelBackend")
    return client


def page(secured: Secured, language: str = "zh-hans") -> str:
    return customer(secured.customer_id, language).get(f"/reserves/{secured.hold_id}").content.decode()


def agree(secured: Secured, reader: Client) -> object:
    digest = conditions_of(secured.hold, language="zh").digest
    return reader.post(f"/reserves/{secured.hold_id}/start", {"digest": digest})


@pytest.mark.requirement("R063")
def test_the_customer_reads_agrees_scans_and_sees_that_it_is_held(town: Town, now: datetime) -> None:
    secured = asked_for(now=now)
    reader = customer(secured.customer_id)
    before = reader.get(f"/reserves/{secured.hold_id}").content.decode()
    assert "这笔订单需要 ¥500.00 备用金" in before
    assert "不是借款" in before
    assert all(paragraph in before for paragraph in conditions_of(secured.hold, language="zh").paragraphs)
    assert reader.post(f"/reserves/{secured.hold_id}/start", {"digest": "other"}).status_code == 409
    assert reader.post(f"/reserves/{secured.hold_id}/start").status_code == 409
    agree(secured, reader)
    scanning = page(secured)
    assert 'class="qr"' in scanning
    assert "扫这个码" in scanning
    town.act(secured.hold.reserve_no, "confirm")
    assert reader.post(f"/reserves/{secured.hold_id}/ask").status_code == 302
    assert "仍是你的钱" in page(secured)


@pytest.mark.requirement("R069", "R071", "R072")
@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh-hans", ("¥500.00 冻结中", "问支付宝时报", "¥500.00 已退回", "视支付宝和银行而定")),
        ("en", ("¥500.00 is frozen", "Ask Alipay with", "¥500.00 was given back", "up to Alipay and your bank")),
    ],
)
def test_it_tells_what_is_held_what_went_back_when_where_to_and_whom_to_ask(
    town: Town, now: datetime, language: str, words: tuple[str, str, str, str]
) -> None:
    held, whom, returned, window = words
    secured = frozen(town, now=now)
    told = page(secured, language)
    assert held in told
    assert whom in told
    assert f'data-copy="{secured.hold.auth_no}"' in told
    assert f'data-copy="{secured.hold.reserve_no}"' in told
    secured.plan.record(120_000, on=date(2026, 1, 2), now=now, key="all")
    release_what_is_due(secured.customer_id, secured.plan.order_id, now=now)
    send_release(secured.customer_id, secured.moves[0].id, now=now)
    told = page(secured, language)
    assert returned in told
    assert window in told


@pytest.mark.requirement("R072")
@pytest.mark.parametrize(("language", "words"), [("zh-hans", "冻结在支付宝"), ("en", "Frozen at Alipay")])
def test_the_order_and_the_bills_lead_to_it(town: Town, now: datetime, language: str, words: str) -> None:
    secured = frozen(town, now=now)
    reader = customer(secured.customer_id, language)
    for address in (f"/orders/{secured.plan.order_id}", "/bills"):
        shown = reader.get(address).content.decode()
        assert f"/reserves/{secured.hold_id}" in shown
        assert words in shown


@pytest.mark.requirement("R070")
def test_an_order_without_a_reserve_does_not_speak_of_one(now: datetime) -> None:
    plan = bought()
    assert "备用金" not in customer(plan.customer_id).get(f"/orders/{plan.order_id}").content.decode()


def test_somebody_elses_reserve_is_not_there(town: Town, now: datetime) -> None:
    secured, other = asked_for(now=now), bought()
    stranger = customer(other.customer_id)
    assert stranger.get(f"/reserves/{secured.hold_id}").status_code == 404
    assert stranger.post(f"/reserves/{secured.hold_id}/start", {"digest": "x"}).status_code == 404
    assert stranger.post(f"/reserves/{secured.hold_id}/ask").status_code == 404
    assert Client().get(f"/reserves/{secured.hold_id}").status_code == 302


@pytest.mark.parametrize("language", LANGUAGES)
def test_while_the_outcome_is_unknown_nothing_is_promised(town: Town, now: datetime, language: str) -> None:
    secured = asked_for(now=now)
    town.order("freeze", "reset")
    agree(secured, customer(secured.customer_id))
    told = page(secured, language)
    assert ("不会重复冻结" if language == "zh-hans" else "nothing is held twice") in told


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_ran_out_says_that_nothing_was_taken(town: Town, now: datetime, language: str) -> None:
    secured = asked_for(now=now)
    agree(secured, customer(secured.customer_id))
    town.act(secured.hold.reserve_no, "expire")
    assert ask_hold(secured.customer_id, secured.hold_id, now=now + timedelta(minutes=16)) is HoldState.CLOSED
    assert ("没有冻结，也没有扣款" if language == "zh-hans" else "Nothing was frozen") in page(secured, language)
    assert customer(secured.customer_id).get("/bills").status_code == 200


@pytest.mark.requirement("R064")
def test_a_prepaid_one_goes_to_the_cashier_and_comes_back_here(town: Town, now: datetime) -> None:
    secured = asked_for(now=now, kind=HoldKind.PREPAID, release_rule=ReleaseRule.IN_PROPORTION, may_advance=True)
    reader = customer(secured.customer_id)
    answer = agree(secured, reader)
    Payer(answer["Location"]).press("confirm")  # type: ignore[index]  # a response
    payment_id = secured.hold.payment_id
    came_back = reader.get(f"/repayments/{payment_id}/return")
    assert reader.get(came_back["Location"])["Location"] == f"/reserves/{secured.hold_id}"
    assert "代管中" in page(secured)
    attempt = PaymentAttempt.objects.get(customer_id=secured.customer_id)
    resolve.ask_channel(secured.customer_id, attempt.id, now=now)
    secured.plan.record(120_000, on=date(2026, 1, 2), now=now, key="all")
    release_what_is_due(secured.customer_id, secured.plan.order_id, now=now)
    assert f"/refunds/{secured.moves[0].refund_id}" in page(secured)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_capture_is_announced_on_the_page(town: Town, now: datetime, language: str) -> None:
    secured = prepaid(now=now)
    move_id = propose_capture(
        secured.customer_id, secured.hold_id, amount=10_000, note="逾期未还", staff=finance("zhao"), now=now
    )
    words = "你先还了就不抵扣" if language == "zh-hans" else "unless you repay before"
    assert words not in page(secured, language), "nobody has agreed to it yet"
    approve_capture(secured.customer_id, move_id, staff=finance("qian"), now=now)
    assert words in page(secured, language)


@pytest.mark.browser
@pytest.mark.requirement("R067", "R068")
def test_it_is_frozen_by_scanning_and_goes_back_by_itself(
    town: Town, now: datetime, windows: Windows, mall_server: LiveServer
) -> None:
    """On a phone and at a desk; the pictures are kept in test-artefacts."""
    secured = asked_for(now=now)
    session = customer(secured.customer_id).cookies["sessionid"].value
    with windows.open(locale="zh-CN", viewport={"width": 390, "height": 844}) as window:
        window.add_cookies([{"name": "sessionid", "value": session, "url": mall_server.url}])
        page = window.new_page()
        page.goto(f"/orders/{secured.plan.order_id}")
        page.get_by_role("link", name="等你决定").click()
        headline = page.get_by_role("heading", level=1)
        expect(headline).to_have_text("这笔订单需要 ¥500.00 备用金")
        look(page, "reserve-wanted")
        page.get_by_role("button", name="同意并冻结 ¥500.00").click()
        expect(page.get_by_role("img", name="用支付宝扫的二维码")).to_be_visible()
        look(page, "reserve-scan")
        Payer(secured.hold.scan_code).press("allow")
        expect(headline).to_have_text("¥500.00 冻结中，仍是你的钱")
        look(page, "reserve-held")
        secured.plan.record(120_000, on=date(2026, 1, 2), now=now, key="all")
        run_jobs(secured.customer_id, now=datetime.now(UTC) + timedelta(minutes=1))
        page.reload()
        expect(headline).to_have_text("¥500.00 已退回，不再占用任何金额")
        look(page, "reserve-released")
    assert town.trade(secured.hold.reserve_no)["rest_amount"] == "0.00"
    assert secured.moves[0].confirmed_at is not None


def look(page: Page, name: str) -> None:
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 844})
        page.screenshot(path=ARTEFACTS / f"{name}-{width}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, (name, width)
    wrong = [(one["id"], one["nodes"][0]["html"]) for one in violations(page)]
    assert not wrong, (name, wrong)
