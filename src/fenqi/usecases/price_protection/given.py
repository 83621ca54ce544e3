"""What was given for fallen prices: neither a return nor a later drop pays it again (P407, P411)."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from fenqi.domain.aftersales.worth import GivenDifference
from fenqi.records.models import PriceDifference


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenDifferences:
    """All that was given on an order, in minor units.

    `by_line`: each difference with its pieces, the oldest first. `cash`: what of it went back as money, the rest came
    off the plan. `fees_followed`: on how much of it the plan's interest and fees were worked out anew.
    """

    by_line: Mapping[int, tuple[GivenDifference, ...]]
    cash: int
    fees_followed: int

    def on_line(self, line_no: int) -> tuple[GivenDifference, ...]:
        return self.by_line.get(line_no, ())


def given_on(customer_id: UUID, order_id: UUID) -> GivenDifferences:
    """One statement."""
    rows = list(PriceDifference.objects.filter(customer_id=customer_id, order_id=order_id).order_by("given_at", "id"))
    by_line: dict[int, list[GivenDifference]] = defaultdict(list)
    for row in rows:
        by_line[row.line_no].append(GivenDifference(amount=row.amount_minor, pieces=tuple(row.piece_numbers)))
    return GivenDifferences(
        by_line={line_no: tuple(differences) for line_no, differences in by_line.items()},
        cash=sum(row.cash_minor for row in rows),
        fees_followed=sum(row.amount_minor for row in rows if row.fees_followed),
    )


def differences_of(customer_id: UUID, order_id: UUID) -> Mapping[int, tuple[GivenDifference, ...]]:
    """By line number, the differences given on the order, the oldest first; lines without any are left out."""
    return given_on(customer_id, order_id).by_line
