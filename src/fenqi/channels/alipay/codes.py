"""Alipay's codes (gateway v2): `sub_code` where the answer has one, else `code`.

The HTTP status is always 200; `code` 10000 only says that the call worked. What is said about a call (it was refused,
it came too often) says nothing about the payment when the call was a query or a close: there the outcome stays unknown.
"""

from typing import Final

from fenqi.domain.payments import FailureCategory, Operation, Outcome, RetryMark, Verdict
from fenqi.domain.payments.meanings import (
    ABOVE_AGREED,
    DONE_ALREADY,
    MERCHANT_BLOCKED,
    MERCHANTS_LIMIT,
    NOT_FOUND,
    OTHER_METHOD,
    OUR_FAULT,
    PAYERS_LIMIT,
    PENDING,
    SHORT_OF_MONEY,
    SUPPORT,
    TOO_OFTEN,
    UNKNOWN,
    WRONG_DETAILS,
    CodeRow,
    CodeTable,
    table,
)

_EVERY_CALL: tuple[CodeRow, ...] = (
    ("20000 isp.* aop.unknow-error ACQ.SYSTEM_ERROR", UNKNOWN),
    ("40005 isv.app-call-limited isv.method-call-limited", TOO_OFTEN),
    ("20001 40001 40002 40003 40006 isv.* aop.*", OUR_FAULT),
    (
        "ACQ.INVALID_PARAMETER ACQ.ACCESS_FORBIDDEN ACQ.PARTNER_ERROR ACQ.SELLER_NOT_EXIST ACQ.EXIST_FORBIDDEN_WORD",
        OUR_FAULT,
    ),
    ("ACQ.MERCHANT_AGREEMENT_* ACQ.RISK_MERCHANT_IP_NOT_EXIST", OUR_FAULT),
)

