"""What a fallen price is worth: once for a drop, the step for a deeper one, and only for what is kept."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fenqi.domain.aftersales.policies import Clock, PriceProtectionPolicy, ProtectionRoute
from fenqi.domain.aftersales.price_protection import (
    ProtectedLine,
    SeenPrice,
    destinations,
    difference_of,
    fees_on_lower_price,
    given_for,
    left_refundable,
    lowest_seen,
    paid_each,
)
from fenqi.domain.aftersales.worth import BoughtLine, GivenDifference, worth_of
from fenqi.domain.money import Rounding
from fenqi.domain.plans import Components

PAID_AT = datetime(2026, 5, 1, 2, tzinfo=UTC)
UNTIL = PAID_AT + timedelta(days=7)
POLICY = PriceProtectionPolicy(clock=Clock.HOURS)
HOUR = timedelta(hours=1)


def seen(price: int, *, after: timedelta = HOUR, **more: str) -> SeenPrice:
    return SeenPrice(price=price, at=PAID_AT + after, source="feed", **more)


def line(unit_price: int = 1000, quantity: int = 1, **more: object) -> ProtectedLine:
    kept = more.pop("kept", tuple(range(1, quantity + 1)))
    return ProtectedLine(line_no=1, unit_price=unit_price, quantity=quantity, kept=kept, **more)  # type: ignore[arg-type]


@pytest.mark.requirement("R082", "R093")
def test_the_difference_is_to_the_lowest_price_in_the_window_for_every_piece_kept() -> None:
    prices = [seen(900), seen(700, after=2 * HOUR), seen(800, after=3 * HOUR)]
    lowest = lowest_seen(prices, line(), POLICY, paid_at=PAID_AT, until=UNTIL)
    assert lowest == prices[1]
    found = difference_of(line(quantity=3, kept=(1, 3)), lowest, POLICY)
    assert found is not None
    assert (found.amount, found.pieces, found.paid) == (600, (1, 3), 1000)


@pytest.mark.requirement("R094")
@pytest.mark.parametrize("price", [1000, 1001])
def test_the_same_price_or_a_higher_one_is_no_difference(price: int) -> None:
    assert difference_of(line(), seen(price), POLICY) is None
    assert difference_of(line(), None, POLICY) is None


@pytest.mark.requirement("R085")
@pytest.mark.parametrize(
    ("after", "counts"),
    [
        (timedelta(0), False),  # the instant of the payment is not after it
        (timedelta(microseconds=1), True),
        (timedelta(days=7), True),  # N x 24 hours to the instant
        (timedelta(days=7, microseconds=1), False),
        (-HOUR, False),
    ],
)
def test_by_the_hour_the_window_is_open_at_its_start_and_closed_at_its_end(after: timedelta, *, counts: bool) -> None:
    found = lowest_seen([seen(1, after=after)], line(), POLICY, paid_at=PAID_AT, until=UNTIL)
    assert (found is not None) is counts


def test_by_the_calendar_midnight_belongs_to_the_day_after() -> None:
    by_days = PriceProtectionPolicy(clock=Clock.CALENDAR)
    last = seen(1, after=timedelta(days=7) - timedelta(microseconds=1))
    assert lowest_seen([last], line(), by_days, paid_at=PAID_AT, until=UNTIL) == last
    assert lowest_seen([seen(1, after=timedelta(days=7))], line(), by_days, paid_at=PAID_AT, until=UNTIL) is None


def test_another_shop_currency_or_seller_is_no_comparison() -> None:
    mine = line(seller="s1")
    for other in (seen(1, seller="s2"), seen(1, seller="s1", currency="USD"), seen(1, seller="s1", sales_channel="P")):
        assert lowest_seen([other], mine, POLICY, paid_at=PAID_AT, until=UNTIL) is None
    any_seller = PriceProtectionPolicy(clock=Clock.HOURS, same_seller=False)
    assert lowest_seen([seen(1, seller="s2")], mine, any_seller, paid_at=PAID_AT, until=UNTIL)


def test_what_was_paid_is_after_coupons_unless_the_policy_leaves_them_out() -> None:
    with_coupon = line(quantity=3, discount=100)
    assert paid_each(with_coupon, POLICY) == 966
    assert paid_each(with_coupon, PriceProtectionPolicy(counts_coupons=False)) == 1000
    assert difference_of(with_coupon, seen(970), POLICY) is None


PRICES = st.integers(0, 2_000)


@st.composite
def lines(draw: st.DrawFn) -> ProtectedLine:
    quantity = draw(st.integers(1, 6))
    kept = draw(st.sets(st.integers(1, quantity)))
    unit_price = draw(PRICES)
    return ProtectedLine(
        line_no=1,
        unit_price=unit_price,
        quantity=quantity,
        discount=draw(st.integers(0, unit_price * quantity)),
        kept=tuple(sorted(kept)),
        differences=tuple(
            draw(
                st.lists(
                    st.builds(
                        GivenDifference,
                        amount=st.integers(1, 3_000),
                        pieces=st.sets(st.integers(1, quantity), min_size=1).map(lambda them: tuple(sorted(them))),
                    ),
                    max_size=3,
                )
            )
        ),
    )


@given(bought=lines(), price=PRICES, counts_coupons=st.booleans())
def test_never_more_than_the_drop_less_what_was_given_nor_than_what_is_left(
    *, bought: ProtectedLine, price: int, counts_coupons: bool
) -> None:
    policy = PriceProtectionPolicy(clock=Clock.HOURS, counts_coupons=counts_coupons)
    found = difference_of(bought, seen(price), policy)
    drop = len(bought.kept) * (paid_each(bought, policy) - price) - bought.given
    if found is None:
        assert min(drop, left_refundable(bought)) <= 0 or not bought.kept
        return
    assert 0 < found.amount <= drop
    assert found.amount <= left_refundable(bought)


@pytest.mark.requirement("R093")
@given(st.integers(1, 5), st.lists(st.tuples(PRICES, st.booleans()), max_size=8))
def test_claims_one_after_another_give_the_lowest_price_and_never_a_drop_twice(
    quantity: int, history: list[tuple[int, bool]]
) -> None:
    """Prices come in turn; after some of them the customer claims."""
    prices: list[SeenPrice] = []
    given_so_far: tuple[GivenDifference, ...] = ()
    claimed: list[int] = []
    for hour, (price, claims) in enumerate(history, start=1):
        prices.append(seen(price, after=hour * HOUR))
        if not claims:
            continue
        bought = line(quantity=quantity, differences=given_so_far)
        found = difference_of(bought, lowest_seen(prices, bought, POLICY, paid_at=PAID_AT, until=UNTIL), POLICY)
        claimed.append(min(one.price for one in prices))
        if found:
            given_so_far = (*given_so_far, GivenDifference(amount=found.amount, pieces=found.pieces))
    lowest_claimed = min([1000, *claimed])
    assert sum(one.amount for one in given_so_far) == quantity * (1000 - lowest_claimed)


@given(lines(), st.data())
def test_a_return_gives_back_what_the_claims_left(bought: ProtectedLine, data: st.DataObject) -> None:
    """A difference and then a return of pieces together never come to more than the pieces cost (P411)."""
    found = difference_of(bought, seen(data.draw(PRICES)), POLICY)
    differences = bought.differences
    if found:
        differences = (*differences, GivenDifference(amount=found.amount, pieces=found.pieces))
    worth = worth_of(
        BoughtLine(
            line_no=1,
            quantity=bought.quantity,
            unit_price=bought.unit_price,
            discount=bought.discount,
            differences=differences,
        ),
        bought.kept,
        freight_back=False,
    )
    kept_given = sum(given_for(one, bought.kept) for one in differences)
    assert worth.difference == kept_given
    assert worth.value + kept_given <= max(worth.goods - worth.discount, kept_given)


@pytest.mark.requirement("R099", "R100")
@given(st.integers(0, 10_000), st.sampled_from(list(ProtectionRoute)), st.integers(0, 10_000), st.integers(0, 10_000))
def test_every_fen_has_one_destination_and_none_takes_more_than_it_can(
    amount: int, route: ProtectionRoute, carriable: int, owed: int
) -> None:
    found = destinations(amount, route=route, carriable=carriable, owed=owed)
    assert found.payments + found.plan + found.transfer == amount
    assert 0 <= found.payments <= carriable
    assert 0 <= found.plan <= owed
    assert found.transfer == max(0, amount - carriable - owed)
    first, room = (found.plan, owed) if route is ProtectionRoute.PLAN else (found.payments, carriable)
    assert first == min(amount, room)


@given(
    st.integers(0, 5_000),
    st.integers(0, 5_000),
    st.integers(1, 100_000),
    st.lists(st.integers(1, 40_000), min_size=1, max_size=6),
)
def test_fees_of_many_small_differences_are_those_of_one_large(
    fee: int, interest: int, financed: int, amounts: list[int]
) -> None:
    charged = Components(fee=fee, interest=interest)

    def back(amount: int, *, before: int, had: Components) -> Components:
        return fees_on_lower_price(
            charged,
            financed=financed,
            given_before=before,
            amount=amount,
            given_back=had,
            rounding=Rounding.HALF_EVEN,
        )

    before, had = 0, Components()
    for amount in amounts:
        step = back(amount, before=before, had=had)
        before += amount
        had = Components(fee=had.fee + step.fee, interest=had.interest + step.interest)
    at_once = back(sum(amounts), before=0, had=Components())
    assert had == at_once
    assert had.fee <= fee
    assert had.interest <= interest
    assert had.principal == had.late_fee == 0
