"""Policies are data: read strictly, never below the law, told in sentences that follow from their numbers."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fenqi.domain.aftersales.policies import (
    DEFAULT_PRICE_PROTECTION_POLICY,
    DEFAULT_RETURN_POLICY,
    Clock,
    ConfirmedExclusion,
    FeeOccasion,
    FeeRule,
    LegalExclusion,
    Payer,
    PolicyBelowLaw,
    PriceProtectionPolicy,
    ProtectionRoute,
    ReturnPolicy,
    Subject,
    parse_policy,
    parse_price_protection_policy,
    parse_return_policy,
    policy_code,
)
from fenqi.domain.aftersales.reasons import REASONS_FOR, SELLERS_FAULT, Reason, ReasonGroup, WishKind
from fenqi.domain.aftersales.resolution import Goods, covers, ruling
from fenqi.domain.aftersales.rules import NEXT_STEPS, RULES, NextStep, RuleId
from fenqi.domain.aftersales.sentences import sentences, summary
from fenqi.domain.errors import FenqiError, InvalidInput
from fenqi.domain.plans.terms import FutureRule
from fenqi.domain.reading import UnknownField


@dataclass(frozen=True, kw_only=True)
class Published:
    """What resolution reads of a published version."""

    sku: str = ""
    category: str = ""
    sales_channel: str = ""
    valid_from: date = date(2026, 1, 1)
    ruled_until: date | None = None
    version: int = 1


texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=60).map(str.strip)


@st.composite
def return_policies(draw: st.DrawFn) -> ReturnPolicy:
    window = draw(st.integers(7, 60))
    zh = draw(texts)
    return ReturnPolicy(
        window_days=window,
        window_ends_on_working_day=draw(st.booleans()),
        excluded_by_law=frozenset(draw(st.sets(st.sampled_from(LegalExclusion)))),
        excluded_if_confirmed=frozenset(draw(st.sets(st.sampled_from(ConfirmedExclusion)))),
        requires_resalable=draw(st.booleans()),
        fault_window_days=draw(st.integers(window, 730)),
        review_hours=draw(st.integers(1, 360)),
        promise_working_days=draw(st.integers(1, 15)),
        usual_working_days=draw(st.integers(1, 15)),
        refund_after_received_days=draw(st.integers(1, 7)),
        hard_limit_days=draw(st.integers(1, 15)),
        goods_due_days=draw(st.integers(1, 60)),
        freight_back={ReasonGroup.PERSONAL: draw(st.booleans()), ReasonGroup.SELLERS_FAULT: True},
        return_freight={ReasonGroup.PERSONAL: draw(st.sampled_from(Payer)), ReasonGroup.SELLERS_FAULT: Payer.SELLER},
        fees={occasion: draw(st.none() | st.sampled_from(FeeRule)) for occasion in FeeOccasion},
        late_fees_back_when_faulty=draw(st.booleans()),
        two_people_above_minor=draw(st.integers(0, 10**9)),
        evidence_asked_for=frozenset(draw(st.sets(st.sampled_from(sorted(SELLERS_FAULT))))),
        most_photos=draw(st.integers(0, 20)),
        most_videos=draw(st.integers(0, 20)),
        future_rule=draw(st.none() | st.sampled_from(FutureRule)),
        procedure_zh=zh,
        procedure_en="At the platform." if zh else "",
    )


@st.composite
def price_policies(draw: st.DrawFn) -> PriceProtectionPolicy:
    return PriceProtectionPolicy(
        window_days=draw(st.integers(7, 30)),
        clock=draw(st.sampled_from(Clock)),
        excluded_tags=frozenset(draw(st.sets(st.sampled_from(["custom", "flash_sale", "gift", "vip"])))),
        requires_unused=draw(st.booleans()),
        same_seller=draw(st.booleans()),
        counts_coupons=draw(st.booleans()),
        route=draw(st.sampled_from(ProtectionRoute)),
        fee_on_lower_price=draw(st.booleans()),
        self_service=draw(st.booleans()),
        most_claims_per_line=draw(st.integers(1, 100)),
    )


@given(return_policies())
def test_a_return_policy_that_is_kept_is_read_as_it_was(policy: ReturnPolicy) -> None:
    assert parse_return_policy(policy.to_mapping()) == policy


@given(price_policies())
def test_a_price_protection_policy_that_is_kept_is_read_as_it_was(policy: PriceProtectionPolicy) -> None:
    assert parse_price_protection_policy(policy.to_mapping()) == policy


@pytest.mark.requirement("R021", "R085")
def test_what_is_left_out_is_as_in_the_defaults() -> None:
    assert parse_policy(Subject.RETURN, {}) == DEFAULT_RETURN_POLICY
    assert parse_policy(Subject.PRICE_PROTECTION, {}) == DEFAULT_PRICE_PROTECTION_POLICY
    assert (DEFAULT_RETURN_POLICY.window_days, DEFAULT_PRICE_PROTECTION_POLICY.window_days) == (7, 7)
    assert parse_return_policy({"fees": {"otherwise": "prorata"}}).fees[FeeOccasion.SELLERS_FAULT] is FeeRule.ALL
    assert parse_return_policy({"fees": {"sellers_fault": None}}).fees[FeeOccasion.SELLERS_FAULT] is None


@pytest.mark.parametrize(
    "body",
    [
        {"window_days": 6},
        {"window_days": 30, "fault_window_days": 20},
        {"refund_after_received_days": 8},
        {"hard_limit_days": 16},
        {"promise_working_days": 16},
        {"excluded_by_law": ["custom", "flash_sale"]},  # P106: a shop may not widen the list
        {"excluded_if_confirmed": ["opened_by_mistake"]},
        {"evidence_asked_for": ["no_reason"]},  # P117
        {"return_freight": {"sellers_fault": "customer"}},
        {"freight_back": {"sellers_fault": False}},
    ],
)
def test_a_policy_may_not_give_less_than_the_law(body: dict[str, Any]) -> None:
    with pytest.raises(PolicyBelowLaw) as refused:
        parse_return_policy(body)
    assert refused.value.text("zh") != refused.value.text("en")


@pytest.mark.parametrize(
    "body",
    [
        {"window_days": True},
        {"window_days": "7"},
        {"window_days": 10**9},
        {"requires_resalable": 1},
        {"fees": {"otherwise": "half"}},
        {"fees": ["all"]},
        {"evidence_asked_for": "faulty"},
        {"evidence_asked_for": ["rage"]},
        {"excluded_by_law": "custom"},
        {"excluded_by_law": [7]},
        {"excluded_by_law": ["x" * 100]},
        {"procedure_zh": "请到平台办理"},
        {"procedure_zh": "\x00", "procedure_en": "x"},
        {"procedure_zh": "长" * 3000, "procedure_en": "x"},
        {"future_rule": "never"},
        {"two_people_above_minor": -1},
    ],
)
def test_nonsense_in_a_body_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        parse_return_policy(body)


def test_a_misspelt_field_is_refused() -> None:
    with pytest.raises(UnknownField):
        parse_return_policy({"window_day": 7})
    with pytest.raises(UnknownField):
        parse_return_policy({"fees": {"sometimes": "all"}})


@pytest.mark.requirement("R085", "R086", "R091")
@pytest.mark.parametrize("body", [{"window_days": 6}, {"window_days": 31}, {"most_claims_per_line": 0}])
def test_price_protection_keeps_within_its_bounds(body: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        parse_price_protection_policy(body)
    assert parse_price_protection_policy({"window_days": 15, "excluded_tags": ["any_new_kind"]}).window_days == 15


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=20), inner, max_size=3),
        max_leaves=6,
    ),
    st.sampled_from(sorted(DEFAULT_RETURN_POLICY.to_mapping())),
)
def test_whatever_comes_is_read_or_refused_with_a_typed_error(value: object, name: str) -> None:
    try:
        read = parse_return_policy({name: value})
    except FenqiError:
        return
    assert parse_return_policy(read.to_mapping()) == read


class TestWhoPaysAndWhatIsGivenBack:
    def test_by_reason_and_by_how_much_goes_back(self) -> None:
        policy = DEFAULT_RETURN_POLICY
        assert policy.return_freight_paid_by(Reason.FAULTY) is Payer.SELLER
        assert policy.return_freight_paid_by(Reason.CHANGED_MIND) is Payer.CUSTOMER
        assert policy.gives_freight_back(Reason.WRONG_ITEM)
        assert not policy.gives_freight_back(Reason.NO_REASON)
        assert policy.fee_rule(Reason.FAULTY, whole_order=False, within_window=False) is FeeRule.ALL
        assert policy.fee_rule(Reason.NO_REASON, whole_order=True, within_window=True) is FeeRule.ALL
        assert policy.fee_rule(Reason.NO_REASON, whole_order=False, within_window=True) is None
        assert policy.gives_late_fees_back(Reason.DAMAGED_IN_TRANSIT)
        assert not policy.gives_late_fees_back(Reason.OTHER)
        assert not policy.asks_evidence_for(Reason.NO_REASON)

    def test_every_reason_can_be_given_for_something(self) -> None:
        assert {reason for reasons in REASONS_FOR.values() for reason in reasons} == set(Reason)
        assert REASONS_FOR[WishKind.RETURN][0] is Reason.NO_REASON
        assert set(REASONS_FOR[WishKind.REFUND_ONLY]) == SELLERS_FAULT


class TestSentences:
    @given(return_policies() | price_policies())
    def test_both_languages_say_the_same_number_of_things(self, policy: ReturnPolicy | PriceProtectionPolicy) -> None:
        told = summary(policy)
        assert len(told.zh.split("\n")) == len(told.en.split("\n")) == len(sentences(policy))
        assert all(words.zh and words.en for words in sentences(policy))

    @given(st.integers(7, 60))
    def test_the_text_follows_the_numbers(self, days: int) -> None:
        told = summary(parse_return_policy({"window_days": days, "fault_window_days": 400}))
        assert f"{days} 天内可以无理由" in told.zh
        assert f"within {days} days" in told.en

    @pytest.mark.requirement("R022", "R023", "R026")
    def test_conditions_and_exclusions_are_told(self) -> None:
        told = summary(DEFAULT_RETURN_POLICY)
        assert "完好" in told.zh
        assert "定制商品" in told.zh
        assert "下单时经你单独确认才不适用" in told.zh
        assert "goods made to order" in told.en

    @pytest.mark.requirement("R087", "R088", "R089", "R090")
    def test_price_protection_tells_its_conditions(self) -> None:
        told = summary(DEFAULT_PRICE_PROTECTION_POLICY)
        for words in ("未使用", "原包装完整", "定制", "秒杀"):
            assert words in told.zh
        assert "flash sale" in told.en


def test_every_rule_speaks_both_languages_and_names_a_next_step() -> None:
    assert set(RULES) == set(RuleId)
    assert set(NEXT_STEPS) == set(NextStep)
    for rule in RULES.values():
        assert rule.zh.endswith("。")
        assert rule.en.endswith(".")
        assert rule.sources


class TestResolution:
    GOODS = Goods(sku="X2", category="phone", sales_channel="OFFICIAL", placed_on=date(2026, 6, 1))

    @pytest.mark.requirement("R023", "R027")
    def test_product_goes_before_category_before_channel_before_all(self) -> None:
        known = [
            Published(version=9),
            Published(sales_channel="OFFICIAL", version=8),
            Published(category="phone", version=7),
            Published(sku="X2", version=1),
        ]
        while known:
            assert ruling(known, self.GOODS) is known[-1]
            known.pop()
        assert ruling(known, self.GOODS) is None

    @pytest.mark.requirement("R024", "R164")
    def test_the_day_of_the_order_decides(self) -> None:
        old, new = Published(version=1), Published(version=2, valid_from=date(2026, 6, 2))
        assert ruling([old, new], self.GOODS) is old
        assert (
            ruling([old, new], Goods(sku="", category="", sales_channel="OFFICIAL", placed_on=date(2026, 6, 2))) is new
        )
        assert not covers(Published(ruled_until=date(2026, 5, 31)), self.GOODS)

    def test_what_was_bought_elsewhere_follows_that_channel_first(self) -> None:
        partner, phone = Published(sales_channel="PARTNER"), Published(category="phone", version=5)
        elsewhere = Goods(sku="X2", category="phone", sales_channel="PARTNER", placed_on=date(2026, 6, 1))
        assert ruling([Published(), phone, partner], elsewhere) is partner
        assert ruling([Published(), phone, partner], self.GOODS) is phone

    @given(
        st.lists(
            st.builds(
                Published,
                sku=st.sampled_from(["", "X2", "Y"]),
                category=st.sampled_from(["", "phone", "toy"]),
                sales_channel=st.sampled_from(["", "OFFICIAL", "PARTNER"]),
                version=st.integers(1, 5),
                valid_from=st.dates(date(2026, 5, 20), date(2026, 6, 10)),
            ),
            max_size=8,
        ),
        st.permutations(range(8)),
    )
    def test_the_order_of_reading_does_not_matter(self, known: list[Published], order: list[int]) -> None:
        shuffled = [known[n] for n in order if n < len(known)]
        first, second = ruling(known, self.GOODS), ruling(shuffled, self.GOODS)
        assert (first is None) == (second is None)
        if first is not None and second is not None:
            assert covers(first, self.GOODS)
            assert first == second or first.version == second.version

    def test_a_narrowing_has_a_code_of_its_own(self) -> None:
        assert policy_code(Subject.RETURN) == "return.default"
        assert policy_code(Subject.RETURN, category="phone") == "return.category.phone"
        assert policy_code(Subject.PRICE_PROTECTION, sku="X2") == "price_protection.product.X2"
        assert policy_code(Subject.RETURN, sales_channel="PARTNER") == "return.channel.PARTNER"
