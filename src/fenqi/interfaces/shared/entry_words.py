"""What happened to a plan and what the books say of it, in words: for customers, staff and their papers alike."""

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

ENTRIES: Final[Mapping[str, str | Promise]] = {
    "opened": _("Plan opened"),
    "repayment": _("Repayment booked"),
    "refund": _("Refund"),
    "price_adjustment": _("Price adjustment"),
    "credit": _("Goodwill credit"),
    "fee_refund": _("Charge given back"),
    "fee": _("Fee charged"),
    "late_fee": _("Late fee charged"),
    "waiver": _("Waiver"),
    "reversal": _("Reversal"),
    "chargeback": _("Chargeback"),
    "settlement": _("Early settlement"),
    "balance_payout": _("Balance paid out"),
    "extension": _("Extension"),
    "reschedule": _("Rescheduled"),
    "charge_off": _("Charged off"),
    "look": _("Late fees brought up to date"),
    "duplicate_payment": _("Paid a second time"),
    "price_difference": _("Price difference owed"),
    "refund_paid": _("Refund has left"),
    "refund_returned": _("Refund came back"),
    "transfer_paid": _("Transfer has left"),
    "return_at_ordering": _("Owed back: what was paid at ordering"),
    "channel_settlement": _("Channel settled a day"),
    "partner_funded": _("A lender paid the goods"),
    "partner_refund": _("A lender took a return off its plan"),
    "partner_settlement": _("A lender paid a day out"),
    "plan_moved": _("Plan moved to another finance partner"),
    "plan_moved_back": _("Move to another finance partner taken back"),
    "repayment_passed_on": _("Repayment passed on to the lender"),
    "suspense": _("On suspense, or off it"),
    "reserve_held": _("Reserve on hold"),
    "reserve_released": _("Reserve released"),
    "reserve_captured": _("Reserve captured"),
}
"""Kinds of plan events and codes of journal entries."""
