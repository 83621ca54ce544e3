"""The customer moves one due date: a quote with the new dates and the cost, then the word to it."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.core import signing
from django.db import transaction

from fenqi.domain.hardship import extension
from fenqi.domain.hardship.changes import OPEN, ChangeKind, ChangeState
from fenqi.domain.hardship.extension import ExtensionQuote, Facts, UnableToExtend
from fenqi.domain.plans import Row
from fenqi.records import locks
from fenqi.records.identifiers import new_id
from fenqi.records.models import PlanChange
from fenqi.records.posting import Decision
from fenqi.usecases import clock, outbox, plan_file
from fenqi.usecases.hardship.circumstances import circumstances, refuse_if_lenders
from fenqi.usecases.hardship.errors import ExtensionQuoteExpired
from fenqi.usecases.hardship.policies import PublishedHelp, policy_on
from fenqi.usecases.hardship.promises import CUSTOMER
from fenqi.usecases.hardship.rows import Draft, carry_out, earlier, new_change
from fenqi.usecases.plan_file import PlanFile

_SALT = "fenqi.hardship.extension"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionOffer:
    """What may be done today: the row, by which days, and the fee; or the rule that stands against it."""

    policy: PublishedHelp
    row: Row | None
    days: tuple[int, ...]
    refusal: UnableToExtend | None

    @property
    def is_open(self) -> bool:
        return self.refusal is None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotedExtension:
    """A quote that can be confirmed by its token until the end of the business day."""

    customer_id: UUID
    plan_id: UUID
    version: int
    quote: ExtensionQuote
    currency: str
    quoted_on: date
    valid_until: datetime

    @property
    def token(self) -> str:
        """What the customer confirms: signed, so that nothing in it can be altered on the way."""
        return signing.dumps(
            {
                "customer": str(self.customer_id),
                "plan": str(self.plan_id),
                "version": self.version,
                "row": self.quote.row,
                "days": self.quote.days,
                "fee": self.quote.fee,
                "on": self.quoted_on.isoformat(),
            },
            salt=_SALT,
        )


def offer(customer_id: UUID, plan_id: UUID, *, now: datetime) -> ExtensionOffer:
    """Whether, and by how much. Raises NotFound, LendersPlan."""
    file = _file(customer_id, plan_id)
    policy = policy_on(clock.business_date(now))
    facts = _facts(file, now=now)
    try:
        row = extension.check(policy.rules, facts)
    except UnableToExtend as refusal:
        return ExtensionOffer(policy=policy, row=facts.row, days=(), refusal=refusal)
    days = extension.days_offered(policy.rules, row, facts.today)
    return ExtensionOffer(policy=policy, row=row, days=days, refusal=None)


def quote_extension(customer_id: UUID, plan_id: UUID, *, days: int, now: datetime) -> QuotedExtension:
    """The new dates and the cost. Raises NotFound, LendersPlan, UnableToExtend."""
    return _quoted(_file(customer_id, plan_id), days=days, now=now)


def confirm_extension(
    customer_id: UUID,
    plan_id: UUID,
    *,
    token: str,
    request_key: str,
    via: str,
    actor: str = CUSTOMER,
    now: datetime,
) -> UUID:
    """Do what was quoted; the id of the change. The same request again is the same change.

    Raises NotFound, LendersPlan, ExtensionQuoteExpired, UnableToExtend.
    """
    with transaction.atomic():
        locked = locks.customer(customer_id)
        done = earlier(customer_id, request_key)
        if done is not None:
            return done.id
        file = _file(customer_id, plan_id)
        days = _days_confirmed(token, file, now=now)
        quoted = _quoted(file, days=days, now=now)
        if _said(token) != _said(quoted.token):
            raise ExtensionQuoteExpired
        change = new_change(file, _draft(quoted, via, actor, request_key, now), state=ChangeState.PROPOSED, now=now)
        decision = Decision(customer_id)
        outbox.about_change(decision, change.id, at=now, now=now)
        carry_out(change, file, quoted.quote.events, decision=decision, locked=locked, actor=actor, now=now)
        change.consent = {"by": actor, "how": via, "quoted_on": quoted.quoted_on.isoformat()}
        change.consented_at = now
        change.save(force_insert=True)
    return change.id


def _draft(quoted: QuotedExtension, via: str, actor: str, request_key: str, now: datetime) -> Draft:
    quote = quoted.quote
    return Draft(
        kind=ChangeKind.EXTENSION,
        body={"from_row": quote.row, "days": quote.days, "fee": quote.fee},
        amount_minor=quote.fee,
        before=quote.before,
        after=quote.after,
        reason="asked for by the customer",
        policy_version=policy_on(clock.business_date(now)).version,
        via=via,
        proposed_by=actor,
        request_key=request_key,
    )


def _quoted(file: PlanFile, *, days: int, now: datetime) -> QuotedExtension:
    today = clock.business_date(now)
    quote = extension.quote(
        policy_on(today).rules,
        file.terms,
        file.events,
        _facts(file, now=now),
        days=days,
        ids=(str(new_id()), str(new_id())),
    )
    return QuotedExtension(
        customer_id=file.customer_id,
        plan_id=file.plan_id,
        version=file.version,
        quote=quote,
        currency=file.terms.currency,
        quoted_on=today,
        valid_until=clock.end_of_business_day(today),
    )


def _days_confirmed(token: str, file: PlanFile, *, now: datetime) -> int:
    """Raises ExtensionQuoteExpired for a token that is not of this plan as it is today."""
    said = _said(token)
    here = (str(file.customer_id), str(file.plan_id), file.version, clock.business_date(now).isoformat())
    if (said.get("customer"), said.get("plan"), said.get("version"), said.get("on")) != here:
        raise ExtensionQuoteExpired
    return int(said["days"])


def _said(token: str) -> dict[str, Any]:
    try:
        said: dict[str, Any] = signing.loads(token, salt=_SALT)
    except signing.BadSignature:
        raise ExtensionQuoteExpired from None
    return said


def _file(customer_id: UUID, plan_id: UUID) -> PlanFile:
    file = plan_file.read(customer_id, plan_id)
    refuse_if_lenders(file)
    return file


def _facts(file: PlanFile, *, now: datetime) -> Facts:
    found = circumstances(file, now=now)
    changes = PlanChange.objects.filter(customer_id=file.customer_id, plan_id=file.plan_id)
    done = changes.filter(kind=ChangeKind.EXTENSION.value, state=ChangeState.DONE.value)
    waiting = changes.filter(kind=ChangeKind.RESCHEDULE.value, state__in=[state.value for state in OPEN])
    return Facts(
        today=found.today,
        row=found.row,
        free_until=found.free_until,
        earlier=[clock.business_date(at) for at in done.values_list("done_at", flat=True) if at],
        is_charged_off=found.is_charged_off,
        is_returning=found.is_returning,
        has_open_attempt=found.has_open_attempt,
        waits_for_consent=waiting.exists(),
    )
