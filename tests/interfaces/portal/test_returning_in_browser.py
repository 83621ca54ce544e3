"""Returns in a real browser: the whole way of one, reviewed in the console, and a part of an order in English."""

import re
from pathlib import Path

import pytest
from django.test import Client
from playwright.sync_api import BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from browsing import Windows, faults, picture
from fenqi.records.models import Account, AftersalesCase, ReserveMove, Role
from fenqi.usecases import clock, rate_limits
from fenqi.usecases.cards.bind import Consent, TypedCard, ask_code, bind
from fenqi.usecases.refunds.resolve import ask_leg
from fenqi.usecases.repayment import resolve
from fenqi.usecases.repayment.start import start_repayment
from fenqi.usecases.reserves.release import release_what_is_due
from fenqi.usecases.reserves.send import send_release
from held import frozen
from media_files import photo
from returned import CASES, PHONE, Case, Returning, delivered
from town import Town

ARTEFACTS = Path("test-artefacts") / "portal"
CARD = TypedCard(number="6214860000026621", holder="陈小云", phone="17000000417")
BACKEND = "django.contrib.auth.backends.ModelBackend"

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _nobody_has_asked_before() -> None:
    rate_limits.forget()


def signed_in(window: BrowserContext, server: LiveServer, account: Account) -> Page:
    client = Client()
    client.force_login(account, backend=BACKEND)
    window.clear_cookies()
    window.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": server.url}])
    return window.new_page()


def looked_at(page: Page, name: str, language: str = "zh-CN") -> None:
    """Whole, accessible and in one language on a phone and on a desk; the pictures are kept."""
    folder = ARTEFACTS / language[:2]
    folder.mkdir(parents=True, exist_ok=True)
    picture(page, 1280, folder / f"return-{name}-1280.png")
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth"), name
    picture(page, 390, folder / f"return-{name}-390.png")
    assert {what: found for what, found in faults(page, language) if found} == {}, name


def pay_by_card(order: Returning, town: Town, installment: int) -> None:
    """From a card that is bound at the sandbox's bank."""
    now = clock.now()
    binding = ask_code(order.customer_id, CARD, now=now)
    code = town.ask("sms", phone=CARD.phone)["messages"][0]["params"]["code"]
    consent = Consent(text="x", language="zh", remote_address="203.0.113.9")
    card = bind(order.customer_id, CARD, code, binding=binding, consent=consent, now=now)
    started = start_repayment(
        customer_id=order.customer_id,
        plan_id=order.plan.plan_id,
        quote_token=order.plan.quote_token(installment, now=now),
        method=f"bank_card:{card.card_id}",
        request_key="by card",
        now=now,
    )
    resolve.ask_channel(order.customer_id, started.attempt_id, now=now)


def apply_with_a_photo(page: Page, order: Returning, file: Path) -> None:
    """From the order to the case, as somebody whose telephone is broken."""
    page.goto(f"/orders/{order.order_id}")
    page.get_by_role("link", name="申请售后：退款、退货、换货").click()
    page.get_by_role("checkbox", name="青屿 X2 手机").check()
    page.get_by_label("手机壳").fill("4")
    page.get_by_role("radio", name="退货退款").check()
    looked_at(page, "choose")
    page.get_by_role("button", name="下一步：选原因").click()
    page.get_by_role("radio", name="商品有质量问题").check()
    page.get_by_role("textbox", name="说明").fill("开机后屏幕有一条竖线。")
    page.get_by_label("照片和视频").set_input_files(file)
    page.get_by_role("button", name="上传选好的文件").click()
    expect(page.get_by_role("img", name="你添加的第 1 个")).to_be_visible()
    looked_at(page, "reason")
    page.get_by_role("button", name="下一步：看能退多少").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("退货后拿回 ¥200.00，剩下 10 期不用再还")
    expect(page.get_by_text("支付宝里的 ¥300.00")).to_be_visible()
    expect(page.get_by_text(re.compile("招商银行储蓄卡.*6621"))).to_be_visible()
    looked_at(page, "quote")
    page.get_by_role("button", name="按这个报价提交退货").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("申请已收到"))
    looked_at(page, "submitted")


