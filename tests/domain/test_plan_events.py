"""Rules 3 to 13, one by one, on small plans whose figures can be followed in the head."""

from collections.abc import Sequence

import pytest

from fenqi.domain.plans import Event, PlanState, PlanStatus, Terms, replay
from fenqi.domain.plans.errors import (
    DateOutOfOrder,
    DuplicateEvent,
    EventBeforeOpening,
    NotMoney,
    UnknownEvent,
    UnknownRow,
)
from plan_strategies import event_of, terms_of

FOUR_MONTHS = terms_of(principal=40_000, installments=4)  # 100.00 on the first of February, March, April, May
WITH_FEES = terms_of(principal=40_000, installments=4, method="flat_fee", fee_rate="1")  # and 4.00 each


def paid(state: PlanState) -> list[int]:
    return [row.paid.total for row in state.rows]


def owed(state: PlanState) -> list[int]:
    return [row.outstanding.total for row in state.rows]


def due_on(state: PlanState) -> list[str]:
    return [row.due_on.isoformat() for row in state.rows]


def after(*events: Event, terms: Terms = FOUR_MONTHS) -> PlanState:
    return replay(terms, events)


class TestAllocation:
    """Rules 3 and 4."""

    @pytest.mark.parametrize(
        ("future", "expected"),
        [
            ("next", [10_000, 10_000, 5_000, 0]),
            ("last", [10_000, 0, 5_000, 10_000]),
            ("next_last", [10_000, 10_000, 0, 5_000]),
            ("spread", [10_000, 5_000, 5_000, 5_000]),
        ],
    )
    def test_past_due_first_then_the_future_by_rule(self, future: str, expected: Sequence[int]) -> None:
        state = after(event_of("repayment", "2023-02-15", amount=25_000, future=future))
        assert paid(state) == expected

    def test_past_due_oldest_first_then_due_on_the_day(self) -> None:
        state = after(event_of("refund", "2023-03-01", amount=15_000))
        assert paid(state) == [10_000, 5_000, 0, 0]

    def test_a_refund_takes_the_last_row_by_default_and_a_repayment_the_next(self) -> None:
        assert paid(after(event_of("refund", "2023-01-10", amount=12_000))) == [0, 0, 2_000, 10_000]
        assert paid(after(event_of("repayment", "2023-01-10", amount=12_000))) == [10_000, 2_000, 0, 0]

    def test_spread_again_until_nothing_is_left(self) -> None:
        state = after(
            event_of("repayment", "2023-01-05", amount=9_000),
            event_of("credit", "2023-01-06", amount=10_000, future="spread"),
        )
        assert paid(state) == [10_000, 3_000, 3_000, 3_000]

    def test_spread_never_hands_out_more_than_there_is(self) -> None:
        state = after(
            event_of("repayment", "2023-01-05", amount=2, future="spread"), terms=terms_of(rounding="half_up")
        )
        assert sum(paid(state)) == 2
        state = after(
            event_of("repayment", "2023-01-05", amount=7, future="spread"), terms=terms_of(rounding="half_up")
        )
        assert paid(state) == [1] * 7 + [0] * 5

    def test_the_last_row_takes_the_difference_of_a_spread(self) -> None:
        assert paid(after(event_of("repayment", "2023-01-05", amount=10, future="spread"))) == [2, 2, 2, 4]

    def test_by_installment_serves_a_row_whole_and_by_component_the_group(self) -> None:
        event = event_of("repayment", "2023-03-15", amount=10_800)
        by_row = replay(WITH_FEES, [event])
        assert [row.paid for row in by_row.rows[:2]] == [(10_000, 0, 400, 0), (0, 0, 400, 0)]
        by_component = replay(
            terms_of(**{**WITH_FEES.to_mapping(), "allocation": {"by": "component"}}),
            [event_of("repayment", "2023-03-15", amount=10_000)],
        )
        assert [row.paid for row in by_component.rows[:2]] == [(9_200, 0, 400, 0), (0, 0, 400, 0)]

    def test_components_go_in_the_order_of_the_terms(self) -> None:
        principal_first = terms_of(
            **{**WITH_FEES.to_mapping(), "allocation": {"order": ["principal", "interest", "fee", "late_fee"]}}
        )
        state = replay(principal_first, [event_of("repayment", "2023-02-01", amount=10_100)])
        assert state.rows[0].paid == (10_000, 0, 100, 0)


