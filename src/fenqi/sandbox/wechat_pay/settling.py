"""Refunds that settle by themselves some time after they were accepted, and what control makes of them."""

import threading

from fenqi.sandbox.town import town
from fenqi.sandbox.wechat_pay import notifications, orders
from fenqi.sandbox.wechat_pay.orders import Refund, RefundStatus

_one_at_a_time = threading.Lock()


def settle_due() -> None:
    """Settle what is due; also what was due when the process was not there."""
    with _one_at_a_time:
        for refund in orders.due_refunds(town().store):
            settle(refund, RefundStatus.SUCCESS)


def settle_later() -> None:
    timer = threading.Timer(orders.SETTLING_SECONDS / town().pace + 0.01, settle_due)
    timer.daemon = True
    timer.start()


def settle(refund: Refund, status: RefundStatus, *, to_balance: bool = False) -> None:
    """Raises Refusal."""
    notifications.tell_of_refund(orders.settle_refund(town().store, refund, status, to_balance=to_balance))
