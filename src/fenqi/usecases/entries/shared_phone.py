"""The mall vouches that an account uses a number that another account has bound: a family's, a shop's (R005)."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from fenqi.records import directory, locks, personal
from fenqi.records.models import DirectoryKind
from fenqi.usecases import audit
from fenqi.usecases.signing_in.request import InvalidPhone


def share_phone(customer_id: UUID, phone: str, *, actor: str, now: datetime) -> None:
    """From now on the finance app asks which account is meant. Again changes nothing. Raises InvalidPhone, NotFound."""
    number = personal.normal_phone(phone)
    if number is None:
        raise InvalidPhone
    key = f"{personal.phone_index(number)}:{customer_id}"
    with transaction.atomic():
        locks.customer(customer_id)
        if directory.find(DirectoryKind.PHONE_ALSO, key) is None:
            directory.claim(DirectoryKind.PHONE_ALSO, key, customer_id=customer_id, target_id=customer_id)
            audit.record(actor, audit.Action.PHONE_SHARED, customer_id=customer_id, now=now)


def stop_sharing_phone(customer_id: UUID, phone: str) -> None:
    """Again changes nothing. Raises InvalidPhone."""
    number = personal.normal_phone(phone)
    if number is None:
        raise InvalidPhone
    key = f"{personal.phone_index(number)}:{customer_id}"
    directory.release(DirectoryKind.PHONE_ALSO, key, customer_id=customer_id)


def stop_sharing_phones(customer_id: UUID) -> None:
    """Whatever numbers of others the account used: it has bound one of its own, or is no more."""
    directory.release_all(DirectoryKind.PHONE_ALSO, customer_id=customer_id)
