"""What a text-message service is asked, and what it can answer. A message that fails never blocks a payment."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Protocol, runtime_checkable

from fenqi.domain.errors import FenqiError


class SmsOutcome(StrEnum):
    ACCEPTED = "accepted"
    """Taken by the service; whether it arrived is told later by a receipt."""
    REFUSED = "refused"
    """Not sent, and will not be."""
    UNREACHED = "unreached"
    """Nobody was there to take it: no byte of it left. Another service may be asked."""
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


class SmsUnavailable(FenqiError):
    """The service did not do what it was asked. Details: `provider`, `reason`."""

    code = "sms_unavailable"
    status = 503
    zh = "短信服务 {provider} 没有受理：{reason}。请稍后再试。"
    en = "The text-message service {provider} did not take it: {reason}. Try again later."


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


class SmsFate(StrEnum):
    """What a service says of a message that it was sent."""

    UNDER_WAY = "under_way"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    NOT_THERE = "not_there"
    """The service never took it, as far as it knows by now."""
    CANNOT_TELL = "cannot_tell"


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsReport:
    """An answer about one message, or a report that the service sent by itself."""

    fate: SmsFate
    out_id: str
    message_id: str = ""
    code: str = ""


@runtime_checkable
class SmsGateway(Protocol):
    """Sends approved templates. Implementations write neither phone numbers nor texts to any log."""

    @property
    def name(self) -> str:
        """What this service is called here; kept with each message."""

    def send(self, *, phone: str, template_code: str, params: Mapping[str, str], out_id: str) -> SmsReceipt:
        """Send one message to one phone; never raises for what the service or the network does.

        `params` fill the template's variables and hold no addresses (URLs). `out_id` is our own number, stored before
        the call: the service only echoes it, so the caller de-duplicates.
        """

    def ask(self, *, phone: str, out_id: str, sent_on: date, message_id: str = "") -> SmsReport:
        """What became of the message of that number; never raises for what the service or the network does."""

    def submit(self, *, name: str, text: str) -> str:
        """Hand in a template for approval; the number it will have. Raises SmsUnavailable."""
