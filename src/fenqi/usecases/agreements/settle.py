"""An agreement begins or ends here and nowhere else, whoever says so: its channel, the customer, staff, or the plan."""

from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db import transaction

from fenqi.channels.interface import (
    AgreementChannel,
    AgreementReply,
    AgreementState,
    NotificationRefused,
    RefusalReason,
)
from fenqi.domain.errors import NotFound
from fenqi.domain.payments import QUERY_DELAYS, Outcome, next_query_at
from fenqi.domain.plans import PlanStatus
from fenqi.records import directory, locks, personal
from fenqi.records.models import AgreementStatus, DebitAgreement, DirectoryKind
from fenqi.records.posting import Decision, write
from fenqi.usecases import outbox, plan_file
from fenqi.usecases.agreements.planning import plan_next
from fenqi.usecases.notices.quiet_hours import polite_time
from fenqi.usecases.plan_file import PlanFile
from fenqi.usecases.rails import rail

SIGNED, ENDED, ABOVE_LIMIT = "signed", "ended", "above_limit"
BY_CHANNEL, BY_SYSTEM = "channel", "system"
ASKED_EVERY = timedelta(days=1)
"""While it stands the channel is asked: it may have been ended there, and the notification lost."""
NOT_SIGNED, ENDED_AT_CHANNEL = "not_signed", "ended_at_channel"
REPLACED, PLAN_CLOSED, CARD_UNUSABLE = "replaced", "plan_closed", "card_unusable"
_log = structlog.get_logger(__name__)


def settle_agreement(
    customer_id: UUID, agreement_id: UUID, reply: AgreementReply, *, actor: str, now: datetime, asked: bool = False
) -> AgreementStatus:
    """Move the agreement by what the channel said; told again, nothing changes. `asked`: it answers a query of ours.

    Raises NotFound.
    """
    with transaction.atomic(durable=True):
        locks.customer(customer_id)
        agreement = find_agreement(customer_id, agreement_id)
        decision = Decision(customer_id)
        _move(decision, agreement, reply, asked=asked, actor=actor, now=now)
        if asked and agreement.status == AgreementStatus.SIGNING:
            _ask_again(decision, agreement, now=now)
        write(decision)
    if reply.alert:
        _log.error("channel_alert", channel=agreement.channel, agreement=agreement.number, code=reply.code)
    return AgreementStatus(agreement.status)


def ask_agreement(customer_id: UUID, agreement_id: UUID, *, now: datetime) -> AgreementStatus:
    """Ask the channel whether it was signed, or still stands, and settle the answer. Raises NotFound."""
    agreement = find_agreement(customer_id, agreement_id)
    channel = rail(agreement.channel)
    if agreement.status in (AgreementStatus.ENDED, AgreementStatus.FAILED) or not isinstance(channel, AgreementChannel):
        return AgreementStatus(agreement.status)
    reply = channel.query_agreement(agreement.number)
    return settle_agreement(customer_id, agreement_id, reply, actor="channel:" + agreement.channel, now=now, asked=True)


def receive_agreement(channel: str, reply: AgreementReply, *, now: datetime) -> None:
    """A verified notification of the channel. Raises NotificationRefused for one about no agreement of ours."""
    holder = directory.find(DirectoryKind.AGREEMENT_NO, reply.number)
    if holder is None or find_agreement(holder.customer_id, holder.target_id).channel != channel:
        raise NotificationRefused(channel=channel, reason=RefusalReason.MALFORMED)
    settle_agreement(holder.customer_id, holder.target_id, reply, actor="channel:" + channel, now=now)


def find_agreement(customer_id: UUID, agreement_id: UUID) -> DebitAgreement:
    """Raises NotFound."""
    agreement = DebitAgreement.objects.filter(customer_id=customer_id, id=agreement_id).first()
    if agreement is None:
        raise NotFound
    return agreement


def begin(decision: Decision, agreement: DebitAgreement, file: PlanFile, *, now: datetime) -> None:
    """The customer has agreed. Of two agreements for one plan the newer consent holds. The caller holds the lock."""
    earlier = DebitAgreement.objects.filter(
        customer_id=agreement.customer_id, plan_id=agreement.plan_id, status=AgreementStatus.ACTIVE
    ).exclude(id=agreement.id)
    for other in earlier:
        end(decision, other, by=BY_SYSTEM, reason=REPLACED, now=now)
    agreement.status = AgreementStatus.ACTIVE
    agreement.signed_at = now
    agreement.next_query_at = now + ASKED_EVERY if agreement.card_id is None else None
    agreement.updated_at = now
    _keep(agreement, "status", "signed_at", "agreement_no_encrypted", "next_query_at", "updated_at")
    outbox.tell_of_agreement(decision, agreement.id, news=SIGNED, at=now, now=now)
    plan_next(decision, agreement, file, now=now)


