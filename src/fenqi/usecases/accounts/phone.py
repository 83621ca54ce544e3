"""Bind another phone: a code to the old number, one to the new; sign-in follows, sessions end (R006, R007)."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from fenqi.domain.errors import FenqiError, NotFound
from fenqi.records import directory, locks, personal
from fenqi.records.models import Account, CodePurpose, Customer, DirectoryKind, SmsDevice
from fenqi.records.posting import Decision, write
from fenqi.usecases import audit, outbox
from fenqi.usecases.accounts.codes import Try, ask_code, use_codes
from fenqi.usecases.entries.shared_phone import stop_sharing_phones
from fenqi.usecases.notices.templates import Message
from fenqi.usecases.signing_in.request import InvalidPhone


class SamePhone(FenqiError):
    """It is the phone that is bound already."""

    code = "same_phone"
    status = 422
    zh = "这就是当前绑定的手机号，不用更换。"
    en = "This is the phone that is bound already: nothing to change."


class PhoneNotFree(FenqiError):
    """The phone belongs to another account. It is told only to whoever has shown that the phone is in their hand."""

    code = "phone_not_free"
    status = 409
    zh = "这个手机号已用于另一个账户，不能绑定到这里。如果那个账户是您的，请用它登录后更换号码或注销；不是请联系客服。"
    en = (
        "This phone is used for another account and cannot be bound here. If that account is yours, sign in with it "
        "and change its phone or close it; if not, contact our customer service."
    )


def ask_codes(customer_id: UUID, phone: str, *, now: datetime) -> str:
    """Send a code to the bound phone and one to the new; the new number as it is stored.

    Whether the new number is anybody's is not told here. Raises InvalidPhone, SamePhone, PhoneMissing,
    TooManyRequests.
    """
    number = new_number(customer_id, phone)
    ask_code(customer_id, CodePurpose.PHONE_OLD, now=now)
    ask_code(customer_id, CodePurpose.PHONE_NEW, phone=number, now=now)
    return number


def new_number(customer_id: UUID, phone: str) -> str:
    """Raises InvalidPhone, SamePhone, NotFound."""
    number = personal.normal_phone(phone)
    if number is None:
        raise InvalidPhone
    customer = Customer.objects.filter(id=customer_id).first()
    if customer is None:
        raise NotFound
    if personal.phone_index(number) == customer.phone_index:
        raise SamePhone
    return number


def change_phone(customer_id: UUID, phone: str, *, old_code: str, new_code: str, now: datetime) -> None:
    """Both codes must be right. Raises InvalidPhone, SamePhone, AccountCodeRefused, PhoneNotFree."""
    number = new_number(customer_id, phone)
    tries = (Try(CodePurpose.PHONE_OLD, old_code), Try(CodePurpose.PHONE_NEW, new_code, phone=number))
    use_codes(customer_id, *tries, now=now)
    with transaction.atomic(durable=True):
        bind_phone(customer_id, number, actor=f"customer:{customer_id}", now=now)


def bind_phone(customer_id: UUID, number: str, *, actor: str, now: datetime) -> None:
    """Inside a transaction: the number, the directory, the sign-in; numbers shared with others are used no longer.

    What waits to be told goes to the new number: it is read when a message leaves. Raises PhoneNotFree.
    """
    locks.customer(customer_id)
    customer = Customer.objects.get(id=customer_id)
    index = personal.phone_index(number)
    holder = directory.claim(DirectoryKind.PHONE, index, customer_id=customer_id, target_id=customer_id)
    if holder.customer_id != customer_id:
        raise PhoneNotFree
    if customer.phone_index and customer.phone_index != index:
        directory.release(DirectoryKind.PHONE, customer.phone_index, customer_id=customer_id)
    Customer.objects.filter(id=customer_id).update(
        phone_encrypted=personal.encrypt(number), phone_index=index, updated_at=now
    )
    stop_sharing_phones(customer_id)
    end_sessions(customer_id)
    audit.record(actor, audit.Action.PHONE_CHANGED, customer_id=customer_id, now=now)
    decision = Decision(customer_id)
    outbox.tell_of_account(decision, Message.PHONE_CHANGED, customer_id, now=now)
    write(decision)


def end_sessions(customer_id: UUID) -> None:
    """Every session of the customer: what they were opened with is no more, nor is a code that was sent."""
    account = Account.objects.filter(customer_id=customer_id).first()
    if account is None:
        return
    account.set_unusable_password()  # sessions carry a digest of it
    account.save(update_fields=["password"])
    SmsDevice.objects.filter(user=account).delete()
