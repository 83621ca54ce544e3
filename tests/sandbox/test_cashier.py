"""What the payer sees and does."""

import re
from urllib.parse import urlsplit

import httpx
import pytest

from fenqi.channels.alipay.codes import ALIPAY_CODES
from fenqi.domain.payments import FailureCategory, Operation, verdict_on
from sandbox_town import Merchant, Sandbox


@pytest.fixture
def payer(sandbox: Sandbox) -> httpx.Client:
    return sandbox.browser()


def press(payer: httpx.Client, page: str, button: str, **fields: str) -> httpx.Response:
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', payer.get(page).text)
    assert token
    return payer.post(f"{page}/{button}", data={"csrfmiddlewaretoken": token[1], **fields})


def test_the_page_is_chinese_and_says_that_it_is_a_sandbox(
    merchant: Merchant, sandbox: Sandbox, payer: httpx.Client
) -> None:
    page = payer.get(sandbox.trade(merchant.opened())["cashier"])
    assert 'lang="zh-Hans"' in page.text
    assert "沙箱" in page.text
    assert "确认付款 ¥88.80" in page.text
    assert page.headers["X-Frame-Options"] == "DENY"


def test_a_payer_who_is_refused_may_try_again_and_the_merchant_hears_nothing(
    merchant: Merchant, sandbox: Sandbox, payer: httpx.Client
) -> None:
    number = merchant.opened()
    page = sandbox.trade(number)["cashier"]
    press(payer, page, "refuse", code="ACQ.BUYER_BALANCE_NOT_ENOUGH")
    assert "余额不足" in payer.get(page).text
    asked = merchant.call("alipay.trade.query", {"out_trade_no": number})
    assert asked["trade_status"] == "WAIT_BUYER_PAY"
    assert sandbox.trade(number)["notifications"] == []
    press(payer, page, "confirm")
    assert sandbox.trade(number)["status"] == "TRADE_SUCCESS"


def test_the_payer_can_fail_in_each_of_the_seven_ways(
    merchant: Merchant, sandbox: Sandbox, payer: httpx.Client
) -> None:
    page = payer.get(sandbox.trade(merchant.opened())["cashier"]).text
    codes = re.findall(r'<option value="(ACQ[.A-Z_]+)"', page)
    ways = {verdict_on(ALIPAY_CODES, Operation.PAY, code).category for code in codes}
    assert ways == set(FailureCategory) - {FailureCategory.MERCHANT_CONFIG}


def test_a_payer_may_pay_from_a_bank_card(merchant: Merchant, sandbox: Sandbox, payer: httpx.Client) -> None:
    number = merchant.opened()
    press(payer, sandbox.trade(number)["cashier"], "confirm", **{"from": "bank_card"})
    merchant.call("alipay.trade.refund", {"out_trade_no": number, "refund_amount": "88.80"})
    asked: dict[str, object] = {
        "out_trade_no": number,
        "out_request_no": number,
        "query_options": ["deposit_back_info"],
    }
    leg = merchant.call("alipay.trade.fastpay.refund.query", asked)["deposit_back_info"]
    assert (leg["has_deposit_back"], leg["dback_status"]) == ("true", "P")


def test_a_payer_who_walks_away_brings_nothing_signed_back(
    merchant: Merchant, sandbox: Sandbox, payer: httpx.Client
) -> None:
    number = merchant.opened(return_url="http://mall.example/back?p=1", quit_url="http://mall.example/quit")
    back = press(payer, sandbox.trade(number)["cashier"], "leave")
    assert back.headers["Location"] == "http://mall.example/quit"
    assert sandbox.trade(number)["status"] == "WAIT_BUYER_PAY"


def test_a_second_confirmation_pays_nothing_more(merchant: Merchant, sandbox: Sandbox, payer: httpx.Client) -> None:
    number = merchant.opened(return_url="http://mall.example/back?p=1")
    page = sandbox.trade(number)["cashier"]
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', payer.get(page).text)
    assert token
    first, second = (payer.post(f"{page}/confirm", data={"csrfmiddlewaretoken": token[1]}) for _ in range(2))
    assert urlsplit(first.headers["Location"]).query.startswith("p=1&")
    assert (second.status_code, "已经付过款" in second.text) == (400, True)
    assert "已付款" in payer.get(page).text


def test_a_closed_trade_cannot_be_paid(merchant: Merchant, sandbox: Sandbox, payer: httpx.Client) -> None:
    number = merchant.opened()
    page = sandbox.trade(number)["cashier"]
    payer.get(page)
    merchant.call("alipay.trade.close", {"out_trade_no": number})
    assert "交易已关闭" in payer.get(page).text
    assert sandbox.trade(number)["status"] == "TRADE_CLOSED"


def test_another_site_cannot_press_the_button(merchant: Merchant, sandbox: Sandbox, payer: httpx.Client) -> None:
    number = merchant.opened()
    assert payer.post(f"{sandbox.trade(number)['cashier']}/confirm").status_code == 403
    assert sandbox.trade(number)["status"] == "WAIT_BUYER_PAY"


def test_what_the_merchant_writes_is_shown_as_text(merchant: Merchant, sandbox: Sandbox, payer: httpx.Client) -> None:
    number = merchant.opened(subject="<script>alert(1)")
    assert "<script>" not in payer.get(sandbox.trade(number)["cashier"]).text
    assert "<script>" not in payer.get("/control").text


def test_an_unknown_cashier_is_not_found(payer: httpx.Client) -> None:
    assert payer.get("/alipay/cashier/nobody").status_code == 404