_PAY: tuple[CodeRow, ...] = (
    *_EVERY_CALL,
    ("10003 ACQ.PULL_MOBILE_CASHIER_FAIL", PENDING),
    ("ACQ.BUYER_BALANCE_NOT_ENOUGH ACQ.BUYER_BANKCARD_BALANCE_NOT_ENOUGH", SHORT_OF_MONEY),
    ("ACQ.PAYMENT_AUTH_CODE_INVALID", WRONG_DETAILS),
    ("ACQ.BUYER_NOT_EXIST ACQ.USER_LOGONID_DUP ACQ.PAYER_UNMATCHED ACQ.TRADE_BUYER_NOT_MATCH", WRONG_DETAILS),
    ("ACQ.ERROR_BUYER_CERTIFY_LEVEL_LIMIT ACQ.NOT_CERTIFIED_USER ACQ.BUYER_NOT_MAINLAND_CERT", WRONG_DETAILS),
    ("ACQ.BUYER_SELLER_EQUAL", WRONG_DETAILS),
    ("ACQ.BUYER_PAYMENT_AMOUNT_DAY_LIMIT_ERROR ACQ.BUYER_PAYMENT_AMOUNT_MONTH_LIMIT_ERROR", PAYERS_LIMIT),
    ("ACQ.TRADE_HAS_CLOSE ACQ.NOW_TIME_AFTER_EXPIRE_TIME_ERROR", OTHER_METHOD),
    ("ACQ.TRADE_HAS_SUCCESS", DONE_ALREADY),
    ("ACQ.CONTEXT_INCONSISTENT", UNKNOWN),
    ("ACQ.PAYMENT_FAIL", Verdict(Outcome.FAILED, FailureCategory.CONTACT_SUPPORT, RetryMark.NEW_ATTEMPT)),
    ("ACQ.PAYMENT_REQUEST_HAS_RISK ACQ.NO_PAYMENT_INSTRUMENTS_AVAILABLE", OTHER_METHOD),
    ("ACQ.ERROR_BALANCE_PAYMENT_DISABLE", OTHER_METHOD),
    ("ACQ.MOBILE_PAYMENT_SWITCH_OFF ACQ.USER_FACE_PAYMENT_SWITCH_OFF", OTHER_METHOD),
    ("ACQ.BUYER_ENABLE_STATUS_FORBID ACQ.PAYER_USER_STATUS_LIMIT_ERROR", OTHER_METHOD),
    (
        "ACQ.AGREEMENT_NOT_EXIST ACQ.AGREEMENT_INVALID ACQ.AGREEMENT_STATUS_NOT_NORMAL ACQ.AGREEMENT_ERROR",
        OTHER_METHOD,
    ),
    ("ACQ.BUYER_UNSUPPORT_ADVANCE ACQ.ZM_CREDIT_AUTH_FAIL ACQ.ZM_AUTH_RULE_LIMIT", OTHER_METHOD),
    (
        "ACQ.CYCLE_PAY_DATE_NOT_MATCH",
        Verdict(Outcome.NOT_EXECUTED, FailureCategory.MERCHANT_CONFIG, RetryMark.LATER, alert=True),
    ),
    (
        "ACQ.CYCLE_PAY_SINGLE_FEE_EXCEED ACQ.CYCLE_PAY_TOTAL_FEE_EXCEED ACQ.CYCLE_PAY_TOTAL_TIMES_EXCEED",
        ABOVE_AGREED,
    ),
    ("ACQ.ZM_AUTH_AMOUNT_EXCEED", Verdict(Outcome.FAILED, FailureCategory.LIMIT_EXCEEDED, RetryMark.NEW_ATTEMPT)),
    (
        "ACQ.BEYOND_PAY_RESTRICTION ACQ.BEYOND_PER_RECEIPT_*_RESTRICTION ACQ.MERCHANT_PERM_RECEIPT_*_LIMIT",
        MERCHANTS_LIMIT,
    ),
    ("ACQ.PRODUCT_AMOUNT_LIMIT_ERROR ACQ.RESTRICTED_MERCHANT_INDUSTRY", MERCHANTS_LIMIT),
    (
        "ACQ.SELLER_BEEN_BLOCKED ACQ.MERCHANT_STATUS_NOT_NORMAL ACQ.MERCHANT_PERM_RECEIPT_SUSPEND_LIMIT",
        MERCHANT_BLOCKED,
    ),
    ("ACQ.TOTAL_FEE_EXCEED", OUR_FAULT),
    ("ACQ.TRADE_NOT_EXIST", NOT_FOUND),
)

# A refused question leaves what it asked about as unknown as it was; operations hear of it, the customer does not.
_QUESTION: tuple[CodeRow, ...] = (
    *(
        (codes, Verdict(Outcome.UNKNOWN, verdict.category, verdict.retry, verdict.alert))
        for codes, verdict in _EVERY_CALL
    ),
    ("ACQ.TRADE_NOT_EXIST AUTH_ORDER_NOT_EXIST AUTH_OPERATION_NOT_EXIST USER_AGREEMENT_NOT_EXIST", NOT_FOUND),
)

_CLOSE: tuple[CodeRow, ...] = (
    *_QUESTION,
    # Not waiting for the payer any more: paid, closed or refunded, which only a query can tell.
    (
        "ACQ.TRADE_STATUS_ERROR ACQ.REASON_TRADE_STATUS_INVALID ACQ.REASON_ILLEGAL_STATUS ACQ.TRADE_HAS_SUCCESS",
        UNKNOWN,
    ),
    ("ACQ.TRADE_HAS_CLOSE ACQ.TRADE_HAS_FINISHED", UNKNOWN),
)