class TestFeeRefund:
    """Reading 27: what is given back of a charge comes off the plan where a refund would."""

    @pytest.mark.parametrize("component", ["interest", "fee", "late_fee"])
    def test_it_is_allocated_as_a_refund_and_says_what_it_gives_back(self, component: str) -> None:
        state = after(event_of("fee_refund", "2023-01-10", amount=900, component=component), terms=WITH_FEES)
        assert [row.paid for row in state.rows] == [(0, 0, 0, 0)] * 3 + [(500, 0, 400, 0)]
        assert state.allocations[0].component == component
        assert state.totals.due == after(terms=WITH_FEES).totals.due

    def test_it_may_name_its_own_rule(self) -> None:
        state = after(event_of("fee_refund", "2023-01-10", amount=900, component="fee", future="next"), terms=WITH_FEES)
        assert state.rows[0].paid == (500, 0, 400, 0)

    def test_when_nothing_is_owed_it_is_balance_and_does_not_count_as_goods(self) -> None:
        state = after(
            event_of("repayment", "2023-01-10", amount=41_600),
            event_of("fee_refund", "2023-01-11", amount=1_600, component="fee"),
            terms=WITH_FEES,
        )
        assert (state.balance, state.status) == (1_600, PlanStatus.OVERPAID)


class TestBalance:
    """Rule 5 and rule 7."""

    OVERPAID = event_of("repayment", "2023-01-10", id="over", amount=41_000)

    def test_what_no_row_can_take_is_the_balance(self) -> None:
        state = after(self.OVERPAID)
        assert (state.balance, state.status) == (1_000, PlanStatus.OVERPAID)
        assert state.allocations[0][2:7] == (40_000, 0, 0, 0, 1_000)

    def test_a_fee_uses_the_balance_and_the_money_shows_it(self) -> None:
        state = after(self.OVERPAID, event_of("late_fee", "2023-01-20", amount=300, due_on="2023-02-01"))
        assert state.balance == 700
        assert state.allocations[0][2:7] == (40_000, 0, 0, 300, 700)
        assert state.allocations[1][2:7] == (0, 0, 0, 0, 0)
        assert (state.rows[0].paid_early, state.rows[0].paid_on.isoformat()) == (10_300, "2023-01-20")  # type: ignore[union-attr]

    def test_the_oldest_balance_is_used_first(self) -> None:
        state = after(
            self.OVERPAID,
            event_of("credit", "2023-01-11", amount=500),
            event_of("fee", "2023-01-12", amount=1_200, due_on="2023-01-12"),
        )
        assert [done.balance for done in state.allocations] == [0, 300, 0]
        assert [done.fee for done in state.allocations] == [1_000, 200, 0]

    def test_a_payout_takes_the_balance(self) -> None:
        state = after(self.OVERPAID, event_of("balance_payout", "2023-01-20", amount=1_000))
        assert (state.balance, state.status) == (0, PlanStatus.SETTLED)
        assert [done.balance for done in state.allocations] == [1_000, -1_000]

    def test_what_a_payout_took_beyond_the_balance_is_owed_again(self) -> None:
        state = after(
            self.OVERPAID,
            event_of("balance_payout", "2023-02-20", amount=1_000),
            event_of("reversal", "2023-02-25", of="over"),
            event_of("repayment", "2023-02-26", amount=40_000),
        )
        assert state.balance == 0
        assert owed(state) == [0, 0, 0, 1_000]
        payout = state.allocations[0]
        assert (payout.principal, payout.balance) == (1_000, 0)
        assert state.rows[1].due.principal == 11_000


