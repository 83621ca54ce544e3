"""The rules of help as data: one version holds from its first day on, for all plans (P808-P812, P1103-P1105).

What the law gives the customer is a limit of each number: a draft that gives less is refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import time
from typing import Any, Final

from fenqi.domain.errors import FenqiError, InvalidInput

MOST_OBJECTION_DAYS: Final = 20  # P810: the answer to an objection
EARLIEST_CONTACT, LATEST_CONTACT = time(8), time(22)  # P1103


class HelpBelowLaw(FenqiError):
    """A number outside what the law or the product allows. Details: `where`, `least`, `most`."""

    code = "help_policy_out_of_range"
    status = 422
    zh = "「{where}」应在 {least} 到 {most} 之间。"
    en = "{where} must be from {least} to {most}."


@dataclass(frozen=True, slots=True, kw_only=True)
class HardshipPolicy:
    """One version's numbers. Sums are minor units of the plan's currency, days are calendar days.

    `reschedule_alone_minor`: up to this sum outstanding one person is enough; the `waiver_*_minor`: what one person of
    that role may waive at once. `credit_after_days` counts days past due beyond grace that are somebody's fault.
    """

    promise_most_days: int = 14
    extension_most_days: int = 15
    extensions_per_year: int = 1
    extension_fee_minor: int = 0
    reschedule_most_installments: int = 36
    reschedule_first_within_days: int = 45
    reschedule_alone_minor: int = 300_000
    waiver_agent_minor: int = 5_000
    waiver_finance_minor: int = 50_000
    waiver_admin_minor: int = 200_000
    charge_off_after_days: int = 90
    credit_after_days: int = 30
    credit_warning_days: int = 7
    objection_days: int = 20
    contact_opens_hour: int = 8
    contact_closes_hour: int = 21
    contacts_per_day: int = 1
    contacts_per_week: int = 3

    def __post_init__(self) -> None:
        """Raises HelpBelowLaw."""
        for name, (least, most) in RANGES.items():
            if not least <= getattr(self, name) <= most:
                raise HelpBelowLaw(where=name, least=least, most=most)

    def waiver_limit(self, role: str) -> int:
        """What one person of the role may waive alone, in minor units; nothing for a role that is not named."""
        limit: int = getattr(self, f"waiver_{role}_minor", 0)
        return limit

    def to_mapping(self) -> dict[str, int]:
        """As it is kept on record; `parse` reads it back."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


_SUM = (0, 100_000_000)
RANGES: Final[Mapping[str, tuple[int, int]]] = {
    "promise_most_days": (1, 30),
    "extension_most_days": (1, 60),
    "extensions_per_year": (0, 12),
    "extension_fee_minor": _SUM,
    "reschedule_most_installments": (1, 60),
    "reschedule_first_within_days": (1, 90),
    "reschedule_alone_minor": _SUM,
    "waiver_agent_minor": _SUM,
    "waiver_finance_minor": _SUM,
    "waiver_admin_minor": _SUM,
    "charge_off_after_days": (90, 720),
    "credit_after_days": (1, 360),
    "credit_warning_days": (3, 90),
    "objection_days": (1, MOST_OBJECTION_DAYS),
    "contact_opens_hour": (EARLIEST_CONTACT.hour, 12),
    "contact_closes_hour": (13, LATEST_CONTACT.hour),
    "contacts_per_day": (0, 3),
    "contacts_per_week": (0, 7),
}
"""Name -> the least and the most that a version may say."""


def parse(body: Mapping[str, Any]) -> HardshipPolicy:
    """A version from its record; numbers left out are the defaults. Raises InvalidInput, HelpBelowLaw."""
    for name, value in body.items():
        if name not in RANGES or isinstance(value, bool) or not isinstance(value, int):
            raise InvalidInput(where=str(name)[:64], problem="a whole number is expected", problem_zh="应为整数")
    return HardshipPolicy(**body)
