"""Customers and orders come in through the API."""

from typing import Any

import pytest

from fenqi.records.models import AuditRecord, Customer, JournalEntry, Order, Plan
from malls import Bought

ORDER: dict[str, Any] = {
    "customer_ref": "C-1001",
    "currency": "CNY",
    "placed_at": "2026-03-01T10:00:00+08:00",
    "status": "approved",
    "lines": [{"sku": "X2", "name": "手机 X2", "unit_price_minor": 120000}],
    "payments": [{"method": "credit_card", "amount_minor": 120000, "installments": 12, "financed": True}],
    "plan": {"terms": {"principal": 120000, "opened_on": "2026-03-01", "installments": 12}},
}
CUSTOMER = {"name": "陈小云", "phone": "138 0013 8000"}


@pytest.fixture
def chen(shop: Any) -> str:
    return str(shop.put("/customers/C-1001", CUSTOMER).json()["customer_id"])


def test_a_customer_is_registered_then_updated(shop: Any) -> None:
    first = shop.put("/customers/C-1001", CUSTOMER)
    assert (first.status_code, first.json()["outcome"]) == (201, "created")
    again = shop.put("/customers/C-1001", {**CUSTOMER, "name": "陈云"})
    assert (again.status_code, again.json()["outcome"]) == (200, "updated")
    read = shop.get("/customers/C-1001").json()
    assert (read["name"], read["phone"], read["phone_masked"]) == ("陈云", "13800138000", "138****8000")


def test_what_a_client_writes_and_reads_of_a_person_is_on_record_under_its_name(shop: Any, chen: str) -> None:
    shop.get("/customers/C-1001")
    acts = AuditRecord.objects.filter(customer_id=chen).order_by("at").values_list("actor", "action")
    assert list(acts) == [("api:shop", "customer_registered"), ("api:shop", "personal_data_revealed")]


@pytest.mark.requirement("R185")
def test_personal_data_is_not_stored_in_clear(shop: Any, chen: str) -> None:
    stored = Customer.objects.get(id=chen)
    assert "陈小云".encode() not in bytes(stored.name_encrypted)
    assert b"13800138000" not in bytes(stored.phone_encrypted)


def test_a_phone_is_bound_to_one_customer(shop: Any, chen: str) -> None:
    other = shop.put("/customers/C-1002", {"phone": "+8613800138000"})
    assert (other.status_code, other.json()["code"]) == (409, "phone_taken")
    assert shop.get("/customers/C-1002").status_code == 404


def test_an_order_is_taken_with_its_plan_in_the_books(shop: Any, chen: str) -> None:
    taken = shop.put("/orders/A-1", ORDER)
    assert taken.status_code == 201
    assert taken.json()["outcome"] == "taken"
    plan = Plan.objects.get(customer_id=chen, id=taken.json()["plan_id"])
    assert (plan.principal_minor, plan.outstanding_minor, plan.installment_count) == (120000, 120000, 12)
    assert JournalEntry.objects.filter(customer_id=chen, plan_id=plan.id).count() == 1


def test_an_order_told_again_is_unchanged_and_may_only_move_on(shop: Any, chen: str) -> None:
    shop.put("/orders/A-1", ORDER)
    again = shop.put("/orders/A-1", ORDER)
    assert (again.status_code, again.json()["outcome"]) == (200, "unchanged")
    moved = shop.put("/orders/A-1", {**ORDER, "status": "delivered", "delivered_at": "2026-03-04T09:00:00+08:00"})
    assert (moved.status_code, moved.json()["outcome"]) == (200, "updated")
    changed = shop.put("/orders/A-1", {**ORDER, "lines": [{**ORDER["lines"][0], "unit_price_minor": 119900}]})
    assert (changed.status_code, changed.json()["code"]) == (409, "order_conflict")


def test_an_order_reads_back_whole(shop: Any, chen: str) -> None:
    shop.put("/orders/A-1", ORDER)
    read = shop.get("/orders/A-1").json()
    assert (read["customer_id"], read["order_no"], read["total_minor"]) == (chen, "A-1", 120000)
    assert read["placed_at"] == "2026-03-01T02:00:00Z"
    assert read["lines"][0]["name"] == "手机 X2"
    assert read["payments"] == [{"method": "credit_card", "amount_minor": 120000, "installments": 12, "financed": True}]
    assert read["plan"]["state"]["outstanding"]["total_minor"] == 120000
    assert len(read["plan"]["state"]["installments"]) == 12
    assert read["repayments"] == []


def test_orders_are_paged_newest_first(shop: Any, chen: str) -> None:
    for day in range(1, 6):
        shop.put(f"/orders/A-{day}", {**ORDER, "placed_at": f"2026-03-0{day}T10:00:00+08:00", "plan": None})
    path: str | None = f"/customers/{chen}/orders?limit=2"
    seen: list[str] = []
    while path:
        page = shop.get(path).json()
        assert len(page["items"]) <= 2
        seen += [order["order_no"] for order in page["items"]]
        path = page["next_cursor"] and f"/customers/{chen}/orders?limit=2&cursor={page['next_cursor']}"
    assert seen == ["A-5", "A-4", "A-3", "A-2", "A-1"]


def test_orders_are_found_by_how_their_plan_stands(shop: Any, plan: Bought) -> None:
    running = shop.get(f"/customers/{plan.customer_id}/orders?which=running").json()["items"]
    settled = shop.get(f"/customers/{plan.customer_id}/orders?which=settled").json()["items"]
    assert ([order["order_id"] for order in running], settled) == ([str(plan.order_id)], [])


