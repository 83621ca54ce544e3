"""What a customer may wish for after a purchase, and why (R022, R029, R030, R040).

A reason decides who pays the freight, what is given back of the fees, and whether evidence is asked for. "No reason" is
one of them and needs no evidence (P117).
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class WishKind(StrEnum):
    """The same words as `records.CaseKind`."""

    RETURN = "return"  # the goods come back, the money goes back
    REFUND_ONLY = "refund_only"  # the money goes back, the goods stay or never came
    EXCHANGE = "exchange"  # the goods come back, others go out, the plan goes on
    PRICE_DIFFERENCE = "price_difference"  # nothing comes back, a fallen price is made good


class Reason(StrEnum):
    NO_REASON = "no_reason"
    CHANGED_MIND = "changed_mind"
    WRONG_SIZE_OR_COLOUR = "wrong_size_or_colour"
    NOT_AS_DESCRIBED = "not_as_described"
    FAULTY = "faulty"
    DAMAGED_IN_TRANSIT = "damaged_in_transit"
    MISSING_PARTS = "missing_parts"
    WRONG_ITEM = "wrong_item"
    LATE_DELIVERY = "late_delivery"
    NEVER_ARRIVED = "never_arrived"
    PRICE_FELL = "price_fell"
    OTHER = "other"


class ReasonGroup(StrEnum):
    """Whose matter it is: rules differ between the two and within neither."""

    PERSONAL = "personal"
    SELLERS_FAULT = "sellers_fault"


SELLERS_FAULT: Final = frozenset(
    {
        Reason.NOT_AS_DESCRIBED,
        Reason.FAULTY,
        Reason.DAMAGED_IN_TRANSIT,
        Reason.MISSING_PARTS,
        Reason.WRONG_ITEM,
        Reason.LATE_DELIVERY,
        Reason.NEVER_ARRIVED,
    }
)

ABOUT_DELIVERY: Final = frozenset({Reason.LATE_DELIVERY, Reason.NEVER_ARRIVED})
"""Reasons that can be given before anything was received."""


def group_of(reason: Reason) -> ReasonGroup:
    return ReasonGroup.SELLERS_FAULT if reason in SELLERS_FAULT else ReasonGroup.PERSONAL


REASONS_FOR: Final[Mapping[WishKind, tuple[Reason, ...]]] = {
    WishKind.RETURN: (
        Reason.NO_REASON,
        Reason.CHANGED_MIND,
        Reason.WRONG_SIZE_OR_COLOUR,
        Reason.NOT_AS_DESCRIBED,
        Reason.FAULTY,
        Reason.DAMAGED_IN_TRANSIT,
        Reason.MISSING_PARTS,
        Reason.WRONG_ITEM,
        Reason.LATE_DELIVERY,
        Reason.PRICE_FELL,
        Reason.OTHER,
    ),
    WishKind.REFUND_ONLY: (
        Reason.NOT_AS_DESCRIBED,
        Reason.FAULTY,
        Reason.DAMAGED_IN_TRANSIT,
        Reason.MISSING_PARTS,
        Reason.WRONG_ITEM,
        Reason.LATE_DELIVERY,
        Reason.NEVER_ARRIVED,
    ),
    WishKind.EXCHANGE: (
        Reason.CHANGED_MIND,
        Reason.WRONG_SIZE_OR_COLOUR,
        Reason.NOT_AS_DESCRIBED,
        Reason.FAULTY,
        Reason.DAMAGED_IN_TRANSIT,
        Reason.MISSING_PARTS,
        Reason.WRONG_ITEM,
        Reason.OTHER,
    ),
    WishKind.PRICE_DIFFERENCE: (Reason.PRICE_FELL,),
}
"""The reasons to choose from, in the order they are shown; whoever keeps the goods needs the seller's fault."""
