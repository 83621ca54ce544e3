"""The stable words of the records in the customer's words. A word that is not listed is shown as it is stored."""

from collections.abc import Mapping

from django.utils.translation import gettext as _

from fenqi.domain.aftersales.cases import CaseSignal, CaseState
from fenqi.interfaces.portal.aftersales.words import state_pill, step_name
from fenqi.usecases.vouchers.queries import VoucherKind
from fenqi.usecases.vouchers.statement import Record, RecordKind


def voucher_name(kind: VoucherKind) -> str:
    names = {
        VoucherKind.PAYMENT: _("Payment voucher"),
        VoucherKind.REFUND: _("Refund voucher"),
        VoucherKind.LENDER_REFUND: _("Voucher of a refund to your lender"),
        VoucherKind.RESERVE_RELEASE: _("Voucher of a released reserve"),
    }
    return names[kind]


def kind_name(kind: RecordKind) -> str:
    names = {
        RecordKind.LINE: _("Goods"),
        RecordKind.INSTALLMENT: _("Installments"),
        RecordKind.PAYMENT: _("Your payments"),
        RecordKind.REFUND: _("Refunds"),
        RecordKind.LENDER_REFUND: _("Refunds to your lender"),
        RecordKind.RESERVE: _("Reserve"),
        RecordKind.CASE: _("After-sales"),
        RecordKind.EVENT: _("What changed the plan"),
        RecordKind.ENTRY: _("Entries in the books"),
    }
    return names[kind]


def what_told(record: Record) -> str:
    """What a record is about."""
    if record.kind is RecordKind.LINE:
        return record.what
    if record.kind is RecordKind.INSTALLMENT:
        return _("No. %(number)s") % {"number": record.number} if record.number else _("Down payment")
    if record.kind is RecordKind.CASE:
        return step_name(CaseSignal(record.what))
    words = entry_words() if record.kind in (RecordKind.EVENT, RecordKind.ENTRY) else why_words()
    return words.get(record.what, record.what)


def state_told(record: Record) -> str:
    if record.kind is RecordKind.CASE and record.state:
        return state_pill(CaseState(record.state)).text
    return _state_words().get(record.state, record.state)


def order_status_told(status: str) -> str:
    names = {
        "placed": _("Placed"),
        "approved": _("Approved"),
        "shipped": _("Shipped"),
        "delivered": _("Delivered"),
        "cancelled": _("Order cancelled"),
        "unavailable": _("Unavailable"),
    }
    return names.get(status, status)


def why_words() -> Mapping[str, str]:
    """Purposes of payments, causes of refunds, and moves of a reserve."""
    return {
        "installments": _("Chosen installments"),
        "due": _("All that is due"),
        "settlement": _("Early settlement"),
        "part": _("A part"),
        "recorded": _("Received by the mall"),
        "duplicate": _("Paid twice"),
        "aftersale": _("After-sales"),
        "price_difference": _("Price difference"),
        "reserve": _("Reserve"),
        "balance": _("Credit balance paid out"),
        "other": _("Other"),
        "lender": _("After-sales"),
        "release": _("Released"),
        "capture": _("Taken from the reserve, as agreed"),
        "expiry": _("Released"),
    }


def entry_words() -> Mapping[str, str]:
    """Kinds of plan events and codes of journal entries."""
    return {
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
        "partner_funded": _("A lender paid the goods"),
        "partner_refund": _("A lender took a return off its plan"),
        "reserve_held": _("Reserve on hold"),
        "reserve_released": _("Reserve released"),
        "reserve_captured": _("Reserve captured"),
    }


def _state_words() -> Mapping[str, str]:
    """Of payments, refunds and reserves alike."""
    under_way, ended = _("Under way"), _("Ended")
    return {
        "paid": _("Paid"),
        "open": _("Still open"),
        "created": under_way,
        "submitted": under_way,
        "processing": under_way,
        "wanted": under_way,
        "offered": under_way,
        "proposed": under_way,
        "announced": under_way,
        "sent": under_way,
        "succeeded": _("Succeeded"),
        "done": _("Succeeded"),
        "failed": _("Did not go through"),
        "abnormal": _("Did not go through"),
        "returned": _("Came back"),
        "unknown": _("Outcome unknown"),
        "held": _("On hold"),
        "closed": ended,
        "ended": ended,
        "withdrawn": ended,
    }
