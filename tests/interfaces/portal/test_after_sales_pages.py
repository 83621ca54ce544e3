"""After-sales as the customer walks them, without a browser and without scripts: every state, in both languages."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from fenqi.domain.aftersales.cases import CaseState
from fenqi.domain.aftersales.reasons import Reason, WishKind
from fenqi.records.identifiers import HOUSE_ID
from fenqi.records.models import (
    Account,
    AftersalesCase,
    CaseEvidence,
    PartnerRefund,
    QuoteRecord,
    Role,
    SupportThread,
)
from fenqi.usecases import clock, rate_limits
from fenqi.usecases.aftersales import review, withdraw
from fenqi.usecases.aftersales.exchange import offer_refund, send_replacement
from fenqi.usecases.partners import refunding as refunding_there
from fenqi.usecases.partners.providers import edit_provider
from fenqi.usecases.staff.permissions import staff_member
from lenders import CARD, PLATFORM, buy_financed, repaid_there
from malls import a_customer, noon
from media_files import photo
from returned import PHONE, Case, Returning, a_return, delivered
from staff_members import agent
from town import Town

pytestmark = pytest.mark.django_db(transaction=True)

RAW_CODE = re.compile(r"\b[a-z]+_[a-z_]+\b|%\(|\{\w+\}")


@pytest.fixture(autouse=True)
def _nobody_has_asked_before() -> None:
    rate_limits.forget()


def reader(order: Returning | Case, language: str = "zh-hans") -> Client:
    client = Client(headers={"accept-language": language})
    account = Account.objects.for_customer(order.customer_id)
    client.force_login(account, backend="django.contrib.auth.backends.ModelBackend")
    return client


def text_of(client: Client, address: str, *, status: int = 200) -> str:
    """What a reader sees of a page; never a code of ours."""
    answer = client.get(address)
    assert answer.status_code == status, answer
    return seen(answer.content)


def seen(content: bytes) -> str:
    visible = re.sub(r"<(style|script|head)\b.*?</\1>", "", content.decode(), flags=re.DOTALL)
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", re.sub(r"</(dt|dd|p|div|li|h1|h2|h3|td|th)>", " ", visible)))
    assert not RAW_CODE.search(words), RAW_CODE.findall(words)
    return words


def heading(client: Client, address: str) -> str:
    found = re.search(r"<h1[^>]*>(.*?)</h1>", client.get(address).content.decode(), re.DOTALL)
    assert found
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", found[1])).strip()


def page_of(case: Case) -> str:
    return f"/after-sales/{case.case_id}"


# The order's page ---------------------------------------------------------------------------------------------------


@pytest.mark.requirement("R031", "R032")
@pytest.mark.parametrize(
    ("language", "action"),
    [("zh-hans", "申请售后：退款、退货、换货"), ("en", "Apply for after-sales: refund, return, exchange")],
)
def test_an_order_leads_to_after_sales(language: str, action: str) -> None:
    order = delivered()
    client = reader(order, language)
    page = client.get(f"/orders/{order.order_id}").content.decode()
    assert action in page
    assert f'href="/orders/{order.order_id}/after-sales"' in page


@pytest.mark.requirement("R031", "R032", "R045")
def test_what_is_not_possible_stays_in_sight_and_says_why_and_what_to_do() -> None:
    order = delivered(days_ago=400)
    client = reader(order)
    text = text_of(client, f"/orders/{order.order_id}")
    assert "申请售后" in text
    assert "暂不可申请" in text
    apply = text_of(client, f"/orders/{order.order_id}/after-sales")
    assert "这笔订单现在不能申请售后" in apply
    assert "质量问题退换的期限已于" in apply
    assert "可联系客服安排保修维修" in apply
    assert not re.search(r"\d{4}-\d\d-\d\d", apply)


# Applying -----------------------------------------------------------------------------------------------------------


def choose(client: Client, order: Returning, **fields: str) -> None:
    answer = client.post(f"/orders/{order.order_id}/after-sales", fields)
    assert answer.headers["Location"] == f"/orders/{order.order_id}/after-sales/reason"


def to_quote(client: Client, order: Returning, reason: Reason, **fields: str) -> str:
    choose(client, order, **(fields or {"pieces-1": "1", "kind": "return"}))
    answer = client.post(f"/orders/{order.order_id}/after-sales/reason", {"reason": reason, "quote": "yes"})
    assert answer.headers["Location"] == f"/orders/{order.order_id}/after-sales/quote"
    return text_of(client, answer.headers["Location"])


@pytest.mark.requirement("R026", "R033", "R034", "R035", "R036", "R038", "R058", "R075")
def test_an_application_goes_from_goods_to_reason_to_quote_to_case(town: Town) -> None:
    order = delivered()
    order.repay(1, key="first")
    client = reader(order)
    base = f"/orders/{order.order_id}/after-sales"
    first = text_of(client, base)
    assert "青屿 X2 手机" in first
    assert "手机壳" in first
    assert "共 4 件" in first
    assert "7 天内可以无理由退货" in first
    choose(client, order, **{"pieces-1": "1", "pieces-2": "4", "kind": "return"})

    second = text_of(client, f"{base}/reason")
    for words in ("七天无理由", "商品有质量问题", "请附照片或视频", "选填", "收到退回商品后 7 天内退款"):
        assert words in second
    file = SimpleUploadedFile("x.jpg", photo(), "image/jpeg")
    again = client.post(f"{base}/reason", {"reason": "faulty", "description": "开不了机", "file": file, "add": "yes"})
    evidence = CaseEvidence.objects.get(customer_id=order.customer_id)
    assert f"/evidence/{evidence.id}/thumbnail" in again.content.decode()
    assert "开不了机" in seen(again.content)

    answer = client.post(f"{base}/reason", {"reason": "faulty", "description": "开不了机", "quote": "yes"})
    quoted = text_of(client, answer.headers["Location"])
    for words in (
        "退货后拿回 ¥100.00，剩下 11 期不用再还",
        "退货商品价值¥1,200.00",
        "支付宝",
        "个工作日",
        "24:00 前有效",
        "审核",
        "开不了机",
        "7 天内可以无理由退货",
    ):
        assert words in quoted, words
    assert not AftersalesCase.objects.filter(customer_id=order.customer_id).exists()
    kept = QuoteRecord.objects.get(customer_id=order.customer_id)
    done = client.post(f"{base}/apply", {"quote": str(kept.id)})
    case = AftersalesCase.objects.get(customer_id=order.customer_id)
    assert done.headers["Location"] == f"/after-sales/{case.id}"
    assert (case.reason, case.description, case.quote_id) == ("faulty", "开不了机", kept.id)
    assert CaseEvidence.objects.get(customer_id=order.customer_id).case_id == case.id
    page = text_of(client, done.headers["Location"])
    for words in (
        "申请已收到，",
        "前答复",
        "下一个就是你的申请",
        "将退回给你 ¥100.00",
        "钱在谁那里 商城",
        case.case_no,
    ):
        assert words in page, words
    assert client.post(f"{base}/apply", {"quote": str(kept.id)}).headers["Location"] == "/after-sales"
    assert AftersalesCase.objects.filter(customer_id=order.customer_id).count() == 1


def test_nothing_chosen_is_asked_for_and_what_does_not_fit_is_refused_with_its_rule() -> None:
    order = delivered()
    client = reader(order)
    base = f"/orders/{order.order_id}/after-sales"
    assert client.get(f"{base}/reason").headers["Location"] == base
    assert client.get(f"{base}/quote").headers["Location"] == base
    for fields, words in (
        ({"kind": "return"}, "请选择要申请的商品"),
        ({"pieces-1": "1"}, "请选择你要办理的服务"),
        ({"pieces-2": "5", "kind": "return"}, "超过了可申请的件数"),
        ({"pieces-9": "1", "kind": "return"}, "超过了可申请的件数"),
        ({"pieces-1": "1", "kind": "price_difference"}, "请选择你要办理的服务"),
        ({"pieces-x": "1", "pieces-1": "-1", "kind": "return"}, "请选择要申请的商品"),
    ):
        answer = client.post(base, fields)
        assert answer.status_code == 422
        assert words in seen(answer.content)
    choose(client, order, **{"pieces-1": "1", "kind": "refund_only"})
    for fields, words in (
        ({"quote": "yes"}, "请选一个原因"),
        ({"reason": "nonsense", "quote": "yes"}, "请选一个原因"),
        ({"reason": "no_reason", "quote": "yes"}, "保留商品只退款，须是商品或配送有问题"),
    ):
        answer = client.post(f"{base}/reason", fields)
        assert answer.status_code == 422
        assert words in seen(answer.content)


def test_a_file_that_is_no_photo_is_refused_and_nothing_typed_is_lost() -> None:
    order = delivered()
    client = reader(order)
    choose(client, order, **{"pieces-1": "1", "kind": "return"})
    file = SimpleUploadedFile("photo.jpg", b"MZ\x90\x00 not a photo", "image/jpeg")
    answer = client.post(
        f"/orders/{order.order_id}/after-sales/reason",
        {"reason": "faulty", "description": "屏幕碎了", "file": file, "quote": "yes"},
    )
    assert answer.status_code == 422
    text = seen(answer.content)
    assert "不是我们能读的照片或视频" in text
    assert "屏幕碎了" in text
    assert 'value="faulty" checked' in answer.content.decode()


def test_a_photo_that_waits_can_be_taken_back() -> None:
    order = delivered()
    client = reader(order)
    choose(client, order, **{"pieces-1": "1", "kind": "return"})
    address = f"/orders/{order.order_id}/after-sales/reason"
    client.post(address, {"file": SimpleUploadedFile("x.jpg", photo(), "image/jpeg"), "add": "yes"})
    evidence = CaseEvidence.objects.get(customer_id=order.customer_id)
    client.post(address, {"remove": str(evidence.id)})
    assert not CaseEvidence.objects.filter(customer_id=order.customer_id).exists()
    assert client.post(address, {"remove": "nonsense"}).status_code == 404


@pytest.mark.requirement("R026")
def test_when_something_was_repaid_meanwhile_a_new_quote_is_shown_before_anything_is_handed_in(town: Town) -> None:
    order = delivered()
    client = reader(order)
    to_quote(client, order, Reason.NO_REASON)
    old = QuoteRecord.objects.get(customer_id=order.customer_id)
    order.repay(1, key="meanwhile")
    answer = client.post(f"/orders/{order.order_id}/after-sales/apply", {"quote": str(old.id)})
    assert answer.status_code == 409
    assert "退款明细已不同，没有提交" in seen(answer.content)
    assert not AftersalesCase.objects.filter(customer_id=order.customer_id).exists()
    new = QuoteRecord.objects.filter(customer_id=order.customer_id).latest("created_at")
    done = client.post(f"/orders/{order.order_id}/after-sales/apply", {"quote": str(new.id)})
    assert done.headers["Location"].startswith("/after-sales/")


def test_an_expired_quote_is_worked_out_anew() -> None:
    order = delivered()
    client = reader(order)
    to_quote(client, order, Reason.FAULTY)
    old = QuoteRecord.objects.get(customer_id=order.customer_id)
    with clock.stopped(order.now + timedelta(days=3)):
        answer = client.post(f"/orders/{order.order_id}/after-sales/apply", {"quote": str(old.id)})
    assert answer.status_code == 409
    assert "已过有效期" in seen(answer.content)


# The quote ----------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("R043", "R044", "R047", "R057", "R058", "R062", "R075")
@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "zh-hans",
            (
                "退货后拿回 ¥100.00，剩下 11 期不用再还",
                "取消未还的分期 ¥1,100.00",
                "退回给你的钱 ¥100.00",
                "支付宝",
                "预计",
                "申请起 15 个工作日",
                "第 1 期",
                "第 2–12 期",
                "取消",
                "之后没有要还的了",
                "寄回运费由你付",
            ),
        ),
        (
            "en",
            (
                "You get back ¥100.00, and 11 installments need not be paid any more",
                "Off the plan, which ends ¥1,100.00",
                "Back to your accounts ¥100.00",
                "Alipay",
                "Expected",
                "15 working days after the application",
                "No. 2–12",
                "cancelled",
                "Afterwards nothing is left to pay",
                "You pay for sending them back",
            ),
        ),
    ],
)
def test_the_quote_tells_every_amount_its_account_and_its_date(
    town: Town, language: str, words: tuple[str, ...]
) -> None:
    order = delivered()
    order.repay(1, key="first")
    text = to_quote(
        reader(order, language), order, Reason.NO_REASON, **{"pieces-1": "1", "pieces-2": "4", "kind": "return"}
    )
    for told in words:
        assert told in text, told


@pytest.mark.requirement("R075")
def test_a_partial_return_comes_off_the_plan_and_the_new_plan_is_told() -> None:
    order = delivered()
    text = to_quote(reader(order), order, Reason.NO_REASON, **{"pieces-2": "3", "kind": "return"})
    assert "从分期里减掉 ¥150.00，还剩 ¥1,050.00 要还" in text
    assert "手机壳 × 3" in text
    assert "商品价格 ¥150.00" in text
    assert re.search(r"之后还有 \d+ 期，共 ¥1,050.00；下一期 ¥[\d.]+，\d+月\d+日还", text)
    assert "原路退回" not in text


def test_the_parts_of_a_line_are_told_one_by_one() -> None:
    line = replace(PHONE, discount_minor=10_000, freight_minor=1_000)
    order = delivered(lines=(line,), at_ordering=31_000)
    text = to_quote(reader(order), order, Reason.FAULTY)
    for words in ("商品价格 ¥1,000.00", "分摊的优惠 −¥100.00", "退回的运费 ¥10.00", "下单时付给商城的", "我们承担"):
        assert words in text, words


@pytest.mark.requirement("R039")
def test_an_exchange_says_that_the_plan_goes_on() -> None:
    order = delivered()
    client = reader(order)
    text = to_quote(client, order, Reason.WRONG_SIZE_OR_COLOUR, **{"pieces-1": "1", "kind": "exchange"})
    assert "换一件给你，分期照常不变" in text
    assert "退货商品价值" not in text
    kept = QuoteRecord.objects.get(customer_id=order.customer_id)
    client.post(f"/orders/{order.order_id}/after-sales/apply", {"quote": str(kept.id)})
    row = AftersalesCase.objects.get(customer_id=order.customer_id)
    case = Case(order.customer_id, row.id, clock.now())
    case.approve()
    case.send()
    case.receive()
    assert "新商品准备寄出" in heading(client, page_of(case))
    send_replacement(agent(), order.customer_id, row.id, tracking_no="SF999888777", now=clock.now())
    text = text_of(client, page_of(case))
    assert "新商品已寄出，" in text
    assert "SF999888777" in text
    assert "将退回给你" not in text


@pytest.mark.requirement("R039")
@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh-hans", ("换货，改为退款", "新商品无法寄出，退款请你确认", "确认退款", "等你确认退款", "你已确认退款")),
        (
            "en",
            (
                "Exchange, refunded instead",
                "The new goods cannot be sent, a refund is ready for you to confirm",
                "Confirm the refund",
                "We wait for you to confirm the refund",
                "You confirmed the refund",
            ),
        ),
    ],
)
def test_an_exchange_that_cannot_be_sent_is_refunded_once_the_customer_agrees(
    language: str, words: tuple[str, ...], town: Town
) -> None:
    kind, answer, button, waits, agreed = words
    order = delivered(language=language)
    order.repay(1, key="first")
    case = order.apply(a_return((1, 1), (2, 4), kind=WishKind.EXCHANGE, reason=Reason.FAULTY))
    case.approve()
    case.send()
    case.receive()
    offer_refund(agent("second"), case.customer_id, case.case_id, note="Discontinued", now=case.now)

    client = reader(order, language)
    assert kind in text_of(client, "/after-sales")
    text = text_of(client, page_of(case))
    for word in (kind, answer, button, waits, "Discontinued", "100.00"):
        assert word in text
    offered = case.view.offered_quote
    assert offered is not None
    client.post(f"{page_of(case)}/confirm", {"quote": str(offered.quote_id)})
    assert case.state == CaseState.REFUNDING
    text = text_of(client, page_of(case))
    assert agreed in text
    assert kind in text
    assert answer not in text


# The case -----------------------------------------------------------------------------------------------------------


def submitted(order: Returning) -> Case:
    return order.apply(a_return(reason=Reason.FAULTY))


def asked(order: Returning) -> Case:
    case = submitted(order)
    review.ask_for_more(agent(), order.customer_id, case.case_id, note="请拍一张屏幕的照片", now=order.now)
    return case


def rejected(order: Returning) -> Case:
    case = submitted(order)
    review.reject(
        agent(),
        order.customer_id,
        case.case_id,
        rule="fault_window_over",
        next_step="repair",
        note="检测后没有发现故障",
        now=order.now,
    )
    return case


def approved(order: Returning) -> Case:
    case = submitted(order)
    case.approve()
    return case


def sent(order: Returning) -> Case:
    case = approved(order)
    case.send()
    return case


def received(order: Returning) -> Case:
    case = sent(order)
    case.receive()
    return case


def changed(order: Returning) -> Case:
    case = sent(order)
    case.receive({1: (20_000, "缺少充电头")})
    case.execute()
    return case


def refunding(order: Returning) -> Case:
    case = received(order)
    case.execute()
    return case


def arrived(order: Returning) -> Case:
    case = refunding(order)
    case.send_money()
    case.let_arrive()
    case.follow()
    return case


def taken_back(order: Returning) -> Case:
    case = submitted(order)
    withdraw.withdraw(order.customer_id, case.case_id, actor=f"customer:{order.customer_id}", now=order.now)
    return case


STATES: list[tuple[Callable[[Returning], Case], str, str, tuple[str, ...]]] = [
    (submitted, "申请已收到，", "We have your application,", ("撤回这个申请", "最晚", "经过")),
    (asked, "还差一点材料，", "We need a little more from you,", ("请拍一张屏幕的照片", "提交补充材料", "你的说明")),
    (rejected, "这次没有通过，", "This was not approved,", ("检测后没有发现故障", "质量问题的申请期限", "保修维修")),
    (approved, "审核通过，", "Approved,", ("寄回商品", "快递单号", "我已寄出", "我们承担")),
    (sent, "商品已寄出，", "Your goods are on their way to us", ("SF1234567890", "顺丰", "更正单号")),
    (received, "商品收到了，", "Your goods are here,", ("商品已收到并验收",)),
    (changed, "金额有变，", "The amounts have changed,", ("缺少充电头", "确认新的金额", "¥1,000.00", "撤回")),
    (refunding, "¥100.00", "¥100.00", ("支付宝", "钱在谁那里", "问客服")),
    (arrived, "¥100.00 已到账，", "¥100.00 has arrived,", ("全部到账", "在哪里查", "支付宝「账单」")),
    (taken_back, "已撤回，", "Withdrawn,", ("可以再次申请",)),
]


@pytest.mark.requirement("R040", "R042", "R043", "R044", "R045", "R073", "R074", "R075", "R080")
@pytest.mark.parametrize(
    ("way", "chinese", "english", "words"), STATES, ids=lambda value: getattr(value, "__name__", "")
)
def test_a_case_opens_with_the_answer_in_every_state(
    town: Town, way: Callable[[Returning], Case], chinese: str, english: str, words: tuple[str, ...]
) -> None:
    order = delivered(lines=(replace(PHONE, unit_price_minor=120_000),))
    order.repay(1, key="first")
    case = way(order)
    assert heading(reader(order), page_of(case)).startswith(chinese)
    assert heading(reader(order, "en"), page_of(case)).startswith(english)
    text = text_of(reader(order), page_of(case))
    for told in (*words, "售后单号", "商品有质量问题"):
        assert told in text, told
    text_of(reader(order, "en"), page_of(case))


@pytest.mark.requirement("R060", "R074")
def test_the_timeline_is_solid_for_what_happened_and_dashed_for_what_is_to_come() -> None:
    order = delivered(lines=(PHONE,))
    case = sent(order)
    page = reader(order).get(page_of(case)).content.decode()
    rail = page[page.index('<ol class="leaf rail steps">') :]
    tones = re.findall(r'<li class="is-(\w+)"', rail[: rail.index("</ol>")])
    assert tones == ["future", "future", "future", "due", "paid", "paid", "paid", "paid"]
    assert 'aria-current="step"' in rail


@pytest.mark.requirement("R052", "R062")
def test_after_the_return_the_order_says_what_was_paid_and_what_fell_away(town: Town) -> None:
    order = delivered(lines=(replace(PHONE, unit_price_minor=120_000),))
    order.repay(1, key="first")
    arrived(order)
    text = text_of(reader(order), f"/orders/{order.order_id}")
    for words in ("分期已取消，不用再还", "已还 1 期", "第 2–12 期 已取消", "已完成"):
        assert words in text, words
    assert "第 1–12 期" not in text


@pytest.mark.requirement("R038")
def test_what_the_review_asked_for_is_added_and_the_review_goes_on() -> None:
    order = delivered()
    case = asked(order)
    client = reader(order)
    empty = client.post(f"{page_of(case)}/answer", {"note": " "})
    assert empty.status_code == 422
    file = SimpleUploadedFile("x.jpg", photo(), "image/jpeg")
    assert client.post(f"{page_of(case)}/answer", {"note": "补拍了", "file": file}).status_code == 302
    assert case.state == "in_review"
    assert len(case.view.evidence) == 1
    assert "补拍了" in text_of(client, page_of(case))


def test_the_parcel_s_number_is_told_checked_and_corrected() -> None:
    order = delivered()
    case = approved(order)
    client = reader(order)
    refused = client.post(f"{page_of(case)}/sent", {"carrier": "顺丰", "tracking_no": "SF"})
    assert refused.status_code == 422
    assert "6 至 40 位字母或数字" in seen(refused.content)
    assert 'value="顺丰"' in refused.content.decode()
    client.post(f"{page_of(case)}/sent", {"carrier": "顺丰", "tracking_no": "SF 1422 7703 91"})
    assert case.row.tracking_no == "SF1422770391"
    client.post(f"{page_of(case)}/sent", {"carrier": "中通", "tracking_no": "ZT77889900"})
    assert (case.row.carrier, case.row.tracking_no) == ("中通", "ZT77889900")


def test_changed_amounts_move_only_when_the_customer_confirms_them(town: Town) -> None:
    order = delivered(lines=(PHONE,))
    order.repay(1, 2, 3, key="first")
    case = changed(order)
    client = reader(order)
    text = text_of(client, page_of(case))
    assert "扣减 ¥200.00：缺少充电头" in text
    offered = case.view.offered_quote
    assert offered is not None
    assert client.post(f"{page_of(case)}/confirm", {"quote": str(uuid4())}).status_code == 409
    assert client.post(f"{page_of(case)}/confirm", {"quote": "nonsense"}).status_code == 404
    assert client.post(f"{page_of(case)}/confirm", {"quote": str(offered.quote_id)}).status_code == 302
    assert case.state == "refunding"


def test_an_application_is_withdrawn_and_cannot_be_withdrawn_after_the_money_moved(town: Town) -> None:
    order = delivered(lines=(PHONE,))
    order.repay(1, key="first")
    case = submitted(order)
    client = reader(order)
    assert client.post(f"{page_of(case)}/withdraw").status_code == 302
    assert case.state == "withdrawn"
    assert "申请售后" in text_of(client, f"/orders/{order.order_id}")
    later = refunding(order)
    assert "撤回这个申请" not in text_of(client, page_of(later))
    assert client.post(f"{page_of(later)}/withdraw").status_code == 409


def test_money_that_cannot_go_back_asks_for_a_debit_card() -> None:
    order = delivered(lines=(PHONE,), at_ordering=40_000)
    case = refunding(order)
    client = reader(order)
    assert heading(client, page_of(case)).startswith("¥400.00 已备好，")
    assert (
        f'href="/me/cards/add?next={page_of(case).replace("/", "%2F")}"' in client.get(page_of(case)).content.decode()
    )


@pytest.mark.requirement("R073")
def test_all_my_after_sales_are_listed_those_that_wait_for_me_first() -> None:
    order = delivered()
    client = reader(order)
    assert "还没有申请过售后" in text_of(client, "/after-sales")
    first = order.apply(a_return((1, 1), reason=Reason.FAULTY))
    order.apply(a_return((2, 1), reason=Reason.FAULTY))
    assert "都在处理中，" in text_of(client, "/after-sales")
    review.ask_for_more(agent(), order.customer_id, first.case_id, note="请拍照", now=order.now)
    page = client.get("/after-sales").content.decode()
    links = re.findall(r'href="/after-sales/([0-9a-f-]{36})"', page)
    assert "有 1 个售后等你处理" in seen(page.encode())
    assert (len(links), links[0]) == (2, str(first.case_id))
    assert 'href="/after-sales"' in client.get("/me").content.decode()
    assert "One case" not in text_of(reader(order, "en"), "/after-sales")
    assert "1 case waits for you" in text_of(reader(order, "en"), "/after-sales")


def test_bills_say_that_they_are_paused_while_after_sales_are_open() -> None:
    order = delivered(days_ago=25)
    case = order.apply(a_return((2, 1), reason=Reason.FAULTY))
    client = reader(order)
    bills = text_of(client, "/bills")
    assert "售后中，暂停" in bills
    assert "进行中的售后" in bills
    assert "不计违约金" in text_of(client, f"/orders/{order.order_id}")
    withdraw.withdraw(order.customer_id, case.case_id, actor=f"customer:{order.customer_id}", now=order.now)
    assert "暂停" not in text_of(client, "/bills")


@pytest.mark.requirement("R081")
def test_customer_service_has_the_case_before_it_is_told() -> None:
    order = delivered()
    case = submitted(order)
    client = reader(order)
    asked_for = client.post("/support/open", {"case_id": str(case.case_id)})
    again = client.post("/support/open", {"case_id": str(case.case_id)})
    assert asked_for.headers["Location"] == again.headers["Location"]
    text = text_of(client, asked_for.headers["Location"])
    assert f"售后 {case.row.case_no}" in text
    thread = SupportThread.objects.get(customer_id=order.customer_id)
    assert (thread.topic, thread.case_id, thread.story["case"]["case_no"]) == (
        "after_sales",
        case.case_id,
        case.row.case_no,
    )
    client.post("/support/open")
    assert SupportThread.objects.filter(customer_id=order.customer_id).count() == 2


def test_what_belongs_to_another_customer_is_not_found() -> None:
    mine, theirs = delivered(), delivered()
    case = submitted(theirs)
    client = reader(mine)
    for address in (page_of(case), f"/orders/{theirs.order_id}/after-sales"):
        assert client.get(address).status_code == 404, address
    for deed in ("answer", "sent", "withdraw"):
        fields = {"carrier": "顺丰", "tracking_no": "SF1234567", "note": "x"}
        assert client.post(f"{page_of(case)}/{deed}", fields).status_code == 404, deed
    assert client.post(f"{page_of(case)}/confirm", {"quote": str(uuid4())}).status_code == 404
    assert client.post("/support/open", {"case_id": str(case.case_id)}).status_code == 404
    assert case.state == "submitted"


@pytest.mark.parametrize("address", ["/after-sales", f"/after-sales/{HOUSE_ID}", f"/orders/{HOUSE_ID}/after-sales"])
def test_visitors_sign_in_first(client: Client, address: str) -> None:
    assert client.get(address).headers["Location"].startswith("/sign-in?next=")


# Goods that somebody else has lent the money for ---------------------------------------------------------------------


@pytest.fixture
def lenders(town: Town) -> None:
    admin = staff_member(Account.objects.create_staff(username="admin", password="x" * 16, role=Role.ADMIN))
    assert admin is not None
    for said in (PLATFORM, CARD):
        edit_provider(admin, said, now=noon("2026-01-01"))


@pytest.mark.usefixtures("lenders")
@pytest.mark.requirement("R050", "R051", "R052", "R053", "R054", "R055")
def test_a_platform_funded_return_says_before_confirming_that_no_cash_comes(town: Town) -> None:
    now = noon("2026-06-15")
    order = Returning(buy_financed(fee_rate="0"), now)
    repaid_there(town, order.plan, 2)
    with clock.stopped(now):
        client = reader(order)
        text = to_quote(client, order, Reason.FAULTY)
        for words in (
            "¥1,200.00 退到 轻融分期，你不会直接收到现金",
            "那里取消的未还分期 ¥1,000.00",
            "留作你在那里的余额 ¥200.00",
            "余额可在轻融消费，也可提现到本人银行卡",
            "按它的规则消费或提现",
        ):
            assert words in text, words
        assert "每一期会怎样" not in text, "our copy does not know yet what was repaid there"
        english = to_quote(reader(order, "en"), order, Reason.FAULTY)
        assert "¥1,200.00 goes to Qingrong, no cash comes to you directly" in english
        case = order.apply(a_return(reason=Reason.FAULTY))
        case.up_to_the_money()
        refund = PartnerRefund.objects.get(customer_id=order.customer_id, case_id=case.case_id)
        refunding_there.send(order.customer_id, refund.id, now=now)
        text = text_of(client, page_of(case))
        for words in ("退到 轻融分期，", "退给出资方 ¥1,200.00", refund.number, "400-000-0000"):
            assert words in text, words
        case.follow()
        assert heading(client, page_of(case)).startswith("¥1,200.00 已退到 轻融分期")


@pytest.mark.usefixtures("lenders")
def test_what_becomes_of_each_installment_is_told_where_the_lender_says_the_same() -> None:
    now = noon("2026-06-15")
    order = Returning(buy_financed(), now)
    with clock.stopped(now):
        text = to_quote(reader(order), order, Reason.FAULTY)
    assert "每一期会怎样" in text
    assert "第 1–12 期" in text


@pytest.mark.usefixtures("lenders")
@pytest.mark.requirement("R049")
def test_a_card_funded_return_is_set_off_on_the_next_statement() -> None:
    now = noon("2026-06-15")
    order = Returning(buy_financed(provider=CARD.code, fee_rate="0"), now)
    with clock.stopped(now):
        text = to_quote(reader(order), order, Reason.FAULTY)
        for words in ("招商银行信用卡", "下一期账单的抵扣额度", "由银行决定"):
            assert words in text, words


# However much there is, as few statements ----------------------------------------------------------------------------


def statements(client: Client, address: str) -> int:
    client.get(address)
    with CaptureQueriesContext(connection) as asked_of:
        assert client.get(address).status_code == 200
    return len(asked_of)


def test_pages_ask_as_many_statements_however_much_there_is() -> None:
    few, many = delivered(lines=(PHONE,)), delivered(lines=(PHONE,) * 6)
    one, several = reader(few), reader(many)
    for page in ("after-sales", ""):
        address = "/orders/{}/" + page
        assert statements(one, address.format(few.order_id).rstrip("/")) == statements(
            several, address.format(many.order_id).rstrip("/")
        )
    small = few.apply(a_return((1, 1), reason=Reason.FAULTY))
    large = many.apply(a_return(*((n, 1) for n in range(1, 5)), reason=Reason.FAULTY))
    assert statements(one, page_of(small)) == statements(several, page_of(large))
    many.apply(a_return((6, 1), reason=Reason.FAULTY))
    assert statements(one, "/after-sales") == statements(several, "/after-sales")


def test_who_has_bought_nothing_has_no_after_sales() -> None:
    client = Client(headers={"accept-language": "en"})
    account = Account.objects.for_customer(a_customer("nobody"))
    client.force_login(account, backend="django.contrib.auth.backends.ModelBackend")
    assert "You have applied for nothing yet" in text_of(client, "/after-sales")
