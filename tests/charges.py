"""What tests of rails ask about a payment they made."""

from datetime import UTC, datetime

from fenqi.channels.interface import ChargeRef, ChargeRequest, DebitRequest, RefundRequest
from fenqi.domain.money import Money


def ref(charge: ChargeRequest | DebitRequest) -> ChargeRef:
    return ChargeRef(out_trade_no=charge.out_trade_no, amount=charge.amount, submitted_at=charge.submitted_at)


def refund_of(charge: ChargeRequest | DebitRequest, fen: int, number: str = "refund0001") -> RefundRequest:
    return RefundRequest(
        charge=ref(charge),
        out_request_no=number,
        amount=Money(fen, "CNY"),
        reason="退货",
        notify_url=charge.notify_url,
        submitted_at=datetime.now(UTC),
    )
