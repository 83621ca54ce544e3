"""A price that fell in the sample mall, and the difference that its customer is offered."""

from datetime import datetime, timedelta
from typing import Final

from fenqi.interfaces.commands.demo import a_line, is_known, payment_of, terms_of
from fenqi.interfaces.commands.demo_mall import MALL
from fenqi.usecases import clock
from fenqi.usecases.orders.inputs import OrderInput, PlanInput
from fenqi.usecases.orders.register import register_order
from fenqi.usecases.price_protection.feed import PriceInput, take_prices
from fenqi.usecases.price_protection.offers import offer_on_order

ORDER_NO: Final = "MM-4602"
BOUGHT_BY: Final = "MM-80423"
PRODUCT: Final = "KQ-4PRO"
FELL_BY_MINOR: Final = 10_000


def add_price_drop(*, now: datetime) -> None:
    """Sell it, see it cheaper, and offer the difference, unless that was done."""
    if is_known(ORDER_NO):
        return
    placed_at = now - timedelta(days=4)
    approved_at = placed_at + timedelta(minutes=3)
    line = a_line(PRODUCT, quantity=1, discount_minor=0)
    plan = PlanInput(terms=terms_of("6 interest-free", line.unit_price_minor, clock.business_date(approved_at)))
    order = OrderInput(
        order_no=ORDER_NO,
        customer_ref=BOUGHT_BY,
        currency="CNY",
        placed_at=placed_at,
        approved_at=approved_at,
        delivered_at=placed_at + timedelta(days=2),
        status="delivered",
        lines=(line,),
        payments=(payment_of(line.unit_price_minor, plan),),
        plan=plan,
    )
    with clock.stopped(approved_at):
        taken = register_order(order, now=clock.now())
    take_prices(
        [
            PriceInput(
                sku=PRODUCT,
                price_minor=line.unit_price_minor - FELL_BY_MINOR,
                currency="CNY",
                observed_at=now - timedelta(days=1),
                seller=MALL,
            )
        ]
    )
    offer_on_order(taken.customer_id, taken.order_id, now=now)
