"""What the pieces that go back are worth: what was really paid for them, and no more (P111, P405, P411).

The pieces of a line are numbered from 1. What belongs to a whole line is shared over its pieces by cumulative rounding,
so each piece has a share of its own, all shares together are the whole to the fen, and nothing depends on the order in
which pieces go back.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from fenqi.domain.money import Rounding, round_ratio


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenDifference:
    """A price difference that was made good, in cash or off the plan: minor units over the pieces it was given for."""

    amount: int
    pieces: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BoughtLine:
    """A line as it was bought. Minor units: `unit_price` of a piece, `discount` and `freight` of the whole line."""

    line_no: int
    quantity: int
    unit_price: int
    discount: int = 0
    freight: int = 0
    differences: tuple[GivenDifference, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LineWorth:
    """What pieces of one line are worth, part by part in minor units; `value` is what is refunded for them.

    `pieces` are the numbers of the pieces. `deduction` was found at the inspection and is never more than the rest.
    """

    line_no: int
    pieces: tuple[int, ...]
    goods: int
    discount: int
    difference: int
    freight: int
    deduction: int

    @property
    def value(self) -> int:
        return max(0, self.goods - self.discount - self.difference + self.freight - self.deduction)

    def to_mapping(self) -> dict[str, Any]:
        """As JSON keeps it."""
        return {
            "line_no": self.line_no,
            "pieces": list(self.pieces),
            "goods": self.goods,
            "discount": self.discount,
            "difference": self.difference,
            "freight": self.freight,
            "deduction": self.deduction,
            "value": self.value,
        }


def free_pieces(quantity: int, taken: Collection[int], *, count: int) -> tuple[int, ...]:
    """The lowest `count` numbers that nobody has taken; fewer when fewer are left."""
    return tuple([number for number in range(1, quantity + 1) if number not in taken][:count])


def shares(whole: int, pieces: Iterable[int], *, among: int) -> int:
    """What those pieces bear of `whole`, of which `among` pieces bear all."""
    return sum(_up_to(whole, number, among) - _up_to(whole, number - 1, among) for number in pieces)


def _up_to(whole: int, number: int, among: int) -> int:
    return round_ratio(whole * number, among, Rounding.HALF_UP)


def worth_of(line: BoughtLine, pieces: tuple[int, ...], *, freight_back: bool, deduction: int = 0) -> LineWorth:
    """What those pieces of the line are worth.

    A price difference that was given for them is not paid again: its share is by their place among its pieces.
    """
    goods = line.unit_price * len(pieces)
    discount = shares(line.discount, pieces, among=line.quantity)
    difference = sum(_difference_share(given, pieces) for given in line.differences)
    freight = shares(line.freight, pieces, among=line.quantity) if freight_back else 0
    return LineWorth(
        line_no=line.line_no,
        pieces=pieces,
        goods=goods,
        discount=discount,
        difference=difference,
        freight=freight,
        deduction=min(deduction, max(0, goods - discount - difference + freight)),
    )


def _difference_share(given: GivenDifference, pieces: tuple[int, ...]) -> int:
    places = [place for place, number in enumerate(given.pieces, start=1) if number in pieces]
    return shares(given.amount, places, among=len(given.pieces))
