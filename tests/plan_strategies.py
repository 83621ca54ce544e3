"""Plans and what happens to them, as hypothesis draws them: any terms that parse, any events that make sense."""

from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st

from fenqi.domain.plans import Event, Terms, parse_event, parse_terms
from fenqi.domain.plans.events import MONEY_IN

OPENED_ON = date(2023, 1, 31)
MONEY = ("repayment", "refund", "price_adjustment", "credit")
CURRENCIES = ("JPY", "CNY", "KWD")  # exponents 0, 2 and 3


def terms_of(**fields: Any) -> Terms:
    """6,000.00 over 12 months from 1 January 2023, unless said otherwise."""
    return parse_terms(
        {"principal": 600_000, "currency": "CNY", "opened_on": "2023-01-01", "installments": 12, **fields}
    )


def event_of(kind: str, on: str, **fields: Any) -> Event:
    return parse_event({"id": fields.pop("id", f"{kind} {on}"), "kind": kind, "on": on, **fields})


_down_payments = st.one_of(
    st.none(),
    st.fixed_dictionaries({"percent": st.integers(0, 60).map(str)}),
    st.fixed_dictionaries({"amount": st.integers(0, 500)}),
)


@st.composite
def terms(draw: st.DrawFn) -> Terms:
    unit = draw(st.sampled_from(["day", "week", "month"]))
    return terms_of(
        principal=draw(st.integers(1_000, 5_000_000)),
        currency=draw(st.sampled_from(CURRENCIES)),
        opened_on=OPENED_ON.isoformat(),
        down_payment=draw(_down_payments),
        installments=draw(st.integers(1, 14)),
        every=draw(st.integers(1, 20 if unit == "day" else 3)),
        unit=unit,
        first_due_on=draw(st.one_of(st.none(), st.integers(1, 60).map(_day_text))),
        due_day=draw(st.one_of(st.none(), st.integers(1, 31))) if unit == "month" else None,
        method=draw(st.sampled_from(["interest_free", "flat_fee", "equal_principal", "equal_installment"])),
        annual_rate=draw(st.sampled_from(["0", "7.25", "12", "24"])),
        fee_rate=draw(st.sampled_from(["0", "0.6", "1.5"])),
        fee_timing=draw(st.sampled_from(["each", "first"])),
        day_count=draw(st.sampled_from(["30/360", "actual/360", "actual/365", "actual/actual"])),
        rounding=draw(st.sampled_from(["half_even", "half_up"])),
        round_to=draw(st.sampled_from([1, 1, 10, 100])),
        remainder=draw(st.sampled_from(["last", "first"])),
        allocation={
            "order": draw(st.permutations(["late_fee", "fee", "interest", "principal"])),
            "by": draw(st.sampled_from(["installment", "component"])),
            "future": {kind: draw(st.sampled_from(["next", "last", "next_last", "spread"])) for kind in MONEY},
        },
    )


_amounts = st.one_of(st.integers(1, 300), st.integers(300, 400_000))
_KINDS = (
    *MONEY, "repayment", "repayment", "fee_refund", "fee", "late_fee", "waiver", "chargeback", "settlement",
    "balance_payout", "extension", "reschedule", "charge_off", "look", "reversal",
)  # fmt: skip


@st.composite
def events(draw: st.DrawFn, *, most: int = 9, distinct_days: bool = False) -> list[Event]:
    """Events in the order they became known, in any order of date; a reference points to one known before."""
    days = draw(st.lists(st.integers(0, 420), max_size=most, unique=distinct_days))
    known: list[Event] = []
    for place, day in enumerate(days):
        kind = draw(st.sampled_from(_KINDS))
        fields = draw(_fields(kind, day, known))
        if fields is not None:
            known.append(parse_event({"id": f"e{place}", "kind": kind, "on": _day_text(day), **fields}))
    return known


@st.composite
def _fields(draw: st.DrawFn, kind: str, day: int, known: list[Event]) -> dict[str, Any] | None:
    """The fields of its own kind, or None where there is nothing yet for it to refer to."""
    if kind in {"reversal", "chargeback"}:
        targets = [event.id for event in known if kind == "reversal" or event.kind in MONEY_IN]
        if not targets:
            return None
        of = {"of": draw(st.sampled_from(targets))}
        return of if kind == "reversal" else {**of, "amount": draw(_amounts)}
    return draw(st.fixed_dictionaries(_own_fields(kind, day)))


def _own_fields(kind: str, day: int) -> dict[str, st.SearchStrategy[Any]]:
    money = {"amount": _amounts, "future": st.sampled_from([None, "next", "last", "next_last", "spread"])}
    charge = {"amount": _amounts, "due_on": st.integers(0, 500).map(_day_text)}
    own: dict[str, dict[str, st.SearchStrategy[Any]]] = {
        **dict.fromkeys(MONEY, money),
        "fee_refund": {**money, "component": st.sampled_from(["interest", "fee", "late_fee"])},
        "fee": charge,
        "late_fee": charge,
        "waiver": {"amount": _amounts, "component": st.sampled_from(["principal", "interest", "fee", "late_fee"])},
        "balance_payout": {"amount": _amounts},
        "extension": {"from_row": st.just(1), "days": st.integers(1, 60)},
        "reschedule": {"installments": st.integers(1, 12), "first_due_on": st.integers(day, day + 60).map(_day_text)},
    }
    return own.get(kind, {})


def _day_text(days: int) -> str:
    return (OPENED_ON + timedelta(days=days)).isoformat()
