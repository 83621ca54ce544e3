"""Auto-debit is switched off: here at once, whatever the channel says, and at the channel as soon as it answers."""

from datetime import datetime
from uuid import UUID

import structlog
from django.db import transaction

from fenqi.channels.interface import AgreementChannel, AgreementState
from fenqi.domain.errors import FenqiError
from fenqi.domain.payments import Outcome
from fenqi.records import locks, personal
from fenqi.records.models import AgreementStatus, DebitAgreement
from fenqi.records.posting import Decision, write
from fenqi.usecases import audit
from fenqi.usecases.agreements.settle import end, find_agreement
from fenqi.usecases.rails import rail

BY_CUSTOMER = "customer"
CARD_REMOVED = "card_removed"
_OPEN = (AgreementStatus.SIGNING, AgreementStatus.ACTIVE)
_log = structlog.get_logger(__name__)


class EndUnanswered(FenqiError):
    """The channel did not confirm the end; it is asked again. No debit is begun meanwhile."""

    code = "agreement_end_unanswered"
    status = 503
    zh = "支付渠道还没有确认解约，我们会继续通知它；期间不会再扣款。"
    en = "The channel has not confirmed the end yet: it is told again. Nothing is debited meanwhile."


def end_agreement(
    customer_id: UUID, agreement_id: UUID, *, by: str, reason: str, now: datetime, note: str = "", ip: str = ""
) -> AgreementStatus:
    """End it by the word of the customer, of staff or of the mall; told again, nothing changes. Raises NotFound.

    `reason` is a stable word, `note` what somebody wrote: it is kept in the audit.
    """
    with transaction.atomic(durable=True):
        locks.customer(customer_id)
        agreement = find_agreement(customer_id, agreement_id)
        if agreement.status in _OPEN:
            _end(agreement, by=by, reason=reason, note=note, ip=ip, now=now)
    return AgreementStatus(agreement.status)


def end_with_card(customer_id: UUID, card_id: UUID, *, now: datetime) -> None:
    """The card is removed by its holder: nothing is agreed to any more that it would pay. The caller holds the lock."""
    for agreement in DebitAgreement.objects.filter(customer_id=customer_id, card_id=card_id, status__in=_OPEN):
        _end(agreement, by=BY_CUSTOMER, reason=CARD_REMOVED, now=now)


def _end(agreement: DebitAgreement, *, by: str, reason: str, now: datetime, note: str = "", ip: str = "") -> None:
    decision = Decision(agreement.customer_id)
    end(decision, agreement, by=by, reason=reason, now=now)
    write(decision)
    audit.record(
        by,
        audit.Action.AGREEMENT_ENDED,
        customer_id=agreement.customer_id,
        subject=f"agreement:{agreement.id}",
        reason=note,
        details={"why": reason, "channel": agreement.channel, "ip": ip},
        now=now,
    )


def end_at_channel(customer_id: UUID, agreement_id: UUID, *, now: datetime) -> None:
    """Tell the channel, until it says that nothing stands there any more. Raises NotFound, EndUnanswered."""
    agreement = find_agreement(customer_id, agreement_id)
    channel = rail(agreement.channel)
    if agreement.next_query_at is None or agreement.status in _OPEN or not isinstance(channel, AgreementChannel):
        return
    reply = channel.end_agreement(agreement.number, personal.decrypt(agreement.agreement_no_encrypted.encode()))
    is_over = reply.outcome in (Outcome.CLOSED, Outcome.NOT_FOUND) or (
        reply.outcome is Outcome.SUCCEEDED and reply.state in (None, AgreementState.ENDED)
    )
    if not is_over:
        _log.warning("agreement_end_waits", channel=agreement.channel, agreement=agreement.number, code=reply.code)
        raise EndUnanswered
    DebitAgreement.objects.filter(customer_id=customer_id, id=agreement_id).exclude(status__in=_OPEN).update(
        next_query_at=None, updated_at=now
    )
