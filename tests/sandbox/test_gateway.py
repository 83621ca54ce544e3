"""The gateway refuses what Alipay refuses, and keeps trades in Alipay's states."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from sandbox_town import Merchant, Sandbox

QUERY = "alipay.trade.query"
REFUND = "alipay.trade.refund"


@pytest.mark.parametrize(
    ("changes", "sub_code"),
    [
        ({"timestamp": "2026-01-01 00:00:00"}, "isv.invalid-timestamp"),
        ({"timestamp": "now"}, "isv.invalid-timestamp"),
        ({"app_id": "nobody"}, "isv.invalid-app-id"),
        ({"sign_type": "RSA"}, "isv.invalid-parameter"),
        ({"version": ""}, "isv.missing-version"),
    ],
)
def test_a_wrong_call_is_refused_by_its_gateway_code(
    merchant: Merchant, changes: dict[str, str], sub_code: str
) -> None:
    assert merchant.call(QUERY, {"out_trade_no": "x"}, **changes)["sub_code"] == sub_code


def test_an_unknown_method_is_refused(merchant: Merchant) -> None:
    assert merchant.call("alipay.trade.rob", {})["sub_code"] == "isv.invalid-method"


def test_only_the_registered_key_signs(merchant: Merchant, sandbox: Sandbox) -> None:
    stranger = Merchant(sandbox, generate_private_key(public_exponent=65537, key_size=2048))
    assert stranger.call(QUERY, {"out_trade_no": "x"})["sub_code"] == "isv.invalid-signature"
    signed = merchant.signed(QUERY, {"out_trade_no": "x"})
    assert merchant.send({**signed, "biz_content": '{"out_trade_no":"y"}'})["sub_code"] == "isv.invalid-signature"


def test_an_unknown_trade_is_not_found_and_another_applications_trade_neither(
    merchant: Merchant, sandbox: Sandbox, merchants_key: RSAPrivateKey
) -> None:
    number = merchant.opened()
    assert merchant.call(QUERY, {"out_trade_no": number})["trade_status"] == "WAIT_BUYER_PAY"
    other = Merchant(sandbox, merchants_key, app_id="2021000000000008").register()
    assert other.call(QUERY, {"out_trade_no": number})["sub_code"] == "ACQ.TRADE_NOT_EXIST"
    assert other.call(QUERY, {})["sub_code"] == "ACQ.INVALID_PARAMETER"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"total_amount": "0.00"}, "ACQ.TOTAL_FEE_EXCEED"),
        ({"total_amount": "100000000.01"}, "ACQ.TOTAL_FEE_EXCEED"),
        ({"total_amount": "1.001"}, "ACQ.INVALID_PARAMETER"),
        ({"total_amount": 1.5}, "ACQ.INVALID_PARAMETER"),
        ({"out_trade_no": "a-b"}, "ACQ.INVALID_PARAMETER"),
        ({"subject": ""}, "ACQ.INVALID_PARAMETER"),
        ({"subject": "a=b"}, "ACQ.INVALID_PARAMETER"),
        ({"product_code": "FAST_INSTANT_TRADE_PAY"}, "ACQ.INVALID_PARAMETER"),
        ({"time_expire": "2026-01-01 00:00:00"}, "ACQ.NOW_TIME_AFTER_EXPIRE_TIME_ERROR"),
        ({"time_expire": "tomorrow"}, "ACQ.INVALID_PARAMETER"),
        ({"timeout_express": "soon"}, "ACQ.INVALID_PARAMETER"),
        ({"return_url": "javascript:alert(1)"}, "ACQ.INVALID_PARAMETER"),
    ],
)
def test_an_order_that_cannot_be_never_reaches_the_cashier(
    merchant: Merchant, change: dict[str, object], code: str
) -> None:
    page = merchant.sandbox.http.get(merchant.address(**change)[1])
    assert page.status_code == 400
    assert code in page.text


def test_a_payer_with_a_spoilt_address_reads_a_page(merchant: Merchant) -> None:
    page = merchant.sandbox.http.get(merchant.address()[1].replace("88.80", "0.01"))
    assert page.status_code == 400
    assert "isv.invalid-signature" in page.text
    assert "无法付款" in page.text


def test_a_partial_refund_needs_a_number_and_a_full_one_does_not(merchant: Merchant, sandbox: Sandbox) -> None:
    number = merchant.opened()
    sandbox.act(number, "confirm")
    partial = merchant.call(REFUND, {"out_trade_no": number, "refund_amount": "1.00"})
    assert partial["sub_code"] == "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL"
    assert merchant.call(REFUND, {"out_trade_no": number, "refund_amount": "88.80"})["fund_change"] == "Y"
    assert merchant.call(QUERY, {"out_trade_no": number})["trade_status"] == "TRADE_CLOSED"
    again = merchant.call(REFUND, {"out_trade_no": number, "refund_amount": "1.00", "out_request_no": "r2"})
    assert again["sub_code"] == "ACQ.TRADE_HAS_CLOSE"


def test_an_unpaid_trade_has_nothing_to_refund(merchant: Merchant) -> None:
    biz: dict[str, object] = {"out_trade_no": merchant.opened(), "refund_amount": "1.00", "out_request_no": "r1"}
    assert merchant.call(REFUND, biz)["sub_code"] == "ACQ.TRADE_STATUS_ERROR"


def test_refunds_at_the_same_moment_never_exceed_the_trade(merchant: Merchant, sandbox: Sandbox) -> None:
    number = merchant.opened()
    sandbox.act(number, "confirm")

    def refund(request: int) -> str:
        biz: dict[str, object] = {"out_trade_no": number, "refund_amount": "30.00", "out_request_no": f"r{request}"}
        while (said := str(merchant.call(REFUND, biz).get("sub_code", "done"))) == "ACQ.SYSTEM_ERROR":
            time.sleep(0.01)  # too soon after another one
        return said

    with ThreadPoolExecutor(6) as pool:
        said = sorted(pool.map(refund, range(6)))
    assert said == ["ACQ.REASON_TRADE_REFUND_FEE_ERR"] * 4 + ["done"] * 2


def test_an_ordered_code_is_used_up_by_one_call(merchant: Merchant, sandbox: Sandbox) -> None:
    number = merchant.opened()
    sandbox.order("close", "code", "ACQ.SYSTEM_ERROR", times=2)
    said = [merchant.call("alipay.trade.close", {"out_trade_no": number}).get("sub_code", "closed") for _ in range(3)]
    assert said == ["ACQ.SYSTEM_ERROR", "ACQ.SYSTEM_ERROR", "closed"]
