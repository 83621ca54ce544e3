"""Auto-debit in a real browser: read, agreed to at the channel, seen, and switched off in two taps."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from browsing import Site, violations
from fenqi.records.identifiers import new_id
from fenqi.records.models import DebitAgreement, Payment, PaymentAttempt, Plan

ARTEFACTS = Path("test-artefacts") / "portal"
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}}
WIDE: dict[str, Any] = {"viewport": {"width": 1280, "height": 844}}

pytestmark = pytest.mark.browser


def picture(page: Page, name: str) -> None:
    """Kept to be looked at; whole, accessible and without a sideways scroll."""
    folder = ARTEFACTS / page.locator("html").evaluate("node => node.lang.slice(0, 2)")
    folder.mkdir(parents=True, exist_ok=True)
    width = page.evaluate("innerWidth")
    page.screenshot(path=folder / f"auto-debit-{name}-{width}.png", full_page=True)
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert [(one["id"], one["nodes"]) for one in violations(page)] == []


def a_plan(site: Site) -> Plan:
    return Plan.objects.filter(customer_id=site.customer("chen"), status="active").order_by("opened_on")[0]


@pytest.mark.parametrize(
    ("language", "size", "words"),
    [
        ("zh-CN", PHONE, ("未开通", "支付宝", "同意并前往支付宝", "关闭自动扣款", "确认关闭")),
        ("en-GB", WIDE, ("Off", "Alipay", "Agree and go to Alipay", "Switch auto-debit off", "Yes, switch it off")),
    ],
    ids=["a phone, in Chinese", "a desk, in English"],
)
def test_auto_debit_is_agreed_to_at_the_channel_and_switched_off_in_two_taps(
    site: Site, language: str, size: dict[str, Any], words: tuple[str, str, str, str, str]
) -> None:
    off, channel, agree, switch_off, confirm = words
    plan = a_plan(site)
    with site.open(language=language, who="chen", **size) as context:
        page = context.new_page()
        page.goto(f"/orders/{plan.order_id}")
        page.get_by_role("link", name=re.compile(f"^{off}")).click()
        picture(page, "ways")
        page.get_by_role("link", name=re.compile(f"^{channel}")).click()
        picture(page, "agree")
        page.get_by_role("button", name=agree).click()
        page.wait_for_url(re.compile("/alipay/agreement/"))
        page.goto(f"{site.url}/plans/{plan.id}/auto-debit")
        picture(page, "signing")
        page.go_back()
        page.get_by_role("button", name=re.compile("同意|签约|Agree")).first.click()

        page.wait_for_url(re.compile("/plans/.*/auto-debit"))
        agreement = DebitAgreement.objects.get(customer_id=plan.customer_id, status="active")
        assert agreement.consent["language"] == language[:2]
        picture(page, "on")
        page.goto(f"/orders/{plan.order_id}")
        picture(page, "order")
        page.goto(f"/plans/{plan.id}/auto-debit")
        page.get_by_text(switch_off).click()
        picture(page, "switching-off")
        page.get_by_role("button", name=confirm).click()

        expect(page.get_by_role("link", name=re.compile(f"^{channel}"))).to_be_visible()
        ended = DebitAgreement.objects.get(customer_id=plan.customer_id, id=agreement.id)
        assert (ended.status, ended.ended_by, ended.next_try_at) == ("ended", "customer", None)
        picture(page, "off-again")


@pytest.mark.parametrize(("language", "size"), [("zh-CN", PHONE), ("en-GB", WIDE)], ids=["zh", "en"])
def test_the_page_tells_of_tries_that_failed_and_why_it_stopped(
    site: Site, language: str, size: dict[str, Any]
) -> None:
    plan = a_plan(site)
    now = datetime.now(UTC)
    agreement = DebitAgreement.objects.create(
        customer_id=plan.customer_id, id=new_id(), plan_id=plan.id, channel="alipay", number="A123456789",
        status="active", limit_minor=40_000, currency="CNY", signed_at=now, created_at=now, updated_at=now,
        consent={"text": ["我同意。"], "version": "2026-11"},
    )  # fmt: skip
    for number, category in enumerate(("insufficient_balance", "method_unavailable")):
        payment = Payment.objects.create(
            customer_id=plan.customer_id, id=new_id(), plan_id=plan.id, purpose="due", installments=[5],
            amount_minor=38_404, currency="CNY", state="closed", channel="alipay", quoted_on=now.date(),
            request_key=f"k{number}", created_at=now, updated_at=now,
        )  # fmt: skip
        PaymentAttempt.objects.create(
            customer_id=plan.customer_id, id=new_id(), payment_id=payment.id, attempt_no=1, channel="alipay",
            out_trade_no=f"F12345678{number}", amount_minor=38_404, currency="CNY", state="failed",
            method="auto_debit", category=category, agreement_id=agreement.id, expires_at=now,
            created_at=now + timedelta(minutes=number), resolved_at=now,
        )  # fmt: skip
    stopped, why = (
        ("自动扣款已停下", "余额不足") if language == "zh-CN" else ("Auto-debit has stopped", "Not enough balance")
    )
    with site.open(language=language, who="chen", **size) as context:
        page = context.new_page()
        page.goto(f"/plans/{plan.id}/auto-debit")
        expect(page.get_by_role("heading", level=1)).to_have_text(stopped)
        expect(page.get_by_text(why)).to_be_visible()
        picture(page, "stopped")
        page.goto(f"/plans/{plan.id}/auto-debit?change")
        picture(page, "change")