class TestPaidEarlyAndLate:
    """Rule 6."""

    def test_before_on_and_after_the_due_date(self) -> None:
        state = after(
            event_of("repayment", "2023-01-31", amount=4_000),
            event_of("repayment", "2023-02-01", amount=3_000),
            event_of("repayment", "2023-02-02", amount=3_000),
        )
        row = state.rows[0]
        assert (row.paid_early, row.paid_late, row.paid.total) == (4_000, 3_000, 10_000)
        assert row.paid_on is not None
        assert row.paid_on.isoformat() == "2023-02-02"

    def test_more_that_comes_to_be_owed_opens_a_paid_row_again(self) -> None:
        repaid = event_of("repayment", "2023-01-31", id="r", amount=10_000)
        charged_back = event_of("chargeback", "2023-01-31", of="r", amount=500)
        state = after(repaid, charged_back)
        assert (state.rows[0].paid_on, state.rows[0].due.principal) == (None, 10_500)

    def test_what_was_allocated_early_stays_early_when_the_due_date_moves(self) -> None:
        late = event_of("repayment", "2023-02-05", amount=10_000)
        state = after(late, event_of("extension", "2023-02-06", from_row=1, days=20))
        assert (state.rows[0].paid_late, state.rows[0].paid_early) == (10_000, 0)


class TestChargeback:
    """Rule 9."""

    REPAID = event_of("repayment", "2023-01-01", id="r", amount=10_000)

    @pytest.mark.parametrize(
        ("on", "row"), [("2023-01-05", 1), ("2023-02-01", 2), ("2023-04-30", 4), ("2023-05-01", 4)]
    )
    def test_principal_is_owed_again_on_the_first_row_due_after(self, on: str, row: int) -> None:
        state = after(self.REPAID, event_of("chargeback", on, of="r", amount=700))
        assert state.rows[row - 1].due.principal == 10_700
        assert state.allocations[-1][2:7] == (700, 0, 0, 0, 0)

    def test_after_the_last_due_date_it_is_owed_on_a_new_row(self) -> None:
        state = after(self.REPAID, event_of("chargeback", "2023-05-02", of="r", amount=700))
        assert due_on(state)[-1] == "2023-05-02"
        assert [row.n for row in state.rows] == [1, 2, 3, 4, 5]
        assert state.rows[-1].due == (700, 0, 0, 0)

    def test_a_later_one_joins_the_new_row_and_moves_its_due_date_on(self) -> None:
        state = after(
            self.REPAID,
            event_of("chargeback", "2023-05-02", of="r", amount=700),
            event_of("chargeback", "2023-05-09", of="r", amount=300),
            event_of("fee", "2023-05-09", amount=50, due_on="2023-05-05"),
        )
        assert due_on(state)[4:] == ["2023-05-09"]
        assert state.rows[-1].due == (1_000, 0, 50, 0)

    def test_never_on_the_down_payment(self) -> None:
        state = after(
            self.REPAID,
            event_of("chargeback", "2023-01-01", of="r", amount=700),
            terms=terms_of(principal=40_000, installments=3, down_payment={"percent": "25"}),
        )
        assert [row.due.principal for row in state.rows] == [10_000, 10_700, 10_000, 10_000]

    def test_the_balance_first(self) -> None:
        over = event_of("repayment", "2023-01-01", id="r", amount=40_200)
        state = after(over, event_of("chargeback", "2023-02-10", of="r", amount=500))
        assert owed(state) == [0, 300, 0, 0]
        assert state.allocations[1][2:7] == (300, 0, 0, 0, -200)
        assert state.allocations[0].balance == 200


