"""What is overdue by how late it is, as one bar with its table; each part leads to its plans."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from fenqi.domain.plans.delinquency import Bucket
from fenqi.usecases.closing.ageing import AgeingRow
from fenqi.usecases.hardship.desk import Pile

WIDTH: Final = 240
LEAST_SEEN: Final = 3

PILES: Final[Mapping[Bucket, Pile]] = {
    Bucket.GRACE: Pile.GRACE,
    Bucket.DAYS_1_30: Pile.TO_30,
    Bucket.DAYS_31_60: Pile.TO_60,
    Bucket.DAYS_61_90: Pile.TO_90,
    Bucket.OVER_90: Pile.OVER_90,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One bucket; `x` and `width` in pixels of the bar, `step` from 0 (grace) to 4 is its colour."""

    row: AgeingRow
    pile: Pile
    step: int
    x: int
    width: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AgeingBar:
    """What is past due in one currency, in minor units, of how many plans."""

    currency: str
    overdue_minor: int
    plans: int
    parts: tuple[Part, ...]

    width = WIDTH


def ageing_bars(rows: Sequence[AgeingRow]) -> list[AgeingBar]:
    """One for each currency in which something is past due."""
    found = (_bar([row for row in rows if row.currency == one]) for one in dict.fromkeys(row.currency for row in rows))
    return [bar for bar in found if bar.plans]


def _bar(rows: Sequence[AgeingRow]) -> AgeingBar:
    late = [row for row in rows if row.bucket in PILES]
    total = sum(row.overdue_minor for row in late)
    parts, x = [], 0
    for step, row in enumerate(late):
        width = max(row.overdue_minor * WIDTH // total, LEAST_SEEN) if row.overdue_minor else 0
        width = min(width, WIDTH - x)
        parts.append(Part(row=row, pile=PILES[row.bucket], step=step, x=x, width=width))
        x += width
    return AgeingBar(
        currency=rows[0].currency, overdue_minor=total, plans=sum(row.plans for row in late), parts=tuple(parts)
    )
