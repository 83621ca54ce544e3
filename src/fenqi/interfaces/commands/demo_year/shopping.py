"""What each customer buys in the year, and when: drawn from the seed, and known before the year begins."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from fenqi.interfaces.commands.demo_mall import PRODUCTS
from fenqi.interfaces.commands.demo_year.people import Manner, Person
from fenqi.interfaces.commands.demo_year.seeds import chance, picked

PLATFORM: Final = "qingrong"
DELIVERY_DAYS: Final = 2
_TERMS: Final = {
    "12 interest-free": 20,
    "6 interest-free": 24,
    "3 interest-free": 16,
    "12 by fee": 16,
    "24 by fee": 6,
    "12 equal": 8,
    "12 falling": 4,
    "6 after a quarter down": 4,
    "8 weekly": 2,
}
_SMALL_TERMS: Final = {"3 interest-free": 60, "6 interest-free": 30, "8 weekly": 10}
_PRODUCTS: Final = {
    "QY-X2-256": 14,
    "QY-X2-512": 9,
    "QY-PAD11": 10,
    "QY-BUDS3": 14,
    "KQ-4PRO": 10,
    "SD-R5": 10,
    "TV-65Q": 6,
    "NB-AIR14": 10,
    "XY-D10": 6,
    "BX-420": 4,
    "DT-NAME": 3,
    "VIP-YEAR": 4,
}
_HOW_MANY: Final = {1: 40, 2: 35, 3: 17, 4: 8}
_PAID_AT_ONCE: Final = frozenset({"DT-NAME", "VIP-YEAR"})
_SMALL_MINOR: Final = 60_000
_TOO_DEAR_TO_TAKE_TWO: Final = 130_000
_BUYS_AT_THE_END: Final = 0.18
_LAST_DAYS: Final = 14
_DEAR_MINOR: Final = 200_000
"""Above this a reserve may be asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """`terms` is a name of the sample mall's terms, None for what is paid at once; amounts in minor units."""

    person: Person
    n: int
    placed_on: date
    sku: str
    quantity: int
    discount_minor: int
    terms: str | None
    provider: str = "mall"
    reserve_minor: int = 0

    @property
    def order_no(self) -> str:
        return f"{self.person.ref}-{self.n}"

    @property
    def delivered_on(self) -> date:
        return self.placed_on + timedelta(days=DELIVERY_DAYS)


def purchases_of(person: Person, *, first: date, days: int, seed: int) -> tuple[Purchase, ...]:
    """In the order in which they are made: more in the first months and, for the last pages, in the last two weeks."""
    draw = chance("shopping", seed, person.n)
    count = picked(draw, _HOW_MANY)
    found = {int(draw.triangular(0, days, days // 6)) for _ in range(count)}
    if draw.random() < _BUYS_AT_THE_END:
        found.add(max(0, days - 1 - draw.randrange(_LAST_DAYS)))
    on = sorted(found)
    return tuple(
        _purchase(person, n, first + timedelta(days=day), seed=seed) for n, day in enumerate(on, 1) if day < days
    )


def _purchase(person: Person, n: int, on: date, *, seed: int) -> Purchase:
    draw = chance("purchase", seed, person.n, n)
    sku = picked(draw, _PRODUCTS)
    price = PRODUCTS[sku].price_minor
    quantity = 2 if price < _TOO_DEAR_TO_TAKE_TWO and draw.random() < 0.3 else 1  # noqa: PLR2004 - now and then
    is_at_once = sku in _PAID_AT_ONCE or draw.random() < 0.1  # noqa: PLR2004 - one in ten
    at_platform = not is_at_once and person.manner is not Manner.AUTOMATIC and draw.random() < 0.08  # noqa: PLR2004
    terms = picked(draw, _SMALL_TERMS if price * quantity < _SMALL_MINOR else _TERMS)
    return Purchase(
        person=person,
        n=n,
        placed_on=on,
        sku=sku,
        quantity=quantity,
        discount_minor=draw.choice((0, 0, 0, 1_000, 5_000)),
        terms=None if is_at_once else "12 by fee" if at_platform else terms,
        provider=PLATFORM if at_platform else "mall",
        reserve_minor=draw.choice((20_000, 30_000, 50_000))
        if not is_at_once and not at_platform and price > _DEAR_MINOR and draw.random() < 0.06  # noqa: PLR2004 - a few
        else 0,
    )
