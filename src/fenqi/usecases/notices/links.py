"""The short code of a reminder's link: what follows the fixed part that stands in the approved text (P1102)."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.conf import settings

from fenqi.usecases.entries.links import repayment_link

FIXED_PART = "/p/"
"""Of the address, after our own: it stands in the texts that are approved."""


def repay_code(customer_id: UUID, plan_ids: Sequence[UUID], *, now: datetime) -> str:
    """Of the plan that is named first: its page leads to the other bills, too."""
    link = repayment_link(customer_id, plan_ids[0], now=now)
    return link.removeprefix(settings.FENQI_PUBLIC_URL + FIXED_PART)
