"""What rows were charged for being late so far: whether it was paid, waived or is still owed."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from uuid import UUID

from fenqi.records.models import LateFeeAccrual

ChargedRows = Mapping[int, int]
"""Number of the row to minor units; a row that is missing was charged nothing."""


def late_fees_charged(customer_id: UUID, plan_ids: Iterable[UUID]) -> Mapping[UUID, ChargedRows]:
    """Plan to its rows. One statement."""
    charged: dict[UUID, dict[int, int]] = defaultdict(dict)
    kept = LateFeeAccrual.objects.filter(customer_id=customer_id, plan_id__in=list(plan_ids), charged_minor__gt=0)
    for plan_id, n, minor in kept.values_list("plan_id", "n", "charged_minor"):
        charged[plan_id][n] = minor
    return charged
