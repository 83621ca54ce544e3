"""Addresses that lead to one plan: the permanent one, and the signed one of a message (R161, R147).

Neither says whose it is: both name the plan by its key alone, and whoever is not signed in as its owner learns
nothing. The code of a message's link fits the variable of a text message, which may hold no address (P1102): the fixed
part of the address stands in the approved template.
"""

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from django.conf import settings
from django.core.signing import Signer
from django.utils.crypto import constant_time_compare

from fenqi.usecases import clock

LINK_LIFETIME: Final = timedelta(days=30)
"""As long as from a reminder a week ahead to the end of any grace: an older bill comes with a newer message."""

CODE_LENGTH: Final = 34
_SALT: Final = "fenqi.entries.link"
_SIGNATURE_LENGTH: Final = 10
_BODY_LENGTH: Final = CODE_LENGTH - _SIGNATURE_LENGTH
_PLAN_CODE_LENGTH: Final = 22
_DAY_ONE: Final = date(2020, 1, 1)


class LinkState(StrEnum):
    GOOD = "good"
    STALE = "stale"
    FORGED = "forged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """What the code of a message's link says. `plan_id` and the days are None of one that we never made."""

    state: LinkState
    plan_id: UUID | None = None
    issued_on: date | None = None
    valid_until: date | None = None


def repayment_link(customer_id: UUID, plan_id: UUID, *, now: datetime) -> str:  # noqa: ARG001  # whose it is, it hides
    """An absolute address for a message: signed, good for 30 days, the same all day; tells its finder nothing."""
    return f"{settings.FENQI_PUBLIC_URL}/p/{link_code(plan_id, now=now)}"


def link_code(plan_id: UUID, *, now: datetime) -> str:
    """The variable part of the address: 34 letters, digits, - and _."""
    day = (clock.business_date(now) - _DAY_ONE).days
    body = _text(plan_id.bytes + day.to_bytes(2, "big"))
    return body + _signatures(body)[0]


def read_link(code: str, *, now: datetime) -> Link:
    """Never raises: a code that we never made is forged, one from too long ago is stale."""
    body, signature = code[:_BODY_LENGTH], code[_BODY_LENGTH:]
    is_ours = len(code) == CODE_LENGTH and code.isascii()
    if not (is_ours and any(constant_time_compare(signature, known) for known in _signatures(body))):
        return Link(state=LinkState.FORGED)
    raw = _bytes(body)
    if raw is None:
        return Link(state=LinkState.FORGED)
    issued_on = _DAY_ONE + timedelta(days=int.from_bytes(raw[16:], "big"))
    valid_until = issued_on + LINK_LIFETIME
    today = clock.business_date(now)
    return Link(
        state=LinkState.GOOD if issued_on <= today <= valid_until else LinkState.STALE,
        plan_id=UUID(bytes=raw[:16]),
        issued_on=issued_on,
        valid_until=valid_until,
    )


def expiry_of(link: Link) -> datetime | None:
    """The instant from which the link is stale."""
    return clock.end_of_business_day(link.valid_until).astimezone(UTC) if link.valid_until else None


def permanent_address(plan_id: UUID) -> str:
    """The absolute address that is the plan's for good, also printed as a code to scan."""
    return f"{settings.FENQI_PUBLIC_URL}/r/{plan_code(plan_id)}"


def plan_code(plan_id: UUID) -> str:
    """The plan's key in 22 letters, digits, - and _: it names the plan for good, and opens nothing by itself."""
    return _text(plan_id.bytes)


def plan_of_code(code: str) -> UUID | None:
    """None for what is no plan's code."""
    raw = _bytes(code) if len(code) == _PLAN_CODE_LENGTH and code.isascii() else None
    return UUID(bytes=raw) if raw is not None and _text(raw) == code else None


def _signatures(body: str) -> list[str]:
    """By the key of today, then by those of before."""
    signer = Signer(salt=_SALT)
    return [signer.signature(body, key=key)[:_SIGNATURE_LENGTH] for key in (signer.key, *signer.fallback_keys)]


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _bytes(text: str) -> bytes | None:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
