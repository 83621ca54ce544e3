"""What can happen to a plan: one frozen event with the fields its kind takes, and nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from fenqi.domain.errors import InvalidInput
from fenqi.domain.plans.terms import MOST_INSTALLMENTS, Component, FutureRule
from fenqi.domain.reading import Fields

MOST_EXTENSION_DAYS = 3650


class EventKind(StrEnum):
    REPAYMENT = "repayment"
    REFUND = "refund"
    PRICE_ADJUSTMENT = "price_adjustment"
    CREDIT = "credit"
    FEE_REFUND = "fee_refund"
    FEE = "fee"
    LATE_FEE = "late_fee"
    WAIVER = "waiver"
    REVERSAL = "reversal"
    CHARGEBACK = "chargeback"
    SETTLEMENT = "settlement"
    BALANCE_PAYOUT = "balance_payout"
    EXTENSION = "extension"
    RESCHEDULE = "reschedule"
    CHARGE_OFF = "charge_off"
    LOOK = "look"


ALLOCATED = frozenset(
    {EventKind.REPAYMENT, EventKind.REFUND, EventKind.PRICE_ADJUSTMENT, EventKind.CREDIT, EventKind.FEE_REFUND}
)
"""Money that comes off the plan by rule 4."""

MONEY_IN = ALLOCATED | {EventKind.SETTLEMENT}
MONEY_OUT = frozenset({EventKind.CHARGEBACK, EventKind.BALANCE_PAYOUT})

_COMMON = frozenset({"id", "on", "kind"})
_OWN_FIELDS: dict[EventKind, frozenset[str]] = {
    **dict.fromkeys(ALLOCATED, frozenset({"amount", "future"})),
    EventKind.FEE_REFUND: frozenset({"amount", "component", "future"}),
    EventKind.FEE: frozenset({"amount", "due_on"}),
    EventKind.LATE_FEE: frozenset({"amount", "due_on"}),
    EventKind.WAIVER: frozenset({"amount", "component"}),
    EventKind.REVERSAL: frozenset({"of"}),
    EventKind.CHARGEBACK: frozenset({"of", "amount"}),
    EventKind.SETTLEMENT: frozenset({"amount"}),
    EventKind.BALANCE_PAYOUT: frozenset({"amount"}),
    EventKind.EXTENSION: frozenset({"from_row", "days"}),
    EventKind.RESCHEDULE: frozenset({"installments", "first_due_on"}),
    EventKind.CHARGE_OFF: frozenset(),
    EventKind.LOOK: frozenset(),
}
_AMOUNT_MAY_BE_ABSENT = frozenset({EventKind.SETTLEMENT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One dated fact about a plan; amounts are minor units of the plan's currency.

    `amount` of a settlement is what was really paid for the quote it was promised; without it the settlement pays
    exactly the quote of its day.
    """

    id: str
    on: date
    kind: EventKind
    amount: int | None = None
    future: FutureRule | None = None
    due_on: date | None = None
    component: Component | None = None
    of: str | None = None
    from_row: int | None = None
    days: int | None = None
    installments: int | None = None
    first_due_on: date | None = None

    def to_mapping(self) -> dict[str, object]:
        """The event as JSON can carry it, without the fields its kind does not take; `parse_event` reads it back."""
        mapping: dict[str, object] = {"id": self.id, "on": self.on.isoformat(), "kind": self.kind.value}
        for name in sorted(_OWN_FIELDS[self.kind]):
            value = getattr(self, name)
            if value is not None:
                mapping[name] = value.isoformat() if isinstance(value, date) else value
        return mapping


def parse_event(mapping: Mapping[str, object], *, where: str = "event") -> Event:
    """An event from a mapping of the scenario format. Raises a FenqiError whose `where` names the field."""
    kind = Fields(mapping, where=where, allowed=_ALL_FIELDS).choice("kind", EventKind)
    own = _OWN_FIELDS[kind]
    given = {name: value for name, value in mapping.items() if value is not None}
    fields = Fields(given, where=where, allowed=_COMMON | own)
    on = fields.day("on")
    return Event(
        id=fields.text("id"),
        on=on,
        kind=kind,
        amount=_amount(fields, kind) if "amount" in own else None,
        future=fields.choice("future", FutureRule) if fields.has("future") else None,
        due_on=_due_on(fields, on) if "due_on" in own else None,
        component=_component(fields, kind) if "component" in own else None,
        of=fields.text("of") if "of" in own else None,
        from_row=fields.whole("from_row", least=1, most=10_000) if "from_row" in own else None,
        days=fields.whole("days", least=1, most=MOST_EXTENSION_DAYS) if "days" in own else None,
        installments=fields.whole("installments", least=1, most=MOST_INSTALLMENTS) if "installments" in own else None,
        first_due_on=fields.day("first_due_on") if "first_due_on" in own else None,
    )


_ALL_FIELDS = frozenset(Event.__dataclass_fields__)


def _amount(fields: Fields, kind: EventKind) -> int | None:
    if kind in _AMOUNT_MAY_BE_ABSENT and not fields.has("amount"):
        return None
    return fields.amount("amount")


def _component(fields: Fields, kind: EventKind) -> Component:
    """What was bought is given back by a refund, never by a refund of fees."""
    component = fields.choice("component", Component)
    if kind is EventKind.FEE_REFUND and component is Component.PRINCIPAL:
        raise InvalidInput(
            where=fields.path("component"),
            problem="fee, interest or late_fee is expected",
            problem_zh="应为 fee、interest 或 late_fee",
        )
    return component


def _due_on(fields: Fields, on: date) -> date:
    """A fee without a due date is due the day it is charged."""
    return fields.day("due_on") if fields.has("due_on") else on
