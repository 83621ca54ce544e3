"""Alipay's codes (gateway v2): `sub_code` where the answer has one, else `code`.

The HTTP status is always 200; `code` 10000 only says that the call worked. What is said about a call (it was refused,
it came too often) says nothing about the payment when the call was a query or a close: there the outcome stays unknown.
"""

from collections.abc import Iterable, Mapping

from fenqi.domain.payments.attempts import Outcome
from fenqi.domain.payments.failures import FailureCategory, Operation, RetryMark, Verdict

_Row = tuple[str, Verdict]
"""Codes with one meaning, separated by blanks, and that meaning."""

_DONE_ALREADY = Verdict(Outcome.SUCCEEDED, None, RetryMark.QUERY_FIRST)
_UNKNOWN = Verdict(Outcome.UNKNOWN, FailureCategory.OUTCOME_UNKNOWN, RetryMark.QUERY_FIRST)
_PENDING = Verdict(Outcome.WAITING, FailureCategory.OUTCOME_UNKNOWN, RetryMark.QUERY_FIRST)
_NOT_FOUND = Verdict(Outcome.NOT_FOUND, FailureCategory.OUTCOME_UNKNOWN, RetryMark.QUERY_FIRST)
_SHORT_OF_MONEY = Verdict(Outcome.FAILED, FailureCategory.INSUFFICIENT_BALANCE, RetryMark.NEW_ATTEMPT)
_WRONG_DETAILS = Verdict(Outcome.FAILED, FailureCategory.WRONG_ACCOUNT_INFO, RetryMark.NEW_ATTEMPT)
_OTHER_METHOD = Verdict(Outcome.FAILED, FailureCategory.METHOD_UNAVAILABLE, RetryMark.NEW_ATTEMPT)
_PAYERS_LIMIT = Verdict(Outcome.FAILED, FailureCategory.LIMIT_EXCEEDED, RetryMark.LATER)
_ABOVE_AGREED = Verdict(Outcome.NOT_EXECUTED, FailureCategory.LIMIT_EXCEEDED, RetryMark.NEW_ATTEMPT)
_MERCHANTS_LIMIT = Verdict(Outcome.FAILED, FailureCategory.LIMIT_EXCEEDED, RetryMark.NEW_ATTEMPT, alert=True)
_MERCHANT_BLOCKED = Verdict(Outcome.FAILED, FailureCategory.CHANNEL_MAINTENANCE, RetryMark.NEW_ATTEMPT, alert=True)
_TOO_OFTEN = Verdict(Outcome.NOT_EXECUTED, FailureCategory.CHANNEL_MAINTENANCE, RetryMark.LATER, alert=True)
_OUR_FAULT = Verdict(Outcome.NOT_EXECUTED, FailureCategory.MERCHANT_CONFIG, RetryMark.NEVER, alert=True)
_SUPPORT = Verdict(Outcome.FAILED, FailureCategory.CONTACT_SUPPORT, RetryMark.NEVER)

_EVERY_CALL: tuple[_Row, ...] = (
    ("20000 isp.* aop.unknow-error ACQ.SYSTEM_ERROR", _UNKNOWN),
    ("40005 isv.app-call-limited isv.method-call-limited", _TOO_OFTEN),
    ("20001 40001 40002 40003 40006 isv.* aop.*", _OUR_FAULT),
    (
        "ACQ.INVALID_PARAMETER ACQ.ACCESS_FORBIDDEN ACQ.PARTNER_ERROR ACQ.SELLER_NOT_EXIST ACQ.EXIST_FORBIDDEN_WORD",
        _OUR_FAULT,
    ),
    ("ACQ.MERCHANT_AGREEMENT_* ACQ.RISK_MERCHANT_IP_NOT_EXIST", _OUR_FAULT),
)

