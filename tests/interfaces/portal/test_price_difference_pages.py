"""A fallen price on the customer's pages: seen with its source, the way told beforehand, claimed or taken."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from playwright.sync_api import expect
from pytest_django.live_server_helper import LiveServer

from browsing import Windows
from fenqi.records.models import Account, AftersalesCase, Notice, Order, OutboxMessage, PriceOffer
from fenqi.usecases import clock, outbox
from fenqi.usecases.notices.case_news import tell_of_case
from fenqi.usecases.orders.inputs import LineInput
from fenqi.usecases.price_protection.feed import PriceInput, take_prices
from fenqi.usecases.price_protection.nightly import make_offers
from fenqi.usecases.price_protection.offers import accept_offer
from returned import Case, Returning, delivered
from town import Town
from visitors import EN_DESK, ZH_PHONE, Visitor, screen, visited_by

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("town")]


def cheaper(order: Returning, price: int) -> None:
    at = order.now - timedelta(hours=24)
    take_prices([PriceInput(sku="X2", price_minor=price, currency="CNY", observed_at=at)])


def reader_of(order: Returning, language: str = "zh-hans") -> Client:
    client = Client(headers={"accept-language": language})
    account = Account.objects.for_customer(order.customer_id)
    client.force_login(account, backend="django.contrib.auth.backends.ModelBackend")
    return client


def page_of(order: Returning, language: str = "zh-hans") -> str:
    answer = reader_of(order, language).get(f"/orders/{order.order_id}/price-difference")
    assert answer.status_code == 200
    return str(answer.content.decode())


@pytest.mark.requirement("R092", "R093", "R101")
def test_the_page_tells_both_prices_their_source_and_where_the_money_goes() -> None:
    order = delivered()
    order.repay(1, key="first")
    cheaper(order, 85_000)
    text = page_of(order)
    for told in (
        "可退差价",
        "¥1,000.00",
        "¥850.00",
        "商城价格",
        "退回支付宝",
        "¥100.00",
        "从分期里减掉",
        "¥50.00",
        "申请退 ¥150.00",
    ):
        assert told in text
    english = page_of(order, "en")
    for told in (
        "The price has fallen",
        "the mall&#x27;s price list",
        "Back to Alipay",
        "Off your plan",
        "Claim ¥150.00",
    ):
        assert told in english
    assert (
        f"/orders/{order.order_id}/price-difference"
        in reader_of(order).get(f"/orders/{order.order_id}").content.decode()
    )


@pytest.mark.requirement("R082", "R103")
def test_a_claim_becomes_a_case_that_is_followed() -> None:
    order = delivered()
    cheaper(order, 95_000)
    client, address = reader_of(order), f"/orders/{order.order_id}/price-difference"
    shown = re.search(r'name="shown" value="([0-9a-f]{64})"', client.get(address).content.decode())
    assert shown is not None
    refused = client.post(address, {"line_no": "1", "shown": shown[1]})
    assert refused.status_code == 422
    assert "请先确认商品未使用" in refused.content.decode()
    taken = client.post(address, {"line_no": "1", "shown": shown[1], "unused": "yes", "description": "昨天刚买"})
    case = AftersalesCase.objects.get(customer_id=order.customer_id)
    assert (taken.status_code, taken["Location"]) == (302, f"/after-sales/{case.id}")
    assert client.get(taken["Location"]).status_code == 200
    assert (case.kind, case.value_minor, case.description) == ("price_difference", 5_000, "昨天刚买")
    assert "退差价申请正在处理" in page_of(order)
    for bad in ({"line_no": "9", "shown": "x"}, {"line_no": "x"}, {}):
        assert client.post(address, bad).status_code == 404


@pytest.mark.requirement("R094")
def test_without_a_difference_the_page_says_so_and_offers_no_form() -> None:
    order = delivered()
    text = page_of(order)
    assert "现在没有可退的差价" in text
    assert 'name="shown"' not in text
    flash = delivered(lines=(LineInput(sku="X2", name="手机", unit_price_minor=100_000, tags=("flash_sale",)),))
    cheaper(flash, 95_000)
    assert "不参加价格保护" in page_of(flash)


def test_another_customers_order_and_offer_are_not_found() -> None:
    order, other = delivered(), delivered()
    cheaper(order, 95_000)
    make_offers(now=order.now)
    offer = PriceOffer.objects.get(customer_id=order.customer_id)
    client = reader_of(other)
    assert client.get(f"/orders/{order.order_id}/price-difference").status_code == 404
    assert client.post(f"/price-offers/{offer.id}/accept", {"unused": "yes"}).status_code == 404
    assert client.get(f"/price-offers/{offer.id}/accept").status_code == 405
    assert Client().get(f"/orders/{order.order_id}/price-difference").status_code == 302


def test_an_offer_stands_on_bills_and_order_and_is_gone_once_it_is_taken() -> None:
    order = delivered()
    cheaper(order, 95_000)
    make_offers(now=datetime.now(UTC))
    client = reader_of(order)
    for address in ("/bills", f"/orders/{order.order_id}"):
        assert "差价归你" in client.get(address).content.decode()
    offer = PriceOffer.objects.get(customer_id=order.customer_id)
    refused = client.post(f"/price-offers/{offer.id}/accept")
    assert refused.status_code == 422
    assert "收下 ¥50.00" in refused.content.decode()
    changed = client.post(f"/price-offers/{offer.id}/accept", {"unused": "yes", "shown": "another"})
    assert changed.status_code == 409
    shown = re.search(r'name="shown" value="([0-9a-f]{64})"', changed.content.decode())
    assert shown is not None
    taken = client.post(f"/price-offers/{offer.id}/accept", {"unused": "yes", "shown": shown[1]})
    assert taken.status_code == 302
    assert "差价归你" not in client.get("/bills").content.decode()
    assert "降价由商城发现" in client.get(taken["Location"]).content.decode()


@pytest.mark.parametrize(
    ("language", "taken", "untrue"),
    [
        ("zh-hans", "你收下了退差价", ("审核", "你提交了申请")),
        ("en", "You took our offer", ("review", "You applied")),
    ],
)
def test_an_offer_that_is_taken_tells_of_no_review(
    town: Town, language: str, taken: str, untrue: tuple[str, str]
) -> None:
    """Neither on the page, nor in the records, nor in a message: nobody reviewed anything."""
    order = delivered(language=language)
    cheaper(order, 95_000)
    make_offers(now=order.now)
    offer = PriceOffer.objects.get(customer_id=order.customer_id)
    case_id = accept_offer(order.customer_id, offer.id, unused=True, actor="customer", now=order.now)
    page = reader_of(order, language).get(f"/after-sales/{case_id}").content.decode()
    assert [words in page for words in (taken, *untrue)] == [True, False, False]
    records = reader_of(order, language).get(f"/orders/{order.order_id}/records").content.decode()
    assert untrue[0] not in records
    told = OutboxMessage.objects.filter(customer_id=order.customer_id, topic=outbox.CASE_NEWS)
    for message in told:
        tell_of_case(order.customer_id, case_id, int(message.body["seq"]), now=order.now)
    assert told.exists()
    assert not Notice.objects.filter(customer_id=order.customer_id, message="case_received").exists()


# In a browser -------------------------------------------------------------------------------------------------------


@pytest.fixture
def offered(mall_server: LiveServer, visitor: Visitor) -> Returning:
    """The visitor's order of a phone, 100.00 of it repaid, whose price fell by 150.00; the night has been."""
    order = delivered(language=visitor.reads("zh-hans", "en"))
    order.repay(1, key="first")
    cheaper(order, 85_000)
    make_offers(now=datetime.now(UTC))
    Order.objects.filter(customer_id=order.customer_id).update(order_no="2026112300018841")
    return order


