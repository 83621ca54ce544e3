"""Terms and events from hostile mappings: every refusal is typed, has a code, and says where."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fenqi.domain.errors import FenqiError
from fenqi.domain.plans import parse_event, parse_terms
from plan_strategies import event_of, terms_of

GOOD_TERMS = {"principal": 50_000, "currency": "CNY", "opened_on": "2023-01-01", "installments": 3}
GOOD_EVENT = {"id": "a", "on": "2023-01-01", "kind": "repayment", "amount": 100}


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("principal", 0, "invalid_amount"),
        ("principal", -1, "invalid_amount"),
        ("principal", True, "invalid_amount"),
        ("principal", "50000", "invalid_amount"),
        ("principal", 50_000.0, "invalid_amount"),
        ("principal", Decimal("500.5"), "invalid_amount"),
        ("principal", 10**15 + 1, "invalid_amount"),
        ("principal", 10**4000, "invalid_amount"),
        ("principal", None, "missing_field"),
        ("principal", [], "invalid_amount"),
        ("currency", "cny", "unknown_currency"),
        ("currency", "XXX", "unknown_currency"),
        ("currency", {"CNY": 1}, "invalid_input"),
        ("currency", "C" * 1000, "invalid_input"),
        ("opened_on", "2023-02-30", "invalid_input"),
        ("opened_on", "20230101", "invalid_input"),
        ("opened_on", "2023-W01-1", "invalid_input"),
        ("opened_on", datetime(2023, 1, 1, tzinfo=UTC), "invalid_input"),
        ("opened_on", "9999-12-31", "invalid_input"),
        ("opened_on", "0001-01-01", "invalid_input"),
        ("opened_on", 20230101, "invalid_input"),
        ("installments", 0, "invalid_input"),
        ("installments", 601, "invalid_input"),
        ("installments", True, "invalid_input"),
        ("installments", 3.0, "invalid_input"),
        ("every", 0, "invalid_input"),
        ("every", 1200, "terms_out_of_calendar"),
        ("unit", "year", "invalid_input"),
        ("unit", ["month"], "invalid_input"),
        ("due_day", 32, "invalid_input"),
        ("first_due_on", "2022-12-31", "first_due_before_opening"),
        ("method", "balloon", "invalid_input"),
        ("annual_rate", "NaN", "invalid_input"),
        ("annual_rate", float("nan"), "invalid_input"),
        ("annual_rate", "Infinity", "invalid_input"),
        ("annual_rate", "-1", "invalid_input"),
        ("annual_rate", "1001", "invalid_input"),
        ("annual_rate", "1e999999999", "invalid_input"),
        ("annual_rate", "1e-999999999", "invalid_input"),
        ("annual_rate", "0." + "0" * 100 + "1", "invalid_input"),
        ("annual_rate", "1_0", "invalid_input"),
        ("annual_rate", True, "invalid_input"),
        ("annual_rate", 10**4000, "invalid_input"),
        ("round_to", 0, "invalid_input"),
        ("grace_days", -1, "invalid_input"),
        ("down_payment", {"percent": "100"}, "nothing_to_finance"),
        ("down_payment", {"amount": 50_000}, "nothing_to_finance"),
        ("down_payment", {"percent": "10", "amount": 1}, "invalid_input"),
        ("down_payment", {}, "invalid_input"),
        ("down_payment", "25%", "invalid_input"),
        ("late_fee", {"fixed": 1, "daily_rate": "1"}, "invalid_input"),
        ("late_fee", {"fixed": 1, "cap_percent": "1"}, "invalid_input"),
        ("allocation", {"order": ["fee", "fee", "interest", "principal"]}, "invalid_input"),
        ("allocation", {"order": ["fee"]}, "invalid_input"),
        ("allocation", {"order": "late_fee"}, "invalid_input"),
        ("allocation", {"order": [[], {}, 1, None]}, "invalid_input"),
        ("allocation", {"future": {"settlement": "next"}}, "unknown_field"),
        ("allocation", {"by": "row"}, "invalid_input"),
        ("instalments", 3, "unknown_field"),
    ],
)
def test_terms_that_are_refused(field: str, value: object, code: str) -> None:
    with pytest.raises(FenqiError) as refused:
        parse_terms({**GOOD_TERMS, field: value})
    assert refused.value.code == code
    assert refused.value.where is not None
    assert refused.value.where.startswith("terms.")
    assert len(refused.value.text("zh")) < 500


@pytest.mark.parametrize(
    ("changes", "code", "where"),
    [
        ({"amount": 0}, "invalid_amount", "event.amount"),
        ({"amount": -5}, "invalid_amount", "event.amount"),
        ({"amount": 1.5}, "invalid_amount", "event.amount"),
        ({"amount": None}, "missing_field", "event.amount"),
        ({"kind": "gift"}, "invalid_input", "event.kind"),
        ({"kind": None}, "missing_field", "event.kind"),
        ({"id": ""}, "invalid_input", "event.id"),
        ({"id": ["a"]}, "invalid_input", "event.id"),
        ({"on": "yesterday"}, "invalid_input", "event.on"),
        ({"future": "first"}, "invalid_input", "event.future"),
        ({"note": "hello"}, "unknown_field", "event.note"),
        ({"component": "fee"}, "unknown_field", "event.component"),
        ({"kind": "waiver"}, "missing_field", "event.component"),
        ({"kind": "fee_refund"}, "missing_field", "event.component"),
        ({"kind": "fee_refund", "component": "principal"}, "invalid_input", "event.component"),
        ({"kind": "look"}, "unknown_field", "event.amount"),
        ({"kind": "extension", "amount": None, "days": 0, "from_row": 1}, "invalid_input", "event.days"),
        ({"kind": "reversal", "amount": None}, "missing_field", "event.of"),
    ],
)
def test_events_that_are_refused(changes: dict[str, object], code: str, where: str) -> None:
    with pytest.raises(FenqiError) as refused:
        parse_event({**GOOD_EVENT, **changes})
    assert (refused.value.code, refused.value.where) == (code, where)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.decimals() | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8) | st.integers(), inner, max_size=3),
    max_leaves=6,
)


def refusal_of(parse: Callable[[dict[str, object]], object], mapping: dict[str, object]) -> FenqiError | None:
    try:
        parse(mapping)
    except FenqiError as refusal:
        return refusal
    return None


@given(st.sampled_from(sorted(terms_of().to_mapping())), anything)
def test_whatever_stands_in_a_field_of_the_terms_they_parse_or_are_refused(field: str, value: object) -> None:
    refusal = refusal_of(parse_terms, {**GOOD_TERMS, field: value})
    assert refusal is None or (refusal.where and refusal.text("zh"))


@given(st.dictionaries(st.sampled_from([*GOOD_EVENT, "of", "due_on", "days", "future"]), anything))
def test_whatever_stands_in_an_event_it_parses_or_is_refused(changes: dict[str, object]) -> None:
    refusal = refusal_of(parse_event, {**GOOD_EVENT, **changes})
    assert refusal is None or refusal.where


@given(anything)
def test_what_is_not_a_mapping_is_refused(value: object) -> None:
    for parse in (parse_terms, parse_event):
        with pytest.raises(FenqiError):
            parse(value)  # type: ignore[arg-type]  # hostile on purpose


def test_nulls_count_as_left_out_and_an_absent_fee_date_is_the_day_itself() -> None:
    assert terms_of(first_due_on=None, late_fee=None, down_payment=None) == terms_of()
    assert event_of("fee", "2023-01-05", amount=1).due_on == date(2023, 1, 5)
    assert event_of("repayment", "2023-01-05", amount=1, due_on=None).due_on is None


def test_rates_are_exact_whatever_they_are_written_as() -> None:
    assert terms_of(annual_rate="7.20").annual_rate == terms_of(annual_rate=7.2).annual_rate == Decimal("7.2")
