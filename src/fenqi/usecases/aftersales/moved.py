"""What carrying a case out came to, as its step keeps it for ever: `fenqi check` compares it with the quote."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """Minor units: `cash` leaves the plan, `at_ordering` goes back beside it, `partner` goes to who has lent the money.

    `event_ids` are those of the plan's events. `goes_on`: money is on its way, and the case is completed when it is
    there.
    """

    quote_id: UUID | None = None
    event_ids: tuple[str, ...] = ()
    refund_ids: tuple[UUID, ...] = ()
    cash: int = 0
    at_ordering: int = 0
    partner: int = 0
    goes_on: bool = False

    def to_mapping(self) -> dict[str, Any]:
        return {
            "quote_id": str(self.quote_id) if self.quote_id else None,
            "events": list(self.event_ids),
            "refunds": [str(refund_id) for refund_id in self.refund_ids],
            "cash": self.cash,
            "at_ordering": self.at_ordering,
            "partner": self.partner,
        }
