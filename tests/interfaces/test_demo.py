"""The sample mall loads once, through the use cases, and has what the tour promises."""

import pytest
from click.testing import CliRunner

from fenqi.interfaces.commands.demo import demo
from fenqi.interfaces.commands.demo_mall import ORDERS, PEOPLE
from fenqi.records.models import Order, PaymentAttempt, Plan
from fenqi.records.scope import across_customers
from fenqi.usecases import clock
from fenqi.usecases.customers import customer_view, find_customer_by_phone
from fenqi.usecases.orders.queries import list_orders
from fenqi.usecases.repayment.queries import bills
from town import Town


@pytest.mark.django_db(transaction=True)
def test_the_sample_mall_loads_once_and_has_every_state(town: Town) -> None:
    assert "12 customers and 40 orders" in CliRunner().invoke(demo, catch_exceptions=False).output
    assert "already" in CliRunner().invoke(demo, catch_exceptions=False).output

    with across_customers():
        assert Order.objects.count() == len(ORDERS) == 40
        assert set(Order.objects.values_list("status", flat=True)) >= {
            "placed", "approved", "shipped", "delivered", "cancelled", "unavailable",
        }  # fmt: skip
        assert set(Plan.objects.values_list("status", flat=True)) == {"active", "settled"}
        assert set(PaymentAttempt.objects.values_list("state", flat=True)) == {"unknown", "failed", "closed"}

    first = find_customer_by_phone(PEOPLE[0].phone)
    assert customer_view(first).name_masked == "陈*云"
    assert len(list_orders(first).items) == 5
    (owed,) = bills(first, today=clock.business_date(clock.now()))
    assert len(owed.plans) == 3
    assert owed.due_soon_minor > 0