def test_prices_are_learned_from_orders(shop: Any, chen: str) -> None:
    shop.put("/orders/A-1", ORDER)
    (price,) = shop.get("/prices/X2").json()["items"]
    assert (price["price_minor"], price["currency"], price["observed_on"]) == (120000, "CNY", "2026-03-01")
    assert shop.get("/prices/X3").status_code == 404


def _bad(**changes: Any) -> dict[str, Any]:
    return {**ORDER, **changes}


def _line(**changes: Any) -> dict[str, Any]:
    return _bad(lines=[{**ORDER["lines"][0], **changes}])


def _terms(**changes: Any) -> dict[str, Any]:
    return _bad(plan={"terms": {**ORDER["plan"]["terms"], **changes}})


@pytest.mark.parametrize(
    ("body", "code", "where"),
    [
        (_line(unit_price_minor=-1), "invalid_amount", "lines[0].unit_price_minor"),
        (_line(unit_price_minor=10**15 + 1), "invalid_amount", "lines[0].unit_price_minor"),
        (_line(unit_price_minor=10**400), "invalid_amount", "lines[0].unit_price_minor"),
        (_line(unit_price_minor=1200.5), "invalid_amount", "lines[0].unit_price_minor"),
        (_line(unit_price_minor=1200.0), "invalid_amount", "lines[0].unit_price_minor"),
        (_line(unit_price_minor=True), "invalid_amount", "lines[0].unit_price_minor"),
        (_line(unit_price_minor="1200"), "invalid_amount", "lines[0].unit_price_minor"),
        (_line(quantity=0), "invalid_input", "lines[0].quantity"),
        (_line(quantity=1_000_000, unit_price_minor=10**15), "invalid_input", "body"),
        (_line(name="a\x00b"), "malformed_body", None),
        (_line(name="a\x07b"), "invalid_input", "lines[0].name"),
        (_line(name=""), "invalid_input", "lines[0].name"),
        (_line(name="x" * 201), "invalid_input", "lines[0].name"),
        (_line(colour="red"), "unknown_field", "lines[0].colour"),
        (_line(discount_minor=120001), "invalid_input", "lines"),
        (_bad(lines=[{"sku": "X2", "name": "X2"}]), "missing_field", "lines[0].unit_price_minor"),
        (_bad(currency="XXX"), "unknown_currency", "currency"),
        (_bad(currency="cny"), "unknown_currency", "currency"),
        (_bad(placed_at="2026-03-01T10:00:00"), "invalid_input", "placed_at"),
        (_bad(placed_at="2026-02-30T10:00:00Z"), "invalid_input", "placed_at"),
        (_bad(placed_at=1772330400), "invalid_input", "placed_at"),
        (_bad(placed_at="0001-01-01T00:00:00+14:00"), "invalid_input", "placed_at"),
        (_bad(approved_at="2026-02-28T10:00:00+08:00"), "invalid_input", "approved_at"),
        (_bad(customer_ref="nobody"), "unknown_customer", None),
        (_bad(status="lost"), "invalid_input", "status"),
        (_bad(plan=[]), "invalid_input", "plan"),
        (_terms(principal=0), "invalid_amount", "plan.terms.principal"),
        (_terms(currency="JPY"), "invalid_input", "plan.terms.currency"),
        (_terms(installments=601), "invalid_input", "plan.terms.installments"),
        (_terms(first_due_on="2026-02-01"), "first_due_before_opening", "terms.first_due_on"),
        (_terms(opened_on="2026-3-1"), "invalid_input", "plan.terms.opened_on"),
        (_terms(annual_rate=0.1), "invalid_input", "plan.terms.annual_rate"),
        (_terms(down_payment={"amount": 120000}), "nothing_to_finance", "terms.down_payment"),
    ],
)
def test_bad_orders_are_refused_by_name_and_leave_nothing(
    shop: Any, chen: str, body: dict[str, Any], code: str, where: str | None
) -> None:
    refused = shop.put("/orders/A-1", body)
    said = refused.json()
    assert (said["code"], said["where"]) == (code, where), said
    assert refused.status_code == said["status"] in (400, 422)
    assert refused["Content-Type"] == "application/problem+json"
    assert all(said[name] for name in ("detail", "detail_zh", "what_to_do"))
    assert not Order.objects.filter(customer_id=chen).exists()


def test_the_largest_terms_that_can_be_agreed_stay_in_range(shop: Any, chen: str) -> None:
    largest = _terms(principal=10**15, annual_rate="1000", method="equal_principal", every=120, installments=16)
    assert shop.put("/orders/A-1", largest).status_code == 201


def test_everything_wrong_is_told_at_once(shop: Any, chen: str) -> None:
    said = shop.put("/orders/A-1", {**ORDER, "currency": "XXX", "extra": 1, "status": "lost"}).json()
    assert {error["where"]: error["code"] for error in said["errors"]} == {
        "currency": "unknown_currency",
        "extra": "unknown_field",
        "status": "invalid_input",
    }


@pytest.mark.parametrize("ref", ["a%00b", "a%20b", "%E9%99%88", "x" * 65, "-a"])
def test_addresses_that_can_name_no_customer_are_not_found(shop: Any, ref: str) -> None:
    assert shop.get(f"/customers/{ref}").json()["code"] == "not_found"
    assert shop.put(f"/customers/{ref}", {}).status_code == 404
