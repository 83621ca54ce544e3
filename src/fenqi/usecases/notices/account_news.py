"""Tell a customer what happens to the account: a new phone, the old one about to go, the account about to close."""

from datetime import datetime
from uuid import UUID

from fenqi.domain.errors import NotFound
from fenqi.records import personal
from fenqi.records.models import AccountClosing, ClosingState, Customer, PhoneChange, PhoneChangeState
from fenqi.usecases import clock
from fenqi.usecases.notices.sending import send_once
from fenqi.usecases.notices.templates import Message


def tell_of_account(customer_id: UUID, news: Message, subject_id: UUID, *, now: datetime) -> bool:
    """Unless it is over meanwhile; whether a message was sent by this call. Raises NoticeUnanswered."""
    params = _params(customer_id, news, subject_id)
    if params is None:
        return False
    detail = f"account:{subject_id}:{news}"
    if news is Message.PHONE_CHANGED:
        detail += f":{Customer.objects.values_list('phone_index', flat=True).get(id=customer_id)[:12]}"
    return send_once(customer_id, news, subject=detail, params=lambda _language: params, now=now)


def _params(customer_id: UUID, news: Message, subject_id: UUID) -> dict[str, str] | None:
    match news:
        case Message.PHONE_CHANGE_ANNOUNCED:
            change = PhoneChange.objects.filter(customer_id=customer_id, id=subject_id).first()
            if change is None:
                raise NotFound
            if change.state != PhoneChangeState.APPROVED or change.takes_effect_at is None:
                return None
            phone = personal.mask_phone(personal.decrypt(change.phone_encrypted))
            return {"phone": phone, "at": _told(change.takes_effect_at)}
        case Message.CLOSING_ASKED:
            closing = AccountClosing.objects.filter(customer_id=customer_id, id=subject_id).first()
            if closing is None or closing.state != ClosingState.WAITING:
                return None
            return {"at": _told(closing.takes_effect_at)}
        case _:
            return {}


def _told(at: datetime) -> str:
    return f"{at.astimezone(clock.mall_zone()):%Y-%m-%d %H:%M}"