_REFUND: tuple[CodeRow, ...] = (
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
    ("ACQ.REASON_TRADE_REFUND_FEE_ERR ACQ.REFUND_AMT_NOT_EQUAL_TOTAL ACQ.REFUND_FEE_ERROR", OUR_FAULT),
    ("ACQ.TRADE_HAS_FINISHED", SUPPORT),
    ("ACQ.NOT_ALLOW_PARTIAL_REFUND ACQ.TRADE_NOT_ALLOW_REFUND ACQ.ONLINE_TRADE_VOUCHER_NOT_ALLOW_REFUND", SUPPORT),
    ("ACQ.BUYER_ERROR ACQ.CUSTOMER_VALIDATE_ERROR", SUPPORT),
    ("ACQ.TRADE_HAS_CLOSE ACQ.TRADE_STATUS_ERROR ACQ.REASON_TRADE_STATUS_INVALID", UNKNOWN),
    ("ACQ.TRADE_NOT_EXIST", NOT_FOUND),
)

_RESERVE: tuple[CodeRow, ...] = (
    *_EVERY_CALL,
    ("MONEY_NOT_ENOUGH", SHORT_OF_MONEY),
    ("SYSTEM_ERROR UNIQUE_VIOLATION", UNKNOWN),
    ("FREEZE_ALREADY_SUCCESS", DONE_ALREADY),
    ("ORDER_ALREADY_CLOSED ORDER_ALREADY_FINISH", OTHER_METHOD),
    ("ACQ.AUTH_ORDER_HAS_CLOSED ACQ.AUTH_ORDER_HAS_FINISHED", OTHER_METHOD),
    (
        "ACQ.AUTH_AMOUNT_NOT_ENOUGH ACQ.REQUEST_AMOUNT_EXCEED REQUEST_AMOUNT_EXCEED",
        Verdict(Outcome.NOT_EXECUTED, FailureCategory.LIMIT_EXCEEDED, RetryMark.NEVER, alert=True),
    ),
    ("ACQ.AUTH_NO_ERROR ACQ.PRE_AUTH_PROD_CODE_INCONSISTENT ILLEGAL_STATUS AUTH_ORDER_NOT_EXIST", OUR_FAULT),
    ("AUTH_OPERATION_NOT_EXIST", OUR_FAULT),
    ("PAYER_USER_STATUS_LIMIT NO_PAYMENT_INSTRUMENTS_AVAILABLE ERROR_BALANCE_PAYMENT_DISABLE", OTHER_METHOD),
    ("CLIENT_VERSION_NOT_MATCH", OTHER_METHOD),
    (
        "PAYER_NOT_EXIST PAYMENT_AUTH_CODE_INVALID USER_IDENTITY_INFO_VALIDATE_FAIL USER_ACCOUNT_VALIDATE_FAIL",
        WRONG_DETAILS,
    ),
)


_END_AGREEMENT: tuple[CodeRow, ...] = (
    *_EVERY_CALL,
    ("USER_AGREEMENT_NOT_EXIST", DONE_ALREADY),  # nothing can be debited any more, which is what was asked for
)

ALIPAY_CODES: CodeTable = {
    Operation.PAY: table(_PAY),
    Operation.QUERY: table(_QUESTION),
    Operation.CLOSE: table(_CLOSE),
    Operation.REFUND: table(_REFUND),
    Operation.QUERY_REFUND: table(_QUESTION),
    Operation.FREEZE: table(_RESERVE),
    Operation.RELEASE: table(_RESERVE),
    Operation.CAPTURE: {**table(_PAY), **table(_RESERVE)},
    Operation.QUERY_AGREEMENT: table(_QUESTION),
    Operation.END_AGREEMENT: table(_END_AGREEMENT),
}

EMPTY_BILL_CODES: Final = frozenset(["NO_BILL_DATA", "BILL_NOT_EXIST", "EMPTY_DATA_WITH_BILL_FILE"])
"""The day had nothing on it; without the prefix (`isp.`), in capitals."""

LATER_BILL_CODES: Final = frozenset(["SYSTEM_RATE_LIMIT", "USER_RATE_LIMIT", "SYSTEM_ERROR", "UNKNOW-ERROR", "20000"])
"""Ask for the bill again later: Alipay has no code of its own for a bill that is still being made."""
