"""What a fallen price is worth to who bought before (P401-P412, R082-R105): pure arithmetic over prices that were seen.

Compared is what one piece cost with the lowest price at which it was seen after the payment and inside the window. What
earlier differences gave for the pieces still kept is taken off, so that one drop is paid once and a deeper one pays the
step (P407). Whether a line may be claimed for at all is `eligibility.decide_price_claim`.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from fenqi.domain.aftersales.policies import Clock, PriceProtectionPolicy, ProtectionRoute
from fenqi.domain.aftersales.worth import GivenDifference, shares
from fenqi.domain.errors import FenqiError
from fenqi.domain.money import Rounding, round_ratio
from fenqi.domain.plans import Components


class NoPriceDifference(FenqiError):
    """It was not seen cheaper, or that drop was given already (P405, R094). Details: `paid`, `lowest`, both written."""

    code = "no_price_difference"
    status = 422
    zh = "现在没有可退的差价：购买单价 {paid}，保护期内见到的最低价 {lowest}。"
    en = "There is no difference to refund: one piece cost {paid}, the lowest price seen in the window is {lowest}."


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenPrice:
    """One piece could be bought for `price` minor units at that instant; `source`: order or feed."""

    price: int
    at: datetime
    source: str
    currency: str = "CNY"
    seller: str = ""
    sales_channel: str = "OFFICIAL"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectedLine:
    """An order line on the day of the question; amounts are minor units.

    `discount`: of coupons, for the whole line. `kept`: the numbers of the pieces that neither went back nor are on
    their way back. `differences`: what earlier claims gave, for which pieces.
    """

    line_no: int
    unit_price: int
    quantity: int = 1
    discount: int = 0
    kept: tuple[int, ...] = (1,)
    differences: tuple[GivenDifference, ...] = ()
    currency: str = "CNY"
    seller: str = ""
    sales_channel: str = "OFFICIAL"

    @property
    def given(self) -> int:
        """What earlier differences gave for the pieces that are kept; the rest went back with its pieces (P411)."""
        return sum(given_for(difference, self.kept) for difference in self.differences)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """`amount` is to be given for all `pieces`, told by their numbers; `paid` and `seen.price` are of one piece."""

    line_no: int
    pieces: tuple[int, ...]
    paid: int
    amount: int
    seen: SeenPrice


@dataclass(frozen=True, slots=True)
class Destinations:
    """Where an amount goes: over the payments it came by, off the plan, and by transfer what neither can carry."""

    payments: int
    plan: int
    transfer: int


def paid_each(line: ProtectedLine, policy: PriceProtectionPolicy) -> int:
    """What one piece cost: after its share of coupons, to the lower fen, unless the policy leaves those out (P405)."""
    if not policy.counts_coupons:
        return line.unit_price
    return max(0, line.unit_price * line.quantity - line.discount) // line.quantity


def is_comparable(seen: SeenPrice, line: ProtectedLine, policy: PriceProtectionPolicy) -> bool:
    """Same shop, same currency, and the same seller where the policy says so (P404, P405)."""
    same_shop = (seen.currency, seen.sales_channel) == (line.currency, line.sales_channel)
    return same_shop and (seen.seller == line.seller or not policy.same_seller)


def lowest_seen(
    prices: Iterable[SeenPrice],
    line: ProtectedLine,
    policy: PriceProtectionPolicy,
    *,
    paid_at: datetime,
    until: datetime,
) -> SeenPrice | None:
    """The lowest comparable price after the payment and in the window, the first time it was seen; None: none was.

    `until` is the instant at which protection ends. By the hour it is the last one that counts, as `fenqi price-drops`
    counts; by the calendar it is the midnight after the last day, and does not.
    """
    inside = [
        seen
        for seen in prices
        if paid_at < seen.at
        and (seen.at < until or (seen.at == until and policy.clock is Clock.HOURS))
        and is_comparable(seen, line, policy)
    ]
    return min(inside, key=lambda seen: (seen.price, seen.at), default=None)


def difference_of(line: ProtectedLine, seen: SeenPrice | None, policy: PriceProtectionPolicy) -> Difference | None:
    """What is to be given now: never for pieces that went back, never twice, never more than was paid for what is kept.

    None when the price did not fall, or that drop was given already.
    """
    if seen is None or not line.kept:
        return None
    paid = paid_each(line, policy)
    drop = len(line.kept) * (paid - seen.price) - line.given
    amount = min(drop, left_refundable(line))
    if amount <= 0:
        return None
    return Difference(line_no=line.line_no, pieces=line.kept, paid=paid, amount=amount, seen=seen)


def left_refundable(line: ProtectedLine) -> int:
    """What was paid for the pieces kept and has not been given back (P405, P411)."""
    paid = line.unit_price * len(line.kept) - shares(line.discount, line.kept, among=line.quantity)
    return max(0, paid - line.given)


def given_for(difference: GivenDifference, pieces: Collection[int]) -> int:
    """The part of an earlier difference that stands for those pieces, as `worth` shares it when they go back."""
    places = [place for place, number in enumerate(difference.pieces, start=1) if number in pieces]
    return shares(difference.amount, places, among=len(difference.pieces))


def destinations(amount: int, *, route: ProtectionRoute, carriable: int, owed: int) -> Destinations:
    """Where the amount goes (P409): `carriable` can go back over payments, `owed` is what the plan still asks for.

    By default to where was paid from, and off the plan what no payment can carry; or the other way round. What neither
    can take is the customer's all the same, and is transferred.
    """
    if route is ProtectionRoute.PLAN:
        plan = min(amount, owed)
        payments = min(amount - plan, carriable)
    else:
        payments = min(amount, carriable)
        plan = min(amount - payments, owed)
    return Destinations(payments=payments, plan=plan, transfer=amount - payments - plan)


def fees_on_lower_price(
    charged: Components, *, financed: int, given_before: int, amount: int, given_back: Components, rounding: Rounding
) -> Components:
    """What interest and fees of the plan were too high by, now that the price is lower (P410).

    `charged` is what the schedule asked for on `financed` minor units. Each difference takes the step of one running
    share, so that many small ones come to as much as one large one; what was given back already is never exceeded.
    """

    def share(charge: int, back: int) -> int:
        upto = round_ratio(charge * min(given_before + amount, financed), financed, rounding)
        before = round_ratio(charge * min(given_before, financed), financed, rounding)
        return max(0, min(upto - before, charge - back))

    return Components(interest=share(charged.interest, given_back.interest), fee=share(charged.fee, given_back.fee))
