"""Returns in a real browser, on a phone and at a desk, in both languages: whole, in part, and refused."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from browsing import Windows
from fenqi.domain.aftersales.reasons import Reason
from fenqi.records.models import Account, AftersalesCase, ReserveMove
from fenqi.usecases import clock, rate_limits
from fenqi.usecases.cards.bind import Consent, TypedCard, ask_code, bind
from fenqi.usecases.refunds.resolve import ask_leg
from fenqi.usecases.repayment import resolve
from fenqi.usecases.repayment.start import start_repayment
from fenqi.usecases.reserves.release import release_what_is_due
from fenqi.usecases.reserves.send import send_release
from held import frozen
from media_files import photo
from returned import CASES, PHONE, Case, Returning, a_return, delivered
from town import Town
from visitors import EN_DESK, EN_PHONE, ZH_DESK, ZH_PHONE, Visitor, screen, visited_by

CARD = TypedCard(number="6214860000026621", holder="陈小云", phone="17000000417")

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _nobody_has_asked_before() -> None:
    rate_limits.forget()


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


def apply_with_a_photo(page: Page, order: Returning, file: Path, visitor: Visitor) -> None:
    """From the order to the case, as somebody whose telephone is broken."""
    reads = visitor.reads
    page.goto(f"/orders/{order.order_id}")
    apply = reads("申请售后：退款、退货、换货", "Apply for after-sales: refund, return, exchange")
    page.get_by_role("link", name=apply).click()
    page.get_by_role("checkbox", name="青屿 X2 手机").check()
    page.get_by_label("手机壳").fill("4")
    page.get_by_role("radio", name=reads("退货退款", "Return and refund")).check()
    visitor.looks_at(page, "return-choose")
    page.get_by_role("button", name=reads("下一步：选原因", "Next: the reason")).click()
    page.get_by_role("radio", name=reads("商品有质量问题", "It does not work properly")).check()
    broken = reads("开机后屏幕有一条竖线。", "There is a line across the screen.")
    page.get_by_role("textbox", name=reads("说明", "Description")).fill(broken)
    page.get_by_label(reads("照片和视频", "Photos and videos")).set_input_files(file)
    page.get_by_role("button", name=reads("上传选好的文件", "Upload the chosen files")).click()
    expect(page.get_by_role("img", name=reads("你添加的第 1 个", "What you added, 1"))).to_be_visible()
    visitor.looks_at(page, "return-reason")
    page.get_by_role("button", name=reads("下一步：看能退多少", "Next: what you get back")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(
        reads(
            "退货后拿回 ¥200.00，剩下 10 期不用再还",
            "You get back ¥200.00, and 10 installments need not be paid any more",
        )
    )
    expect(page.get_by_text(reads("支付宝里的 ¥300.00", "¥300.00 held with Alipay"))).to_be_visible()
    expect(page.get_by_text(re.compile(reads("招商银行储蓄卡.*6621", "China Merchants Bank.*6621")))).to_be_visible()
    visitor.looks_at(page, "return-quote")
    page.get_by_role("button", name=reads("按这个报价提交退货", "Apply for the return by this quote")).click()
    received = reads("申请已收到", "We have your application")
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(received))
    visitor.looks_at(page, "return-submitted")


def send_back(page: Page, case: Case, visitor: Visitor) -> None:
    reads = visitor.reads
    page.goto(f"/after-sales/{case.case_id}")
    page.get_by_label(reads("快递公司", "Carrier")).fill("顺丰")
    page.get_by_label(reads("快递单号", "Tracking number")).fill("SF1422770391")
    visitor.looks_at(page, "return-to-send")
    page.get_by_role("button", name=reads("我已寄出", "I have sent the goods")).click()
    sent = reads("商品已寄出", "Your goods are on their way to us")
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(sent))


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
@visited_by(ZH_PHONE, EN_DESK)
def test_a_whole_return_from_a_photo_to_everything_arrived(
    windows: Windows, mall_server: LiveServer, town: Town, tmp_path: Path, visitor: Visitor
) -> None:
    """Paid by Alipay and by card, with a reserve frozen in Alipay; reviewed by an agent in the console."""
    order = delivered(lines=(PHONE, CASES))
    order.repay(1, key="by Alipay")
    pay_by_card(order, town, 2)
    frozen(town, now=order.now, plan=order.plan, amount=30_000)
    file = tmp_path / "screen.jpg"
    file.write_bytes(photo(size=(640, 480)))
    customer = Account.objects.for_customer(order.customer_id)
    with screen(windows, mall_server, visitor) as here:
        apply_with_a_photo(here.of(customer), order, file, visitor)
        row = AftersalesCase.objects.get(customer_id=order.customer_id)
        case = Case(order.customer_id, row.id, clock.now())
        here.reviewed(case)
        send_back(here.of(customer), case, visitor)
        here.reviewed(case)
        assert case.state == "goods_received"
        case.execute()
        case.send_money()

        page = here.of(customer)
        page.goto(f"/after-sales/{case.case_id}")
        visitor.looks_at(page, "return-money-on-its-way")
        let_everything_arrive(case)
        page.reload()
        there = visitor.reads("¥200.00 已到账，无需再操作", "¥200.00 has arrived, nothing is left to do")
        expect(page.get_by_role("heading", level=1)).to_have_text(there)
        expect(page.get_by_text(visitor.reads("已解冻", "Released")).first).to_be_visible()
        visitor.looks_at(page, "return-arrived")


@pytest.mark.requirement("R031", "R033", "R075", "R184")
@visited_by(EN_PHONE, ZH_DESK)
def test_a_part_of_an_order_is_returned_by_the_keyboard(
    windows: Windows, mall_server: LiveServer, visitor: Visitor
) -> None:
    order = delivered(lines=(PHONE, CASES))
    reads = visitor.reads
    with screen(windows, mall_server, visitor) as here:
        page = here.of(Account.objects.for_customer(order.customer_id))
        heading = page.get_by_role("heading", level=1)
        page.goto(f"/orders/{order.order_id}")
        apply = reads("申请售后：退款、退货、换货", "Apply for after-sales: refund, return, exchange")
        page.get_by_role("link", name=apply).press("Enter")
        page.get_by_label("手机壳").fill("3")
        page.get_by_role("radio", name=reads("退货退款", "Return and refund")).press("Space")
        visitor.looks_at(page, "return-part-choose")
        page.get_by_role("button", name=reads("下一步：选原因", "Next: the reason")).press("Enter")
        page.get_by_role("radio", name=reads("无理由", "No reason")).press("Space")
        visitor.looks_at(page, "return-part-reason")
        page.get_by_role("button", name=reads("下一步：看能退多少", "Next: what you get back")).press("Enter")
        expect(heading).to_have_text(
            reads("从分期里减掉 ¥150.00，还剩 ¥1,050.00 要还", "¥150.00 comes off your plan, ¥1,050.00 is left to pay")
        )
        visitor.looks_at(page, "return-part-quote")
        submit = reads("按这个报价提交退货", "Apply for the return by this quote")
        page.get_by_role("button", name=submit).press("Enter")
        expect(heading).to_have_text(re.compile(reads("申请已收到", "We have your application")))
        visitor.looks_at(page, "return-part-submitted")
        page.goto("/after-sales")
        visitor.looks_at(page, "return-part-list")
        page.goto("/bills")
        visitor.looks_at(page, "return-part-bills")
        row = AftersalesCase.objects.get(customer_id=order.customer_id)
        here.reviewed(Case(order.customer_id, row.id, clock.now()))
        page = here.of(Account.objects.for_customer(order.customer_id))
        page.goto(f"/after-sales/{row.id}")
        expect(page.get_by_role("heading", level=1)).to_have_text(
            re.compile(reads("审核通过，请在.*寄回商品", "Approved, send the goods back"))
        )


@pytest.mark.requirement("R040", "R042", "R044", "R045")
@visited_by(ZH_PHONE, EN_DESK)
def test_a_rejected_return_says_the_rule_why_and_what_can_be_done(
    windows: Windows, mall_server: LiveServer, visitor: Visitor
) -> None:
    order = delivered()
    case = order.apply(a_return(reason=Reason.FAULTY))
    reads = visitor.reads
    with screen(windows, mall_server, visitor) as here:
        desk = here.of_staff(case)
        desk.get_by_text(reads("拒绝", "Reject"), exact=True).first.click()
        desk.get_by_role("button", name=reads("用中文写", "Write it in English")).click()
        expect(desk.locator("#reject-note")).not_to_be_empty()
        why = desk.locator("#reject-note").input_value()
        desk.locator("#reject").get_by_role("button", name=reads("拒绝", "Reject"), exact=True).click()
        expect(desk.get_by_role("status")).to_contain_text(reads("客户会看到原因", "customer"))
        desk.close()

        page = here.of(Account.objects.for_customer(order.customer_id))
        page.goto(f"/after-sales/{case.case_id}")
        expect(page.get_by_role("heading", level=1)).to_have_text(
            reads("这次没有通过，一切照旧", "This was not approved, and nothing has changed")
        )
        told = page.locator("dl.facts").first
        expect(told).to_contain_text(why)
        visitor.looks_at(page, "return-rejected")
    assert case.state == "rejected"
