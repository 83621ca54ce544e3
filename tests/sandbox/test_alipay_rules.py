"""Alipay's own rules, asked by a merchant who knows none of them."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from fenqi.sandbox.alipay.bills import Line
from sandbox_town import Merchant, Sandbox, running_sandbox

SIGN = "alipay.user.agreement.page.sign"
RULE = {"period_type": "MONTH", "period": "1", "execute_time": "2026-11-20", "single_amount": "500.00"}
AGREEMENT = {
    "product_code": "GENERAL_WITHHOLDING",
    "personal_product_code": "CYCLE_PAY_AUTH_P",
    "sign_scene": "DEFAULT|DEFAULT",
    "external_agreement_no": "agreement1",
    "access_params": {"channel": "ALIPAYAPP"},
    "period_rule_params": RULE,
}
VOUCHER = {
    "out_order_no": "reserve001",
    "out_request_no": "reserve001r",
    "order_title": "备用金",
    "amount": "100.00",
    "product_code": "PREAUTH_PAY",
}


def page(merchant: Merchant, biz: dict[str, object]) -> str:
    answer = merchant.sandbox.http.get(f"{merchant.sandbox.url}/gateway.do", params=merchant.signed(SIGN, biz))
    return answer.text if answer.status_code == 400 else ""


@pytest.mark.parametrize(
    "wrong",
    [
        {"product_code": "OTHER"},
        {"personal_product_code": "GENERAL_WITHHOLDING_P"},
        {"external_agreement_no": "a" * 33},
        {"access_params": {"channel": "WEB"}},
        {"access_params": "ALIPAYAPP"},
        {"period_rule_params": {**RULE, "execute_time": "2026-11-29"}},
        {"period_rule_params": {**RULE, "execute_time": "soon"}},
        {"period_rule_params": {**RULE, "period_type": "WEEK"}},
        {"period_rule_params": {**RULE, "period": "0"}},
        {"period_rule_params": {**RULE, "single_amount": "0.00"}},
        {"period_rule_params": {}},
    ],
)
def test_terms_that_cannot_be_are_not_offered(merchant: Merchant, wrong: dict[str, object]) -> None:
    assert "ACQ.INVALID_PARAMETER" in page(merchant, {**AGREEMENT, **wrong})


def test_the_same_number_with_other_terms_is_refused(merchant: Merchant) -> None:
    agreement: dict[str, object] = {**AGREEMENT, "external_agreement_no": "agreement2"}
    assert page(merchant, agreement) == ""
    other = {**agreement, "period_rule_params": {**RULE, "single_amount": "600.00"}}
    assert "ACQ.CONTEXT_INCONSISTENT" in page(merchant, other)


def test_debits_end_when_the_agreed_sum_or_number_is_reached(merchant: Merchant, sandbox: Sandbox) -> None:
    rule = {**RULE, "total_amount": "700.00", "total_payments": "2"}
    page(merchant, {**AGREEMENT, "external_agreement_no": "agreement3", "period_rule_params": rule})
    agreement_no = sandbox.act("agreement3", "confirm")["agreement_no"]

    def debit(number: str, amount: str) -> str:
        biz: dict[str, object] = {
            "out_trade_no": number,
            "total_amount": amount,
            "subject": "还款",
            "product_code": "GENERAL_WITHHOLDING",
            "agreement_params": {"agreement_no": agreement_no},
        }
        return str(merchant.call("alipay.trade.pay", biz).get("sub_code", "paid"))

    assert debit("cycle00001", "400.00") == "paid"
    assert debit("cycle00001", "400.00") == "ACQ.TRADE_HAS_SUCCESS"
    assert debit("cycle00001", "300.00") == "ACQ.CONTEXT_INCONSISTENT"
    assert debit("cycle00002", "400.00") == "ACQ.CYCLE_PAY_TOTAL_FEE_EXCEED"
    assert debit("cycle00002", "100.00") == "paid"
    assert debit("cycle00003", "1.00") == "ACQ.CYCLE_PAY_TOTAL_TIMES_EXCEED"


def test_nobody_debits_under_anothers_agreement(
    merchant: Merchant, sandbox: Sandbox, merchants_key: RSAPrivateKey
) -> None:
    page(merchant, {**AGREEMENT, "external_agreement_no": "agreement4"})
    agreement_no = sandbox.act("agreement4", "confirm")["agreement_no"]
    other = Merchant(sandbox, merchants_key, app_id="2021000000000009").register()
    biz: dict[str, object] = {
        "out_trade_no": "cycle00009",
        "total_amount": "1.00",
        "subject": "还款",
        "product_code": "GENERAL_WITHHOLDING",
        "agreement_params": {"agreement_no": agreement_no},
    }
    assert other.call("alipay.trade.pay", biz)["sub_code"] == "ACQ.AGREEMENT_NOT_EXIST"
    asked = other.call("alipay.user.agreement.query", {"external_agreement_no": "agreement4"})
    assert asked["sub_code"] == "USER_AGREEMENT_NOT_EXIST"


def test_a_freeze_is_offered_once_and_taken_from_by_its_rules(merchant: Merchant, sandbox: Sandbox) -> None:
    create = "alipay.fund.auth.order.voucher.create"
    first = merchant.call(create, {**VOUCHER})
    assert merchant.call(create, {**VOUCHER})["code_value"] == first["code_value"]
    assert merchant.call(create, {**VOUCHER, "amount": "99.00"})["sub_code"] == "UNIQUE_VIOLATION"
    assert merchant.call(create, {**VOUCHER, "pay_timeout": "16d"})["sub_code"] == "ACQ.INVALID_PARAMETER"
    auth_no = sandbox.act("reserve001", "confirm")["auth_no"]
    assert merchant.call(create, {**VOUCHER})["sub_code"] == "FREEZE_ALREADY_SUCCESS"

    def unfreeze(number: str, amount: str) -> str:
        biz: dict[str, object] = {"auth_no": auth_no, "out_request_no": number, "amount": amount, "remark": "完成"}
        return str(merchant.call("alipay.fund.auth.order.unfreeze", biz).get("sub_code", "done"))

    assert unfreeze("release001", "60.00") == "done"
    assert unfreeze("release001", "50.00") == "UNIQUE_VIOLATION"
    assert unfreeze("release002", "60.00") == "REQUEST_AMOUNT_EXCEED"
    assert unfreeze("release002", "40.00") == "done"
    assert unfreeze("release003", "1.00") == "ORDER_ALREADY_FINISH"
    pay: dict[str, object] = {
        "out_trade_no": "capture001",
        "total_amount": "1.00",
        "subject": "扣款",
        "auth_no": "1",
        "product_code": "PREAUTH_PAY",
    }
    assert merchant.call("alipay.trade.pay", pay)["sub_code"] == "ACQ.AUTH_NO_ERROR"


def test_two_refunds_of_a_trade_are_three_seconds_apart(tmp_path: Path, merchants_key: RSAPrivateKey) -> None:
    with running_sandbox(tmp_path / "town", pace=1) as town:
        merchant = Merchant(town, merchants_key).register()
        number = merchant.opened()
        town.act(number, "confirm")

        def refund(request: str) -> str:
            biz: dict[str, object] = {"out_trade_no": number, "refund_amount": "1.00", "out_request_no": request}
            return str(merchant.call("alipay.trade.refund", biz).get("sub_code", "done"))

        assert [refund("r1"), refund("r2"), refund("r1")] == ["done", "ACQ.SYSTEM_ERROR", "done"]
        town.tell("clock", offset_seconds=4)
        assert refund("r2") == "done"


def test_a_line_of_the_bill_has_a_value_for_each_column() -> None:
    from fenqi.sandbox.alipay.bills import HEADER

    line = Line("1", "2", "a,b", 0.0, 0.0, -100, -1, "r1").written()
    assert line.count(",") == HEADER.count(",")
    assert line.endswith("\t")
