"""What a case asks for, in the words that eligibility and quotes take."""

from collections.abc import Mapping
from dataclasses import replace

from fenqi.domain.aftersales.eligibility import Wish, WishedLine
from fenqi.domain.aftersales.reasons import Reason, WishKind
from fenqi.records.models import AftersalesCase, CaseLine


def wish_of(case: AftersalesCase) -> Wish:
    """What is done."""
    return Wish(
        kind=WishKind(case.kind),
        reason=Reason(case.reason),
        lines=tuple(WishedLine(line_no=line.line_no, pieces=line.pieces) for line in lines_of(case)),
    )


def applied_wish_of(case: AftersalesCase) -> Wish:
    """The wish as it was applied for: an exchange, also where a refund took its place."""
    return replace(wish_of(case), kind=applied_kind(case))


def applied_kind(case: AftersalesCase) -> WishKind:
    """What was asked for, whatever it became."""
    return WishKind.EXCHANGE if case.was_exchange else WishKind(case.kind)


def deductions_of(case: AftersalesCase) -> Mapping[int, int]:
    """Line number to minor units that the inspection took off."""
    return {line.line_no: line.deduction_minor for line in lines_of(case) if line.deduction_minor}


def lines_of(case: AftersalesCase) -> tuple[CaseLine, ...]:
    return tuple(CaseLine.objects.filter(customer_id=case.customer_id, case_id=case.id).order_by("line_no"))