@pytest.mark.browser
@pytest.mark.requirement("R082", "R101", "R103")
@visited_by(ZH_PHONE, EN_DESK)
def test_an_offer_is_seen_and_taken(
    windows: Windows, mall_server: LiveServer, offered: Returning, visitor: Visitor
) -> None:
    """From the bills to the money, and read by an agent in the console."""
    reads = visitor.reads
    customer = Account.objects.for_customer(offered.customer_id)
    with screen(windows, mall_server, visitor) as here:
        page = here.of(customer)
        heading = page.get_by_role("heading", level=1)
        page.goto("/bills")
        visitor.looks_at(page, "bills-with-offer")
        page.get_by_role("link", name=re.compile(reads("差价归你", "the difference is yours"))).click()
        expect(heading).to_have_text(
            reads("降价了：可退差价 ¥150.00", "The price has fallen: you can have ¥150.00 back")
        )
        expect(page.get_by_text(reads("退回支付宝", "Back to Alipay"))).to_be_visible()
        visitor.looks_at(page, "price-difference")
        unused = reads("商品未使用，原包装完整", "The goods are unused and in their complete original packing")
        page.get_by_label(unused).check()
        page.get_by_role("button", name=reads("收下 ¥150.00", "Take ¥150.00")).click()
        expect(page).to_have_url(re.compile("/after-sales/"))
        case = Case(offered.customer_id, AftersalesCase.objects.get(customer_id=offered.customer_id).id, clock.now())
        case.execute()
        page.reload()
        expect(page.get_by_text("¥100.00").first).to_be_visible()
        visitor.looks_at(page, "price-difference-taken")
        desk = here.of_staff(case)
        expect(desk.get_by_role("main")).to_contain_text(reads("降价由商城发现", "We found this drop"))
    assert offered.plan.state().totals.outstanding.total == 110_000 - 5_000
