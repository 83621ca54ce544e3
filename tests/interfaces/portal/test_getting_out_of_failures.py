"""A repayment fails by each of the seven causes, on each rail, in both languages, and the page's own help leads out.

A bank tells us why. A cashier tells only the payer: there the payer says it to the page, which closes that payment
first.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from browsing import Site, chinese_left, untranslated
from card_rail import a_number
from fenqi.records.models import Payment, PaymentAttempt, PaymentState, Plan, RetryReminder, SupportThread
from fenqi.usecases import rate_limits
from town import Town

ZH, EN = "zh-CN", "en-GB"
DUE: Final = 3
OWED_MINOR: Final = 19900
PART_MINOR: Final = 5000
DESK: Final[dict[str, Any]] = {"viewport": {"width": 1280, "height": 900}}
PHONE: Final[dict[str, Any]] = {
    "viewport": {"width": 390, "height": 844},
    "is_mobile": True,
    "extra_http_headers": {"Sec-CH-UA-Mobile": "?1"},
}

NOT_THROUGH: Final = {ZH: "这次没还成，钱没有动", EN: "This payment did not go through, no money moved"}
CLOSED: Final = {ZH: "这笔还款没有付，钱没有动", EN: "This payment was closed unpaid, no money moved"}
NO_ANSWER: Final = {EN: "The bank has not answered yet, please do not pay again"}
PAID: Final = {ZH: r"¥[\d.]+ 已还上", EN: r"¥[\d.]+ is paid"}

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("_orderly")]


_counted = count(621)


def a_new_card(prefix: str) -> str:
    """One that the sandbox, which lives longer than a test, has not seen."""
    return a_number(f"{prefix}{next(_counted):09}")


@dataclass(slots=True)
class Payer:
    """Somebody before the mall's pages, who owes one installment of a plan."""

    page: Page
    town: Town
    plan: Plan
    language: str
    card_number: str = field(default_factory=lambda: a_new_card("622588"))
    before: frozenset[str] = frozenset()

    def confirms(self, method: str) -> None:
        """The bill that is due, with this method."""
        self.page.goto(f"/plans/{self.plan.id}/repay/confirm?choice={DUE}&method={method}")
        self.presses_first_help()

    def presses_first_help(self) -> None:
        """The one filled button."""
        self.page.locator(".bottom .btn.filled").click()

    def presses(self, action: str) -> None:
        """The row of help that leads to this address, whether it is a link or a form."""
        self.page.locator(f".rows a[href*='{action}'], .rows form[action*='{action}'] button").first.click()

    def reads(self, *told: dict[str, str]) -> None:
        """The headline, then the cause; all in one language."""
        headline, *rest = told
        expect(self.page.get_by_role("heading", level=1)).to_contain_text(
            re.compile(headline[self.language]), timeout=15_000
        )
        for sentence in rest:
            expect(self.page.locator("main")).to_contain_text(sentence[self.language])
        left = untranslated(self.page) if self.language == ZH else chinese_left(self.page)
        assert left == []

    def binds_card(self) -> None:
        """On the page of a new card; leads back to confirming with it."""
        for name, typed in (("number", self.card_number), ("holder", "陈小云"), ("phone", "13812345678")):
            self.page.locator(f"input[name={name}]").fill(typed)
        self.page.locator("button[name=send]").click()
        expect(self.page.locator("input[name=number]")).to_have_value(self.card_number)
        code = self.town.messages("13812345678")[0]["params"]["code"]
        self.page.locator("input[name=code]").fill(code)
        self.page.locator("input[name=agree]").check()
        self.page.locator("button[name=bind]").click()
        expect(self.page.locator("input[name=method][value^=bank_card]:checked").first).to_be_visible()

    def card_answers(self, **answer: str) -> None:
        """What the bank will say of the card; nothing: it pays."""
        self.town.tell("bank_card/cards", number=self.card_number, **answer)

    def pays_at_cashier(self) -> None:
        self.page.get_by_role("button", name=re.compile("^确认付款")).click()

    def types_a_part(self) -> None:
        self.page.locator("input[name=amount]").fill(f"{PART_MINOR / 100:.2f}")
        self.page.locator("form", has=self.page.locator("input[name=amount]")).locator("button").last.click()

    def has_paid(self, *amounts_minor: int) -> None:
        """What left the payer's accounts and what was booked is the same, each once; nothing else moved."""
        moved = {number: sums for number, sums in self.town.ask("moved").items() if number not in self.before}
        assert sorted(paid for paid, _back in moved.values() if paid) == sorted(amounts_minor)
        assert all(back == 0 for _paid, back in moved.values())
        numbers = PaymentAttempt.objects.filter(customer_id=self.plan.customer_id, out_trade_no__in=list(moved))
        booked = Payment.objects.filter(
            customer_id=self.plan.customer_id,
            id__in=[attempt.payment_id for attempt in numbers],
            state=PaymentState.SUCCEEDED,
        )
        assert sorted(payment.amount_minor for payment in booked) == sorted(amounts_minor)


