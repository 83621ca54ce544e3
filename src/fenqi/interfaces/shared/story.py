"""The story that is attached to a conversation, read back for a page."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryAttempt:
    """One try at the payment, as it stood when the conversation was opened."""

    channel: str
    out_trade_no: str
    state: str
    code: str
    category: str
    shown: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryVoucher:
    """A voucher that a dispute is about, by the number it is quoted with."""

    kind: str
    voucher_id: str
    number: str
    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StorySum:
    """A refund or a reserve, as it stood."""

    amount_minor: int
    currency: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """Empty parts are not known: not every conversation is about a plan, an after-sales case or a payment."""

    title: str
    order_no: str
    case_no: str
    payment_id: str
    amount_minor: int | None
    outstanding_minor: int | None
    currency: str
    attempts: tuple[StoryAttempt, ...]
    disputed_order_id: str = ""
    disputed_order_no: str = ""
    vouchers: tuple[StoryVoucher, ...] = ()
    order_id: str = ""
    place: str = ""
    refund: "StorySum | None" = None
    reserve: "StorySum | None" = None
    entries: tuple[tuple[int, str], ...] = ()
    """Sequence and beginning of the proof of each entry that a dispute is about."""

    @property
    def has_plan(self) -> bool:
        return self.outstanding_minor is not None


def read_story(kept: Mapping[str, Any]) -> Story:
    parts = ("plan", "case", "payment", "dispute", "order", "refund", "reserve")
    plan, case, payment, dispute, order, refund, reserve = (kept.get(part) or {} for part in parts)
    return Story(
        title=plan.get("title", "") or order.get("title", ""),
        order_id=order.get("order_id", ""),
        order_no=plan.get("order_no", "") or order.get("order_no", ""),
        place=kept.get("place", ""),
        refund=_sum(refund),
        reserve=_sum(reserve),
        case_no=case.get("case_no", ""),
        payment_id=payment.get("payment_id", ""),
        amount_minor=payment.get("amount_minor"),
        outstanding_minor=plan.get("outstanding_minor"),
        currency=payment.get("currency") or plan.get("currency") or "CNY",
        attempts=tuple(map(_attempt, kept.get("attempts", ()))),
        disputed_order_id=dispute.get("order_id", ""),
        disputed_order_no=dispute.get("order_no", ""),
        vouchers=tuple(StoryVoucher(**one) for one in dispute.get("vouchers", ())),
        entries=tuple((one["seq"], one["proof"]) for one in dispute.get("entries", ())),
    )


def _sum(kept: Mapping[str, Any]) -> StorySum | None:
    if not kept:
        return None
    state = kept.get("status") or kept.get("state") or ""
    return StorySum(amount_minor=kept["amount_minor"], currency=kept["currency"], state=state)


def _attempt(kept: Mapping[str, Any]) -> StoryAttempt:
    words = ("channel", "out_trade_no", "state", "code", "category", "shown")
    return StoryAttempt(**{word: kept[word] for word in words}, created_at=datetime.fromisoformat(kept["created_at"]))
