"""Take the personal data of a closed account away, for good. What is overwritten here is nowhere else in the clear.

What stays: the books and the events (they name nobody), what was bought, and, as the law has it for three years, the
cases with what was handed in and the words with customer service, which nobody but staff with a reason can open.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from fenqi.records import directory
from fenqi.records.models import (
    Account,
    AccountCode,
    AppRecognition,
    AuditRecord,
    BoundCard,
    CallbackState,
    CardState,
    Customer,
    DebitAgreement,
    DirectoryKind,
    Notice,
    NoticeState,
    PaymentAttempt,
    PhoneChange,
    PhoneChangeState,
    RefundLeg,
    ReserveHold,
    RetryReminder,
    SafeWord,
    SupportCallback,
)
from fenqi.usecases import audit
from fenqi.usecases.accounts.phone import end_sessions
from fenqi.usecases.cards.unbind import unbind
from fenqi.usecases.entries.shared_phone import stop_sharing_phones
from fenqi.usecases.notices.preferences import forget_preferences
from fenqi.usecases.notices.reasons_to_wait import ACCOUNT_CLOSED
from fenqi.usecases.vouchers.made_files import remove_files_of

_WHERE_FROM = ("ip", "address", "remote_address", "payer_ip", "device", "url", "code")


def forget_cards(customer_id: UUID, *, now: datetime) -> None:
    """At the channels, too: outside any transaction."""
    for card in BoundCard.objects.filter(customer_id=customer_id).exclude(state=CardState.ENDED):
        unbind(customer_id, card.id, now=now)


def erase(customer_id: UUID, *, now: datetime) -> None:
    """Inside a transaction, under the customer's lock. Erased already, nothing changes."""
    customer = Customer.objects.get(id=customer_id)
    directory.release(DirectoryKind.PHONE, customer.phone_index, customer_id=customer_id)
    directory.release(DirectoryKind.CUSTOMER_REF, customer.ref, customer_id=customer_id)
    Customer.objects.filter(id=customer_id).update(
        ref=f"erased-{customer_id.hex}",
        name_encrypted=b"",
        phone_encrypted=b"",
        phone_index="",
        updated_at=now,
        erased_at=customer.erased_at or now,
    )
    end_sessions(customer_id)
    Account.objects.filter(customer_id=customer_id).update(is_active=False)
    BoundCard.objects.filter(customer_id=customer_id).update(
        token_encrypted="", holder_masked="", phone_masked="", last4="", consent={}
    )
    RefundLeg.objects.filter(customer_id=customer_id).update(account="")
    RetryReminder.objects.filter(customer_id=customer_id, state="waiting").update(state="dropped")
    AccountCode.objects.filter(customer_id=customer_id).delete()
    open_changes = PhoneChange.objects.filter(customer_id=customer_id)
    open_changes.exclude(state=PhoneChangeState.DONE).update(state=PhoneChangeState.STOPPED, ended_at=now)
    open_changes.update(phone_encrypted=b"", phone_index="")
    _forget_ways(customer_id, phone_index=customer.phone_index, now=now)
    _forget_where_from(customer_id)
    remove_files_of(customer_id)


def _forget_ways(customer_id: UUID, *, phone_index: str, now: datetime) -> None:
    """By which they were reached or recognised; what waits to be told, and calls that were promised, are dropped."""
    forget_preferences(customer_id)
    stop_sharing_phones(customer_id)
    SafeWord.objects.filter(customer_id=customer_id).delete()
    AppRecognition.objects.filter(customer_id=customer_id).delete()
    if phone_index:
        AppRecognition.objects.filter(phone_index=phone_index, customer_id=None).delete()
    Notice.objects.filter(customer_id=customer_id, state=NoticeState.WAITING).update(
        state=NoticeState.HELD, reason=ACCOUNT_CLOSED
    )
    SupportCallback.objects.filter(customer_id=customer_id, state=CallbackState.PLANNED).update(
        state=CallbackState.CALLED_OFF, ended_at=now
    )


def _forget_where_from(customer_id: UUID) -> None:
    """Network addresses and devices, wherever they were noted."""
    for model, field in (
        (PaymentAttempt, "cashier"),
        (DebitAgreement, "consent"),
        (ReserveHold, "consent"),
        (AuditRecord, "details"),
    ):
        for row in _rows(model, customer_id):
            kept = {name: value for name, value in getattr(row, field).items() if name not in _WHERE_FROM}
            if kept != getattr(row, field):
                model.objects.filter(customer_id=customer_id, id=row.id).update(**{field: kept})


def _rows(model: Any, customer_id: UUID) -> Any:
    rows = model.objects.filter(customer_id=customer_id)
    return rows.filter(action=audit.Action.SIGNED_IN.value) if model is AuditRecord else rows