class TestFees:
    """Rule 10."""

    @pytest.mark.parametrize(
        ("fee_due_on", "row"), [("2023-01-01", 2), ("2023-02-01", 2), ("2023-02-02", 3), ("2023-04-01", 4)]
    )
    def test_a_fee_belongs_to_the_row_in_whose_period_it_is_due(self, fee_due_on: str, row: int) -> None:
        terms = terms_of(principal=40_000, installments=3, down_payment={"percent": "25"})
        state = after(event_of("fee", "2023-01-01", amount=90, due_on=fee_due_on), terms=terms)
        assert [bool(each.due.fee) for each in state.rows].index(True) == row - 1

    def test_after_the_last_row_it_makes_a_new_one(self) -> None:
        state = after(event_of("late_fee", "2023-01-01", amount=90, due_on="2023-06-01"))
        assert due_on(state)[4:] == ["2023-06-01"]
        assert state.rows[4].due == (0, 0, 0, 90)

    def test_payments_before_it_do_not_see_it(self) -> None:
        state = after(
            event_of("fee", "2023-01-20", amount=100, due_on="2023-02-01"),
            event_of("repayment", "2023-01-10", amount=10_000),
        )
        assert state.rows[0].paid == (10_000, 0, 0, 0)
        assert state.rows[0].outstanding == (0, 0, 100, 0)

    def test_a_waiver_lowers_the_oldest_open_row_and_never_below_what_was_paid(self) -> None:
        state = replay(
            WITH_FEES,
            [
                event_of("repayment", "2023-02-01", amount=300),
                event_of("waiver", "2023-02-02", amount=600, component="fee"),
            ],
        )
        assert [row.due.fee for row in state.rows] == [300, 0, 300, 400]

    def test_a_waiver_of_more_than_is_owed_lowers_all_there_is(self) -> None:
        state = after(event_of("waiver", "2023-02-02", amount=600, component="late_fee"))
        assert state.totals == after().totals


class TestSettlement:
    """Rule 11."""

    INTEREST = terms_of(principal=40_000, installments=4, method="equal_principal", annual_rate="12")  # 4 3 2 1 yuan

    def test_interest_of_the_running_row_up_to_the_day_and_none_after(self) -> None:
        state = replay(self.INTEREST, [event_of("settlement", "2023-02-15", id="s")])
        assert state.allocations[0][2:7] == (40_000, 400 + 150, 0, 0, 0)  # 14 of 28 days of 3.00
        assert state.status is PlanStatus.SETTLED
        assert [row.due.interest for row in state.rows] == [400, 150, 0, 0]

    @pytest.mark.parametrize(
        ("on", "interest"), [("2023-01-01", 0), ("2023-02-01", 400), ("2023-05-01", 1_000), ("2023-07-01", 1_000)]
    )
    def test_quote_on_the_edges(self, on: str, interest: int) -> None:
        state = replay(self.INTEREST, [event_of("look", on)])
        assert state.settlement_quote == 40_000 + interest

    def test_interest_paid_early_is_not_given_back(self) -> None:
        paid_ahead = event_of("repayment", "2023-01-02", amount=10_400 + 10_300)
        state = replay(self.INTEREST, [paid_ahead, event_of("look", "2023-01-02")])
        assert state.settlement_quote == 20_000

    def test_flat_fees_of_later_rows_are_not_asked_but_charged_fees_are(self) -> None:
        charged = event_of("fee", "2023-01-02", amount=70, due_on="2023-03-15")
        state = replay(WITH_FEES, [charged, event_of("look", "2023-02-15")])
        assert state.settlement_quote == 40_000 + 400 + 400 + 70

    @pytest.mark.parametrize(
        ("on", "fees"), [("2023-01-01", 400), ("2023-01-02", 400), ("2023-02-01", 400), ("2023-02-02", 800)]
    )
    def test_the_flat_fee_of_the_running_row_is_asked_and_of_no_later_one(self, on: str, fees: int) -> None:
        assert replay(WITH_FEES, [event_of("look", on)]).settlement_quote == 40_000 + fees

    def test_a_settlement_with_its_amount_keeps_what_really_came(self) -> None:
        state = after(
            event_of("settlement", "2023-01-10", amount=40_000),
            event_of("repayment", "2023-01-05", id="late news", amount=10_000),
        )
        assert (state.status, state.balance) == (PlanStatus.OVERPAID, 10_000)

    def test_a_settlement_when_nothing_is_owed_pays_nothing(self) -> None:
        state = after(event_of("repayment", "2023-01-10", amount=40_000), event_of("settlement", "2023-01-11"))
        assert state.allocations[1][2:7] == (0, 0, 0, 0, 0)
        assert state.status is PlanStatus.SETTLED


