"""What helps a customer who cannot pay is read over the API."""

from typing import Any

import pytest

from fenqi.records.identifiers import new_id
from fenqi.records.models import PlanChange
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


@pytest.mark.requirement("R121")
def test_a_promise_and_an_extension_are_made_once_under_their_key(shop: Any) -> None:
    plan, other = bought(grace_days=3), bought(grace_days=3)
    promises = f"/customers/{plan.customer_id}/plans/{plan.plan_id}/promises"
    extend = f"/customers/{other.customer_id}/plans/{other.plan_id}"
    said = {"amount_minor": 10_000, "pay_by": "2026-02-10"}
    with clock.stopped(NOW):
        made = [shop.post(promises, said, key="p1") for _ in range(2)]
        refused = shop.post(promises, said, key="p2")
        quoted = shop.post(f"{extend}/extension-quotes", {"days": 10}, key="q1").json()
        confirm = {"quote_token": quoted["quote_token"]}
        done = [shop.post(f"{extend}/extensions", confirm, key="e1") for _ in range(2)]
        altered = shop.post(f"{extend}/extensions", {"quote_token": quoted["quote_token"] + "x"}, key="e2")
    assert [one.status_code for one in made] == [201, 201]
    assert made[0].content == made[1].content
    assert made[0].json()["state"] == "open"
    assert (refused.status_code, refused.json()["code"]) == (409, "promise_stands")
    assert (quoted["fee_minor"], quoted["due_dates_after"][0]["due_on"]) == (0, "2026-02-11")
    assert [one.status_code for one in done] == [201, 201]
    assert done[0].content == done[1].content
    assert altered.json()["code"] == "extension_quote_expired"
    assert other.state().rows[0].due_on.isoformat() == "2026-02-11"
    assert PlanChange.objects.filter(customer_id=other.customer_id, via="api").count() == 1
