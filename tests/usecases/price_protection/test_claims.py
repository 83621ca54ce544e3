"""A fallen price made good: claimed, or offered and taken, over the rails, off the plan, and never twice."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, transaction
from procrastinate.contrib.django import app
from structlog.testing import capture_logs

from fenqi.domain.aftersales.cases import CaseState
from fenqi.domain.aftersales.eligibility import NotEligible
from fenqi.domain.aftersales.policies import PriceProtectionPolicy, Subject
from fenqi.domain.aftersales.price_protection import NoPriceDifference
from fenqi.domain.errors import NotFound
from fenqi.interfaces.jobs import price_protection as _jobs  # noqa: F401 - its tasks are run by their names
from fenqi.records.identifiers import new_id
from fenqi.records.models import (
    AftersalesCase,
    AftersalesPolicy,
    AppliedVia,
    OfferState,
    OutboxMessage,
    PriceDifference,
    PriceOffer,
    QuoteRecord,
    SupportMessage,
)
from fenqi.usecases import outbox
from fenqi.usecases.aftersales.errors import RefundQuoteChanged
from fenqi.usecases.aftersales.execute import confirm_quote
from fenqi.usecases.aftersales.returning import newest_quote
from fenqi.usecases.orders.inputs import LineInput
from fenqi.usecases.price_protection.claim import StatementNeeded, claim, claim_for
from fenqi.usecases.price_protection.feed import PriceInput, take_prices
from fenqi.usecases.price_protection.lines import order_under_protection
from fenqi.usecases.price_protection.nightly import make_offers
from fenqi.usecases.price_protection.offers import OfferGone, accept_offer, offer_on_order, quote_offer
from fenqi.usecases.reconciliation.check import check_books
from fenqi.usecases.staff.permissions import NotPermitted
from owed_back import books
from returned import Case, Returning, a_return, delivered
from staff_members import agent, finance

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("town")]

SKU = "X2"


@pytest.fixture
def order() -> Iterator[Returning]:
    """A phone for 1,000.00 and four cases for 50.00 each, on 12 installments of 100.00."""
    yield delivered()
    assert list(check_books()) == []


def cheaper(order: Returning, price: int, *, sku: str = SKU, hours_ago: int = 24) -> None:
    at = order.now - timedelta(hours=hours_ago)
    assert take_prices([PriceInput(sku=sku, price_minor=price, currency="CNY", observed_at=at)]) == 1


def claimed(order: Returning, *, line_no: int = 1, unused: bool | None = True, **more: Any) -> Case:
    said = {"via": AppliedVia.PORTAL, "actor": "customer", "now": order.now, **more}
    case_id = claim(order.customer_id, order.order_id, line_no, unused=unused, **said)
    return Case(order.customer_id, case_id, order.now)


def granted(case: Case) -> Case:
    case.approve()
    case.execute()
    return case


@pytest.mark.requirement("R082", "R083", "R098", "R099", "R100", "R103")
def test_by_default_the_difference_goes_to_the_payment_account_and_the_plan_stays(order: Returning) -> None:
    order.repay(1, key="first")
    cheaper(order, 95_000)
    before = order.plan.state().totals
    case = claimed(order)
    assert (case.state, case.row.value_minor, case.row.kind) == (CaseState.SUBMITTED, 5_000, "price_difference")
    granted(case)
    assert case.state == CaseState.REFUNDING
    assert [(leg.channel, leg.amount_minor) for leg in case.legs()] == [("alipay", 5_000)]
    assert order.plan.state().totals == before
    assert case.execute() is CaseState.REFUNDING
    case.send_money()
    case.let_arrive()
    assert case.follow() is CaseState.COMPLETED
    assert books(order.plan).get("payable.refund", 0) == 0
    assert case.view.arrived_minor == 5_000


def test_what_no_payment_can_carry_comes_off_the_plan(order: Returning) -> None:
    order.repay(1, key="first")
    cheaper(order, 80_000)
    case = granted(claimed(order))
    assert [leg.amount_minor for leg in case.legs()] == [10_000]
    assert order.plan.state().totals.outstanding.total == 110_000 - 10_000
    (given,) = PriceDifference.objects.filter(customer_id=order.customer_id)
    assert (given.amount_minor, given.cash_minor, given.piece_numbers) == (20_000, 10_000, [1])


def test_with_nothing_paid_all_of_it_comes_off_the_plan_and_the_case_is_done(order: Returning) -> None:
    cheaper(order, 90_000)
    case = granted(claimed(order))
    assert case.state == CaseState.COMPLETED
    assert case.legs() == []
    assert order.plan.state().totals.outstanding.total == 110_000
    quote = case.view.quote
    assert quote is not None
    assert quote.off_plan_minor == 10_000


def test_one_drop_is_paid_once_and_a_deeper_one_pays_the_step(order: Returning) -> None:
    cheaper(order, 95_000)
    granted(claimed(order))
    with pytest.raises(NoPriceDifference) as refusal:
        claimed(order)
    assert refusal.value.details == {"paid": "CNY 1,000.00", "lowest": "CNY 950.00"}
    cheaper(order, 93_000, hours_ago=2)
    assert granted(claimed(order)).row.value_minor == 2_000
    given = PriceDifference.objects.filter(customer_id=order.customer_id).values_list("amount_minor", flat=True)
    assert sorted(given) == [2_000, 5_000]


def test_while_a_claim_is_under_way_another_on_the_line_is_the_same_one(order: Returning) -> None:
    cheaper(order, 95_000)
    first = claimed(order)
    assert claimed(order).case_id == first.case_id
    assert AftersalesCase.objects.filter(customer_id=order.customer_id).count() == 1


def test_only_what_is_kept_and_a_return_afterwards_gives_no_difference_back_again(order: Returning) -> None:
    back = order.apply(a_return((2, 1)))
    back.up_to_the_money()
    cheaper(order, 4_000, sku="CASE")
    case = granted(claimed(order, line_no=2))
    assert case.row.value_minor == 3 * 1_000
    (given,) = PriceDifference.objects.filter(customer_id=order.customer_id)
    assert given.piece_numbers == [2, 3, 4]
    quoted = order.quote(a_return((2, 3)))
    assert quoted.value_minor == 3 * 4_000


def test_what_a_return_took_since_is_asked_about_first(order: Returning) -> None:
    cheaper(order, 4_000, sku="CASE")
    case = claimed(order, line_no=2)
    assert case.row.value_minor == 4_000
    order.apply(a_return((2, 1)))
    case.approve()
    assert case.execute() is CaseState.QUOTE_CHANGED
    offered = newest_quote(case.row)
    assert offered is not None
    assert offered.value_minor == 3_000
    assert confirm_quote(order.customer_id, case.case_id, offered.id, actor="customer", now=order.now) == "completed"
    assert PriceDifference.objects.get(customer_id=order.customer_id).amount_minor == 3_000


def test_when_nothing_is_left_of_it_the_case_ends(order: Returning) -> None:
    cheaper(order, 4_000, sku="CASE")
    case = claimed(order, line_no=2)
    order.apply(a_return((2, 4)))
    case.approve()
    assert case.execute() is CaseState.WITHDRAWN
    assert not PriceDifference.objects.filter(customer_id=order.customer_id).exists()


def test_fees_on_the_lower_price_come_off_the_plan_too() -> None:
    order = delivered(method="flat_fee", fee_rate="1")
    cheaper(order, 90_000)
    opened = order.plan.state().opened
    case = granted(claimed(order))
    quote = case.view.quote
    assert quote is not None
    assert opened.fee == 12 * 1_200
    assert (quote.value_minor, quote.fees_back.fee) == (10_000, 1_200)
    assert order.plan.state().totals.outstanding.total == 120_000 + opened.fee - 11_200
    assert list(check_books()) == []


def test_what_was_too_much_of_fees_paid_goes_back_as_money() -> None:
    order = delivered(method="flat_fee", fee_rate="1", installments=1)
    order.repay(1, key="all")
    cheaper(order, 88_000)
    case = granted(claimed(order))
    assert sum(leg.amount_minor for leg in case.legs()) == 12_000 + 120
    assert order.plan.state().balance == 0
    assert list(check_books()) == []


def test_an_order_without_a_plan_is_paid_back_by_transfer() -> None:
    order = delivered(with_plan=False)
    cheaper(order, 99_000)
    case = granted(claimed(order))
    assert [(leg.route, leg.amount_minor) for leg in case.legs()] == [("transfer", 1_000)]
    assert list(check_books()) == []


@pytest.mark.requirement("R087", "R088")
def test_the_statement_is_asked_for_and_used_goods_are_refused_with_the_rule(order: Returning) -> None:
    cheaper(order, 95_000)
    with pytest.raises(StatementNeeded):
        claimed(order, unused=None)
    with pytest.raises(NotEligible) as refusal:
        claimed(order, unused=False)
    assert refusal.value.details["rule"] == "price_not_unused"


@pytest.mark.requirement("R085", "R089", "R090")
def test_flash_sales_and_late_claims_are_refused_and_say_by_which_rule() -> None:
    flash = delivered(lines=(LineInput(sku=SKU, name="手机", unit_price_minor=100_000, tags=("flash_sale",)),))
    cheaper(flash, 95_000)
    with pytest.raises(NotEligible) as refusal:
        claimed(flash)
    assert refusal.value.details["rule"] == "price_kind_excluded"
    late = delivered(days_ago=9)
    with pytest.raises(NotEligible) as refusal:
        claimed(late)
    assert refusal.value.details["rule"] == "price_window_over"


@pytest.mark.requirement("R094")
def test_without_a_lower_price_nothing_is_filed(order: Returning) -> None:
    with pytest.raises(NoPriceDifference):
        claimed(order)
    cheaper(order, 100_000)
    with pytest.raises(NoPriceDifference):
        claimed(order)
    assert not AftersalesCase.objects.filter(customer_id=order.customer_id).exists()


def test_what_was_shown_is_what_is_filed(order: Returning) -> None:
    cheaper(order, 95_000)
    with pytest.raises(RefundQuoteChanged):
        claimed(order, shown="something else")


def test_what_is_not_there_or_not_theirs_is_not_found(order: Returning) -> None:
    other = delivered()
    for customer_id, order_id, line_no in (
        (order.customer_id, other.order_id, 1),
        (order.customer_id, order.order_id, 3),
        (new_id(), order.order_id, 1),
    ):
        with pytest.raises(NotFound):
            claim(customer_id, order_id, line_no, unused=True, via=AppliedVia.API, actor="api", now=order.now)


@pytest.mark.requirement("R092", "R093")
def test_the_price_is_kept_with_the_claim_however_it_moves_afterwards(order: Returning) -> None:
    cheaper(order, 95_000)
    case = claimed(order)
    cheaper(order, 90_000, hours_ago=1)
    granted(case)
    assert PriceDifference.objects.get(customer_id=order.customer_id).amount_minor == 5_000
    assert case.row.quote_id is not None
    kept = QuoteRecord.objects.get(customer_id=order.customer_id, id=case.row.quote_id).body["price"]
    assert (kept["lowest_minor"], kept["paid_minor"], kept["source"], kept["unused"]) == (95_000, 100_000, "feed", True)
    line = order_under_protection(order.customer_id, order.order_id, at=order.now).lines[0]
    assert line.current is not None
    assert (line.current.price, line.difference and line.difference.amount) == (90_000, 5_000)


@pytest.mark.requirement("R095", "R096", "R097", "R104")
def test_where_self_service_is_limited_an_agent_is_handed_all_that_is_needed() -> None:
    rules = PriceProtectionPolicy(self_service=False)
    now = datetime.now(UTC)
    publish_for_cameras(rules, now=now)
    order = delivered(lines=(LineInput(sku="CAM", name="相机", category="camera", unit_price_minor=100_000),), now=now)
    cheaper(order, 95_000, sku="CAM")
    case = claimed(order)
    assert claimed(order).case_id == case.case_id
    assert not SupportMessage.objects.filter(customer_id=order.customer_id).exists()
    (message,) = OutboxMessage.objects.filter(customer_id=order.customer_id, topic=outbox.HAND_CLAIM_OVER)
    for _ in range(2):
        app.tasks[message.topic](customer_id=str(order.customer_id), **message.body)
    (told,) = SupportMessage.objects.filter(customer_id=order.customer_id)
    order_no = case.view.order_no
    for fact in (case.row.case_no, order_no, "相机（CAM）× 1", "1,000.00 元", "950.00 元", "商城价格", "未使用"):
        assert fact in told.text
    assert case.view.lines[0].worth["price"]["unused"] is True


def publish_for_cameras(rules: PriceProtectionPolicy, *, now: datetime) -> None:
    AftersalesPolicy.objects.create(
        id=new_id(),
        code="price_protection.category.camera",
        version=1,
        subject=Subject.PRICE_PROTECTION.value,
        category="camera",
        valid_from=now.date() - timedelta(days=30),
        body=rules.to_mapping(),
        summary_zh="相机",
        summary_en="Cameras",
        published_by="tests",
        published_at=now,
    )


@pytest.mark.requirement("R096")
def test_an_agent_claims_for_the_customer_and_nobody_without_the_permission(order: Returning) -> None:
    cheaper(order, 95_000)
    case_id = claim_for(agent(), order.customer_id, order.order_id, 1, unused=True, now=order.now)
    row = AftersalesCase.objects.get(customer_id=order.customer_id, id=case_id)
    assert (row.via, row.applied_by) == ("console", agent().actor)
    with pytest.raises(NotPermitted):
        claim_for(finance("finance"), order.customer_id, order.order_id, 1, unused=True, now=order.now)


class TestOffers:
    def offers(self, order: Returning) -> list[PriceOffer]:
        return list(PriceOffer.objects.filter(customer_id=order.customer_id).order_by("offered_at", "lowest_minor"))

    @pytest.mark.requirement("R082", "R101", "R105")
    def test_a_drop_is_found_offered_once_and_taken_with_one_word(self, order: Returning) -> None:
        order.repay(1, key="first")
        cheaper(order, 95_000)
        assert make_offers(now=order.now).offers == 1
        assert make_offers(now=order.now).offers == 0
        (offer,) = self.offers(order)
        assert (offer.amount_minor, offer.lowest_minor, offer.route, offer.state) == (
            5_000,
            95_000,
            "payment_account",
            "open",
        )
        told = OutboxMessage.objects.get(customer_id=order.customer_id, topic=outbox.PRICE_OFFERED)
        assert told.not_before >= order.now
        with pytest.raises(StatementNeeded):
            accept_offer(order.customer_id, offer.id, unused=False, actor="customer", now=order.now)
        case_id = accept_offer(order.customer_id, offer.id, unused=True, actor="customer", now=order.now)
        assert accept_offer(order.customer_id, offer.id, unused=True, actor="customer", now=order.now) == case_id
        case = Case(order.customer_id, case_id, order.now)
        assert case.signals == ["applied", "taken", "approved"]
        assert case.execute() is CaseState.REFUNDING
        (offer,) = self.offers(order)
        assert (offer.state, offer.case_id) == (OfferState.ACCEPTED, case_id)
        assert make_offers(now=order.now).offers == 0

    def test_an_order_that_fails_keeps_no_other_from_its_offer(
        self, order: Returning, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        cheaper(order, 95_000)
        broken = delivered(days_ago=3)

        def offer(customer_id: UUID, order_id: UUID, *, now: datetime) -> int:
            if order_id == broken.order_id:
                raise RuntimeError("this order's own fault")
            return offer_on_order(customer_id, order_id, now=now)

        monkeypatch.setattr("fenqi.usecases.price_protection.nightly.offer_on_order", offer)
        with capture_logs() as logs:
            done = make_offers(now=order.now)
        assert (done.orders, done.offers, done.failed) == (2, 1, 1)
        assert [(log["event"], log["order_id"]) for log in logs] == [("price_offer_failed", str(broken.order_id))]
        assert len(self.offers(order)) == 1

        monkeypatch.undo()
        again = make_offers(now=order.now)
        assert (again.offers, again.failed) == (1, 0)

    def test_a_deeper_drop_takes_the_place_of_an_offer_that_stands(self, order: Returning) -> None:
        cheaper(order, 95_000)
        make_offers(now=order.now)
        cheaper(order, 90_000, hours_ago=1)
        assert make_offers(now=order.now).offers == 1
        first, second = sorted(self.offers(order), key=lambda offer: -offer.lowest_minor)
        assert (first.state, second.state, second.amount_minor) == ("superseded", "open", 10_000)
        with pytest.raises(OfferGone):
            accept_offer(order.customer_id, first.id, unused=True, actor="customer", now=order.now)

    def test_after_an_accepted_one_a_deeper_drop_offers_the_step(self, order: Returning) -> None:
        cheaper(order, 95_000)
        make_offers(now=order.now)
        (offer,) = self.offers(order)
        case_id = accept_offer(order.customer_id, offer.id, unused=True, actor="customer", now=order.now)
        Case(order.customer_id, case_id, order.now).execute()
        cheaper(order, 90_000, hours_ago=1)
        make_offers(now=order.now)
        assert [offer.amount_minor for offer in self.offers(order) if offer.state == "open"] == [5_000]

    def test_an_offer_stands_for_a_week_and_is_gone_then(self, order: Returning) -> None:
        cheaper(order, 95_000)
        make_offers(now=order.now)
        (offer,) = self.offers(order)
        after_protection = order.now + timedelta(days=6, hours=12)
        assert offer.expires_at > after_protection
        later = offer.expires_at
        with pytest.raises(OfferGone):
            accept_offer(order.customer_id, offer.id, unused=True, actor="customer", now=later)
        assert make_offers(now=later).expired == 1
        (offer,) = self.offers(order)
        assert offer.state == "expired"

    def test_taken_after_protection_has_ended_it_still_gives_what_was_offered(self, order: Returning) -> None:
        cheaper(order, 95_000)
        make_offers(now=order.now)
        (offer,) = self.offers(order)
        late = order.now + timedelta(days=6)
        with pytest.raises(NotEligible):
            claimed(order, now=late)
        case_id = accept_offer(order.customer_id, offer.id, unused=True, actor="customer", now=late)
        assert Case(order.customer_id, case_id, late).execute() is CaseState.COMPLETED

    def test_what_was_shown_is_what_is_given_or_it_is_shown_anew(self) -> None:
        order = delivered(lines=(LineInput(sku=SKU, name="手机", unit_price_minor=100_000, quantity=2),))
        cheaper(order, 95_000)
        make_offers(now=order.now)
        (offer,) = self.offers(order)
        both = quote_offer(offer, now=order.now)
        returned = order.apply(a_return((1, 1)))
        left = quote_offer(offer, now=order.now)
        assert both
        assert left
        assert (both.amount, left.amount) == (10_000, 5_000)
        with pytest.raises(RefundQuoteChanged):
            accept_offer(order.customer_id, offer.id, unused=True, shown=both.facts, actor="customer", now=order.now)
        accept_offer(order.customer_id, offer.id, unused=True, shown=left.facts, actor="customer", now=order.now)
        assert returned.state == CaseState.SUBMITTED

    def test_a_gift_teaches_no_price(self, order: Returning) -> None:
        cheaper(order, 0)
        assert make_offers(now=order.now).offers == 0

    def test_what_was_claimed_meanwhile_is_offered_no_more(self, order: Returning) -> None:
        cheaper(order, 95_000)
        make_offers(now=order.now)
        granted(claimed(order))
        (offer,) = self.offers(order)
        assert offer.state == "superseded"
        with pytest.raises(OfferGone):
            accept_offer(order.customer_id, offer.id, unused=True, actor="customer", now=order.now)

    def test_an_amount_for_two_people_is_looked_at_by_them(self) -> None:
        order = delivered(lines=(LineInput(sku=SKU, name="相机", unit_price_minor=2_000_000),))
        cheaper(order, 1_400_000)
        make_offers(now=order.now)
        (offer,) = self.offers(order)
        case_id = accept_offer(order.customer_id, offer.id, unused=True, actor="customer", now=order.now)
        assert Case(order.customer_id, case_id, order.now).state == CaseState.SUBMITTED

    def test_nobody_elses_offer_can_be_taken_or_seen(self, order: Returning) -> None:
        cheaper(order, 95_000)
        make_offers(now=order.now)
        (offer,) = self.offers(order)
        with pytest.raises(NotFound):
            accept_offer(delivered().customer_id, offer.id, unused=True, actor="customer", now=order.now)

    def test_what_is_not_eligible_is_not_offered(self) -> None:
        order = delivered(lines=(LineInput(sku=SKU, name="手机", unit_price_minor=100_000, tags=("custom",)),))
        cheaper(order, 95_000)
        found = make_offers(now=order.now)
        assert (found.drops, found.offers) == (1, 0)


class TestLaws:
    def test_more_than_the_drop_is_refused_by_the_database(self, order: Returning) -> None:
        cheaper(order, 95_000)
        case = granted(claimed(order))
        with pytest.raises(IntegrityError), transaction.atomic():
            _given(order, case, amount_minor=5_001)

    def test_a_drop_paid_twice_is_found(self) -> None:
        order = delivered()
        cheaper(order, 95_000)
        case = granted(claimed(order))
        other = claimed_again(order)
        _given(order, other, amount_minor=5_000)
        laws = {finding.law for finding in check_books()}
        assert {"differences_within_the_drop", "differences_are_cases"} <= laws
        assert case.state == CaseState.COMPLETED

    def test_money_without_an_entry_is_found(self) -> None:
        order = delivered()
        cheaper(order, 95_000)
        granted(claimed(order))
        _given(order, claimed_again(order), amount_minor=1, cash_minor=1)
        assert "differences_are_booked_once" in {finding.law for finding in check_books()}

    def test_an_offer_taken_by_a_case_of_another_kind_is_found(self) -> None:
        order = delivered()
        cheaper(order, 95_000)
        make_offers(now=order.now)
        back = order.apply(a_return((2, 1)))
        PriceOffer.objects.filter(customer_id=order.customer_id).update(state="accepted", case_id=back.case_id)
        assert "offers_are_cases" in {finding.law for finding in check_books()}


def claimed_again(order: Returning) -> Case:
    cheaper(order, 94_000, hours_ago=1)
    return claimed(order)


def _given(order: Returning, case: Case, *, amount_minor: int, cash_minor: int = 0) -> None:
    PriceDifference.objects.create(
        customer_id=order.customer_id,
        case_id=case.case_id,
        order_id=order.order_id,
        line_no=1,
        pieces=1,
        piece_numbers=[1],
        currency="CNY",
        paid_minor=100_000,
        lowest_minor=95_000,
        amount_minor=amount_minor,
        cash_minor=cash_minor,
        fees_followed=False,
        given_at=order.now,
    )