class TestMovingRows:
    """Rule 12, and the reschedule."""

    def test_later_rows_follow_at_the_distance_from_the_moved_date(self) -> None:
        state = after(event_of("extension", "2023-02-10", from_row=2, days=30))
        assert due_on(state) == ["2023-02-01", "2023-03-31", "2023-04-30", "2023-05-31"]

    def test_the_added_row_stays(self) -> None:
        state = after(
            event_of("fee", "2023-01-02", amount=5, due_on="2023-05-10"),
            event_of("extension", "2023-01-03", from_row=4, days=20),
        )
        assert due_on(state) == ["2023-02-01", "2023-03-01", "2023-04-01", "2023-05-21", "2023-05-10"]

    @pytest.mark.parametrize("row", [5, 9])
    def test_only_rows_of_the_schedule_can_be_extended(self, row: int) -> None:
        with pytest.raises(UnknownRow) as refusal:
            after(
                event_of("fee", "2023-01-02", amount=5, due_on="2023-05-10"),
                event_of("extension", "2023-01-03", from_row=row, days=20),
            )
        assert refusal.value.where == "events[1]"

    def test_a_reschedule_lays_out_anew_what_is_outstanding(self) -> None:
        state = replay(
            WITH_FEES,
            [
                event_of("repayment", "2023-02-01", amount=10_400 + 5_400),
                event_of("reschedule", "2023-03-10", installments=3, first_due_on="2023-04-15"),
            ],
        )
        assert due_on(state) == ["2023-02-01", "2023-03-01", "2023-04-15", "2023-05-15", "2023-06-15"]
        assert [row.due for row in state.rows] == [
            (10_000, 0, 400, 0), (5_000, 0, 400, 0), (8_333, 0, 267, 0), (8_333, 0, 267, 0), (8_334, 0, 266, 0),
        ]  # fmt: skip
        assert [row.n for row in state.rows] == [1, 2, 3, 4, 5]
        assert state.rows[1].paid_on is not None
        assert state.rows[1].paid_on.isoformat() == "2023-03-10"

    def test_rows_that_nothing_was_paid_on_give_up_their_place(self) -> None:
        state = after(event_of("reschedule", "2023-01-10", installments=2, first_due_on="2023-06-30"))
        assert [(row.n, row.due.principal) for row in state.rows] == [(1, 20_000), (2, 20_000)]
        assert due_on(state) == ["2023-06-30", "2023-07-30"]

    def test_a_reschedule_when_nothing_is_owed_changes_nothing(self) -> None:
        repaid = event_of("repayment", "2023-01-10", amount=40_000)
        rescheduled = event_of("reschedule", "2023-01-11", installments=2, first_due_on="2023-06-30")
        assert after(repaid, rescheduled).rows == after(repaid).rows


