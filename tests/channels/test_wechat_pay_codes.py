"""What WeChat Pay's codes mean: every documented one is mapped, for the operation it belongs to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fenqi.channels.wechat_pay.codes import WECHAT_PAY_CODES, WECHAT_PAY_DEBIT_CODES
from fenqi.domain.payments import UNMAPPED, FailureCategory, Operation, Outcome, RetryMark, Verdict, verdict_on

# Every code of WeChat Pay's documents for ordering, querying, closing and for synchronous charges, as it is spelt
# there, with the category it belongs to.
PAY_CODES = {
    FailureCategory.INSUFFICIENT_BALANCE: "NOTENOUGH NOT_ENOUGH",
    FailureCategory.WRONG_ACCOUNT_INFO: "AUTHCODEEXPIRE AUTH_CODE_ERROR AUTH_CODE_INVALID",
    FailureCategory.METHOD_UNAVAILABLE: """
        ACCOUNTERROR ACCOUNT_ERROR ORDER_CLOSED ORDERCLOSED ORDERREVERSED NOTSUPORTCARD BUYER_MISMATCH""",
    FailureCategory.OUTCOME_UNKNOWN: """
        USERPAYING USER_PAYING SYSTEMERROR SYSTEM_ERROR BANKERROR BANK_ERROR OUT_TRADE_NO_USED 201
        ORDERNOTEXIST ORDER_NOT_EXIST""",
    FailureCategory.LIMIT_EXCEEDED: "RULELIMIT RULE_LIMIT 今日收款超出单日收款最大金额",
    FailureCategory.CHANNEL_MAINTENANCE: "FREQUENCY_LIMITED",
    FailureCategory.CONTACT_SUPPORT: "TRADE_ERROR",
    FailureCategory.MERCHANT_CONFIG: """
        PARAM_ERROR INVALID_REQUEST APPID_MCHID_NOT_MATCH MCH_NOT_EXISTS SIGN_ERROR NO_AUTH NOAUTH
        OPENID_MISMATCH INVALID_TRANSACTIONID""",
}
REFUND_CODES = {
    "NOT_ENOUGH": (Outcome.NOT_EXECUTED, FailureCategory.CHANNEL_MAINTENANCE, RetryMark.LATER),
    "USER_ACCOUNT_ABNORMAL": (Outcome.FAILED, FailureCategory.CONTACT_SUPPORT, RetryMark.NEVER),
    "RESOURCE_NOT_EXISTS": (Outcome.NOT_EXECUTED, FailureCategory.MERCHANT_CONFIG, RetryMark.SAME_REQUEST),
    "FREQUENCY_LIMITED": (Outcome.UNKNOWN, FailureCategory.OUTCOME_UNKNOWN, RetryMark.QUERY_FIRST),
    "SYSTEM_ERROR": (Outcome.UNKNOWN, FailureCategory.OUTCOME_UNKNOWN, RetryMark.SAME_REQUEST),
    "INVALID_REQUEST": (Outcome.NOT_EXECUTED, FailureCategory.MERCHANT_CONFIG, RetryMark.NEVER),
    "TRADE_OVERDUE": (Outcome.FAILED, FailureCategory.CONTACT_SUPPORT, RetryMark.NEVER),
    "REFUND_FEE_MISMATCH": (Outcome.UNKNOWN, FailureCategory.MERCHANT_CONFIG, RetryMark.NEVER),
    "MCH_NOT_EXISTS": (Outcome.NOT_EXECUTED, FailureCategory.MERCHANT_CONFIG, RetryMark.NEVER),
}
DEBIT_CODES = {
    "CONTRACT_TERMINATED": FailureCategory.METHOD_UNAVAILABLE,
    "CONTRACT_NOT_EXIST": FailureCategory.METHOD_UNAVAILABLE,
    "PRE_NOTIFY_NOT_FOUND": FailureCategory.MERCHANT_CONFIG,
    "OUT_OF_DEDUCT_DURATION": FailureCategory.MERCHANT_CONFIG,
    "AMOUNT_EXCEEDS_ESTIMATE": FailureCategory.MERCHANT_CONFIG,
}
PAIRS = [(code, category) for category, codes in PAY_CODES.items() for code in codes.split()]
TABLES = (WECHAT_PAY_CODES, WECHAT_PAY_DEBIT_CODES)

NEVER_SHOWN_WHILE_UNKNOWN = {
    FailureCategory.INSUFFICIENT_BALANCE,
    FailureCategory.WRONG_ACCOUNT_INFO,
    FailureCategory.METHOD_UNAVAILABLE,
    FailureCategory.LIMIT_EXCEEDED,
}


def of_pay(code: str) -> Verdict:
    return verdict_on(WECHAT_PAY_CODES, Operation.PAY, code)


@pytest.mark.requirement("R141")
@pytest.mark.parametrize(("code", "category"), PAIRS)
def test_every_documented_code_of_a_payment_has_one_category(code: str, category: FailureCategory) -> None:
    assert of_pay(code).category is category
    assert verdict_on(WECHAT_PAY_DEBIT_CODES, Operation.PAY, code).category is category


@pytest.mark.parametrize("code", ["ORDERPAID", "ORDER_PAID"])
def test_an_order_that_is_paid_already_is_no_failure(code: str) -> None:
    assert (of_pay(code).outcome, of_pay(code).category) == (Outcome.SUCCEEDED, None)


@pytest.mark.parametrize(("code", "said"), REFUND_CODES.items())
def test_every_documented_code_of_a_refund_is_mapped(
    code: str, said: tuple[Outcome, FailureCategory, RetryMark]
) -> None:
    verdict = verdict_on(WECHAT_PAY_CODES, Operation.REFUND, code)
    assert (verdict.outcome, verdict.category, verdict.retry) == said


@pytest.mark.parametrize(("code", "category"), DEBIT_CODES.items())
def test_what_ails_a_contract_is_told_apart(code: str, category: FailureCategory) -> None:
    assert verdict_on(WECHAT_PAY_DEBIT_CODES, Operation.PAY, code).category is category


@pytest.mark.parametrize(
    ("code", "outcome", "retry"),
    [
        ("NOTENOUGH", Outcome.FAILED, RetryMark.NEW_ATTEMPT),
        ("BANKERROR", Outcome.UNKNOWN, RetryMark.QUERY_FIRST),
        ("USERPAYING", Outcome.WAITING, RetryMark.QUERY_FIRST),
        ("RULELIMIT", Outcome.FAILED, RetryMark.LATER),
        ("FREQUENCY_LIMITED", Outcome.NOT_EXECUTED, RetryMark.LATER),
        ("OUT_TRADE_NO_USED", Outcome.UNKNOWN, RetryMark.QUERY_FIRST),
        ("SYSTEMERROR", Outcome.UNKNOWN, RetryMark.SAME_REQUEST),
        ("TRADE_ERROR", Outcome.FAILED, RetryMark.QUERY_FIRST),
    ],
)
def test_what_is_known_and_what_may_be_tried_again(code: str, outcome: Outcome, retry: RetryMark) -> None:
    assert (of_pay(code).outcome, of_pay(code).retry) == (outcome, retry)


def test_an_order_may_be_sent_again_but_a_debit_is_asked_about_first() -> None:
    assert of_pay("SYSTEM_ERROR").retry is RetryMark.SAME_REQUEST
    assert verdict_on(WECHAT_PAY_DEBIT_CODES, Operation.PAY, "SYSTEM_ERROR").retry is RetryMark.QUERY_FIRST


def test_the_same_code_means_another_thing_for_another_operation() -> None:
    assert of_pay("NOT_ENOUGH").category is FailureCategory.INSUFFICIENT_BALANCE
    assert not of_pay("NOT_ENOUGH").alert
    refund = verdict_on(WECHAT_PAY_CODES, Operation.REFUND, "NOT_ENOUGH")
    assert (refund.category, refund.alert) == (FailureCategory.CHANNEL_MAINTENANCE, True)


@pytest.mark.parametrize(
    "operation", [Operation.QUERY, Operation.CLOSE, Operation.QUERY_REFUND, Operation.QUERY_AGREEMENT]
)
def test_a_refused_question_never_says_that_something_failed(operation: Operation) -> None:
    outcomes = {verdict.outcome for verdict in WECHAT_PAY_CODES[operation].values()}
    assert outcomes <= {Outcome.UNKNOWN, Outcome.NOT_FOUND}


@pytest.mark.parametrize("operation", WECHAT_PAY_CODES)
def test_a_code_that_nobody_mapped_is_unknown_everywhere(operation: Operation) -> None:
    assert verdict_on(WECHAT_PAY_CODES, operation, "WHAT_IS_THIS") is UNMAPPED


@pytest.mark.requirement("R137")
@given(st.sampled_from(Operation), st.text() | st.sampled_from([code for code, _ in PAIRS] + list(REFUND_CODES)))
def test_nothing_is_said_about_balance_details_or_limits_while_the_outcome_is_unknown(
    operation: Operation, code: str
) -> None:
    for codes in TABLES:
        verdict = verdict_on(codes, operation, code)
        if verdict.outcome in {Outcome.UNKNOWN, Outcome.WAITING, Outcome.NOT_FOUND}:
            assert verdict.shown_category is FailureCategory.OUTCOME_UNKNOWN
            assert verdict.category not in NEVER_SHOWN_WHILE_UNKNOWN


def test_our_own_faults_are_told_to_operations() -> None:
    for codes in TABLES:
        for verdicts in codes.values():
            ours = [verdict for verdict in verdicts.values() if verdict.category is FailureCategory.MERCHANT_CONFIG]
            assert all(verdict.alert for verdict in ours)
