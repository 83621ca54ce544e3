"""Reading a customer's orders. Each function asks a fixed number of statements, however many orders there are."""

from collections.abc import Sequence
from datetime import date
from typing import Literal
from uuid import UUID

from django.db.models import Q

from fenqi.domain.errors import NotFound
from fenqi.records import directory
from fenqi.records.models import DirectoryKind, Order, OrderPayment, Plan
from fenqi.usecases.paging import Page, from_time_cursor, page_of, to_cursor
from fenqi.usecases.repayment.queries import list_payments, plan_view
from fenqi.usecases.summaries import lines_by_order, plan_summaries
from fenqi.usecases.views import OrderDetail, OrderPaymentView, OrderSummary

Which = Literal["all", "running", "settled"]
_RUNNING = ("active", "charged_off")


def find_order(order_no: str) -> tuple[UUID, UUID]:
    """The customer and the order of a number. Raises NotFound."""
    holder = directory.find(DirectoryKind.ORDER_NO, order_no)
    if holder is None:
        raise NotFound
    return holder.customer_id, holder.target_id


def list_orders(
    customer_id: UUID, *, which: Which = "all", after: str | None = None, limit: int = 20
) -> Page[OrderSummary]:
    """Newest first (R010); `running` and `settled` are orders whose plan is so (R012). Raises InvalidCursor."""
    orders = Order.objects.filter(customer_id=customer_id)
    if which != "all":
        plans = Plan.objects.filter(customer_id=customer_id)
        plans = plans.filter(status__in=_RUNNING) if which == "running" else plans.exclude(status__in=_RUNNING)
        orders = orders.filter(id__in=list(plans.values_list("order_id", flat=True)))
    if after is not None:
        placed_at, order_id = from_time_cursor(after)
        orders = orders.filter(Q(placed_at__lt=placed_at) | Q(placed_at=placed_at, id__gt=order_id))
    found = list(orders.order_by("-placed_at", "id")[: limit + 1])
    summaries = _summaries(customer_id, found)
    return page_of(summaries, limit=limit, cursor_of=lambda last: to_cursor(last.placed_at.isoformat(), last.order_id))


def _summaries(customer_id: UUID, orders: Sequence[Order]) -> list[OrderSummary]:
    ids = [order.id for order in orders]
    lines = lines_by_order(customer_id, ids)
    plans = {plan.order_id: plan for plan in plan_summaries(customer_id, order_ids=ids)}
    return [
        OrderSummary(
            order_id=order.id,
            order_no=order.order_no,
            placed_at=order.placed_at,
            status=order.status,
            currency=order.currency,
            total_minor=order.total_minor,
            lines=lines[order.id],
            plan=plans.get(order.id),
        )
        for order in orders
    ]


def order_detail(customer_id: UUID, order_id: UUID, *, today: date) -> OrderDetail:
    """One order with all that is known of it (R013-R016). Raises NotFound."""
    order = Order.objects.filter(customer_id=customer_id, id=order_id).first()
    if order is None:
        raise NotFound
    plan_id = Plan.objects.filter(customer_id=customer_id, order_id=order_id).values_list("id", flat=True).first()
    payments = OrderPayment.objects.filter(customer_id=customer_id, order_id=order_id).order_by("seq")
    return OrderDetail(
        order_id=order.id,
        order_no=order.order_no,
        sales_channel=order.sales_channel,
        status=order.status,
        currency=order.currency,
        total_minor=order.total_minor,
        placed_at=order.placed_at,
        approved_at=order.approved_at,
        delivered_at=order.delivered_at,
        lines=lines_by_order(customer_id, [order_id])[order_id],
        payments=tuple(
            OrderPaymentView(
                method=payment.method,
                amount_minor=payment.amount_minor,
                installments=payment.installments,
                financed=payment.financed,
            )
            for payment in payments
        ),
        plan=plan_view(customer_id, plan_id, today=today) if plan_id else None,
        repayments=list_payments(customer_id, plan_id=plan_id) if plan_id else (),
    )