@pytest.fixture
def _orderly(town: Town) -> Iterator[None]:
    rate_limits.forget()
    yield
    town.tell("faults/forget")


@contextmanager
def a_payer(site: Site, town: Town, language: str, *, held: dict[str, Any]) -> Iterator[Payer]:
    plans = Plan.objects.filter(customer_id=site.customer("chen")).order_by("opened_on")
    with site.open(language=language, who="chen", **held) as context:
        yield Payer(
            page=context.new_page(), town=town, plan=plans[1], language=language, before=frozenset(town.ask("moved"))
        )


# A bound card: the bank says why -------------------------------------------------------------------------------------


@contextmanager
def a_refused_card(site: Site, town: Town, language: str, **answer: str) -> Iterator[Payer]:
    """A new card is bound, which the bank then does not debit."""
    with a_payer(site, town, language, held=PHONE) as payer:
        payer.page.goto(f"/plans/{payer.plan.id}/repay/confirm?choice={DUE}")
        payer.page.locator("a[href*='/me/cards/add']").click()
        payer.binds_card()
        payer.card_answers(**answer)
        payer.presses_first_help()
        yield payer


@pytest.mark.requirement("R123", "R124", "R129", "R130", "R141", "R142")
@pytest.mark.parametrize("language", [ZH, EN])
def test_a_card_short_of_money_is_left_for_another_method(site: Site, town: Town, language: str) -> None:
    with a_refused_card(site, town, language, balance="1.00") as payer:
        payer.reads(NOT_THROUGH, {ZH: "余额不足", EN: "was short of funds"})
        expect(payer.page.locator(".route")).to_contain_text(payer.card_number[-4:])
        payer.has_paid()
        payer.presses_first_help()
        payer.presses_first_help()
        payer.pays_at_cashier()
        payer.reads(PAID)
        payer.has_paid(OWED_MINOR)


@pytest.mark.requirement("R125", "R126", "R127", "R142")
def test_a_card_whose_details_are_wrong_is_entered_anew(site: Site, town: Town) -> None:
    with a_refused_card(site, town, EN, refusal="66") as payer:
        payer.reads(NOT_THROUGH, {EN: "card number, name, phone or password is not what is on record there"})
        payer.presses_first_help()
        payer.card_number = a_new_card("622848")
        payer.binds_card()
        payer.presses_first_help()
        payer.reads(PAID)
        payer.has_paid(OWED_MINOR)


@pytest.mark.requirement("R129", "R130", "R142")
def test_a_card_that_its_bank_no_longer_takes_is_not_offered_again(site: Site, town: Town) -> None:
    with a_refused_card(site, town, ZH, refusal="78") as payer:
        payer.reads(NOT_THROUGH, {ZH: "现在不能用来付这一笔"})
        assert payer.page.locator(".rows a[href*='method=bank_card']").count() == 0
        payer.presses_first_help()
        payer.presses_first_help()
        payer.pays_at_cashier()
        payer.reads(PAID)
        payer.has_paid(OWED_MINOR)


@pytest.mark.requirement("R136", "R137")
def test_a_debit_that_nobody_knows_of_is_waited_for_and_never_made_twice(site: Site, town: Town) -> None:
    with a_refused_card(site, town, EN, refusal="05") as payer:
        payer.reads(NO_ANSWER, {EN: "is being debited"})
        attempt = PaymentAttempt.objects.filter(customer_id=payer.plan.customer_id).latest("created_at")
        payer.page.goto(f"/plans/{payer.plan.id}/repay/confirm?choice={DUE}&method=alipay")
        payer.reads(NO_ANSWER)
        town.act(attempt.out_trade_no, "confirm")
        payer.reads(PAID)
        payer.has_paid(OWED_MINOR)


@pytest.mark.requirement("R138", "R140")
def test_a_card_with_a_limit_carries_a_part(site: Site, town: Town) -> None:
    with a_refused_card(site, town, ZH, limit="100.00") as payer:
        payer.reads(NOT_THROUGH, {ZH: "的限额（金额、当天额度或次数）"})
        payer.presses_first_help()
        payer.types_a_part()
        payer.page.locator("input[name=method][value^=bank_card]").check()
        payer.presses_first_help()
        payer.reads(PAID)
        payer.has_paid(PART_MINOR)


