"""Every failure has one cause, and its fitting help first."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fenqi.domain.payments import FailureCategory, RetryMark
from fenqi.domain.payments.recovery import Advice, Circumstances, HelpKind, advise

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 22, 20, 38, tzinfo=ZONE)
TOMORROW_AT_NINE = NOW.replace(day=23, hour=9, minute=0)


def advice(category: FailureCategory, **more: Any) -> Advice:
    facts: dict[str, Any] = {"retry": RetryMark.NEW_ATTEMPT, "is_known": True, "now": NOW, "amount_minor": 38_404}
    return advise(Circumstances(category=category, **{**facts, **more}))


def kinds(found: Advice) -> list[HelpKind]:
    return [one.kind for one in found.helps]


@pytest.mark.requirement("R123", "R129", "R130", "R131")
def test_short_of_money_offers_the_other_methods_then_the_same_one_again_after_topping_up() -> None:
    found = advice(
        FailureCategory.INSUFFICIENT_BALANCE, other_methods=("alipay", "wechat_pay"), by_card=True, next_debit_at=NOW
    )
    assert (found.fitting.kind, found.fitting.method) == (HelpKind.USE_METHOD, "alipay")
    assert kinds(found) == [
        HelpKind.USE_METHOD,
        HelpKind.USE_METHOD,
        HelpKind.TRY_AGAIN_NOW,
        HelpKind.SMALLER_SUM,
        HelpKind.WAIT_FOR_AUTO_DEBIT,
        HelpKind.REMIND_ME,
        HelpKind.CONTACT_AGENT,
    ]
    assert advice(FailureCategory.INSUFFICIENT_BALANCE).fitting.kind is HelpKind.TRY_AGAIN_NOW


@pytest.mark.requirement("R125", "R126", "R127")
def test_wrong_details_are_corrected_first_and_never_sent_again_unchanged() -> None:
    found = advice(FailureCategory.WRONG_ACCOUNT_INFO, other_methods=("alipay",), can_bind=True, by_card=True)
    assert kinds(found) == [HelpKind.CORRECT_DETAILS, HelpKind.USE_METHOD, HelpKind.CONTACT_AGENT]


@pytest.mark.requirement("R138", "R140")
def test_over_a_limit_a_smaller_sum_or_the_day_it_is_renewed() -> None:
    midnight = NOW.replace(day=23, hour=0, minute=0)
    found = advice(FailureCategory.LIMIT_EXCEEDED, left_minor=20_000, opens_at=midnight)
    assert (found.fitting.kind, found.fitting.amount_minor) == (HelpKind.SMALLER_SUM, 20_000)
    remind = next(one for one in found.helps if one.kind is HelpKind.REMIND_ME)
    again = next(one for one in found.helps if one.kind is HelpKind.TRY_AGAIN_AT)
    assert (remind.at, again.at) == (TOMORROW_AT_NINE, midnight)
    used_up = advice(FailureCategory.LIMIT_EXCEEDED, left_minor=0, opens_at=midnight)
    assert HelpKind.SMALLER_SUM not in kinds(used_up)
    for_good = advice(FailureCategory.LIMIT_EXCEEDED, left_minor=20_000)
    assert HelpKind.TRY_AGAIN_AT not in kinds(for_good)


@pytest.mark.requirement("R139", "R140")
def test_maintenance_names_its_end_and_rings_by_day() -> None:
    end = NOW.replace(hour=23, minute=30)
    found = advice(FailureCategory.CHANNEL_MAINTENANCE, is_shut=True, opens_at=end)
    assert kinds(found) == [HelpKind.REMIND_ME, HelpKind.TRY_AGAIN_AT, HelpKind.CONTACT_AGENT]
    assert [one.at for one in found.helps] == [TOMORROW_AT_NINE, end, None]
    switched = advice(FailureCategory.CHANNEL_MAINTENANCE, is_shut=True, opens_at=end, other_methods=("wechat_pay",))
    assert switched.fitting.method == "wechat_pay"


@pytest.mark.requirement("R131", "R141")
@pytest.mark.parametrize("category", [FailureCategory.CONTACT_SUPPORT, FailureCategory.MERCHANT_CONFIG])
def test_what_needs_a_person_leads_to_one(category: FailureCategory) -> None:
    found = advice(category, other_methods=("alipay",))
    assert found.fitting.kind is HelpKind.CONTACT_AGENT
    assert [one.kind for one in found.others] == [HelpKind.USE_METHOD]


@pytest.mark.requirement("R136", "R137", "R141")
@given(
    category=st.sampled_from(FailureCategory), other=st.lists(st.sampled_from(["alipay", "wechat_pay"]), unique=True)
)
def test_while_the_outcome_is_unknown_only_closing_it_leads_on(category: FailureCategory, other: list[str]) -> None:
    found = advice(category, is_known=False, other_methods=tuple(other), can_bind=True)
    assert found.cause is FailureCategory.OUTCOME_UNKNOWN
    assert kinds(found) == [HelpKind.CLOSE_FIRST, HelpKind.CONTACT_AGENT]


CIRCUMSTANCES = st.builds(
    Circumstances,
    category=st.sampled_from(FailureCategory),
    retry=st.none() | st.sampled_from(RetryMark),
    is_known=st.just(value=True),
    now=st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(ZONE)),  # noqa: DTZ001  # hypothesis adds the zone
    amount_minor=st.integers(1, 10_000_000),
    other_methods=st.lists(st.sampled_from(["alipay", "wechat_pay", "bank_card:1"]), unique=True).map(tuple),
    by_card=st.booleans(),
    can_bind=st.booleans(),
    is_shut=st.booleans(),
    left_minor=st.none() | st.integers(0, 10_000_000),
    is_remindable=st.booleans(),
)


@pytest.mark.requirement("R141")
@given(known=CIRCUMSTANCES)
def test_every_failure_can_be_acted_on_and_ends_with_an_agent(known: Circumstances) -> None:
    found = advise(known)
    assert found.cause is not FailureCategory.OUTCOME_UNKNOWN
    assert found.helps[-1].kind is HelpKind.CONTACT_AGENT
    assert [one.kind for one in found.helps].count(HelpKind.CONTACT_AGENT) == 1
    assert len(found.helps) > 1
    assert len(found.others) == len(found.helps) - 1
    for one in found.helps:
        assert one.kind is not HelpKind.REMIND_ME or (
            one.at is not None and 9 <= one.at.hour < 21 and one.at > known.now
        )
        assert one.kind is not HelpKind.SMALLER_SUM or one.amount_minor <= known.amount_minor
    if known.retry is RetryMark.NEVER:
        assert {HelpKind.TRY_AGAIN_NOW, HelpKind.TRY_AGAIN_AT}.isdisjoint(one.kind for one in found.helps)
