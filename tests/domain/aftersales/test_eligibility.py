"""Who may return what until when: days are counted as the law counts, and a refusal cites one rule and a next step."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fenqi.domain.aftersales.eligibility import (
    LineFacts,
    NotBought,
    NotEligible,
    OrderFacts,
    TooManyPieces,
    Wish,
    WishedLine,
    decide,
    decide_each,
    decide_line,
    decide_price_claim,
    exclusion_of,
    last_day_for_faults,
    last_day_without_reason,
    protected_until,
)
from fenqi.domain.aftersales.policies import (
    DEFAULT_PRICE_PROTECTION_POLICY,
    DEFAULT_RETURN_POLICY,
    Clock,
    ConfirmedExclusion,
    LegalExclusion,
    PriceProtectionPolicy,
)
from fenqi.domain.aftersales.reasons import REASONS_FOR, SELLERS_FAULT, Reason, WishKind
from fenqi.domain.aftersales.rules import RULES, NextStep, RuleId
from fenqi.domain.errors import InvalidInput
from fenqi.domain.workdays import workday

SHANGHAI = ZoneInfo("Asia/Shanghai")
RECEIVED = date(2026, 3, 10)
PAID_AT = datetime(2026, 3, 8, 21, 30, tzinfo=SHANGHAI)
PHONE = LineFacts(line_no=1, sku="X2", name="青屿 X2 手机", category="phone", quantity=2)
POLICY = DEFAULT_RETURN_POLICY


def order(*lines: LineFacts, received_on: date | None = RECEIVED, status: str = "delivered", **more: str) -> OrderFacts:
    return OrderFacts(
        order_no="o-1",
        status=status,
        sales_channel=more.get("sales_channel", "OFFICIAL"),
        placed_on=PAID_AT.date(),
        paid_at=PAID_AT,
        received_on=received_on,
        lines=lines or (PHONE,),
    )


def wish(reason: Reason = Reason.NO_REASON, kind: WishKind = WishKind.RETURN, **pieces: int) -> Wish:
    wished = pieces or {"l1": 1}
    return Wish(
        kind=kind,
        reason=reason,
        lines=tuple(WishedLine(line_no=int(name[1:]), pieces=count) for name, count in wished.items()),
    )


class TestTheWindow:
    @pytest.mark.requirement("R021")
    def test_day_one_is_the_day_after_receipt_and_the_seventh_is_whole(self) -> None:
        assert last_day_without_reason(POLICY, RECEIVED).on == date(2026, 3, 17)  # the example of P102
        decision = decide(order(), POLICY, wish(), date(2026, 3, 17))
        assert (decision.allowed, decision.rule) == (True, RuleId.NO_REASON_RETURN)
        assert "2026-03-17" in decision.zh
        refused = decide(order(), POLICY, wish(), date(2026, 3, 18))
        assert (refused.allowed, refused.rule, refused.next_step) == (
            False,
            RuleId.WINDOW_OVER,
            NextStep.REPORT_FAULT,
        )

    def test_a_window_that_ends_on_a_rest_day_ends_with_the_next_working_day(self) -> None:
        assert last_day_without_reason(POLICY, date(2026, 9, 24)).on == date(2026, 10, 8)  # October 1 to 7 are off
        assert last_day_without_reason(POLICY, date(2026, 5, 2)).on == date(2026, 5, 9)  # a make-up Saturday is worked
        fixed = replace(POLICY, window_ends_on_working_day=False)
        assert last_day_without_reason(fixed, date(2026, 9, 24)).on == date(2026, 10, 1)

    def test_past_the_calendar_the_day_is_estimated(self) -> None:
        assert last_day_without_reason(POLICY, date(2027, 4, 1)).is_estimated
        assert decide(order(received_on=date(2027, 4, 1)), POLICY, wish(), date(2027, 4, 2)).last_is_estimated

    @given(st.dates(date(2024, 1, 1), date(2029, 12, 31)), st.integers(7, 60))
    def test_it_ends_on_a_working_day_and_never_early(self, received_on: date, days: int) -> None:
        last = last_day_without_reason(replace(POLICY, window_days=days), received_on).on
        assert last >= received_on + timedelta(days=days)
        assert workday(last).is_workday
        between = [received_on + timedelta(days=n) for n in range(days, (last - received_on).days)]
        assert not any(workday(day).is_workday for day in between)

    @given(st.dates(date(2024, 1, 1), date(2029, 12, 31)), st.integers(0, 400), st.integers(0, 30))
    def test_a_longer_window_refuses_nothing_that_a_shorter_one_allows(self, on: date, age: int, more: int) -> None:
        bought = order(received_on=on - timedelta(days=age))
        longer = replace(POLICY, window_days=7 + more)
        assert decide(bought, longer, wish(), on).allowed or not decide(bought, POLICY, wish(), on).allowed


class TestExclusions:
    @pytest.mark.requirement("R023")
    @pytest.mark.parametrize(
        ("tag", "rule"),
        [
            ("custom", RuleId.MADE_TO_ORDER),
            ("perishable", RuleId.PERISHABLE),
            ("virtual", RuleId.DIGITAL),
            ("opened_media", RuleId.OPENED_MEDIA),
            ("periodical", RuleId.PERIODICAL),
        ],
    )
    def test_the_law_excludes_goods_from_returns_without_a_reason(self, tag: str, rule: RuleId) -> None:
        made = replace(PHONE, tags=frozenset({tag}))
        for reason in (Reason.NO_REASON, Reason.CHANGED_MIND, Reason.WRONG_SIZE_OR_COLOUR, Reason.OTHER):
            refused = decide(order(made), POLICY, wish(reason), RECEIVED)
            assert (refused.allowed, refused.rule) == (False, rule)
            assert made.name in refused.zh
        assert decide(order(made), POLICY, wish(Reason.FAULTY), RECEIVED).rule is RuleId.FAULTY_GOODS

    @pytest.mark.parametrize("tag", list(ConfirmedExclusion))
    def test_other_exclusions_are_void_without_the_buyers_confirmation(self, tag: ConfirmedExclusion) -> None:
        opened = replace(PHONE, tags=frozenset({tag.value}))
        assert decide(order(opened), POLICY, wish(), RECEIVED).allowed
        confirmed = replace(opened, confirmed_at=PAID_AT)
        refused = decide(order(confirmed), POLICY, wish(), RECEIVED)
        assert not refused.allowed
        assert "单独确认" in refused.zh
        assert decide(order(confirmed), POLICY, wish(Reason.WRONG_ITEM), RECEIVED).allowed

    def test_a_confirmation_excludes_nothing_that_may_not_be_excluded(self) -> None:
        """P106: a flash sale, or plain goods, stay returnable whatever was confirmed."""
        for tags in ({"flash_sale"}, set[str]()):
            line = replace(PHONE, tags=frozenset(tags), confirmed_at=PAID_AT)
            assert exclusion_of(line, POLICY) is None

    def test_a_policy_may_exclude_less_than_the_law_lets_it(self) -> None:
        kind = replace(POLICY, excluded_by_law=frozenset({LegalExclusion.PERISHABLE}))
        assert exclusion_of(replace(PHONE, tags=frozenset({"custom"})), kind) is None


class TestReasons:
    @pytest.mark.requirement("R029", "R030")
    def test_personal_reasons_and_faults_are_both_taken(self) -> None:
        allowed = {
            reason for reason in REASONS_FOR[WishKind.RETURN] if decide(order(), POLICY, wish(reason), RECEIVED).allowed
        }
        assert allowed == set(REASONS_FOR[WishKind.RETURN])

    def test_no_reason_needs_no_evidence_and_a_fault_does(self) -> None:
        assert not decide(order(), POLICY, wish(), RECEIVED).evidence_asked
        assert decide(order(), POLICY, wish(Reason.FAULTY), RECEIVED).evidence_asked

    @pytest.mark.requirement("R025")
    def test_after_the_window_a_fault_is_still_taken_with_evidence_and_a_change_of_mind_is_not(self) -> None:
        late = RECEIVED + timedelta(days=60)
        taken = decide(order(), POLICY, wish(Reason.FAULTY), late)
        assert (taken.allowed, taken.evidence_asked, taken.within_window) == (True, True, False)
        assert not decide(order(), POLICY, wish(Reason.CHANGED_MIND), late).allowed

    def test_after_the_time_for_faults_repair_and_appeal_are_offered(self) -> None:
        last = last_day_for_faults(POLICY, RECEIVED).on
        assert last == RECEIVED + timedelta(days=180)
        assert decide(order(), POLICY, wish(Reason.FAULTY), last).allowed
        refused = decide(order(), POLICY, wish(Reason.FAULTY), last + timedelta(days=1))
        assert (refused.rule, refused.next_step) == (RuleId.FAULT_WINDOW_OVER, NextStep.REPAIR)

    def test_whoever_keeps_the_goods_needs_the_sellers_fault(self) -> None:
        refused = decide(order(), POLICY, wish(Reason.CHANGED_MIND, WishKind.REFUND_ONLY), RECEIVED)
        assert (refused.rule, refused.next_step) == (RuleId.GOODS_ARE_KEPT, NextStep.RETURN_INSTEAD)
        for reason in SELLERS_FAULT:
            assert decide(order(), POLICY, wish(reason, WishKind.REFUND_ONLY), RECEIVED).allowed

    def test_a_reason_that_does_not_go_with_the_wish_is_refused(self) -> None:
        refused = decide(order(), POLICY, wish(Reason.NEVER_ARRIVED), RECEIVED)
        assert refused.rule is RuleId.REASON_DOES_NOT_FIT

    def test_late_goods_go_back_within_the_window_only(self) -> None:
        assert decide(order(), POLICY, wish(Reason.LATE_DELIVERY), RECEIVED).rule is RuleId.LATE_GOODS
        assert not decide(order(), POLICY, wish(Reason.LATE_DELIVERY), RECEIVED + timedelta(days=30)).allowed


class TestWhatCannotBeAskedFor:
    @pytest.mark.requirement("R020")
    def test_goods_that_were_not_delivered(self) -> None:
        on_the_way = order(received_on=None, status="shipped")
        refused = decide(on_the_way, POLICY, wish(), RECEIVED)
        assert (refused.rule, refused.next_step) == (RuleId.NOT_DELIVERED, NextStep.WAIT_FOR_DELIVERY)
        missing = decide(on_the_way, POLICY, wish(Reason.NEVER_ARRIVED, WishKind.REFUND_ONLY), RECEIVED)
        assert (missing.allowed, missing.rule) == (True, RuleId.NOT_RECEIVED)

    @pytest.mark.parametrize("status", ["cancelled", "unavailable"])
    def test_an_order_that_is_not_in_force(self, status: str) -> None:
        assert decide(order(status=status), POLICY, wish(), RECEIVED).rule is RuleId.ORDER_NOT_IN_FORCE

    @pytest.mark.requirement("R027", "R028")
    def test_goods_of_a_partners_platform_are_handed_over_with_its_procedure(self) -> None:
        policy = replace(POLICY, procedure_zh="请到星河商城办理", procedure_en="Apply at Galaxy Mall")
        bought_there = order(sales_channel="PARTNER")
        for reason in Reason:
            told = decide(bought_there, policy, wish(reason), RECEIVED)
            assert (told.allowed, told.rule, told.next_step) == (
                False,
                RuleId.OTHER_PLATFORM,
                NextStep.PARTNER_PLATFORM,
            )
            assert told.procedure_zh == "请到星河商城办理"
        assert decide(bought_there, POLICY, wish(), RECEIVED).rule is RuleId.OTHER_PLATFORM, "also without its text"

    def test_goods_that_went_back_already(self) -> None:
        gone = replace(PHONE, gone=2)
        assert decide(order(gone), POLICY, wish(), RECEIVED).next_step is NextStep.SEE_CASES

    def test_more_pieces_than_are_left(self) -> None:
        with pytest.raises(TooManyPieces) as refused:
            decide(order(replace(PHONE, gone=1)), POLICY, wish(l1=2), RECEIVED)
        assert refused.value.details["left"] == 1

    def test_what_was_not_bought_and_what_makes_no_sense(self) -> None:
        with pytest.raises(NotBought):
            decide(order(), POLICY, wish(l9=1), RECEIVED)
        for nonsense in (
            Wish(kind=WishKind.RETURN, reason=Reason.NO_REASON, lines=()),
            wish(l1=0),
            wish(l1=-1),
            replace(wish(), lines=(WishedLine(line_no=1, pieces=1),) * 2),
        ):
            with pytest.raises(InvalidInput):
                decide(order(), POLICY, nonsense, RECEIVED)


class TestSeveralLines:
    def test_each_line_is_judged_by_its_own_policy_and_the_first_refusal_is_the_answer(self) -> None:
        case = LineFacts(line_no=2, sku="C", name="刻字外壳", tags=frozenset({"custom"}))
        both = order(PHONE, case)
        asked = wish(l1=1, l2=1)
        refused = decide(both, POLICY, asked, RECEIVED)
        assert (refused.rule, refused.line_no) == (RuleId.MADE_TO_ORDER, 2)
        generous = replace(POLICY, excluded_by_law=frozenset(), window_days=30)
        taken = decide_each(both, {1: POLICY, 2: generous}, asked, RECEIVED)
        assert taken.allowed
        assert taken.last_on == last_day_without_reason(POLICY, RECEIVED).on, "the line whose time ends first"


@given(
    kind=st.sampled_from([WishKind.RETURN, WishKind.REFUND_ONLY, WishKind.EXCHANGE]),
    reason=st.sampled_from(Reason),
    age=st.integers(0, 400) | st.none(),
    tags=st.sets(st.sampled_from([*LegalExclusion, *ConfirmedExclusion, "flash_sale"])),
    confirmed=st.booleans(),
    gone=st.integers(0, 3),
    status=st.sampled_from(["placed", "approved", "shipped", "delivered", "cancelled", "unavailable"]),
    sales_channel=st.sampled_from(["OFFICIAL", "PARTNER"]),
)
def test_every_answer_cites_one_rule_in_both_languages_and_every_refusal_a_next_step(  # what a wish can depend on
    *,
    kind: WishKind,
    reason: Reason,
    age: int | None,
    tags: set[str],
    confirmed: bool,
    gone: int,
    status: str,
    sales_channel: str,
) -> None:
    line = replace(PHONE, tags=frozenset(tags), gone=gone, confirmed_at=PAID_AT if confirmed else None)
    on = date(2026, 6, 1)
    received_on = None if age is None else on - timedelta(days=age)
    bought = order(line, received_on=received_on, status=status, sales_channel=sales_channel)
    decision = decide_line(bought, line, POLICY, kind=kind, reason=reason, on=on)
    assert decision.rule in RULES
    assert decision.zh
    assert decision.en
    assert "{" not in decision.zh + decision.en
    assert decision.allowed == (decision.next_step is NextStep.APPLY)
    if decision.allowed:
        decision.require()
        assert line.left
        assert decision.last_on is None or on <= decision.last_on
        assert reason is not Reason.NO_REASON or not decision.evidence_asked
    else:
        with pytest.raises(NotEligible) as refused:
            decision.require()
        assert refused.value.details["rule"] == decision.rule.value
        assert refused.value.text("zh") == decision.zh
        assert refused.value.text("en") == decision.en


class TestPriceProtection:
    @staticmethod
    def decide(policy: PriceProtectionPolicy, at: datetime, *tags: str, **more: bool) -> RuleId:
        line = replace(PHONE, tags=frozenset(tags))
        return decide_price_claim(order(line), line, policy, at=at, **more).rule

    @pytest.mark.requirement("R085")
    def test_the_window_runs_from_payment_to_the_end_of_its_last_day(self) -> None:
        policy = DEFAULT_PRICE_PROTECTION_POLICY
        end = datetime.combine(date(2026, 3, 16), time(), tzinfo=SHANGHAI)
        assert protected_until(order(), policy) == end
        assert self.decide(policy, end - timedelta(seconds=1)) is RuleId.PRICE_PROTECTED
        assert self.decide(policy, end) is RuleId.PRICE_WINDOW_OVER

    def test_by_the_hour_it_ends_at_the_hour(self) -> None:
        policy = replace(DEFAULT_PRICE_PROTECTION_POLICY, clock=Clock.HOURS)
        assert protected_until(order(), policy) == PAID_AT + timedelta(days=7)
        assert self.decide(policy, PAID_AT + timedelta(days=7)) is RuleId.PRICE_WINDOW_OVER

    @pytest.mark.requirement("R089", "R090", "R091")
    def test_kinds_of_goods_are_left_out_by_a_list_that_is_open(self) -> None:
        policy = replace(DEFAULT_PRICE_PROTECTION_POLICY, excluded_tags=frozenset({"custom", "launch_week"}))
        for tag in ("custom", "launch_week"):
            assert self.decide(policy, PAID_AT, tag) is RuleId.PRICE_KIND_EXCLUDED
        assert self.decide(policy, PAID_AT, "flash_sale") is RuleId.PRICE_PROTECTED
        assert self.decide(DEFAULT_PRICE_PROTECTION_POLICY, PAID_AT, "flash_sale") is RuleId.PRICE_KIND_EXCLUDED

    @pytest.mark.requirement("R087")
    def test_used_goods_are_refused_where_the_policy_says_so(self) -> None:
        policy = DEFAULT_PRICE_PROTECTION_POLICY
        assert self.decide(policy, PAID_AT, unused=False) is RuleId.PRICE_NOT_UNUSED
        assert self.decide(policy, PAID_AT, unused=True) is RuleId.PRICE_PROTECTED
        lenient = replace(policy, requires_unused=False)
        assert self.decide(lenient, PAID_AT, unused=False) is RuleId.PRICE_PROTECTED

    @pytest.mark.requirement("R084")
    def test_claims_that_are_used_up_and_orders_from_elsewhere(self) -> None:
        policy = replace(DEFAULT_PRICE_PROTECTION_POLICY, most_claims_per_line=1)
        line = replace(PHONE, claims=1)
        assert decide_price_claim(order(line), line, policy, at=PAID_AT).rule is RuleId.PRICE_CLAIMED_OFTEN
        elsewhere = order(sales_channel="PARTNER")
        assert decide_price_claim(elsewhere, PHONE, policy, at=PAID_AT).rule is RuleId.OTHER_PLATFORM