class TestStatus:
    """Rule 13."""

    def test_cancelled_when_refunds_reach_the_principal(self) -> None:
        half = event_of("refund", "2023-01-10", amount=20_000)
        assert after(half).status is PlanStatus.ACTIVE
        assert after(half, event_of("refund", "2023-01-11", amount=20_000)).status is PlanStatus.CANCELLED
        repaid = event_of("repayment", "2023-01-12", amount=20_000)
        assert after(half, repaid).status is PlanStatus.SETTLED

    def test_a_full_refund_after_payments_leaves_a_balance_until_it_is_paid_out(self) -> None:
        events = [event_of("repayment", "2023-01-02", amount=10_000), event_of("refund", "2023-01-10", amount=40_000)]
        assert after(*events).status is PlanStatus.OVERPAID
        events.append(event_of("balance_payout", "2023-01-11", amount=10_000))
        assert after(*events).status is PlanStatus.CANCELLED

    def test_charged_off_until_paid_after_all(self) -> None:
        written_off = event_of("charge_off", "2023-09-01")
        assert after(written_off).status is PlanStatus.CHARGED_OFF
        assert owed(after(written_off)) == [10_000] * 4
        recovered = event_of("repayment", "2023-10-01", amount=40_000)
        assert after(written_off, recovered).status is PlanStatus.SETTLED

    def test_days_past_due_count_from_the_oldest_open_row_and_grace_does_not_shorten_them(self) -> None:
        terms = terms_of(principal=40_000, installments=4, grace_days=10)
        late = event_of("look", "2023-03-05")
        assert replay(terms, [late]).days_past_due == 32
        assert replay(terms, [event_of("repayment", "2023-02-01", amount=10_000), late]).days_past_due == 4
        assert replay(terms, [event_of("look", "2023-02-01")]).days_past_due == 0


class TestStanding:
    """Rule 8 and what it takes for events to make sense together."""

    def test_the_state_is_dated_by_the_events_that_stand(self) -> None:
        paid_late = event_of("repayment", "2023-03-01", id="p", amount=1)
        state = after(paid_late, event_of("reversal", "2023-02-01", of="p"))
        assert state.on.isoformat() == "2023-02-01"
        assert [done.event for done in state.allocations] == ["reversal 2023-02-01"]

    def test_reversing_twice_undoes_once(self) -> None:
        events = [
            event_of("repayment", "2023-01-05", id="p", amount=100),
            event_of("reversal", "2023-01-06", id="r1", of="p"),
            event_of("reversal", "2023-01-07", id="r2", of="p"),
        ]
        assert paid(after(*events)) == [0, 0, 0, 0]

    def test_events_of_one_day_keep_their_order(self) -> None:
        fee = event_of("fee", "2023-01-05", amount=100, due_on="2023-02-01")
        repaid = event_of("repayment", "2023-01-05", amount=100)
        assert after(fee, repaid).rows[0].paid.fee == 100
        assert after(repaid, fee).rows[0].paid.fee == 0

    @pytest.mark.parametrize(
        ("events", "refusal", "where"),
        [
            ([("look", "2022-12-31", {})], EventBeforeOpening, "events[0].on"),
            ([("fee", "2023-01-01", {"amount": 1, "due_on": "2022-12-31"})], EventBeforeOpening, "events[0].due_on"),
            (
                [("look", "2023-01-01", {"id": "a"}), ("look", "2023-01-01", {"id": "a"})],
                DuplicateEvent,
                "events[1].id",
            ),
            (
                [("reversal", "2023-01-01", {"of": "b"}), ("look", "2023-01-01", {"id": "b"})],
                UnknownEvent,
                "events[0].of",
            ),
            ([("reversal", "2023-01-01", {"id": "a", "of": "a"})], UnknownEvent, "events[0].of"),
            (
                [("look", "2023-01-01", {"id": "a"}), ("chargeback", "2023-01-01", {"of": "a", "amount": 1})],
                NotMoney,
                "events[1].of",
            ),
            (
                [("reschedule", "2023-03-01", {"installments": 1, "first_due_on": "2023-02-28"})],
                DateOutOfOrder,
                "events[0].first_due_on",
            ),
        ],
    )
    def test_events_without_a_meaning_are_refused(
        self, events: list[tuple[str, str, dict[str, object]]], refusal: type[Exception], where: str
    ) -> None:
        with pytest.raises(refusal) as refused:
            after(*(event_of(kind, on, **fields) for kind, on, fields in events))
        assert refused.value.where == where  # type: ignore[attr-defined]  # every refusal says where
