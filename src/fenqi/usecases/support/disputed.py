"""The records that a dispute begins with: nobody has to hand in what the system itself has on record (R081)."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from fenqi.domain.errors import NotFound
from fenqi.records.models import AftersalesCase, Order, Plan
from fenqi.usecases.repayment.queries import payment_view
from fenqi.usecases.vouchers.queries import VoucherView, order_of_refund, vouchers_of


def disputed_records(
    customer_id: UUID, *, payment_id: UUID | None, refund_id: UUID | None, case_id: UUID | None
) -> dict[str, Any]:
    """The order, the vouchers of what is disputed and the entries that booked them, by their numbers.

    Raises NotFound, also of what belongs to somebody else.
    """
    order_id = _order_of(customer_id, payment_id=payment_id, refund_id=refund_id, case_id=case_id)
    vouchers = vouchers_of(customer_id, order_id, payment_id=payment_id, refund_id=refund_id, case_id=case_id)
    return {
        "order_id": str(order_id),
        "order_no": Order.objects.values_list("order_no", flat=True).get(customer_id=customer_id, id=order_id),
        "refund_id": str(refund_id) if refund_id else "",
        "vouchers": [_voucher(one) for one in vouchers],
        "entries": _entries(vouchers),
    }


def plan_of_dispute(customer_id: UUID, records: dict[str, Any]) -> UUID | None:
    plans = Plan.objects.filter(customer_id=customer_id, order_id=records["order_id"])
    return plans.values_list("id", flat=True).first()


def _order_of(customer_id: UUID, *, payment_id: UUID | None, refund_id: UUID | None, case_id: UUID | None) -> UUID:
    if payment_id is not None:
        return payment_view(customer_id, payment_id).order_id
    if refund_id is not None:
        order_id = order_of_refund(customer_id, refund_id)
    else:
        cases = AftersalesCase.objects.filter(customer_id=customer_id, id=case_id) if case_id else None
        order_id = cases.values_list("order_id", flat=True).first() if cases is not None else None
    if order_id is None:
        raise NotFound
    return order_id


def _voucher(voucher: VoucherView) -> dict[str, Any]:
    return {
        "kind": voucher.kind.value,
        "voucher_id": str(voucher.voucher_id),
        "number": voucher.number,
        "amount_minor": voucher.amount_minor,
        "currency": voucher.currency,
    }


def _entries(vouchers: Sequence[VoucherView]) -> list[dict[str, Any]]:
    proofs = sorted({(one.proof.seq, one.proof.beginning) for one in vouchers if one.proof})
    return [{"seq": seq, "proof": proof} for seq, proof in proofs]