_PAY: tuple[_Row, ...] = (
    *_EVERY_CALL,
    ("10003 ACQ.PULL_MOBILE_CASHIER_FAIL", _PENDING),
    ("ACQ.BUYER_BALANCE_NOT_ENOUGH ACQ.BUYER_BANKCARD_BALANCE_NOT_ENOUGH", _SHORT_OF_MONEY),
    ("ACQ.PAYMENT_AUTH_CODE_INVALID", _WRONG_DETAILS),
    ("ACQ.BUYER_NOT_EXIST ACQ.USER_LOGONID_DUP ACQ.PAYER_UNMATCHED ACQ.TRADE_BUYER_NOT_MATCH", _WRONG_DETAILS),
    ("ACQ.ERROR_BUYER_CERTIFY_LEVEL_LIMIT ACQ.NOT_CERTIFIED_USER ACQ.BUYER_NOT_MAINLAND_CERT", _WRONG_DETAILS),
    ("ACQ.BUYER_SELLER_EQUAL", _WRONG_DETAILS),
    ("ACQ.BUYER_PAYMENT_AMOUNT_DAY_LIMIT_ERROR ACQ.BUYER_PAYMENT_AMOUNT_MONTH_LIMIT_ERROR", _PAYERS_LIMIT),
    ("ACQ.TRADE_HAS_CLOSE ACQ.NOW_TIME_AFTER_EXPIRE_TIME_ERROR", _OTHER_METHOD),
    ("ACQ.TRADE_HAS_SUCCESS", _DONE_ALREADY),
    ("ACQ.CONTEXT_INCONSISTENT", _UNKNOWN),
    ("ACQ.PAYMENT_FAIL", Verdict(Outcome.FAILED, FailureCategory.CONTACT_SUPPORT, RetryMark.NEW_ATTEMPT)),
    ("ACQ.PAYMENT_REQUEST_HAS_RISK ACQ.NO_PAYMENT_INSTRUMENTS_AVAILABLE", _OTHER_METHOD),
    ("ACQ.ERROR_BALANCE_PAYMENT_DISABLE", _OTHER_METHOD),
    ("ACQ.MOBILE_PAYMENT_SWITCH_OFF ACQ.USER_FACE_PAYMENT_SWITCH_OFF", _OTHER_METHOD),
    ("ACQ.BUYER_ENABLE_STATUS_FORBID ACQ.PAYER_USER_STATUS_LIMIT_ERROR", _OTHER_METHOD),
    (
        "ACQ.AGREEMENT_NOT_EXIST ACQ.AGREEMENT_INVALID ACQ.AGREEMENT_STATUS_NOT_NORMAL ACQ.AGREEMENT_ERROR",
        _OTHER_METHOD,
    ),
    ("ACQ.BUYER_UNSUPPORT_ADVANCE ACQ.ZM_CREDIT_AUTH_FAIL ACQ.ZM_AUTH_RULE_LIMIT", _OTHER_METHOD),
    (
        "ACQ.CYCLE_PAY_DATE_NOT_MATCH",
        Verdict(Outcome.NOT_EXECUTED, FailureCategory.MERCHANT_CONFIG, RetryMark.LATER, alert=True),
    ),
    (
        "ACQ.CYCLE_PAY_SINGLE_FEE_EXCEED ACQ.CYCLE_PAY_TOTAL_FEE_EXCEED ACQ.CYCLE_PAY_TOTAL_TIMES_EXCEED",
        _ABOVE_AGREED,
    ),
    ("ACQ.ZM_AUTH_AMOUNT_EXCEED", Verdict(Outcome.FAILED, FailureCategory.LIMIT_EXCEEDED, RetryMark.NEW_ATTEMPT)),
    (
        "ACQ.BEYOND_PAY_RESTRICTION ACQ.BEYOND_PER_RECEIPT_*_RESTRICTION ACQ.MERCHANT_PERM_RECEIPT_*_LIMIT",
        _MERCHANTS_LIMIT,
    ),
    ("ACQ.PRODUCT_AMOUNT_LIMIT_ERROR ACQ.RESTRICTED_MERCHANT_INDUSTRY", _MERCHANTS_LIMIT),
    (
        "ACQ.SELLER_BEEN_BLOCKED ACQ.MERCHANT_STATUS_NOT_NORMAL ACQ.MERCHANT_PERM_RECEIPT_SUSPEND_LIMIT",
        _MERCHANT_BLOCKED,
    ),
    ("ACQ.TOTAL_FEE_EXCEED", _OUR_FAULT),
    ("ACQ.TRADE_NOT_EXIST", _NOT_FOUND),
)

# A refused query or close leaves the payment as unknown as it was; operations hear of it, the customer does not.
_ABOUT_A_PAYMENT: tuple[_Row, ...] = (
    *(
        (codes, Verdict(Outcome.UNKNOWN, verdict.category, verdict.retry, verdict.alert))
        for codes, verdict in _EVERY_CALL
    ),
    ("ACQ.TRADE_NOT_EXIST", _NOT_FOUND),
)

_CLOSE: tuple[_Row, ...] = (
    *_ABOUT_A_PAYMENT,
    # Not waiting for the payer any more: paid, closed or refunded, which only a query can tell.
    (
        "ACQ.TRADE_STATUS_ERROR ACQ.REASON_TRADE_STATUS_INVALID ACQ.REASON_ILLEGAL_STATUS ACQ.TRADE_HAS_SUCCESS",
        _UNKNOWN,
    ),
    ("ACQ.TRADE_HAS_CLOSE ACQ.TRADE_HAS_FINISHED", _UNKNOWN),
)