def end(decision: Decision, agreement: DebitAgreement, *, by: str, reason: str, now: datetime) -> None:
    """From now on no debit is begun. What the channel still holds is ended there next. The caller holds the lock."""
    was_active = agreement.status == AgreementStatus.ACTIVE
    agreement.status = AgreementStatus.ENDED if was_active else AgreementStatus.FAILED
    agreement.ended_at = now
    agreement.ended_by = by
    agreement.end_reason = reason
    agreement.next_try_at = None
    at_channel = was_active and by != BY_CHANNEL and agreement.card_id is None
    agreement.next_query_at = now if at_channel else None
    agreement.updated_at = now
    _keep(agreement, "status", "ended_at", "ended_by", "end_reason", "next_try_at", "next_query_at", "updated_at")
    if at_channel:
        outbox.about_agreement(decision, outbox.END_AGREEMENT, agreement.id, at=now, now=now)
    if was_active and reason != REPLACED:
        at = now if by not in (BY_CHANNEL, BY_SYSTEM) else polite_time(now)
        outbox.tell_of_agreement(decision, agreement.id, news=ENDED, at=at, now=now)


def replan(decision: Decision, agreement: DebitAgreement, file: PlanFile, *, now: datetime) -> None:
    """Keep the next try of an agreement that is active; with the plan it ends. The caller holds the lock."""
    if file.state().status is PlanStatus.ACTIVE:
        plan_next(decision, agreement, file, now=now)
    else:
        end(decision, agreement, by=BY_SYSTEM, reason=PLAN_CLOSED, now=now)


def _move(
    decision: Decision, agreement: DebitAgreement, reply: AgreementReply, *, asked: bool, actor: str, now: datetime
) -> None:
    match reply.outcome, reply.state:
        case Outcome.SUCCEEDED, AgreementState.ACTIVE:
            _stands(decision, agreement, reply, actor=actor, now=now)
        case (Outcome.SUCCEEDED, AgreementState.ENDED) | (Outcome.CLOSED, _):
            if agreement.status in (AgreementStatus.SIGNING, AgreementStatus.ACTIVE):
                end(decision, agreement, by=BY_CHANNEL, reason=ENDED_AT_CHANNEL, now=now)
        case ((Outcome.FAILED | Outcome.NOT_EXECUTED), _):  # a question that was refused says nothing of the agreement
            if agreement.status == AgreementStatus.SIGNING and not asked:
                end(decision, agreement, by=BY_CHANNEL, reason=NOT_SIGNED, now=now)


def _stands(decision: Decision, agreement: DebitAgreement, reply: AgreementReply, *, actor: str, now: datetime) -> None:
    """It stands at the channel: it begins here, or, when nobody wants it any more, it is ended there."""
    if agreement.status == AgreementStatus.ACTIVE:
        return
    agreement.agreement_no_encrypted = personal.encrypt(reply.agreement_no or "").decode()
    file = plan_file.read(agreement.customer_id, agreement.plan_id)
    if _is_unwanted(agreement) or file.state().status is not PlanStatus.ACTIVE:
        agreement.status = AgreementStatus.ENDED
        agreement.next_query_at = now
        _keep(agreement, "status", "agreement_no_encrypted", "next_query_at")
        outbox.about_agreement(decision, outbox.END_AGREEMENT, agreement.id, at=now, now=now)
        return
    agreement.consent = {**agreement.consent, "channel": {"told_by": actor, "at": now.isoformat()}}
    agreement.ended_at, agreement.ended_by, agreement.end_reason = None, "", ""
    _keep(agreement, "consent", "ended_at", "ended_by", "end_reason")
    begin(decision, agreement, file, now=now)


def _is_unwanted(agreement: DebitAgreement) -> bool:
    """It was ended here before its signing was known. One that only ran out of time may still begin."""
    return agreement.status == AgreementStatus.ENDED or agreement.ended_by not in ("", BY_CHANNEL, BY_SYSTEM)


def _keep(agreement: DebitAgreement, *names: str) -> None:
    """Write these columns of it."""
    DebitAgreement.objects.filter(customer_id=agreement.customer_id, id=agreement.id).update(
        **{name: getattr(agreement, name) for name in names}
    )


def _ask_again(decision: Decision, agreement: DebitAgreement, *, now: datetime) -> None:
    """By the schedule since the signing began; what nobody finished by its end has come to nothing."""
    if agreement.next_query_at is not None and agreement.next_query_at > now:
        return
    planned = (next_query_at(asked, agreement.created_at) for asked in range(len(QUERY_DELAYS)))
    following = next((at for at in planned if at is not None and at > now), None)
    if following is None:
        end(decision, agreement, by=BY_SYSTEM, reason=NOT_SIGNED, now=now)
        return
    agreement.next_query_at = following
    _keep(agreement, "next_query_at")
    outbox.about_agreement(decision, outbox.ASK_AGREEMENT, agreement.id, at=following, now=now)
