"""The pages of cards, scanning and talking to us in a real browser: whole, accessible, in one language."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from browsing import Site, faults, picture
from fenqi.channels.interface import Device
from fenqi.records import personal
from fenqi.records.identifiers import new_id
from fenqi.records.models import BoundCard, CardState, ChannelCondition, ConditionKind, Payment, PaymentPurpose, Plan
from fenqi.usecases import clock, rate_limits
from fenqi.usecases.repayment.quote import Choice, quote
from fenqi.usecases.repayment.start import Payer, start_repayment
from fenqi.usecases.support.conversation import open_thread, say

ARTEFACTS = Path("test-artefacts") / "portal"

pytestmark = pytest.mark.browser


@pytest.fixture
def addresses(site: Site) -> list[tuple[str, str, str]]:
    """Name, whose page, address; with cards, a maintenance, a talk and a code to scan in the sample mall."""
    rate_limits.forget()
    return list(_addresses(site))


def _addresses(site: Site) -> Iterator[tuple[str, str, str]]:
    chen, wang, now = site.customer("chen"), site.customer("wang"), clock.now()
    cards = [_a_card(site, state, bank, last4) for state, bank, last4 in _CARDS]
    ChannelCondition.objects.create(
        channel="alipay",
        kind=ConditionKind.MAINTENANCE,
        starts_at=now,
        ends_at=clock.end_of_business_day(clock.business_date(now)),
        created_by="tests",
        created_at=now,
    )
    plan = Plan.objects.filter(customer_id=chen).order_by("opened_on")[0]
    yield "confirm-methods", "chen", f"/plans/{plan.id}/repay/confirm?choice=5&method=wechat_pay"
    yield "cards", "chen", "/me/cards"
    yield "cards-none", "wang", "/me/cards"
    yield "card-add", "chen", "/me/cards/add"
    yield "card-remove", "chen", f"/me/cards/{cards[0].id}/remove"
    failed = Payment.objects.filter(customer_id=wang, state="closed").order_by("-created_at")[0]
    thread_id = open_thread(wang, payment_id=failed.id, language="zh-hans", now=now)
    yield "support-thread-new", "wang", f"/support/{thread_id}"
    talked = open_thread(wang, language="zh-hans", now=now)
    say(wang, talked, "5", request_key="1", now=now)
    yield "support-thread", "wang", f"/support/{talked}"
    yield "support", "wang", "/support"
    yield "support-none", "chen", "/support"
    overdue = Plan.objects.filter(customer_id=wang).order_by("opened_on")[0]
    token = quote(wang, overdue.id, Choice(purpose=PaymentPurpose.DUE), now=now).token
    started = start_repayment(
        customer_id=wang,
        plan_id=overdue.id,
        quote_token=token,
        method="wechat_pay",
        request_key="scan",
        payer=Payer(device=Device.DESKTOP),
        now=now,
    )
    assert started.scan_code.startswith("weixin://")
    yield "scan", "wang", f"/repayments/{started.payment_id}/scan"


_CARDS = [
    (CardState.ACTIVE, "CMB", "6621"),
    (CardState.UNUSABLE, "CCB", "0932"),
]


def _a_card(site: Site, state: CardState, bank: str, last4: str) -> BoundCard:
    return BoundCard.objects.create(
        customer_id=site.customer("chen"),
        id=new_id(),
        channel="bank_card",
        number=f"B{new_id().hex[:24]}",
        token_encrypted=personal.encrypt("token").decode(),
        bank=bank,
        kind="debit",
        last4=last4,
        holder_masked="陈*云",
        phone_masked="138****5678",
        state=state,
        bound_at=clock.now(),
    )


@pytest.mark.requirement("R008", "R112", "R140", "R184")
@pytest.mark.parametrize("language", ["zh-CN", "en-GB"])
def test_pages_of_methods_and_talks_are_whole_and_accessible(
    site: Site, addresses: list[tuple[str, str, str]], language: str
) -> None:
    folder = ARTEFACTS / language[:2]
    folder.mkdir(parents=True, exist_ok=True)
    wrong: dict[str, object] = {}
    with site.open(language=language) as context:
        page = context.new_page()
        for name, who, address in addresses:
            site.sign_in(context, who)
            answer = page.goto(address)
            assert answer
            assert answer.status == 200, name
            picture(page, 1280, folder / f"{name}-1280.png")
            picture(page, 390, folder / f"{name}-390.png")
            wrong |= {f"{name}: {what}": found for what, found in faults(page, language) if found}
    assert wrong == {}
