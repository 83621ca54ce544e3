"""`fenqi bench engine`: plans replayed per second on one core: 12 rows, 15 events."""

from statistics import median
from time import process_time

from fenqi.domain.plans import Event, EventKind, Terms, parse_event, parse_terms, replay
from fenqi.domain.plans.schedule import lay_out

_PLANS = 200
_ROUNDS = 9


def bench_engine() -> dict[str, float]:
    """Plans a second of one core's time, as the median of several rounds.

    Once with the schedule known from before, once with each plan's laid out anew.
    """
    every_terms = [_terms(number) for number in range(_PLANS)]
    events = _events()
    warm, cold = [], []
    for _ in range(_ROUNDS):
        lay_out.cache_clear()
        cold.append(_plans_per_second(every_terms, events))
        warm.append(_plans_per_second(every_terms, events))
    return {
        "plans_per_second": median(warm),
        "plans_per_second_with_schedule": median(cold),
        "rows": float(every_terms[0].installments),
        "events": float(len(events)),
    }


def _plans_per_second(every_terms: list[Terms], events: list[Event]) -> float:
    start = process_time()
    for terms in every_terms:
        replay(terms, events)
    return len(every_terms) / (process_time() - start)


def _terms(number: int) -> Terms:
    """An equal-installment plan of about 12,000.00; no two of them have the same schedule."""
    return parse_terms(
        {
            "principal": 1_200_000 + number,
            "currency": "CNY",
            "opened_on": "2023-01-01",
            "installments": 12,
            "method": "equal_installment",
            "annual_rate": "12",
        }
    )


def _events() -> list[Event]:
    """A year with nine payments, one of them known late and one in part, a refund, fees, a waiver and a chargeback."""
    repayments = [
        {"id": f"r{month}", "kind": EventKind.REPAYMENT, "on": f"2023-{month:02d}-{day:02d}", "amount": amount}
        for month, day, amount in [
            (2, 1, 106_619), (3, 1, 106_619), (4, 3, 106_619), (5, 1, 50_000), (6, 9, 163_238),
            (7, 1, 106_619), (8, 1, 106_619), (10, 1, 106_619), (9, 1, 106_619),
        ]
    ]  # fmt: skip
    others: list[dict[str, object]] = [
        {"id": "late", "kind": EventKind.LATE_FEE, "on": "2023-06-02", "amount": 500, "due_on": "2023-06-01"},
        {"id": "waived", "kind": EventKind.WAIVER, "on": "2023-06-05", "amount": 500, "component": "late_fee"},
        {"id": "refunded", "kind": EventKind.REFUND, "on": "2023-07-15", "amount": 150_000},
        {"id": "fee", "kind": EventKind.FEE, "on": "2023-08-03", "amount": 200, "due_on": "2023-08-20"},
        {"id": "back", "kind": EventKind.CHARGEBACK, "on": "2023-10-05", "amount": 106_619, "of": "r8"},
        {"id": "settled", "kind": EventKind.SETTLEMENT, "on": "2023-10-20"},
    ]
    return [parse_event(event) for event in [*repayments, *others]]
