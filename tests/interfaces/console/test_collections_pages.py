"""The collections desk: found by days and by what waits, each action shown first, nothing without the permission."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from django.test import Client

from fenqi.records.models import Account, DebtContact, PaymentPromise, PlanChange, Role
from fenqi.usecases import clock
from malls import Bought, bought, noon

pytestmark = pytest.mark.django_db

NOW = noon("2026-03-10")


@pytest.fixture(autouse=True)
def _at_noon() -> Iterator[None]:
    with clock.stopped(NOW):
        yield


def staff(role: Role = Role.AGENT, name: str = "") -> Client:
    client = Client(headers={"accept-language": "en"})
    username = name or role.value
    account = Account.objects.filter(username=username).first()
    account = account or Account.objects.create_staff(username=username, password="x" * 16, role=role)
    client.force_login(account, backend="django.contrib.auth.backends.ModelBackend")
    return client


def late(**more: Any) -> Bought:
    return bought(method="flat_fee", fee_rate="1", **more)


def at(plan: Bought, path: str = "") -> str:
    return f"/console/collections/{plan.customer_id}/{plan.plan_id}{path}"


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]+)"', page)
    assert found is not None, name
    return found[1]


@pytest.mark.parametrize(
    ("pile", "is_there"),
    [("all", True), ("to_60", True), ("to_30", False), ("grace", False), ("over_90", False), ("broken", False)],
)
def test_a_plan_lies_in_its_bucket(pile: str, is_there: bool) -> None:  # noqa: FBT001  a column of the table
    plan = late()  # 37 days past due
    page = staff().get(f"/console/collections?pile={pile}&sort=amount").text
    assert (at(plan) in page) is is_there


def test_in_grace_it_lies_with_grace() -> None:
    plan = late(grace_days=60)
    page = staff().get("/console/collections?pile=grace").text
    assert (at(plan) in page, "Nothing: reminders do it" in page) == (True, True)


def test_a_promise_of_today_is_found_and_what_comes_next() -> None:
    plan = late()
    client = staff()
    said = {
        "amount": "50",
        "pay_by": "2026-03-11",
        "note": "salary",
        "request_key": "11111111-1111-4111-8111-111111111111",
    }
    assert client.post(at(plan, "/promise"), said).status_code == 302
    assert PaymentPromise.objects.get(customer_id=plan.customer_id).via == "console"
    with clock.stopped(noon("2026-03-11")):
        page = client.get("/console/collections?pile=promised_today").text
        story = client.get(f"/console/customers/{plan.customer_id}?show=help").context["moments"]
    assert (at(plan) in page, "Wait for the promised day" in page) == (True, True)
    assert [(one.title, one.detail, one.amount_minor, one.address) for one in story] == [
        ("Promise to pay", "Open", 5_000, at(plan))
    ]


def test_a_waiver_is_shown_before_it_is_done() -> None:
    plan, client = late(), staff()
    shown = client.get(at(plan, "/preview"), {"kind": "waiver", "component": "fee", "amount": "20"})
    assert (shown.status_code, "It is done at once" in shown.text) == (200, True)
    said = {name: hidden(shown.text, name) for name in ("token", "request_key")}
    assert client.post(at(plan, "/change"), {**said, "reason": "a hard month"}).status_code == 302
    assert PlanChange.objects.get(customer_id=plan.customer_id).state == "done"


def test_a_new_schedule_side_by_side_then_the_consent_that_an_agent_heard() -> None:
    plan, client = late(), staff()
    shown = client.get(at(plan, "/preview"), {"kind": "reschedule", "installments": "6", "first_due_on": "2026-04-01"})
    said = {name: hidden(shown.text, name) for name in ("token", "request_key")}
    client.post(at(plan, "/change"), {**said, "reason": "a hard month"})
    change = PlanChange.objects.get(customer_id=plan.customer_id)
    address = f"/console/plan-changes/{plan.customer_id}/{change.id}"
    page = client.get(address).text
    token = hidden(page, "token")
    answer = client.post(f"{address}/consent", {"token": token, "how": "by_phone", "note": "yes, on the line"})
    assert answer.status_code == 302
    assert next(row.due_on for row in plan.state().rows if row.outstanding.total) == date(2026, 4, 1)
    assert "By phone" in client.get(address).text


def test_a_write_off_takes_two() -> None:
    plan = late()
    with clock.stopped(noon("2026-06-01")):
        first, second = staff(Role.FINANCE, "one"), staff(Role.FINANCE, "two")
        shown = first.get(at(plan, "/preview"), {"kind": "charge_off"})
        said = {name: hidden(shown.text, name) for name in ("token", "request_key")}
        first.post(at(plan, "/change"), {**said, "reason": "cannot be reached"})
        change = PlanChange.objects.get(customer_id=plan.customer_id)
        address = f"/console/plan-changes/{plan.customer_id}/{change.id}"
        assert "a colleague must approve" in first.get(address).text
        assert first.post(f"{address}/approve").status_code == 409
        assert second.post(f"{address}/approve").status_code == 302
    assert plan.state().status.value == "charged_off"


def test_a_call_outside_the_hours_is_refused_on_the_page() -> None:
    plan = late()
    said = {"how": "call", "outcome": "reached", "request_key": "11111111-1111-4111-8111-111111111112"}
    with clock.stopped(noon("2026-03-10").replace(hour=14)):  # 22:00 in Shanghai
        answer = staff().post(at(plan, "/contact"), said)
        assert (answer.status_code, "Not before 2026-03-11 08:00" in answer.text) == (409, True)
    assert not DebtContact.objects.filter(customer_id=plan.customer_id).exists()


def test_the_role_decides() -> None:
    plan = late()
    agent = staff()
    assert agent.get(at(plan, "/preview"), {"kind": "charge_off"}).status_code == 403
    assert agent.post("/console/collections/credit-marks.csv").status_code == 403
    assert Client().get(at(plan)).status_code == 302
    assert agent.get(f"/console/collections/{bought().customer_id}/{plan.plan_id}").status_code == 404


@pytest.mark.parametrize(
    "typed", [{}, {"kind": "waiver"}, {"kind": "waiver", "component": "fee", "amount": "x" * 9999}]
)
def test_nonsense_is_told_on_the_page(typed: dict[str, str]) -> None:
    assert staff().get(at(late(), "/preview"), typed).status_code == 422


def test_rules_are_published_as_a_version_from_a_day_on() -> None:
    page = staff(Role.FINANCE).get("/console/collections/rules").text
    numbers = dict(re.findall(r'name="(\w+)" type="number"[^>]* value="(\d+)"', page))
    numbers |= {"promise_most_days": "20", "valid_from": "2026-03-11", "note": "longer promises"}
    client = staff(Role.FINANCE)
    assert client.post("/console/collections/rules", numbers).status_code == 302
    assert client.post("/console/collections/rules", {**numbers, "objection_days": "21"}).status_code == 422
    assert client.post("/console/collections/rules", {**numbers, "valid_from": "2026-03-09"}).status_code == 422
    assert staff().post("/console/collections/rules", numbers).status_code == 403
