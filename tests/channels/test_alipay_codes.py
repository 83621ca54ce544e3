"""What Alipay's codes mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fenqi.channels.alipay.codes import ALIPAY_CODES
from fenqi.domain.payments import UNMAPPED, FailureCategory, Operation, Outcome, RetryMark, Verdict, verdict_on

# Every code of Alipay's documents for paying, ordering and auto-debit, with the category it belongs to.
PAY_CODES = {
    FailureCategory.INSUFFICIENT_BALANCE: "ACQ.BUYER_BALANCE_NOT_ENOUGH ACQ.BUYER_BANKCARD_BALANCE_NOT_ENOUGH",
    FailureCategory.WRONG_ACCOUNT_INFO: """
        ACQ.PAYMENT_AUTH_CODE_INVALID ACQ.BUYER_NOT_EXIST ACQ.USER_LOGONID_DUP ACQ.PAYER_UNMATCHED
        ACQ.TRADE_BUYER_NOT_MATCH ACQ.ERROR_BUYER_CERTIFY_LEVEL_LIMIT ACQ.NOT_CERTIFIED_USER
        ACQ.BUYER_NOT_MAINLAND_CERT
        ACQ.BUYER_SELLER_EQUAL""",
    FailureCategory.METHOD_UNAVAILABLE: """
        ACQ.TRADE_HAS_CLOSE ACQ.PAYMENT_REQUEST_HAS_RISK ACQ.NO_PAYMENT_INSTRUMENTS_AVAILABLE
        ACQ.ERROR_BALANCE_PAYMENT_DISABLE ACQ.MOBILE_PAYMENT_SWITCH_OFF ACQ.USER_FACE_PAYMENT_SWITCH_OFF
        ACQ.BUYER_ENABLE_STATUS_FORBID ACQ.PAYER_USER_STATUS_LIMIT_ERROR ACQ.AGREEMENT_NOT_EXIST ACQ.AGREEMENT_INVALID
        ACQ.AGREEMENT_STATUS_NOT_NORMAL ACQ.AGREEMENT_ERROR ACQ.BUYER_UNSUPPORT_ADVANCE ACQ.ZM_CREDIT_AUTH_FAIL
        ACQ.ZM_AUTH_RULE_LIMIT ACQ.NOW_TIME_AFTER_EXPIRE_TIME_ERROR""",
    FailureCategory.OUTCOME_UNKNOWN: """
        ACQ.SYSTEM_ERROR ACQ.CONTEXT_INCONSISTENT ACQ.PULL_MOBILE_CASHIER_FAIL ACQ.TRADE_NOT_EXIST
        10003 20000 isp.unknow-error aop.unknow-error""",
    FailureCategory.LIMIT_EXCEEDED: """
        ACQ.BUYER_PAYMENT_AMOUNT_DAY_LIMIT_ERROR ACQ.BUYER_PAYMENT_AMOUNT_MONTH_LIMIT_ERROR
        ACQ.CYCLE_PAY_SINGLE_FEE_EXCEED ACQ.CYCLE_PAY_TOTAL_FEE_EXCEED ACQ.CYCLE_PAY_TOTAL_TIMES_EXCEED
        ACQ.ZM_AUTH_AMOUNT_EXCEED ACQ.BEYOND_PAY_RESTRICTION ACQ.BEYOND_PER_RECEIPT_SINGLE_RESTRICTION
        ACQ.MERCHANT_PERM_RECEIPT_DAY_LIMIT ACQ.PRODUCT_AMOUNT_LIMIT_ERROR ACQ.RESTRICTED_MERCHANT_INDUSTRY""",
    FailureCategory.CHANNEL_MAINTENANCE: """
        ACQ.SELLER_BEEN_BLOCKED ACQ.MERCHANT_STATUS_NOT_NORMAL ACQ.MERCHANT_PERM_RECEIPT_SUSPEND_LIMIT
        40005 isv.app-call-limited isv.method-call-limited""",
    FailureCategory.CONTACT_SUPPORT: "ACQ.PAYMENT_FAIL",
    FailureCategory.MERCHANT_CONFIG: """
        ACQ.CYCLE_PAY_DATE_NOT_MATCH ACQ.TOTAL_FEE_EXCEED ACQ.EXIST_FORBIDDEN_WORD ACQ.INVALID_PARAMETER
        ACQ.ACCESS_FORBIDDEN ACQ.PARTNER_ERROR ACQ.SELLER_NOT_EXIST ACQ.MERCHANT_AGREEMENT_INVALID
        ACQ.RISK_MERCHANT_IP_NOT_EXIST
        40001 40002 40003 40006 20001 isv.invalid-signature
        aop.invalid-app-auth-token""",
}
RESERVE_CODES = [
    "MONEY_NOT_ENOUGH",
    "SYSTEM_ERROR",
    "FREEZE_ALREADY_SUCCESS",
    "UNIQUE_VIOLATION",
    "ORDER_ALREADY_CLOSED",
    "ORDER_ALREADY_FINISH",
    "ACQ.AUTH_ORDER_HAS_CLOSED",
    "ACQ.AUTH_ORDER_HAS_FINISHED",
    "ACQ.AUTH_AMOUNT_NOT_ENOUGH",
    "ACQ.REQUEST_AMOUNT_EXCEED",
    "REQUEST_AMOUNT_EXCEED",
    "ACQ.AUTH_NO_ERROR",
    "ACQ.PRE_AUTH_PROD_CODE_INCONSISTENT",
    "ILLEGAL_STATUS",
    "AUTH_ORDER_NOT_EXIST",
    "AUTH_OPERATION_NOT_EXIST",
    "PAYER_USER_STATUS_LIMIT",
    "NO_PAYMENT_INSTRUMENTS_AVAILABLE",
    "ERROR_BALANCE_PAYMENT_DISABLE",
    "CLIENT_VERSION_NOT_MATCH",
    "PAYER_NOT_EXIST",
    "PAYMENT_AUTH_CODE_INVALID",
    "USER_IDENTITY_INFO_VALIDATE_FAIL",
    "USER_ACCOUNT_VALIDATE_FAIL",
]
REFUND_CODES = [
    "ACQ.SYSTEM_ERROR",
    "ACQ.SELLER_BALANCE_NOT_ENOUGH",
    "ACQ.DISCORDANT_REPEAT_REQUEST",
    "ACQ.REASON_TRADE_REFUND_FEE_ERR",
    "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL",
    "ACQ.REFUND_FEE_ERROR",
    "ACQ.TRADE_HAS_FINISHED",
    "ACQ.TRADE_HAS_CLOSE",
    "ACQ.NOT_ALLOW_PARTIAL_REFUND",
    "ACQ.TRADE_NOT_ALLOW_REFUND",
    "ACQ.ONLINE_TRADE_VOUCHER_NOT_ALLOW_REFUND",
    "ACQ.BUYER_ERROR",
    "ACQ.CUSTOMER_VALIDATE_ERROR",
    "ACQ.TRADE_STATUS_ERROR",
    "ACQ.REASON_TRADE_STATUS_INVALID",
    "ACQ.REFUND_CHARGE_ERROR",
]

NEVER_SHOWN_WHILE_UNKNOWN = {
    FailureCategory.INSUFFICIENT_BALANCE,
    FailureCategory.WRONG_ACCOUNT_INFO,
    FailureCategory.METHOD_UNAVAILABLE,
    FailureCategory.LIMIT_EXCEEDED,
}


def of_pay(code: str) -> Verdict:
    return verdict_on(ALIPAY_CODES, Operation.PAY, code)


@pytest.mark.requirement("R141")
@pytest.mark.parametrize(
    ("code", "category"), [(code, category) for category, codes in PAY_CODES.items() for code in codes.split()]
)
def test_every_documented_code_of_a_payment_has_one_category(code: str, category: FailureCategory) -> None:
    assert of_pay(code).category is category


def test_every_documented_code_of_refunds_and_of_the_reserve_is_mapped() -> None:
    for code in REFUND_CODES:
        assert verdict_on(ALIPAY_CODES, Operation.REFUND, code) is not UNMAPPED, code
    for operation in (Operation.FREEZE, Operation.RELEASE, Operation.CAPTURE):
        for code in RESERVE_CODES:
            assert verdict_on(ALIPAY_CODES, operation, code) is not UNMAPPED, code


GATEWAY_CODES = ["20000", "isp.unknow-error", "ACQ.SYSTEM_ERROR", "40005", "isv.app-call-limited", "isv.invalid-sign"]
AGREEMENT_CODES = [*GATEWAY_CODES, "USER_AGREEMENT_NOT_EXIST", "ACQ.INVALID_PARAMETER", "SYSTEM_ERROR"]


def test_every_call_of_the_rail_has_its_codes() -> None:
    called = {
        Operation.PAY,
        Operation.QUERY,
        Operation.CLOSE,
        Operation.REFUND,
        Operation.QUERY_REFUND,
        Operation.FREEZE,
        Operation.RELEASE,
        Operation.CAPTURE,
        Operation.QUERY_AGREEMENT,
        Operation.END_AGREEMENT,
    }
    assert set(ALIPAY_CODES) == called
    for operation in called:
        for code in GATEWAY_CODES:
            assert verdict_on(ALIPAY_CODES, operation, code) is not UNMAPPED, (operation, code)


def test_every_documented_code_of_agreements_is_mapped() -> None:
    for operation in (Operation.QUERY_AGREEMENT, Operation.END_AGREEMENT):
        for code in AGREEMENT_CODES:
            assert verdict_on(ALIPAY_CODES, operation, code) is not UNMAPPED, (operation, code)
    assert verdict_on(ALIPAY_CODES, Operation.QUERY_AGREEMENT, "USER_AGREEMENT_NOT_EXIST").outcome is Outcome.NOT_FOUND
    assert verdict_on(ALIPAY_CODES, Operation.END_AGREEMENT, "USER_AGREEMENT_NOT_EXIST").outcome is Outcome.SUCCEEDED


@pytest.mark.parametrize("code", ["AUTH_ORDER_NOT_EXIST", "AUTH_OPERATION_NOT_EXIST"])
def test_a_freeze_nobody_opened_is_not_found_when_asked_about(code: str) -> None:
    assert verdict_on(ALIPAY_CODES, Operation.QUERY, code).outcome is Outcome.NOT_FOUND


@pytest.mark.parametrize(
    ("code", "outcome", "retry"),
    [
        ("ACQ.BUYER_BALANCE_NOT_ENOUGH", Outcome.FAILED, RetryMark.NEW_ATTEMPT),
        ("ACQ.SYSTEM_ERROR", Outcome.UNKNOWN, RetryMark.QUERY_FIRST),
        ("ACQ.CONTEXT_INCONSISTENT", Outcome.UNKNOWN, RetryMark.QUERY_FIRST),
        ("ACQ.TRADE_HAS_SUCCESS", Outcome.SUCCEEDED, RetryMark.QUERY_FIRST),
        ("ACQ.TRADE_NOT_EXIST", Outcome.NOT_FOUND, RetryMark.QUERY_FIRST),
        ("ACQ.BUYER_PAYMENT_AMOUNT_DAY_LIMIT_ERROR", Outcome.FAILED, RetryMark.LATER),
        ("10003", Outcome.WAITING, RetryMark.QUERY_FIRST),
    ],
)
def test_what_is_known_and_what_may_be_tried_again(code: str, outcome: Outcome, retry: RetryMark) -> None:
    assert (of_pay(code).outcome, of_pay(code).retry) == (outcome, retry)


@pytest.mark.parametrize(
    ("odd", "proper"),
    [
        ("acq.buyer_balance_not_enough", "ACQ.BUYER_BALANCE_NOT_ENOUGH"),
        ("AQC.BUYER_BALANCE_NOT_ENOUGH", "ACQ.BUYER_BALANCE_NOT_ENOUGH"),
        ("BUYER_BALANCE_NOT_ENOUGH", "ACQ.BUYER_BALANCE_NOT_ENOUGH"),
        ("ACQ.BUYERBALANCENOTENOUGH", "ACQ.BUYER_BALANCE_NOT_ENOUGH"),
        ("ACQ.BUYER_BANKCARD_BALANCE_NOT_E", "ACQ.BUYER_BANKCARD_BALANCE_NOT_ENOUGH"),
        ("ACQ.BUYER_PAYMENT_AMOUNT_DAY_LIM", "ACQ.BUYER_PAYMENT_AMOUNT_DAY_LIMIT_ERROR"),
        ("ACQ.BUYER_PAYMENT_AMOUNT_MONTH_L", "ACQ.BUYER_PAYMENT_AMOUNT_MONTH_LIMIT_ERROR"),
    ],
)
def test_codes_are_recognised_in_every_spelling_that_was_seen(odd: str, proper: str) -> None:
    assert of_pay(odd) == of_pay(proper)
    assert of_pay(odd) is not UNMAPPED


@pytest.mark.parametrize("code", ["", "ACQ.", "ACQ.BUYER", "ACQ.NO_SUCH_CODE", "40004", "*", "A" * 10_000])
def test_a_code_nobody_mapped_leaves_the_outcome_unknown_and_goes_to_a_person(code: str) -> None:
    verdict = of_pay(code)
    assert verdict.outcome is Outcome.UNKNOWN
    assert verdict.category is FailureCategory.CONTACT_SUPPORT
    assert verdict.alert


def test_the_same_code_means_another_thing_for_another_operation() -> None:
    assert of_pay("ACQ.TRADE_HAS_CLOSE").outcome is Outcome.FAILED
    assert verdict_on(ALIPAY_CODES, Operation.REFUND, "ACQ.TRADE_HAS_CLOSE").outcome is Outcome.UNKNOWN
    assert verdict_on({}, Operation.PAY, "ACQ.TRADE_HAS_CLOSE") is UNMAPPED


def test_the_sub_code_speaks_before_the_code() -> None:
    assert verdict_on(ALIPAY_CODES, Operation.PAY, "isp.unknow-error", "40001").outcome is Outcome.UNKNOWN
    assert (
        verdict_on(ALIPAY_CODES, Operation.PAY, "ACQ.WHAT_IS_THIS", "20000").category is FailureCategory.OUTCOME_UNKNOWN
    )


@pytest.mark.parametrize(
    "operation", [Operation.QUERY, Operation.CLOSE, Operation.QUERY_REFUND, Operation.QUERY_AGREEMENT]
)
def test_a_refused_question_never_says_that_a_payment_failed(operation: Operation) -> None:
    outcomes = {verdict.outcome for verdict in ALIPAY_CODES[operation].values()}
    assert outcomes <= {Outcome.UNKNOWN, Outcome.NOT_FOUND}


@pytest.mark.requirement("R137")
@given(st.sampled_from(Operation), st.text() | st.sampled_from(RESERVE_CODES + REFUND_CODES))
def test_nothing_is_said_about_balance_details_or_limits_while_the_outcome_is_unknown(
    operation: Operation, code: str
) -> None:
    verdict = verdict_on(ALIPAY_CODES, operation, code)
    if verdict.outcome in {Outcome.UNKNOWN, Outcome.WAITING, Outcome.NOT_FOUND}:
        assert verdict.shown_category is FailureCategory.OUTCOME_UNKNOWN
        assert verdict.category not in NEVER_SHOWN_WHILE_UNKNOWN


@pytest.mark.parametrize("category", FailureCategory)
def test_each_category_speaks_both_languages(category: FailureCategory) -> None:
    assert category.customer_line("zh-hans").endswith("。")
    assert category.customer_line("en").endswith(".")


def test_our_own_faults_are_never_put_on_the_customer() -> None:
    ours, support = FailureCategory.MERCHANT_CONFIG, FailureCategory.CONTACT_SUPPORT
    assert ours.customer_line("zh") == support.customer_line("zh")
    for verdicts in ALIPAY_CODES.values():
        assert all(verdict.alert for verdict in verdicts.values() if verdict.category is ours)
