"""The refund quote on record: kept as it was shown, worked out anew from what is on record, and of one customer."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from fenqi.domain.aftersales.eligibility import NotBought, NotEligible, TooManyPieces, Wish
from fenqi.domain.aftersales.reasons import Reason, WishKind
from fenqi.domain.errors import InvalidInput, NotFound
from fenqi.domain.payments.arrival import ArrivalRoute
from fenqi.records.identifiers import new_id
from fenqi.records.models import PriceDifference, QuoteRecord
from fenqi.usecases import clock
from fenqi.usecases.aftersales.quoting import WorkedOut, keep_quote, quote, quote_view, work_out
from fenqi.usecases.orders.inputs import LineInput
from malls import a_customer
from returned import PHONE, Returning, a_return, delivered
from town import Town

pytestmark = pytest.mark.django_db(transaction=True)

TWO_PHONES = LineInput(
    sku="X2", name="青屿 X2 手机", unit_price_minor=100_000, quantity=2, discount_minor=10_001, freight_minor=1_001
)


def anew(order: Returning, wish: Wish, *, now: datetime | None = None, case_id: UUID | None = None) -> WorkedOut:
    """Worked out later, for the day of the first quote."""
    return work_out(
        order.customer_id,
        order.order_id,
        wish,
        now=now or order.now,
        quoted_on=clock.business_date(order.now),
        case_id=case_id,
    )


@pytest.mark.requirement("R062")
def test_a_quote_says_where_every_fen_goes_and_is_kept_as_it_was_shown() -> None:
    order = delivered()
    order.plan.record(10_000, on=clock.business_date(order.now), now=order.now, key="first")
    shown = order.quote(a_return((1, 1), (2, 4)))
    assert [(line.line_no, line.pieces, line.value_minor) for line in shown.lines] == [(1, 1, 100_000), (2, 4, 20_000)]
    assert (shown.value_minor, shown.off_plan_minor, shown.cash_minor) == (120_000, 110_000, 10_000)
    assert shown.after is not None
    assert (shown.after.status, shown.after.outstanding_minor, shown.after.open_count) == ("cancelled", 0, 0)
    assert [(row.number, row.open_before, row.open_after) for row in shown.rows[:2]] == [(1, 0, 0), (2, 10_000, 0)]
    assert [(way.amount_minor, way.route) for way in shown.ways] == [(10_000, ArrivalRoute.TRANSFER)]
    assert shown.valid_until == clock.end_of_business_day(clock.business_date(order.now) + timedelta(days=1))
    assert quote_view(order.customer_id, shown.quote_id) == shown


def test_a_part_comes_off_the_last_installments_and_the_rest_goes_on() -> None:
    order = delivered()
    shown = order.quote(a_return((2, 3)))
    assert (shown.value_minor, shown.cash_minor, shown.ways) == (15_000, 0, ())
    assert [row.open_after for row in shown.rows] == [10_000] * 10 + [5_000, 0]
    assert [row.change for row in shown.rows] == [0] * 10 + [5_000, 10_000]
    assert shown.after is not None
    assert (shown.after.open_count, shown.after.next_amount_minor) == (11, 10_000)


def test_coupons_and_freight_are_shared_and_the_inspection_is_taken_off() -> None:
    order = delivered(lines=(TWO_PHONES,))
    wish = a_return((1, 1), reason=Reason.FAULTY)
    first = quote(order.customer_id, order.order_id, wish, now=order.now, deductions={1: 2_000})
    (line,) = first.lines
    assert (line.goods_minor, line.discount_minor, line.freight_minor) == (100_000, 5_001, 501)
    assert (line.deduction_minor, line.value_minor) == (2_000, 93_500)
    assert first.freight_back
    assert not order.quote(a_return((1, 1))).freight_back, "the customer's own wish"


def test_every_quote_asks_the_same_number_of_statements() -> None:
    few, many = delivered(lines=(PHONE,)), delivered(lines=(PHONE, PHONE, TWO_PHONES))
    for order, times in ((few, 1), (many, 4)):
        for n in range(times):
            order.plan.record(20_000, on=clock.business_date(order.now), now=order.now, key=f"key {n} of {times}")
    counted = []
    for order, wish in ((few, a_return((1, 1))), (many, a_return((1, 1), (2, 1), (3, 2)))):
        with CaptureQueriesContext(connection) as asked:
            anew(order, wish)
        counted.append(len(asked))
    assert counted[0] == counted[1] <= 14


def test_what_cannot_be_asked_for_is_refused() -> None:
    order = delivered()
    stranger = a_customer("stranger")
    with pytest.raises(NotFound):
        quote(stranger, order.order_id, a_return((1, 1)), now=order.now)
    with pytest.raises(NotFound):
        quote_view(stranger, order.quote(a_return((1, 1))).quote_id)
    with pytest.raises(TooManyPieces):
        order.quote(a_return((2, 5)))
    with pytest.raises(NotBought):
        order.quote(a_return((7, 1)))
    with pytest.raises(NotEligible):
        delivered(days_ago=60).quote(a_return((1, 1)))
    with pytest.raises(InvalidInput):
        order.quote(a_return((1, 1), kind=WishKind.PRICE_DIFFERENCE, reason=Reason.PRICE_FELL))
    assert QuoteRecord.objects.filter(customer_id=order.customer_id).count() == 1


def test_the_facts_are_the_same_until_something_happens() -> None:
    order = delivered()
    wish = a_return((2, 1))
    quoted = order.quote(wish)
    assert anew(order, wish).facts == anew(order, wish, now=order.now + timedelta(days=1)).facts == quoted.facts
    order.plan.record(10_000, on=clock.business_date(order.now), now=order.now, key="money came")
    assert anew(order, wish).facts != quoted.facts


def test_a_payment_told_after_the_quote_goes_back_in_cash() -> None:
    order = delivered()
    wish = a_return((1, 1), (2, 4))
    case = order.apply(wish)
    order.plan.record(30_000, on=clock.business_date(order.now), now=order.now, key="told late")
    executed = anew(order, wish, now=order.now + timedelta(days=3), case_id=case.case_id)
    assert (executed.quote.value, executed.quote.cash) == (120_000, 30_000)
    assert executed.facts != case.view.quote.facts  # type: ignore[union-attr]
    assert executed.quote.events[-1].on == clock.business_date(order.now + timedelta(days=3))
    assert executed.quote.events[0].on == clock.business_date(order.now)


def test_pieces_that_another_case_holds_are_not_counted_twice() -> None:
    order = delivered(lines=(TWO_PHONES,))
    case = order.apply(a_return((1, 1)))
    second = order.quote(a_return((1, 1)))
    first_worth, second_worth = case.view.lines[0].worth, second.lines[0]
    assert first_worth["pieces"] == [1]
    assert first_worth["discount"] + second_worth.discount_minor == 10_001
    assert first_worth["value"] + second_worth.value_minor == 189_999
    held = anew(order, a_return((1, 1)), case_id=case.case_id)
    assert [line.pieces for line in held.quote.lines] == [(1,)]


def test_what_was_paid_at_ordering_goes_back_after_the_plan_and_only_once() -> None:
    order = delivered(at_ordering=50_000)
    first = order.apply(a_return((1, 1)))
    assert first.view.quote is not None
    assert (first.view.quote.on_plan_minor, first.view.quote.at_ordering_minor) == (70_000, 30_000)
    assert [(way.amount_minor, way.at_ordering) for way in first.view.quote.ways] == [(30_000, True)]
    first.up_to_the_money()
    second = order.quote(a_return((2, 4)))
    assert (second.on_plan_minor, second.at_ordering_minor, second.unpaid_minor) == (0, 20_000, 0)


def test_an_exchange_moves_no_money() -> None:
    order = delivered()
    order.plan.record(10_000, on=clock.business_date(order.now), now=order.now, key="first")
    shown = order.quote(a_return((1, 1), kind=WishKind.EXCHANGE, reason=Reason.WRONG_SIZE_OR_COLOUR))
    assert (shown.value_minor, shown.cash_minor, shown.off_plan_minor, shown.fees_back_minor) == (0, 0, 0, 0)
    assert all(row.change == 0 for row in shown.rows)


def test_a_price_difference_is_not_paid_twice() -> None:
    order = delivered()
    claimed = order.apply(a_return((1, 1), kind=WishKind.EXCHANGE, reason=Reason.WRONG_SIZE_OR_COLOUR))
    PriceDifference.objects.create(
        customer_id=order.customer_id,
        case_id=claimed.case_id,
        order_id=order.order_id,
        line_no=2,
        pieces=4,
        piece_numbers=[1, 2, 3, 4],
        currency="CNY",
        paid_minor=5_000,
        lowest_minor=4_500,
        amount_minor=2_000,
        cash_minor=2_000,
        fees_followed=False,
        given_at=order.now,
    )
    shown = order.quote(a_return((2, 3)))
    assert (shown.lines[0].difference_minor, shown.value_minor) == (1_500, 13_500)
    assert order.quote(a_return((2, 4))).value_minor == 18_000


@pytest.mark.requirement("R030")
def test_charges_go_back_by_the_policy_of_the_occasion() -> None:
    order = delivered(method="flat_fee", fee_rate="0.6")
    whole, part = order.quote(a_return((1, 1), (2, 4))), order.quote(a_return((1, 1)))
    assert (whole.fee_rule, whole.fees_back.fee, whole.cash_minor) == ("all", 8_640, 0)
    assert (part.fee_rule, part.fees_back.fee) == ("", 6_600), "ten twelfths of eleven rows' fees"
    faulty = order.quote(a_return((1, 1), reason=Reason.FAULTY))
    assert (faulty.fee_rule, faulty.fees_back.fee) == ("all", 7_200)


def test_returns_that_are_open_together_keep_their_charges_whichever_is_carried_out_first() -> None:
    """A twenty-fourth of 48.84 is 2.035: by place, and not by the day on which it is carried out."""
    order = delivered(method="flat_fee", fee_rate="0.37", installments=11)
    wish = a_return((2, 1), reason=Reason.FAULTY)
    cases = [order.apply(wish, now=order.now + timedelta(seconds=n)) for n in range(4)]
    assert [case.view.quote.fees_back.fee for case in cases if case.view.quote] == [204, 203, 203, 204]
    for case in reversed(cases):
        case.up_to_the_money()
    assert [case.view.quote.fees_back.fee for case in cases if case.view.quote] == [204, 203, 203, 204]
    assert order.plan.state().totals.outstanding.total == 120_000 + 4_884 - 20_000 - 814


@pytest.mark.requirement("R047")
def test_cash_goes_back_over_the_newest_payment_first(town: Town) -> None:
    order = delivered()
    order.repay(1, key="first")
    order.repay(2, key="second")
    order.quote(a_return((1, 1)))
    shown = order.quote(a_return((1, 1), (2, 4)))
    assert [(way.channel, way.amount_minor, way.route) for way in shown.ways] == [
        ("alipay", 10_000, ArrivalRoute.ALIPAY),
        ("alipay", 10_000, ArrivalRoute.ALIPAY),
    ]
    assert all(way.window.from_on <= way.window.by_on and way.attempt_id for way in shown.ways)


def test_the_database_refuses_a_quote_that_loses_a_fen() -> None:
    order = delivered()
    worked = anew(order, a_return((2, 1)))
    kept = QuoteRecord.objects.get(
        customer_id=order.customer_id, id=keep_quote(order.customer_id, order.order_id, worked, now=order.now)
    )
    kept.id, kept.off_plan_minor = new_id(), kept.off_plan_minor - 1
    with pytest.raises(Exception, match="refund_quote_conserves"):
        kept.save(force_insert=True)