@pytest.mark.requirement("R139", "R140")
def test_a_bank_under_maintenance_is_waited_for_with_a_reminder(site: Site, town: Town) -> None:
    with a_refused_card(site, town, EN, refusal="02") as payer:
        payer.reads(NOT_THROUGH, {EN: "Time lost by it does not count as overdue"})
        payer.presses("/remind")
        payer.reads(NOT_THROUGH, {EN: "You will be reminded"})
        assert RetryReminder.objects.filter(customer_id=payer.plan.customer_id).count() == 1
        payer.has_paid()


@pytest.mark.requirement("R131", "R132", "R134")
def test_a_refusal_without_a_reason_leads_to_people_who_know(site: Site, town: Town) -> None:
    with a_refused_card(site, town, ZH, refusal="60") as payer:
        payer.reads(NOT_THROUGH, {ZH: "它的回复已留给客服"})
        payer.presses_first_help()
        expect(payer.page.locator("main")).to_contain_text("我们已经知道")
        assert SupportThread.objects.get(customer_id=payer.plan.customer_id).payment_id
        payer.has_paid()


# A cashier: only the payer is told why -------------------------------------------------------------------------------


@pytest.mark.requirement("R110", "R129", "R130", "R141", "R142")
@pytest.mark.parametrize(
    ("rail", "cause", "language"),
    [
        ("alipay", "insufficient_balance", EN),
        ("alipay", "wrong_account_info", ZH),
        ("alipay", "limit_exceeded", EN),
        ("h5", "method_unavailable", EN),
        ("h5", "channel_maintenance", ZH),
        ("scan", "insufficient_balance", ZH),
        ("scan", "contact_support", EN),
    ],
)
def test_a_payer_refused_at_a_cashier_says_why_and_finds_a_way(
    site: Site, town: Town, rail: str, cause: str, language: str
) -> None:
    with a_payer(site, town, language, held=DESK if rail == "scan" else PHONE) as payer:
        payer.confirms("alipay" if rail == "alipay" else "wechat_pay")
        is_refused_at_cashier(payer, rail)
        payer.page.locator("#hindrance summary").click()
        payer.page.locator(f"#hindrance button[value={cause}]").click()
        payer.reads(CLOSED, {ZH: "你说没付成的原因", EN: "You told us what stood in the way"})
        payer.has_paid()
        payer.presses_first_help()
        match cause:
            case "contact_support":
                expect(payer.page.locator("main")).to_contain_text("We already know")
                payer.has_paid()
            case "limit_exceeded":
                payer.types_a_part()
                pays_on(payer)
                payer.has_paid(PART_MINOR)
            case _:
                pays_on(payer)
                payer.has_paid(OWED_MINOR)


@pytest.mark.requirement("R136", "R137", "R142")
@pytest.mark.parametrize(("rail", "language"), [("alipay", ZH), ("h5", EN)])
def test_a_payer_whose_connection_broke_asks_and_does_not_pay_twice(
    site: Site, town: Town, rail: str, language: str
) -> None:
    """The money is taken; nobody comes back, and nobody tells the mall."""
    with a_payer(site, town, language, held=PHONE) as payer:
        town.order("notify", "drop", channel="alipay" if rail == "alipay" else "wechat_pay")
        payer.confirms("alipay" if rail == "alipay" else "wechat_pay")
        expect(payer.page.get_by_role("button", name=re.compile("^确认付款"))).to_be_visible()
        attempt = PaymentAttempt.objects.filter(customer_id=payer.plan.customer_id).latest("created_at")
        town.act(attempt.out_trade_no, "confirm")
        payer.page.goto(f"/repayments/{attempt.payment_id}")
        payer.page.locator("#hindrance summary").click()
        payer.page.locator("#hindrance button[formaction$='/ask']").click()
        payer.reads(PAID)
        payer.has_paid(OWED_MINOR)


def is_refused_at_cashier(payer: Payer, rail: str) -> None:
    """The payer reads why there, and comes back without having paid."""
    if rail == "scan":
        attempt = PaymentAttempt.objects.filter(customer_id=payer.plan.customer_id).latest("created_at")
        expect(payer.page.locator("svg.qr")).to_be_visible()
        phone = payer.page.context.new_page()
        phone.goto(f"{payer.town.url}/wechat/scan?code={quote(attempt.cashier['code'])}")
    else:
        phone = payer.page
    phone.get_by_role("button", name="就这样失败").click()
    expect(phone.get_by_role("alert")).to_contain_text("付款没有成功，钱没有动。")
    if rail == "scan":
        phone.close()
    else:
        phone.get_by_role("button", name="不付了，返回商家").click()
        expect(payer.page.locator("#hindrance")).to_be_visible()


def pays_on(payer: Payer) -> None:
    """Confirms what the help led to, and pays, at a cashier or by the code's cashier."""
    payer.presses_first_help()
    payer.pays_at_cashier()
    payer.reads(PAID)
