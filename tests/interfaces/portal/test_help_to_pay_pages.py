"""Can't pay in time? Each way says what it costs, and is done only after it was shown."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from django.test import Client

from fenqi.records.models import Account, PaymentPromise, PlanChange
from fenqi.usecases import clock
from malls import Bought, bought, noon

pytestmark = pytest.mark.django_db

NOW = noon("2026-02-03")  # two days past the first due date; grace ends on the fourth
LATE_FEE = {"daily_rate": "0.05", "base": "overdue_principal"}


@pytest.fixture(autouse=True)
def _at_noon() -> Iterator[None]:
    with clock.stopped(NOW):
        yield


def customer(plan: Bought, language: str = "en") -> Client:
    client = Client(headers={"accept-language": language})
    client.force_login(
        Account.objects.for_customer(plan.customer_id), backend="django.contrib.auth.backends.ModelBackend"
    )
    return client


def late(**more: Any) -> Bought:
    return bought(grace_days=3, late_fee=LATE_FEE, **more)


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]+)"', page)
    assert found is not None, name
    return found[1]


@pytest.mark.requirement("R119", "R121")
def test_the_order_and_the_bills_lead_to_help() -> None:
    plan = late()
    client = customer(plan)
    for address in (f"/orders/{plan.order_id}", "/bills"):
        assert f"/plans/{plan.plan_id}/help" in client.get(address).text


def test_help_names_each_way_with_its_cost() -> None:
    plan = late()
    page = customer(plan).get(f"/plans/{plan.plan_id}/help").text
    for told in ("Pay a part now", "Promise a day", "Move the due date", "Talk to us", "Free, up to 15 days"):
        assert told in page
    assert "Nothing has been reported" in page


def test_a_promise_says_the_late_fee_of_that_day_and_is_kept_once() -> None:
    plan = late()
    client = customer(plan)
    page = client.get(f"/plans/{plan.plan_id}/promise", {"amount": "100", "pay_by": "2026-02-10"})
    assert page.status_code == 200
    assert "¥0.30" in re.sub(r"<[^>]+>", "", page.text)  # six days of five ten-thousandths of 100.00
    said = {name: hidden(page.text, name) for name in ("amount_minor", "pay_by", "request_key")}
    for _ in range(2):
        assert client.post(f"/plans/{plan.plan_id}/promise/make", said).status_code == 302
    promise = PaymentPromise.objects.get(customer_id=plan.customer_id)
    assert (promise.amount_minor, promise.pay_by, promise.via) == (10_000, date(2026, 2, 10), "portal")
    assert "You promised ¥100.00 by Tue, 10 Feb" in client.get(f"/plans/{plan.plan_id}/help").text
    assert client.post(f"/promises/{promise.id}/take-back").status_code == 302
    assert PaymentPromise.objects.get(customer_id=plan.customer_id).state == "withdrawn"


@pytest.mark.parametrize("typed", [{"amount": "0", "pay_by": "2026-02-10"}, {"amount": "x" * 5000}, {}])
def test_what_cannot_be_promised_is_told_on_the_page(typed: dict[str, str]) -> None:
    plan = late()
    answer = customer(plan).get(f"/plans/{plan.plan_id}/promise", typed)
    assert (answer.status_code, "Promise a" in answer.text) == (422, True)


def test_a_due_date_moves_after_it_was_shown() -> None:
    plan = late()
    client = customer(plan)
    page = client.get(f"/plans/{plan.plan_id}/extension", {"days": "12"})
    assert "No. 1 would be due Fri, 13 Feb" in page.text
    said = {name: hidden(page.text, name) for name in ("token", "request_key")}
    assert client.post(f"/plans/{plan.plan_id}/extension", said).status_code == 302
    assert PlanChange.objects.get(customer_id=plan.customer_id).state == "done"
    assert plan.state().rows[0].due_on == date(2026, 2, 13)
    again = client.get(f"/plans/{plan.plan_id}/extension", {"days": "3"})
    assert (again.status_code, "again from 2027-02-03" in again.text) == (409, True)


def test_nobody_else_learns_that_it_exists() -> None:
    plan, other = late(), late()
    client = customer(other)
    for path in ("help", "promise", "extension?days=5"):
        assert client.get(f"/plans/{plan.plan_id}/{path}").status_code == 404


@pytest.mark.requirement("R120")
def test_the_credit_record_says_that_nothing_was_reported() -> None:
    page = customer(late()).get("/me/credit-record").text
    assert "Nothing was reported" in page
    assert "never without telling you 7 days before" in page
