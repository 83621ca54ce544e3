"""The short code of a reminder's link: what follows the fixed part that stands in the approved text (P1102)."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID


def repay_code(customer_id: UUID, plan_ids: Sequence[UUID], *, now: datetime) -> str:  # noqa: ARG001  # until links are signed
    """Of the plan that falls due first."""
    return plan_ids[0].hex
