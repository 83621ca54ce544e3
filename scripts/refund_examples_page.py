"""Writes `docs/refund-examples.md` from `docs/examples/refunds.yaml`, where every number was worked out by hand.

`python scripts/refund_examples_page.py --write` writes the page; without `--write` it says when it is out of date.
Tests fail while it is, and while an example does not agree with the engine.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import groupby
from typing import Any

from fenqi.domain.aftersales.quote import Funding, PlanFacts, QuoteFacts
from fenqi.domain.aftersales.worth import BoughtLine, GivenDifference, worth_of
from fenqi.domain.money import Money
from fenqi.domain.payments.splitting import Source
from fenqi.domain.plans import Event, FutureRule, Terms, lay_out, parse_event, parse_terms
from fenqi.domain.plans.terms import FeeOnRefund
from fenqi.interfaces.commands.scenarios import read_scenarios
from generated_parts import DOCS, Parts, run

PAGE = DOCS / "refund-examples.md"
DATA = DOCS / "examples" / "refunds.yaml"
OWN_EVENTS = "return."
"""The ids of the events that the return itself brings begin so; the others are the plan's history."""
_ROWS = re.compile(r"(\d+) x (\d+)")
_USUAL_REFUND_DAYS = 365


@dataclass(frozen=True)
class Example:
    """One worked example, as the file has it."""

    said: Mapping[str, Any]

    @property
    def id(self) -> str:
        return str(self.said["id"])

    @cached_property
    def terms(self) -> Terms:
        return parse_terms(self.said["terms"])

    @cached_property
    def events(self) -> tuple[Event, ...]:
        return tuple(parse_event(event) for event in self.said["events"])

    @property
    def history(self) -> tuple[Event, ...]:
        return tuple(event for event in self.events if not event.id.startswith(OWN_EVENTS))

    @property
    def own_events(self) -> tuple[Event, ...]:
        return tuple(event for event in self.events if event.id.startswith(OWN_EVENTS))

    @property
    def on(self) -> date:
        return date.fromisoformat(self.said["return"]["on"])

    @property
    def paid_out_on(self) -> date:
        return date.fromisoformat(self.said["return"].get("paid_out_on", self.said["return"]["on"]))

    @property
    def expected(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.said["expect"]
        return found

    def rows(self, which: str) -> list[int]:
        """`10000 x 2, 0 x 1` as the open amount of each row; empty where the mall keeps no rows."""
        return [int(amount) for amount, times in _ROWS.findall(self.expected.get(which, "")) for _ in range(int(times))]

    def facts(self, *, known: int | None = None) -> QuoteFacts:
        """What the quote is worked out from; `known`: as of so many events of the history."""
        asked = self.said["return"]
        return QuoteFacts(
            lines=tuple(
                worth_of(
                    _bought(line),
                    tuple(asked["pieces"][line["line"]]),
                    freight_back=asked.get("freight_back") == "yes",
                    deduction=asked.get("deduction", 0),
                )
                for line in self.said["order"]
                if line["line"] in asked["pieces"]
            ),
            plan=PlanFacts(
                terms=self.terms,
                events=self.history[:known],
                funding=Funding(asked.get("funding", "mall")),
                fee_rule=FeeOnRefund(asked["fee_rule"]) if "fee_rule" in asked else None,
                late_fees_back=asked.get("late_fees_back") == "yes",
                future=FutureRule(asked["future"]) if "future" in asked else None,
                differences_paid=asked.get("differences_paid", 0),
                subsidy=asked.get("subsidy", 0),
                sources=tuple(map(_source, self.said.get("payments", ()))),
            ),
            paid_at_ordering=asked.get("paid_at_ordering", 0),
        )


def _bought(line: Mapping[str, Any]) -> BoughtLine:
    return BoughtLine(
        line_no=line["line"],
        quantity=line["quantity"],
        unit_price=line["unit_price"],
        discount=line.get("discount", 0),
        freight=line.get("freight", 0),
        differences=tuple(
            GivenDifference(amount=given["amount"], pieces=tuple(given["pieces"]))
            for given in line.get("differences", ())
        ),
    )


def _source(payment: Mapping[str, Any]) -> Source[str]:
    paid_on = date.fromisoformat(payment["paid_on"])
    return Source(
        key=payment["payment"],
        order=(paid_on,),
        paid_on=paid_on,
        left=payment["left"],
        refund_days=payment.get("refund_days", _USUAL_REFUND_DAYS),
    )


def examples() -> list[Example]:
    with DATA.open(encoding="utf-8") as stream:
        return [Example(dict(one)) for one in read_scenarios(stream, name=DATA.name).items if isinstance(one, Mapping)]


# The page ------------------------------------------------------------------------------------------------------------


def written(of: Sequence[Example]) -> str:
    contents = "\n".join(f"{n}. [{one.said['title']}](#{one.id})" for n, one in enumerate(of, 1))
    return "\n\n".join([contents, *(_section(n, one) for n, one in enumerate(of, 1))])


def _section(number: int, one: Example) -> str:
    parts = [
        f'<a id="{one.id}"></a>\n## {number}. {one.said["title"]}',
        f"**The plan.** {one.said['plan']}",
        f"**What happened.** {' '.join(one.said['story'].split())}",
        _table(("what", "amount"), _sums(one)),
    ]
    if one.rows("open_before"):
        parts.append(_table(("installment", "due", "open before", "open after"), _row_table(one)))
    if one.expected["entries"]:
        parts.append(_table(("entry", "debit", "credit"), _entries(one)))
    return "\n\n".join(parts)


_NAMED = (
    ("goods", "Price of the pieces"),
    ("discount", "Their share of the coupon"),
    ("difference", "Price difference given before"),
    ("freight", "Freight given back"),
    ("deduction", "Taken off at the inspection"),
    ("gifts", "Left out: goodwill, which is not paid out"),
    ("value", "**Worth of the return**"),
    ("at_ordering", "of it paid at ordering, and transferred"),
    ("partner", "of it to the partner"),
    ("balance_before", "Credit balance before"),
)


def _sums(one: Example) -> Iterator[tuple[str, str]]:
    """What comes in above, and below it where it goes."""
    expected = one.expected
    yield from ((words, _amount(expected[name])) for name, words in _NAMED if expected.get(name))
    for charge, amount in expected.get("fees_back", {}).items():
        yield f"Given back: {charge.replace('_', ' ')}", _amount(amount)
    if "off_plan" in expected:
        yield "**Off the plan**", _off_plan(expected["off_plan"])
    yield from _cash(expected)
    if "status" in expected:
        yield "The plan afterwards", expected["status"].replace("_", " ")
    if "subsidy_back" in expected:
        yield "For finance: subsidy to claim back", _amount(expected["subsidy_back"])
    if "quoted" in one.said:
        quoted = one.said["quoted"]
        yield "As it was quoted", f"worth {_amount(quoted['value'])}, off the plan {_amount(quoted['off_plan'])}"


def _off_plan(parts: Mapping[str, int]) -> str:
    told = ", ".join(f"{name.replace('_', ' ')} {_amount(amount)}" for name, amount in parts.items())
    return f"{_amount(sum(parts.values()))}: {told}" if len(parts) > 1 else _amount(sum(parts.values()))


def _cash(expected: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if "cash" in expected:
        yield "**In cash**", _amount(expected["cash"])
    for way in expected.get("cash_over", ()):
        yield from ((f"back over {payment}", _amount(amount)) for payment, amount in way.items())
    if "transferred" in expected:
        yield "transferred to the customer's own account", _amount(expected["transferred"])


def _row_table(one: Example) -> Iterator[tuple[str, ...]]:
    """Rows that follow each other with the same amounts are one line."""
    scheduled = lay_out(one.terms)
    rows = list(zip(scheduled, one.rows("open_before"), one.rows("open_after"), strict=True))
    number = 0
    for (is_down, before, after), group in groupby(rows, key=lambda row: (row[0].is_down_payment, row[1], row[2])):
        days = [row[0].due_on for row in group]
        if is_down:
            yield "down payment", days[0].isoformat(), _amount(before), _amount(after)
            continue
        first, number = number + 1, number + len(days)
        names = str(number) if first == number else f"{first} to {number}"
        dates = days[0].isoformat() if first == number else f"{days[0].isoformat()} to {days[-1].isoformat()}"
        yield names, dates, _amount(before), _amount(after)


def _entries(one: Example) -> Iterator[tuple[str, ...]]:
    kinds = {event.id: event.kind.value for event in one.own_events}
    for event, sides in one.expected["entries"].items():
        yield (kinds[event], *(_side(sides[side]) for side in ("debit", "credit")))


def _side(lines: Mapping[str, int]) -> str:
    return "<br>".join(f"`{account}` {_amount(amount)}" for account, amount in lines.items())


def _table(head: Sequence[str], rows: Iterator[tuple[str, ...]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def _amount(minor: int) -> str:
    return f"{Money(minor, 'CNY').as_decimal():,.2f}"


def pages() -> Parts:
    return {PAGE: {"examples": written(examples())}}


if __name__ == "__main__":
    run(pages())
