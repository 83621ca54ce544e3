"""What each method of the gateway does, and what it answers when it worked."""

from collections.abc import Callable, Mapping
from typing import Final

from fenqi.sandbox.alipay import agreements, bills, freezes, notifications, refunds, trades
from fenqi.sandbox.alipay import biz as protocol
from fenqi.sandbox.alipay.biz import Call, Fields, beijing, yuan
from fenqi.sandbox.alipay.trades import Status, Trade
from fenqi.sandbox.counterparty import Refusal
from fenqi.sandbox.faults import Kind, Operation
from fenqi.sandbox.town import town

PAYER: Final = "san***@example.com"


def query(call: Call) -> Fields:
    trade = trades.trade_of(call)
    paid = {"send_pay_date": beijing(trade.paid_at), "buyer_pay_amount": trade.yuan} if trade.paid_at else {}
    return {
        **_names(trade),
        "trade_status": trade.status.value,
        "total_amount": trade.yuan,
        "buyer_logon_id": PAYER,
        **paid,
    }


def close(call: Call) -> Fields:
    return _names(trades.close(call))


def pay(call: Call) -> Fields:
    """Without the payer: under an agreement, or from a freeze."""
    return capture(call) if call.biz.get("auth_no") else debit(call)


def debit(call: Call) -> Fields:
    if call.biz.get("product_code") not in agreements.PRODUCTS:
        raise Refusal(protocol.INVALID)
    trade, _ = trades.open_trade(call, agreement_no=agreements.check_debit(call))
    return _taken(call, trade)


def capture(call: Call) -> Fields:
    completes = call.biz.get("auth_confirm_mode") == "COMPLETE"
    freeze = freezes.check_capture(call)
    trade, is_new = trades.open_trade(call, auth_no=freeze.auth_no)
    if is_new:
        released = freezes.capture(
            freeze, out_trade_no=trade.out_trade_no, amount_fen=trade.total_fen, completes=completes
        )
        if released:
            notifications.tell_freeze(released)
    return _taken(call, trade)


def _taken(call: Call, trade: Trade) -> Fields:
    """Paid at once (10000), or in process (10003) until control confirms it."""
    if trade.status is not Status.WAIT_BUYER_PAY:
        raise Refusal("ACQ.TRADE_HAS_SUCCESS")
    if call.suffers(Kind.PROCESSING):
        return {"code": "10003", "msg": "order success pay inprocess", **_names(trade), "total_amount": trade.yuan}
    paid = trades.pay(trade)
    notifications.tell(paid)
    return {
        **_names(paid),
        "total_amount": paid.yuan,
        "receipt_amount": paid.yuan,
        "gmt_payment": beijing(paid.paid_at or town().now()),
        "buyer_logon_id": PAYER,
    }


def refund(call: Call) -> Fields:
    done = refunds.refund(call)
    if call.suffers(Kind.ALSO_NOTIFY):
        notifications.tell(done.trade, refund=done)
    moved = done.is_done and not done.is_repeat and not call.suffers(Kind.NO_FUND_CHANGE)
    return {
        **_names(done.trade),
        "fund_change": "Y" if moved else "N",
        "refund_fee": yuan(done.refunded_fen),
        "gmt_refund_pay": beijing(done.accepted_at),
    }


def query_refund(call: Call) -> Fields:
    trade, known = refunds.refund_of(call)
    if known is None or not known.is_done:
        return {}  # as Alipay says that it knows no such refund
    options = call.biz.get("query_options") or []
    asks_leg = isinstance(options, list) and "deposit_back_info" in options
    return {
        **_names(trade),
        "out_request_no": known.out_request_no,
        "total_amount": trade.yuan,
        "refund_amount": yuan(known.amount_fen),
        "refund_status": "REFUND_SUCCESS",
        "gmt_refund_pay": beijing(known.accepted_at),
        **({"deposit_back_info": known.bank_leg} if asks_leg else {}),
    }


def query_agreement(call: Call) -> Fields:
    agreement = agreements.agreement_of(call)
    return {
        "agreement_no": agreement.agreement_no,
        "external_agreement_no": agreement.external_agreement_no,
        "personal_product_code": agreements.PERSONAL_PRODUCT,
        "status": agreement.status.value,
        "sign_time": beijing(agreement.signed_at or agreement.created_at),
        "alipay_logon_id": PAYER,
    }


def unsign(call: Call) -> Fields:
    notifications.tell_agreement(agreements.end(agreements.agreement_of(call)))
    return {}


def create_voucher(call: Call) -> Fields:
    freeze = freezes.offer(call)
    return {
        "out_order_no": freeze.out_order_no,
        "out_request_no": freeze.out_request_no,
        "code_type": "qrcode",
        "code_value": f"{call.origin}{freeze.address}",
    }


def unfreeze(call: Call) -> Fields:
    done = freezes.release(call)
    notifications.tell_freeze(done, notify_url=call.notify_url)
    return done.fields


def query_operation(call: Call) -> Fields:
    """Without the released sum, as Alipay leaves it out."""
    operation = freezes.operation_of(call)
    sums = {name: value for name, value in operation.sums.items() if name != "total_unfreeze_amount"}
    return {**operation.fields, **sums, "order_title": operation.freeze.title}


def bill_address(call: Call) -> Fields:
    return {"bill_download_url": f"{call.origin}{bills.offer(call)}"}


CALLS: Final[Mapping[str, tuple[Operation, Callable[[Call], Fields]]]] = {
    "alipay.trade.query": (Operation.QUERY, query),
    "alipay.trade.close": (Operation.CLOSE, close),
    "alipay.trade.pay": (Operation.CHARGE, pay),
    "alipay.trade.refund": (Operation.REFUND, refund),
    "alipay.trade.fastpay.refund.query": (Operation.QUERY_REFUND, query_refund),
    "alipay.user.agreement.query": (Operation.QUERY_AGREEMENT, query_agreement),
    "alipay.user.agreement.unsign": (Operation.END_AGREEMENT, unsign),
    "alipay.fund.auth.order.voucher.create": (Operation.FREEZE, create_voucher),
    "alipay.fund.auth.order.unfreeze": (Operation.RELEASE, unfreeze),
    "alipay.fund.auth.operation.detail.query": (Operation.QUERY, query_operation),
    "alipay.data.dataservice.bill.downloadurl.query": (Operation.BILL, bill_address),
}


def operation_of(method: str, biz: Mapping[str, object]) -> Operation:
    """What faults are ordered for: a payment from a freeze is a capture."""
    operation, _ = CALLS[method]
    return Operation.CAPTURE if operation is Operation.CHARGE and biz.get("auth_no") else operation


def number_in(biz: Mapping[str, object]) -> str:
    """The merchant's number of what a call is about."""
    names = ("out_request_no", "out_trade_no", "external_agreement_no", "out_order_no", "bill_date", "agreement_no")
    return next((str(biz[name]) for name in names if biz.get(name)), "")


def _names(trade: Trade) -> Fields:
    return {"out_trade_no": trade.out_trade_no, "trade_no": trade.trade_no}
