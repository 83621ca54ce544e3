"""`fenqi bench aftersales`: refund quotes per second on one core, with 24 installments, 40 events and 3 payments; and
price drops beside DuckDB.
"""

from collections.abc import Sequence
from datetime import date
from statistics import median
from time import process_time

from fenqi.domain.aftersales.quote import PlanFacts, QuoteFacts, quote_return
from fenqi.domain.aftersales.worth import BoughtLine, worth_of
from fenqi.domain.payments.splitting import Source
from fenqi.domain.plans import Event, Terms, parse_event, parse_terms
from fenqi.interfaces.commands.bench_price_drops import price_drop_figures

_QUOTES = 200
_ROUNDS = 9
_ON = date(2024, 8, 20)
_RETURNED = (1_400_000, 500_000, 100_000)
"""Minor units: the whole plan and money back, a part of what is open, and a little."""


def bench_aftersales() -> dict[str, float]:
    """Quotes a second of one core's time, as the median of several rounds; then what finding price drops takes."""
    every = [_facts(number) for number in range(_QUOTES)]
    return {
        "quotes_per_second": median(_quotes_per_second(every) for _ in range(_ROUNDS)),
        "rows": 24.0,
        "events": float(len(_events())),
        "payments": 3.0,
        **price_drop_figures(),
    }


def _quotes_per_second(every: Sequence[QuoteFacts]) -> float:
    start = process_time()
    for facts in every:
        quote_return(facts, on=_ON)
    return len(every) / (process_time() - start)


def _facts(number: int) -> QuoteFacts:
    """A return of one line of two pieces with coupons, on an equal-installment plan; no two plans are the same."""
    line = BoughtLine(line_no=1, quantity=2, unit_price=_RETURNED[number % 3] // 2 + 500, discount=1_000, freight=1_200)
    plan = PlanFacts(terms=_terms(number), events=_events(), sources=_payments())
    return QuoteFacts(lines=(worth_of(line, (1, 2), freight_back=False),), plan=plan, paid_at_ordering=100_000)


def _terms(number: int) -> Terms:
    return parse_terms(
        {
            "principal": 1_400_000 + number,
            "currency": "CNY",
            "opened_on": "2023-01-01",
            "installments": 24,
            "method": "equal_installment",
            "annual_rate": "12",
        }
    )


def _events() -> tuple[Event, ...]:
    """Eighteen months: money late, in part and taken back, late fees, waivers, a fee and a price difference."""
    months = [(2023 + month // 12, month % 12 + 1) for month in range(1, 19)]
    repayments: list[dict[str, object]] = [
        {
            "id": f"r{n}",
            "kind": "repayment",
            "on": f"{year}-{month:02d}-{1 + 3 * (n % 3):02d}",
            "amount": 65_900 if n % 4 else 40_000,
        }
        for n, (year, month) in enumerate(months)
    ]
    late_fees: list[dict[str, object]] = [
        {"id": f"l{n}", "kind": "late_fee", "on": f"{year}-{month:02d}-09", "amount": 300}
        for n, (year, month) in enumerate(months[:16:2])
    ]
    waivers: list[dict[str, object]] = [
        {"id": f"w{n}", "kind": "waiver", "on": f"{year}-{month:02d}-11", "amount": 300, "component": "late_fee"}
        for n, (year, month) in enumerate(months[:8:2])
    ]
    looks: list[dict[str, object]] = [
        {"id": f"k{n}", "kind": "look", "on": f"{year}-{month:02d}-15"} for n, (year, month) in enumerate(months[:6])
    ]
    others: list[dict[str, object]] = [
        {"id": "fee", "kind": "fee", "on": "2023-08-03", "amount": 200, "due_on": "2023-08-20"},
        {"id": "fell", "kind": "price_adjustment", "on": "2023-01-09", "amount": 20_000},
        {"id": "told", "kind": "repayment", "on": "2023-05-20", "amount": 10_000},
        {"id": "undone", "kind": "reversal", "on": "2023-06-20", "of": "told"},
    ]
    return tuple(parse_event(event) for event in [*repayments, *late_fees, *waivers, *looks, *others])


def _payments() -> tuple[Source[str], ...]:
    paid = (("alipay", date(2024, 7, 1)), ("card", date(2024, 6, 7)), ("old", date(2023, 2, 1)))
    return tuple(Source(key=key, order=(day,), paid_on=day, left=300_000, refund_days=365) for key, day in paid)
