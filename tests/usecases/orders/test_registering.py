"""A mall tells of its customers and orders: told twice nothing changes, told differently it is a conflict."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connections

from fenqi.domain.errors import FenqiError, InvalidInput, NotFound
from fenqi.domain.money import LARGEST_MINOR, InvalidAmount, UnknownCurrency
from fenqi.records.models import Customer, Installment, JournalEntry, Order, OrderLine, Plan, PriceObservation
from fenqi.records.scope import across_customers
from fenqi.usecases.customers import customer_view, find_customer_by_phone
from fenqi.usecases.idempotency import IdempotencyConflict
from fenqi.usecases.orders.inputs import CustomerInput, LineInput
from fenqi.usecases.orders.queries import find_order, list_orders, order_detail
from fenqi.usecases.orders.register import (
    OrderConflict,
    PhoneTaken,
    UnknownCustomer,
    register_customer,
    register_order,
)
from fenqi.usecases.repayment.queries import plan_view
from fenqi.usecases.repayment.record import RepaymentExceedsOwed
from malls import a_customer, an_order, bought, noon

NOW = noon("2026-06-01")


@pytest.mark.django_db
class TestCustomers:
    def test_told_again_the_customer_is_brought_up_to_date(self) -> None:
        first = register_customer(CustomerInput(ref="c", name="陈小云", phone="+86 170-0000-0417"), now=NOW)
        again = register_customer(CustomerInput(ref="c", name="陈云", phone="17000000418"), now=NOW)
        assert (first.created, again.created) == (True, False)
        assert first.customer_id == again.customer_id
        view = customer_view(first.customer_id)
        assert (view.name, view.phone, view.phone_masked) == ("陈云", "17000000418", "170****0418")
        assert find_customer_by_phone("170 0000 0418") == first.customer_id
        with pytest.raises(NotFound):
            find_customer_by_phone("17000000417")

    @pytest.mark.requirement("R185")
    def test_name_and_phone_are_not_to_be_read_in_the_database(self) -> None:
        found = register_customer(CustomerInput(ref="c", name="陈小云", phone="17000000417"), now=NOW)
        row = Customer.objects.get(id=found.customer_id)
        stored = bytes(row.name_encrypted) + bytes(row.phone_encrypted) + row.phone_index.encode()
        assert "陈小云".encode() not in stored
        assert b"17000000417" not in stored

    def test_a_phone_is_bound_to_one_customer(self) -> None:
        a_customer("a", phone="17000000417")
        with pytest.raises(PhoneTaken):
            a_customer("b", phone="17000000417")

    @pytest.mark.parametrize("phone", ["abc", "123", "1" * 16, "１７００００００４１７", "170'--", "\x00" * 11])
    def test_what_is_no_phone_is_refused(self, phone: str) -> None:
        with pytest.raises(InvalidInput):
            a_customer("a", phone=phone)


@pytest.mark.django_db
class TestOrders:
    @pytest.mark.requirement("R056")
    def test_an_order_with_a_plan_is_billed_and_in_the_books(self) -> None:
        a_customer()
        taken = register_order(an_order(method="flat_fee", fee_rate="0.6"), now=NOW)
        assert taken.outcome == "taken"
        assert find_order("o-1") == (taken.customer_id, taken.order_id)
        detail = order_detail(taken.customer_id, taken.order_id, today=date(2026, 6, 1))
        assert detail.title == "青屿 X2 手机"
        assert detail.plan is not None
        assert detail.plan.provider == "mall"
        assert [row.due.total for row in detail.plan.state.rows] == [10_720] * 12
        assert Installment.objects.filter(customer_id=taken.customer_id).count() == 12
        entry = JournalEntry.objects.get(customer_id=taken.customer_id)
        assert (entry.seq, entry.code) == (1, "opened")

    def test_the_same_order_again_adds_nothing(self) -> None:
        a_customer()
        first = register_order(an_order(), now=NOW)
        again = register_order(an_order(), now=NOW)
        assert (again.order_id, again.plan_id, again.outcome) == (first.order_id, first.plan_id, "unchanged")
        assert JournalEntry.objects.filter(customer_id=first.customer_id).count() == 1

    def test_an_order_may_come_further_but_not_become_another(self) -> None:
        a_customer()
        placed = replace(an_order(), status="placed")
        first = register_order(placed, now=NOW)
        delivered = replace(placed, status="delivered", delivered_at=noon("2026-01-04"))
        assert register_order(delivered, now=NOW).outcome == "updated"
        order = Order.objects.get(customer_id=first.customer_id, id=first.order_id)
        assert (order.status, order.delivered_at) == ("delivered", noon("2026-01-04"))
        for changed in (
            replace(placed, currency="EUR", plan=None),
            replace(placed, lines=()),
            an_order(principal=120_001),
            replace(placed, placed_at=placed.placed_at + timedelta(seconds=1)),
        ):
            with pytest.raises(OrderConflict):
                register_order(changed, now=NOW)

    def test_another_customer_cannot_take_over_an_order_number(self) -> None:
        a_customer("a")
        a_customer("b")
        register_order(an_order("o", ref="a"), now=NOW)
        with pytest.raises(OrderConflict):
            register_order(an_order("o", ref="b"), now=NOW)

    @pytest.mark.parametrize(
        ("order", "refusal"),
        [
            (replace(an_order(), customer_ref="nobody"), UnknownCustomer),
            (replace(an_order(), currency="XXX"), UnknownCurrency),
            (replace(an_order(), order_no=""), InvalidInput),
            (replace(an_order(), order_no="o\x00"), InvalidInput),
            (replace(an_order(), approved_at=noon("2025-12-31")), InvalidInput),
            (replace(an_order(), lines=(LineInput(sku="a", name="a", unit_price_minor=-1),)), InvalidInput),
            (replace(an_order(), lines=(LineInput(sku="a", name="a", unit_price_minor=1, quantity=0),)), InvalidInput),
            (
                replace(an_order(), lines=(LineInput(sku="a", name="a", unit_price_minor=LARGEST_MINOR + 1),)),
                InvalidInput,
            ),
            (an_order(currency="USD"), InvalidInput),
            (an_order(principal=0), FenqiError),
            (an_order(principal=-5), FenqiError),
            (an_order(installments=0), FenqiError),
            (an_order(method="usury"), FenqiError),
        ],
    )
    def test_what_is_no_order_is_refused_and_nothing_is_half_done(
        self, order: object, refusal: type[FenqiError]
    ) -> None:
        customer_id = a_customer()
        with pytest.raises(refusal):
            register_order(order, now=NOW)  # type: ignore[arg-type]  # parametrized
        for model in (Order, OrderLine, Plan, JournalEntry):
            assert not model.objects.filter(customer_id=customer_id).exists()
        with pytest.raises(NotFound):
            find_order("o-1")

    def test_what_was_sold_when_is_a_price_observation_once(self) -> None:
        bought()
        bought()
        (seen,) = PriceObservation.objects.filter(sku="X2")
        assert (seen.price_minor, seen.observed_on, seen.source) == (120_000, date(2026, 1, 1), "order")
        assert (seen.observed_at, seen.seller) == (an_order().placed_at, "")

    @pytest.mark.requirement("R010", "R011", "R012")
    def test_orders_are_listed_newest_first_with_their_plan_and_filtered_by_it(self) -> None:
        a_customer()
        for day in range(1, 8):
            order = an_order(f"o-{day}", placed=f"2026-01-0{day}")
            taken = register_order(order if day % 2 else replace(order, plan=None), now=NOW)
        first = list_orders(taken.customer_id, limit=3)
        second = list_orders(taken.customer_id, limit=3, after=first.next_cursor)
        third = list_orders(taken.customer_id, limit=3, after=second.next_cursor)
        numbers = [order.order_no for page in (first, second, third) for order in page.items]
        assert numbers == [f"o-{day}" for day in range(7, 0, -1)]
        assert third.next_cursor is None
        running = list_orders(taken.customer_id, which="running").items
        assert [order.order_no for order in running] == ["o-7", "o-5", "o-3", "o-1"]
        assert all(order.plan and order.plan.count == 12 for order in running)
        assert not list_orders(taken.customer_id, which="settled").items


@pytest.mark.django_db
class TestTelling:
    """Money the mall received itself."""

    def test_it_is_booked_once_under_its_key(self) -> None:
        plan = bought()
        first = plan.record(10_000, on=date(2026, 2, 1), now=NOW, key="k")
        again = plan.record(10_000, on=date(2026, 2, 1), now=NOW, key="k")
        assert first.body == again.body
        assert plan.state().totals.paid.total == 10_000
        with pytest.raises(IdempotencyConflict):
            plan.record(10_001, on=date(2026, 2, 1), now=NOW, key="k")

    def test_more_than_is_owed_is_refused_with_what_is_owed(self) -> None:
        plan = bought()
        with pytest.raises(RepaymentExceedsOwed) as refused:
            plan.record(120_001, on=date(2026, 2, 1), now=NOW, key="k", allow_credit=True)
        assert "1200.00 CNY" in str(refused.value)
        assert "1200.00 CNY" in refused.value.text("zh")
        assert plan.state().totals.paid.total == 0

    def test_a_surplus_is_credit_only_where_the_policy_allows(self, settings: object) -> None:
        settings.FENQI_CREDIT_ALLOWED = True  # type: ignore[attr-defined]  # pytest-django's
        plan = bought()
        with pytest.raises(RepaymentExceedsOwed):
            plan.record(120_500, on=date(2026, 2, 1), now=NOW, key="k")
        plan.record(120_500, on=date(2026, 2, 1), now=NOW, key="k", allow_credit=True)
        assert (plan.state().status.value, plan.state().balance) == ("overpaid", 500)

    @pytest.mark.parametrize("amount", [0, -1, LARGEST_MINOR + 1])
    def test_amounts_that_are_none_are_refused(self, amount: int) -> None:
        with pytest.raises(InvalidAmount):
            bought().record(amount, on=date(2026, 2, 1), now=NOW, key="k")

    @pytest.mark.parametrize("on", ["2025-12-31", "2026-06-02"])
    def test_dates_before_the_plan_or_after_today_are_refused(self, on: str) -> None:
        with pytest.raises(InvalidInput):
            bought().record(100, on=date.fromisoformat(on), now=NOW, key="k")

    def test_a_plan_is_read_as_of_a_day_and_as_it_was_known(self) -> None:
        plan = bought()
        plan.record(10_000, on=date(2026, 2, 1), now=noon("2026-02-01"), key="1")
        plan.record(5_000, on=date(2026, 1, 15), now=noon("2026-03-01"), key="told late")
        today = date(2026, 6, 1)

        def paid(**when: object) -> int:
            view = plan_view(plan.customer_id, plan.plan_id, today=today, **when)  # type: ignore[arg-type]  # by name
            return view.state.totals.paid.total

        assert paid() == 15_000
        assert paid(as_of=date(2026, 1, 20)) == 5_000
        assert paid(known_at=noon("2026-02-15")) == 10_000
        assert paid(as_of=date(2026, 1, 20), known_at=noon("2026-02-15")) == 0


@pytest.mark.django_db(transaction=True)
def test_an_order_told_by_two_programs_at_once_is_taken_once() -> None:
    a_customer()

    def tell(_: int) -> str:
        try:
            return register_order(an_order(), now=datetime.now(UTC)).outcome
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        outcomes = sorted(pool.map(tell, range(6)))
    assert outcomes == ["taken", *["unchanged"] * 5]
    with across_customers():
        assert Plan.objects.count() == 1
