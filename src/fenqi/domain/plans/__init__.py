"""The plan engine: terms -> schedule -> state, allocation, quotes, rates. Pure functions over frozen values.

`docs/engine.md` tells the rules in prose; the numbered rules in comments are those of the scenario format.
"""

from fenqi.domain.plans.events import Event, EventKind, parse_event
from fenqi.domain.plans.late_fees import daily_late_fee, first_late_fee_on, late_fee_cap, projected_late_fee
from fenqi.domain.plans.quotes import amount_due, amount_for_rows, preview, settlement_quote
from fenqi.domain.plans.rates import Rates, rates
from fenqi.domain.plans.replay import replay, replay_each
from fenqi.domain.plans.schedule import ScheduledRow, lay_out
from fenqi.domain.plans.state import (
    Allocation,
    Components,
    PlanState,
    PlanStatus,
    Row,
    SettlementQuote,
    Totals,
)
from fenqi.domain.plans.terms import Component, FutureRule, Method, Terms, Unit, parse_terms

__all__ = [
    "Allocation",
    "Component",
    "Components",
    "Event",
    "EventKind",
    "FutureRule",
    "Method",
    "PlanState",
    "PlanStatus",
    "Rates",
    "Row",
    "ScheduledRow",
    "SettlementQuote",
    "Terms",
    "Totals",
    "Unit",
    "amount_due",
    "amount_for_rows",
    "daily_late_fee",
    "first_late_fee_on",
    "late_fee_cap",
    "lay_out",
    "parse_event",
    "parse_terms",
    "preview",
    "projected_late_fee",
    "rates",
    "replay",
    "replay_each",
    "settlement_quote",
]
