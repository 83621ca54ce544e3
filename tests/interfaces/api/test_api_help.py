"""What helps a customer who cannot pay is read over the API."""

from typing import Any

import pytest

from fenqi.records.identifiers import new_id
from fenqi.usecases import clock
from fenqi.usecases.hardship.promises import Promised, make_promise
from malls import bought, noon

pytestmark = pytest.mark.django_db(transaction=True)

NOW = noon("2026-02-03")


def test_the_ways_of_a_plan_and_its_record_are_read(shop: Any) -> None:
    plan = bought(grace_days=3)
    promised = Promised(amount_minor=10_000, pay_by=noon("2026-02-10").date())
    make_promise(plan.customer_id, plan.plan_id, promised, request_key="p", via="portal", now=NOW)
    with clock.stopped(NOW):
        read = shop.get(f"/customers/{plan.customer_id}/plans/{plan.plan_id}/help").json()
        later = shop.get(f"/customers/{new_id()}/plans/{plan.plan_id}/help")
    assert (read["overdue_minor"], read["days_past_due"], read["credit_marks"]) == (10_000, 2, [])
    assert (read["promise"]["pay_by"], read["promise"]["state"]) == ("2026-02-10", "open")
    assert (read["extension"]["is_open"], read["extension"]["days"][-1]) == (True, 15)
    assert later.status_code == 404
