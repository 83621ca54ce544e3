"""What was given for fallen prices, line by line: neither a return nor a later drop pays it again (P407, P411)."""

from collections import defaultdict
from collections.abc import Mapping
from uuid import UUID

from fenqi.domain.aftersales.worth import GivenDifference
from fenqi.records.models import PriceDifference


def differences_of(customer_id: UUID, order_id: UUID) -> Mapping[int, tuple[GivenDifference, ...]]:
    """By line number, the differences given on the order, the oldest first; lines without any are left out."""
    rows = PriceDifference.objects.filter(customer_id=customer_id, order_id=order_id).order_by("given_at", "id")
    found: dict[int, list[GivenDifference]] = defaultdict(list)
    for row in rows:
        found[row.line_no].append(GivenDifference(amount=row.amount_minor, pieces=tuple(row.piece_numbers)))
    return {line_no: tuple(differences) for line_no, differences in found.items()}
