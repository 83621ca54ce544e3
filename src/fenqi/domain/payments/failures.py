"""What a channel's code means: whether the outcome is known, whether to try again, and what the customer is told.

This is the vocabulary; `verdicts` reads the tables, and each channel's codes are a table of their own.
"""

from dataclasses import dataclass
from enum import StrEnum

from fenqi.domain.payments.attempts import Outcome


class Operation(StrEnum):
    """What a channel is asked for: the same code may mean another thing for each."""

    PAY = "pay"
    QUERY = "query"
    CLOSE = "close"
    REFUND = "refund"
    QUERY_REFUND = "query_refund"
    FREEZE = "freeze"
    RELEASE = "release"
    CAPTURE = "capture"
    SIGN = "sign"
    QUERY_AGREEMENT = "query_agreement"
    END_AGREEMENT = "end_agreement"
    ANNOUNCE = "announce"
    ASK_CODE = "ask_code"
    BIND = "bind"
    UNBIND = "unbind"
    TRANSFER = "transfer"
    """Of a plan to a finance partner, or away from it; and of money that came to us for it."""
    QUERY_TRANSFER = "query_transfer"


class FailureCategory(StrEnum):
    """The seven reasons of the guides (R123-R141), and our own faults, which the customer is never blamed for."""

    INSUFFICIENT_BALANCE = "insufficient_balance"
    WRONG_ACCOUNT_INFO = "wrong_account_info"
    METHOD_UNAVAILABLE = "method_unavailable"
    OUTCOME_UNKNOWN = "outcome_unknown"
    LIMIT_EXCEEDED = "limit_exceeded"
    CHANNEL_MAINTENANCE = "channel_maintenance"
    CONTACT_SUPPORT = "contact_support"
    MERCHANT_CONFIG = "merchant_config"

    def customer_line(self, language: str) -> str:
        """What the customer reads, in `zh` or, for every other language, in English."""
        zh, en = _CUSTOMER_LINES[self]
        return zh if language.startswith("zh") else en


_SUPPORT_LINE = (
    "本次支付未成功，请联系客服，我们已附上失败信息。",
    "Payment did not succeed. Please contact support; the details are already attached.",
)

_CUSTOMER_LINES = {
    FailureCategory.INSUFFICIENT_BALANCE: (
        "账户余额不足，本次未扣款，请充值后重试或更换支付方式。",
        "Not enough balance; you were not charged. Top up and retry, or use another method.",
    ),
    FailureCategory.WRONG_ACCOUNT_INFO: (
        "卡号、姓名、有效期、手机号或密码有误，本次未扣款，请核对后重试。",
        "Card, name, expiry, phone or password does not match; you were not charged. Check and try again.",
    ),
    FailureCategory.METHOD_UNAVAILABLE: (
        "当前支付方式暂不可用，本次未扣款，请更换支付方式。",
        "This payment method cannot be used now; you were not charged. Please choose another.",
    ),
    FailureCategory.OUTCOME_UNKNOWN: (
        "支付结果确认中，请勿重复支付，结果出来后会通知您。",
        "We are confirming the result. Please do not pay again; we will notify you.",
    ),
    FailureCategory.LIMIT_EXCEEDED: (
        "超出银行或支付平台限额，本次未扣款，请减小金额、次日再试或更换支付方式。",
        "Over a bank or platform limit; you were not charged. Pay less, try tomorrow, or use another method.",
    ),
    FailureCategory.CHANNEL_MAINTENANCE: (
        "银行或支付平台维护中，请稍后再试；因此造成的延迟不计逾期。",
        "The bank or platform is under maintenance; try later. This delay is not counted as overdue.",
    ),
    FailureCategory.CONTACT_SUPPORT: _SUPPORT_LINE,
    FailureCategory.MERCHANT_CONFIG: _SUPPORT_LINE,
}


class RetryMark(StrEnum):
    NEW_ATTEMPT = "new_attempt"
    """Not this attempt; a new one, under a new number, after the customer acted."""
    SAME_REQUEST = "same_request"
    """Safe to send again: same number, same parameters."""
    QUERY_FIRST = "query_first"
    """Only a query decides; no new number before a final result."""
    LATER = "later"
    """After the window, the limit or the maintenance."""
    NEVER = "never"
    """Needs a person."""


_UNDECIDED = frozenset([Outcome.UNKNOWN, Outcome.WAITING, Outcome.NOT_FOUND])


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one code means for one operation."""

    outcome: Outcome
    category: FailureCategory | None
    """None when the code says that the thing asked for has been done already."""
    retry: RetryMark
    alert: bool = False
    """Operations must be told: it is the merchant's matter, or nobody knows the code."""

    @property
    def shown_category(self) -> FailureCategory | None:
        """What the customer is told: nothing about balances, details or limits while the outcome is not known."""
        return FailureCategory.OUTCOME_UNKNOWN if self.outcome in _UNDECIDED else self.category
