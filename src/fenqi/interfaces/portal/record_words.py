"""The stable words of the records in the customer's words. A word that is not listed is shown as it is stored."""

from collections.abc import Mapping

from django.utils.translation import gettext as _

from fenqi.domain.aftersales.cases import CaseSignal, CaseState
from fenqi.interfaces.portal.aftersales.words import state_pill, step_name
from fenqi.interfaces.shared.entry_words import ENTRIES
from fenqi.usecases.vouchers.queries import VoucherKind
from fenqi.usecases.vouchers.statement import Record, RecordKind


def voucher_name(kind: VoucherKind) -> str:
    names = {
        VoucherKind.PAYMENT: _("Payment voucher"),
        VoucherKind.REFUND: _("Refund voucher"),
        VoucherKind.LENDER_REFUND: _("Voucher of a refund to your lender"),
        VoucherKind.RESERVE_HOLD: _("Voucher of a reserve on hold"),
        VoucherKind.RESERVE_RELEASE: _("Voucher of a released reserve"),
        VoucherKind.RESERVE_CAPTURE: _("Voucher of a reserve that was taken"),
        VoucherKind.CASE: _("After-sales record"),
        VoucherKind.ENTRY: _("Voucher of a booked movement"),
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
    if record.kind in (RecordKind.EVENT, RecordKind.ENTRY):
        return str(ENTRIES.get(record.what, record.what))
    return why_words().get(record.what, record.what)


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
