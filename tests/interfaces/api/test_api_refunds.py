"""The mall's programs see what goes back, and where it is."""

from datetime import UTC, datetime
from typing import Any

import pytest

from fenqi.records.models import Order
from fenqi.usecases.refunds.send import send_leg
from owed_back import legs_of, paid_twice
from town import Town

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.requirement("R073", "R075")
def test_a_refund_is_read_by_itself_and_with_its_order(shop: Any, town: Town) -> None:
    plan, refund = paid_twice(now=datetime.now(UTC))
    send_leg(plan.customer_id, legs_of(refund)[0].id, now=datetime.now(UTC))
    order_no = Order.objects.values_list("order_no", flat=True).get(customer_id=plan.customer_id, id=plan.order_id)
    found = shop.get(f"/customers/{plan.customer_id}/refunds/{refund.id}").json()
    assert shop.get(f"/orders/{order_no}/refunds").json() == {"items": [found], "next_cursor": None}
    assert (found["cause"], found["status"], found["amount_minor"]) == ("duplicate", "completed", 10_000)
    (leg,) = found["legs"]
    assert (leg["state"], leg["holder"], leg["route"]) == ("succeeded", "receiver", "original")
    assert leg["expected_by"] == found["latest_on"]


def test_a_refund_of_another_customer_is_not_found(shop: Any, town: Town) -> None:
    _, refund = paid_twice(now=datetime.now(UTC))
    other, _ = paid_twice(now=datetime.now(UTC))
    assert shop.get(f"/customers/{other.customer_id}/refunds/{refund.id}").status_code == 404
