"""Contacts about money that is due: what was said when, and whether the next may be made now (P1103-P1105)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from django.db import transaction

from fenqi.domain.errors import InvalidInput
from fenqi.domain.hardship.contact_rules import WEEK, Hindrance, hindrance, next_allowed, rules_of
from fenqi.records import locks
from fenqi.records.models import DebtContact
from fenqi.usecases import audit, clock
from fenqi.usecases.hardship.errors import ContactNotAllowed
from fenqi.usecases.hardship.policies import policy_on
from fenqi.usecases.repayment.queries import require_plan
from fenqi.usecases.staff.permissions import Permission, Staff

LONGEST_NOTE = 200
LATEST_ENTRY = timedelta(days=2)


class How(StrEnum):
    CALL = "call"
    CALLED_US = "called_us"
    """The customer called: answering is no contact that counts."""
    SMS = "sms"
    EMAIL = "email"


class Outcome(StrEnum):
    REACHED = "reached"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    CALL_BACK = "call_back"
    WRONG_PERSON = "wrong_person"
    ASKED_NOT_TO_CALL = "asked_not_to_call"
    SENT = "sent"


_COUNTED = (How.CALL.value, How.SMS.value, How.EMAIL.value)
_WORDS = {
    Hindrance.QUIET_HOURS: ("outside the contact hours", "不在可联系时间内"),
    Hindrance.DAY_CAP: ("the bill's contacts of the day are used up", "这笔账单今天的联系次数已用完"),
    Hindrance.WEEK_CAP: ("the bill's contacts of the week are used up", "这笔账单近 7 天的联系次数已用完"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactView:
    contact_id: UUID
    at: datetime
    how: How
    outcome: str
    note: str
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Whether a bill's customer may be contacted now: by `hindered` not, and not before `next_at`; None: not at all."""

    hindered: Hindrance | None
    next_at: datetime | None
    today: int
    week: int
    per_day: int
    per_week: int
    opens_hour: int
    closes_hour: int

    @property
    def is_within_caps(self) -> bool:
        """Whatever the hour: messages keep the quiet hours of the mall's setting."""
        return self.today < self.per_day and self.week < self.per_week


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What an agent writes down of a contact; `at` None: now."""

    how: How
    outcome: Outcome
    note: str = ""
    at: datetime | None = None


def log_contact(staff: Staff, customer_id: UUID, plan_id: UUID, said: Said, *, request_key: str, now: datetime) -> UUID:
    """Keep it; a call of ours outside the hours or above the caps is refused, and that is kept in the audit.

    Raises NotPermitted, NotFound, InvalidInput, ContactNotAllowed.
    """
    staff.require(Permission.RECORD_PROMISES)
    require_plan(customer_id, plan_id)
    at = said.at or now
    if not now - LATEST_ENTRY <= at <= now:
        raise InvalidInput(where="at", problem="of the last two days", problem_zh="应为最近两天内的时间")
    try:
        return _log(staff, customer_id, plan_id, said, at=at, request_key=request_key, now=now)
    except ContactNotAllowed as refusal:
        details = {"at": at.isoformat(), "why": str(refusal.details["rule"])}
        _audit(staff, audit.Action.DEBT_CONTACT_REFUSED, customer_id, plan_id, said, details=details, now=now)
        raise


def _log(
    staff: Staff, customer_id: UUID, plan_id: UUID, said: Said, *, at: datetime, request_key: str, now: datetime
) -> UUID:
    with transaction.atomic():
        locks.customer(customer_id)
        earlier = DebtContact.objects.filter(customer_id=customer_id, request_key=request_key).first()
        if earlier is not None:
            return earlier.id
        if said.how is not How.CALLED_US:
            require_contact_allowed(customer_id, plan_id, at=at)
        contact = _keep(customer_id, plan_id, said, at=at, actor=staff.actor, request_key=request_key, now=now)
        details = {"how": said.how.value, "outcome": said.outcome.value, "contact": str(contact.id)}
        _audit(staff, audit.Action.DEBT_CONTACT_LOGGED, customer_id, plan_id, said, details=details, now=now)
    return contact.id


def note_message(customer_id: UUID, plan_id: UUID, *, key: str, how: How = How.SMS, now: datetime) -> None:
    """A message about the bill went out: it counts toward the caps of calls, too. Told again, it is counted once."""
    DebtContact.objects.get_or_create(
        customer_id=customer_id,
        request_key=key,
        defaults={
            "plan_id": plan_id,
            "at": now,
            "how": how.value,
            "outcome": Outcome.SENT.value,
            "actor": audit.SYSTEM,
            "recorded_at": now,
        },
    )


def require_contact_allowed(customer_id: UUID, plan_id: UUID, *, at: datetime) -> None:
    """Raises ContactNotAllowed with the first instant that is allowed."""
    standing = contact_standing(customer_id, plan_id, at=at)
    if standing.hindered is None:
        return
    why, why_zh = _WORDS[standing.hindered]
    upcoming = standing.next_at.astimezone(clock.mall_zone()) if standing.next_at else None
    raise ContactNotAllowed(
        rule=standing.hindered.value,
        why=why,
        why_zh=why_zh,
        next=f"{upcoming:%Y-%m-%d %H:%M}" if upcoming else "—",
    )


def contact_standing(customer_id: UUID, plan_id: UUID, *, at: datetime) -> Standing:
    """Whether the customer may be contacted about the bill at that instant, over any channel."""
    rules = rules_of(policy_on(clock.business_date(at)).rules)
    local = at.astimezone(clock.mall_zone())
    earlier = [contact.astimezone(clock.mall_zone()) for contact in _counted(customer_id, plan_id, since=at - WEEK)]
    upcoming = next_allowed(rules, local, earlier)
    return Standing(
        hindered=hindrance(rules, local, earlier),
        next_at=upcoming,
        today=sum(contact.date() == local.date() for contact in earlier),
        week=sum(contact.date() > local.date() - WEEK for contact in earlier),
        per_day=rules.per_day,
        per_week=rules.per_week,
        opens_hour=rules.opens.hour,
        closes_hour=rules.closes.hour,
    )


def _counted(customer_id: UUID, plan_id: UUID, *, since: datetime) -> list[datetime]:
    contacts = DebtContact.objects.filter(customer_id=customer_id, plan_id=plan_id, at__gt=since - timedelta(days=1))
    return list(contacts.filter(how__in=_COUNTED).order_by("at").values_list("at", flat=True))


def contacts_of(customer_id: UUID, plan_id: UUID, *, limit: int = 30) -> tuple[ContactView, ...]:
    """Newest first."""
    rows = DebtContact.objects.filter(customer_id=customer_id, plan_id=plan_id).order_by("-at", "-id")[:limit]
    return tuple(
        ContactView(contact_id=row.id, at=row.at, how=How(row.how), outcome=row.outcome, note=row.note, actor=row.actor)
        for row in rows
    )


def _keep(
    customer_id: UUID, plan_id: UUID, said: Said, *, at: datetime, actor: str, request_key: str, now: datetime
) -> DebtContact:
    return DebtContact.objects.create(
        customer_id=customer_id,
        plan_id=plan_id,
        at=at,
        how=said.how.value,
        outcome=said.outcome.value,
        note=" ".join(said.note.split())[:LONGEST_NOTE],
        actor=actor,
        request_key=request_key,
        recorded_at=now,
    )


def _audit(
    staff: Staff,
    action: audit.Action,
    customer_id: UUID,
    plan_id: UUID,
    said: Said,
    *,
    details: dict[str, str],
    now: datetime,
) -> None:
    audit.record(
        staff.actor,
        action,
        customer_id=customer_id,
        subject=f"plan:{plan_id}",
        reason=" ".join(said.note.split())[:LONGEST_NOTE],
        details=details,
        now=now,
    )
