"""WeChat Pay's codes (version 3, and the older ones that still turn up).

Codes are written with and without `_` in WeChat's own pages, and are read either way. A payer who fails at the cashier
gives the merchant no code at all: the order stays NOTPAY. Only a debit under a contract is refused with a reason.
"""

from fenqi.domain.payments import FailureCategory, Operation, Outcome, RetryMark, Verdict
from fenqi.domain.payments.meanings import (
    DONE_ALREADY,
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

SEND_AGAIN = Verdict(Outcome.UNKNOWN, FailureCategory.OUTCOME_UNKNOWN, RetryMark.SAME_REQUEST)
"""Nobody knows, and the same number with the same parameters is harmless."""

_CALL_REFUSED: tuple[CodeRow, ...] = (
    ("PARAM_ERROR INVALID_REQUEST APPID_MCHID_NOT_MATCH MCH_NOT_EXISTS SIGN_ERROR NO_AUTH", OUR_FAULT),
    ("OPENID_MISMATCH INVALID_TRANSACTIONID", OUR_FAULT),
    ("FREQUENCY_LIMITED", TOO_OFTEN),
)

_CHARGE: tuple[CodeRow, ...] = (
    *_CALL_REFUSED,
    ("NOT_ENOUGH", SHORT_OF_MONEY),
    ("USER_PAYING", PENDING),
    ("BANK_ERROR", UNKNOWN),
    ("ACCOUNT_ERROR NOTSUPORTCARD BUYER_MISMATCH", OTHER_METHOD),
    ("RULE_LIMIT", PAYERS_LIMIT),
    ("今日收款超出单日收款最大金额", MERCHANTS_LIMIT),  # a text where other failures have a code
    ("ORDER_CLOSED ORDER_REVERSED", OTHER_METHOD),
    # "For a business reason"; believed only when a query says the same.
    ("TRADE_ERROR", Verdict(Outcome.FAILED, FailureCategory.CONTACT_SUPPORT, RetryMark.QUERY_FIRST)),
    # The number was sent with other parameters, or for another product: what became of that, a query tells.
    ("OUT_TRADE_NO_USED 201", UNKNOWN),
    ("ORDER_PAID", DONE_ALREADY),
    ("AUTH_CODE_EXPIRE AUTH_CODE_ERROR AUTH_CODE_INVALID", WRONG_DETAILS),
    ("ORDER_NOT_EXIST", NOT_FOUND),
)

_ORDER: tuple[CodeRow, ...] = (*_CHARGE, ("SYSTEM_ERROR", SEND_AGAIN))

_DEBIT: tuple[CodeRow, ...] = (
    *_CHARGE,
    ("SYSTEM_ERROR", UNKNOWN),
    # The names of the rest are unverified.
    (
        "CONTRACT_NOT_EXIST CONTRACT_TERMINATED CONTRACT_EXPIRED CONTRACT_NOT_EFFECTIVE RESOURCE_NOT_EXISTS",
        OTHER_METHOD,
    ),
    (
        "PRE_NOTIFY_NOT_FOUND OUT_OF_DEDUCT_DURATION",  # no notice before it, or outside the days it was announced for
        Verdict(Outcome.NOT_EXECUTED, FailureCategory.MERCHANT_CONFIG, RetryMark.LATER, alert=True),
    ),
    ("AMOUNT_EXCEEDS_ESTIMATE", OUR_FAULT),
)

# A refused question or close leaves the payment as unknown as it was; operations hear of it, the customer does not.
_ASKED: tuple[CodeRow, ...] = (
    *(
        (codes, Verdict(Outcome.UNKNOWN, verdict.category, verdict.retry, verdict.alert))
        for codes, verdict in _CALL_REFUSED
    ),
    ("SYSTEM_ERROR BANK_ERROR", UNKNOWN),
)

_QUERY: tuple[CodeRow, ...] = (*_ASKED, ("ORDER_NOT_EXIST", NOT_FOUND))

_CLOSE: tuple[CodeRow, ...] = (
    *_QUERY,
    # Not open any more, or just being paid: which, only a query can tell.
    ("ORDER_PAID ORDER_CLOSED ORDER_REVERSED TRADE_ERROR USER_PAYING", UNKNOWN),
)

_REFUND: tuple[CodeRow, ...] = (
    *_CALL_REFUSED,
    ("SYSTEM_ERROR BANK_ERROR", SEND_AGAIN),
    ("FREQUENCY_LIMITED", UNKNOWN),  # the refund may be under way already
    # The merchant's money is short: the same refund again after a top-up.
    ("NOT_ENOUGH", Verdict(Outcome.NOT_EXECUTED, FailureCategory.CHANNEL_MAINTENANCE, RetryMark.LATER, alert=True)),
    ("USER_ACCOUNT_ABNORMAL TRADE_OVERDUE", SUPPORT),
    ("REFUND_FEE_MISMATCH", Verdict(Outcome.UNKNOWN, FailureCategory.MERCHANT_CONFIG, RetryMark.NEVER, alert=True)),
    # The order is unknown or unpaid.
    (
        "RESOURCE_NOT_EXISTS ORDER_NOT_EXIST",
        Verdict(Outcome.NOT_EXECUTED, FailureCategory.MERCHANT_CONFIG, RetryMark.SAME_REQUEST, alert=True),
    ),
)

_QUERY_REFUND: tuple[CodeRow, ...] = (
    *_ASKED,
    (
        "RESOURCE_NOT_EXISTS",
        Verdict(Outcome.NOT_FOUND, FailureCategory.OUTCOME_UNKNOWN, RetryMark.SAME_REQUEST),
    ),
)

# The names of a contract's own codes are unverified.
_SIGN: tuple[CodeRow, ...] = (*_CALL_REFUSED, ("SYSTEM_ERROR", SEND_AGAIN), ("CONTRACT_EXISTED", DONE_ALREADY))
_QUERY_AGREEMENT: tuple[CodeRow, ...] = (*_ASKED, ("RESOURCE_NOT_EXISTS CONTRACT_NOT_EXIST", NOT_FOUND))
_END_AGREEMENT: tuple[CodeRow, ...] = (
    *_ASKED,
    ("CONTRACT_TERMINATED CONTRACT_NOT_EXIST", DONE_ALREADY),
    ("RESOURCE_NOT_EXISTS", NOT_FOUND),
)
_ANNOUNCE: tuple[CodeRow, ...] = (
    *_CALL_REFUSED,
    ("SYSTEM_ERROR", SEND_AGAIN),
    (
        "CONTRACT_NOT_EXIST CONTRACT_TERMINATED CONTRACT_EXPIRED CONTRACT_NOT_EFFECTIVE RESOURCE_NOT_EXISTS",
        OTHER_METHOD,
    ),
)

WECHAT_PAY_CODES: CodeTable = {
    Operation.PAY: table(_ORDER),
    Operation.QUERY: table(_QUERY),
    Operation.CLOSE: table(_CLOSE),
    Operation.REFUND: table(_REFUND),
    Operation.QUERY_REFUND: table(_QUERY_REFUND),
    Operation.SIGN: table(_SIGN),
    Operation.QUERY_AGREEMENT: table(_QUERY_AGREEMENT),
    Operation.END_AGREEMENT: table(_END_AGREEMENT),
    Operation.ANNOUNCE: table(_ANNOUNCE),
}

WECHAT_PAY_DEBIT_CODES: CodeTable = {Operation.PAY: table(_DEBIT)}
"""The same codes where the payer is not at a cashier: sending again could be a second debit, so a query comes first."""