_REFUND: tuple[_Row, ...] = (
    *_EVERY_CALL,
    ("ACQ.SYSTEM_ERROR", Verdict(Outcome.UNKNOWN, FailureCategory.OUTCOME_UNKNOWN, RetryMark.SAME_REQUEST)),
    # The merchant's money is short: the same refund again after a top-up.
    (
        "ACQ.SELLER_BALANCE_NOT_ENOUGH ACQ.REFUND_CHARGE_ERROR",
        Verdict(Outcome.NOT_EXECUTED, FailureCategory.CHANNEL_MAINTENANCE, RetryMark.LATER, alert=True),
    ),
    # Something else went back under this number; what, only a person can tell.
    (
        "ACQ.DISCORDANT_REPEAT_REQUEST",
        Verdict(Outcome.UNKNOWN, FailureCategory.MERCHANT_CONFIG, RetryMark.NEVER, alert=True),
    ),
    ("ACQ.REASON_TRADE_REFUND_FEE_ERR ACQ.REFUND_AMT_NOT_EQUAL_TOTAL ACQ.REFUND_FEE_ERROR", _OUR_FAULT),
    ("ACQ.TRADE_HAS_FINISHED", _SUPPORT),
    ("ACQ.NOT_ALLOW_PARTIAL_REFUND ACQ.TRADE_NOT_ALLOW_REFUND ACQ.ONLINE_TRADE_VOUCHER_NOT_ALLOW_REFUND", _SUPPORT),
    ("ACQ.BUYER_ERROR ACQ.CUSTOMER_VALIDATE_ERROR", _SUPPORT),
    ("ACQ.TRADE_HAS_CLOSE ACQ.TRADE_STATUS_ERROR ACQ.REASON_TRADE_STATUS_INVALID", _UNKNOWN),
    ("ACQ.TRADE_NOT_EXIST", _NOT_FOUND),
)

_RESERVE: tuple[_Row, ...] = (
    *_EVERY_CALL,
    ("MONEY_NOT_ENOUGH", _SHORT_OF_MONEY),
    ("SYSTEM_ERROR UNIQUE_VIOLATION", _UNKNOWN),
    ("FREEZE_ALREADY_SUCCESS", _DONE_ALREADY),
    ("ORDER_ALREADY_CLOSED ORDER_ALREADY_FINISH", _OTHER_METHOD),
    ("ACQ.AUTH_ORDER_HAS_CLOSED ACQ.AUTH_ORDER_HAS_FINISHED", _OTHER_METHOD),
    (
        "ACQ.AUTH_AMOUNT_NOT_ENOUGH ACQ.REQUEST_AMOUNT_EXCEED REQUEST_AMOUNT_EXCEED",
        Verdict(Outcome.NOT_EXECUTED, FailureCategory.LIMIT_EXCEEDED, RetryMark.NEVER, alert=True),
    ),
    ("ACQ.AUTH_NO_ERROR ACQ.PRE_AUTH_PROD_CODE_INCONSISTENT ILLEGAL_STATUS AUTH_ORDER_NOT_EXIST", _OUR_FAULT),
    ("AUTH_OPERATION_NOT_EXIST", _OUR_FAULT),
    ("PAYER_USER_STATUS_LIMIT NO_PAYMENT_INSTRUMENTS_AVAILABLE ERROR_BALANCE_PAYMENT_DISABLE", _OTHER_METHOD),
    ("CLIENT_VERSION_NOT_MATCH", _OTHER_METHOD),
    (
        "PAYER_NOT_EXIST PAYMENT_AUTH_CODE_INVALID USER_IDENTITY_INFO_VALIDATE_FAIL USER_ACCOUNT_VALIDATE_FAIL",
        _WRONG_DETAILS,
    ),
)


def _table(rows: Iterable[_Row]) -> dict[str, Verdict]:
    """One entry for each code; a later row overrides an earlier, more general one."""
    return {code: verdict for codes, verdict in rows for code in codes.split()}


ALIPAY_VERDICTS: Mapping[Operation, Mapping[str, Verdict]] = {
    Operation.PAY: _table(_PAY),
    Operation.QUERY: _table(_ABOUT_A_PAYMENT),
    Operation.CLOSE: _table(_CLOSE),
    Operation.REFUND: _table(_REFUND),
    Operation.QUERY_REFUND: _table(_ABOUT_A_PAYMENT),
    Operation.FREEZE: _table(_RESERVE),
    Operation.RELEASE: _table(_RESERVE),
    Operation.CAPTURE: {**_table(_PAY), **_table(_RESERVE)},
}