def at_the_desk(window: BrowserContext, server: LiveServer, staff: Account, case: Case) -> None:
    """An agent does what the case waits for: approves it, or takes the goods in."""
    desk = signed_in(window, server, staff)
    desk.set_viewport_size({"width": 1280, "height": 900})
    desk.goto("/console/after-sales")
    desk.get_by_role("link", name=case.row.case_no, exact=True).click()
    desk.locator("#acts button.filled").click()
    expect(desk.get_by_role("status").first).to_be_visible()
    desk.close()


def send_back(page: Page, case: Case) -> None:
    page.goto(f"/after-sales/{case.case_id}")
    page.get_by_label("快递公司").fill("顺丰")
    page.get_by_label("快递单号").fill("SF1422770391")
    looked_at(page, "to-send")
    page.get_by_role("button", name="我已寄出").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("商品已寄出"))


def let_everything_arrive(case: Case) -> None:
    """What the jobs do while channels say so."""
    for leg in case.legs():
        ask_leg(case.customer_id, leg.id, now=clock.now())
    case.let_arrive()
    case.follow()
    release_what_is_due(case.customer_id, case.row.order_id, now=clock.now())
    for move in ReserveMove.objects.filter(customer_id=case.customer_id):
        send_release(case.customer_id, move.id, now=clock.now())


@pytest.mark.requirement("R036", "R043", "R046", "R047", "R048", "R057", "R062", "R070", "R072", "R074", "R075")
def test_a_whole_return_from_a_photo_to_everything_arrived(
    windows: Windows, mall_server: LiveServer, town: Town, tmp_path: Path
) -> None:
    """Paid by Alipay and by card, with a reserve frozen in Alipay; reviewed by an agent in the console."""
    order = delivered(lines=(PHONE, CASES))
    order.repay(1, key="by Alipay")
    pay_by_card(order, town, 2)
    frozen(town, now=order.now, plan=order.plan, amount=30_000)
    file = tmp_path / "screen.jpg"
    file.write_bytes(photo(size=(640, 480)))
    customer = Account.objects.for_customer(order.customer_id)
    staff = Account.objects.create_staff(username="agent", password="x" * 16, role=Role.AGENT)
    with windows.open(locale="zh-CN", viewport={"width": 390, "height": 844}) as window:
        apply_with_a_photo(signed_in(window, mall_server, customer), order, file)
        row = AftersalesCase.objects.get(customer_id=order.customer_id)
        case = Case(order.customer_id, row.id, clock.now())
        at_the_desk(window, mall_server, staff, case)
        send_back(signed_in(window, mall_server, customer), case)
        at_the_desk(window, mall_server, staff, case)
        assert case.state == "goods_received"
        case.execute()
        case.send_money()

        page = signed_in(window, mall_server, customer)
        page.goto(f"/after-sales/{case.case_id}")
        looked_at(page, "money-on-its-way")
        let_everything_arrive(case)
        page.reload()
        expect(page.get_by_role("heading", level=1)).to_have_text("¥200.00 已到账，无需再操作")
        expect(page.get_by_text("已解冻").first).to_be_visible()
        looked_at(page, "arrived")


@pytest.mark.requirement("R031", "R033", "R075", "R184")
def test_a_part_of_an_order_is_returned_in_english_on_a_phone(windows: Windows, mall_server: LiveServer) -> None:
    order = delivered(lines=(PHONE, CASES))
    with windows.open(locale="en-GB", viewport={"width": 390, "height": 844}) as window:
        page = signed_in(window, mall_server, Account.objects.for_customer(order.customer_id))
        page.goto(f"/orders/{order.order_id}")
        page.get_by_role("link", name="Apply for after-sales: refund, return, exchange").press("Enter")
        page.get_by_label("手机壳").fill("3")
        page.get_by_role("radio", name="Return and refund").press("Space")
        looked_at(page, "part-choose", "en-GB")
        page.get_by_role("button", name="Next: the reason").press("Enter")
        page.get_by_role("radio", name="No reason").press("Space")
        looked_at(page, "part-reason", "en-GB")
        page.get_by_role("button", name="Next: what you get back").press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text(
            "¥150.00 comes off your plan, ¥1,050.00 is left to pay"
        )
        looked_at(page, "part-quote", "en-GB")
        page.get_by_role("button", name="Apply for the return by this quote").press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("We have your application"))
        looked_at(page, "part-submitted", "en-GB")
        page.goto("/after-sales")
        looked_at(page, "part-list", "en-GB")
        page.goto("/bills")
        looked_at(page, "part-bills", "en-GB")
        page.close()
