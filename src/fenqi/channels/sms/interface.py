"""What a text-message service is asked, and what it can answer. A message that fails never blocks a payment."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, runtime_checkable


class SmsOutcome(StrEnum):
    ACCEPTED = "accepted"
    """Taken by the service; whether it arrived is told later by a receipt."""
    REFUSED = "refused"
    """Not sent, and will not be."""
    UNKNOWN = "unknown"
    """It may have been sent. The service does not de-duplicate, so a repeat may arrive twice."""


class SmsProblem(StrEnum):
    """Why a message was refused, by what is to be done about it."""

    TOO_MANY = "too_many"
    """Flow control for this number: wait, or use another way to reach the customer."""
    BAD_NUMBER = "bad_number"
    """The customer has to correct the phone number."""
    ACCOUNT = "account"
    """The merchant's limit or credit is used up: tell operations."""
    CONTENT = "content"
    """Template, signature or variables are wrong: tell operations."""
    SERVICE = "service"
    """The service failed, was not reached or gave a code nobody mapped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsReceipt:
    """What became of one `send`. Holds neither the phone number nor the text."""

    outcome: SmsOutcome
    out_id: str
    message_id: str | None = None
    """The service's own number, by which delivery can be asked for."""
    code: str | None = None
    problem: SmsProblem | None = None

    @property
    def alert(self) -> bool:
        """Operations must be told."""
        return self.problem in {SmsProblem.ACCOUNT, SmsProblem.CONTENT}


@runtime_checkable
class SmsGateway(Protocol):
    """Sends approved templates. Implementations write neither phone numbers nor texts to any log."""

    def send(self, *, phone: str, template_code: str, params: Mapping[str, str], out_id: str) -> SmsReceipt:
        """Send one message to one phone; never raises for what the service or the network does.

        `params` fill the template's variables and hold no addresses (URLs). `out_id` is our own number, stored before
        the call: the service only echoes it, so the caller de-duplicates.
        """
