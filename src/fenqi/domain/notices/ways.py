"""The ways that a message goes, by how much depends on it and by what the customer wishes."""

from dataclasses import dataclass
from enum import StrEnum


class Way(StrEnum):
    INBOX = "inbox"
    SMS = "sms"
    EMAIL = "email"


class Weight(StrEnum):
    """What depends on a message. There is no weight for marketing: none is sent."""

    CRITICAL = "critical"
    """The service does not work without it: codes, results of cases, debits that failed. It cannot be switched off."""
    NEWS = "news"
    """What happened; the customer says which ways it takes."""
    REMINDER = "reminder"
    """Money that falls due; the customer says how often, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    by_sms: bool = True
    by_email: bool = True


def ways_of(weight: Weight, wishes: Wishes, *, has_phone: bool, has_email: bool) -> tuple[Way, ...]:
    """The inbox always; a critical message also goes to the phone, or to the e-mail of who has none."""
    is_critical = weight is Weight.CRITICAL
    sms = has_phone and (wishes.by_sms or is_critical)
    email = has_email and (wishes.by_email or (is_critical and not sms))
    return (Way.INBOX, *((Way.SMS,) if sms else ()), *((Way.EMAIL,) if email else ()))
