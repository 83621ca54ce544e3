"""Have the channel tell the payer of a debit beforehand, where it asks for that (P1007). No notice, no debit."""

from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from fenqi.channels.interface import AnnouncingChannel, ChannelRefuses
from fenqi.domain.errors import FenqiError
from fenqi.domain.money import Money
from fenqi.domain.payments import Outcome
from fenqi.domain.payments.auto_debit import beijing_day, first_announceable
from fenqi.records import locks, personal
from fenqi.records.models import AgreementStatus, DebitAgreement, DebitNotice
from fenqi.records.posting import Decision, write
from fenqi.usecases import plan_file
from fenqi.usecases.agreements.planning import ANNOUNCED, debit_quote, plan_next, rules_of
from fenqi.usecases.agreements.settle import find_agreement
from fenqi.usecases.rails import rail

WAITING, FAILED = "waiting", "failed"


class AnnouncementUnanswered(FenqiError):
    """The channel did not say whether it took the notice; it is given again."""

    code = "announcement_unanswered"
    status = 503
    zh = "支付渠道没有确认扣款通知，稍后再发。"
    en = "The channel did not confirm the notice of a debit: it is given again."


def announce_debit(customer_id: UUID, agreement_id: UUID, debit_on: date, *, now: datetime) -> DebitNotice | None:
    """Give the notice of a debit on that day, once; None when none is due. Raises NotFound, AnnouncementUnanswered."""
    notice = _store(customer_id, agreement_id, debit_on, now=now)
    if notice is None or notice.state != WAITING:
        return notice
    agreement = find_agreement(customer_id, agreement_id)
    channel = rail(agreement.channel)
    assert isinstance(channel, AnnouncingChannel)
    try:
        reply = channel.announce(
            agreement_no=personal.decrypt(agreement.agreement_no_encrypted.encode()),
            amount=Money(notice.amount_minor, agreement.currency),
            debit_on=debit_on,
        )
        outcome, code = reply.outcome, reply.code or ""
    except ChannelRefuses as refusal:
        outcome, code = Outcome.NOT_EXECUTED, refusal.code
    if outcome not in (Outcome.SUCCEEDED, Outcome.FAILED, Outcome.NOT_EXECUTED):
        raise AnnouncementUnanswered
    return _settle(notice, outcome, code, now=now)


def _store(customer_id: UUID, agreement_id: UUID, debit_on: date, *, now: datetime) -> DebitNotice | None:
    """Under the lock: is that debit still planned, still to be announced, and of how much?"""
    with transaction.atomic(durable=True):
        locks.customer(customer_id)
        agreement = find_agreement(customer_id, agreement_id)
        notice = DebitNotice.objects.filter(
            customer_id=customer_id, agreement_id=agreement_id, debit_on=debit_on
        ).first()
        planned = agreement.next_try_at
        channel = rail(agreement.channel)
        if notice is not None and notice.state == ANNOUNCED:
            return notice
        if (
            agreement.status != AgreementStatus.ACTIVE
            or planned is None
            or beijing_day(planned) != debit_on
            or not isinstance(channel, AnnouncingChannel)
        ):
            return None
        file = plan_file.read(customer_id, agreement.plan_id)
        if debit_on < first_announceable(rules_of(channel), now):
            _plan_anew(agreement, now=now)
            return None
        expected = debit_quote(file, most_minor=agreement.limit_minor, at=planned)
        if expected is None:
            return None
        fresh = notice or DebitNotice(
            customer_id=customer_id, agreement_id=agreement_id, debit_on=debit_on, created_at=now
        )
        fresh.amount_minor, fresh.state, fresh.code = expected.amount_minor, WAITING, ""
        if notice is None:
            fresh.save(force_insert=True)
        else:
            _keep(fresh, "amount_minor", "state", "code")
        return fresh


def _settle(notice: DebitNotice, outcome: Outcome, code: str, *, now: datetime) -> DebitNotice:
    """A notice that was refused is followed by the next day for which one can still be given."""
    with transaction.atomic(durable=True):
        locks.customer(notice.customer_id)
        notice.state = ANNOUNCED if outcome is Outcome.SUCCEEDED else FAILED
        notice.code = code[:64]
        notice.announced_at = now if outcome is Outcome.SUCCEEDED else None
        _keep(notice, "state", "code", "announced_at")
    return notice


def _keep(notice: DebitNotice, *names: str) -> None:
    DebitNotice.objects.filter(customer_id=notice.customer_id, id=notice.id).update(
        **{name: getattr(notice, name) for name in names}
    )


def _plan_anew(agreement: DebitAgreement, *, now: datetime) -> None:
    decision = Decision(agreement.customer_id)
    plan_next(decision, agreement, plan_file.read(agreement.customer_id, agreement.plan_id), now=now)
    write(decision)


def announced_amount(customer_id: UUID, agreement_id: UUID, debit_on: date) -> int | None:
    """The sum of which the payer was told for that day, or None."""
    return (
        DebitNotice.objects.filter(
            customer_id=customer_id, agreement_id=agreement_id, debit_on=debit_on, state=ANNOUNCED
        )
        .values_list("amount_minor", flat=True)
        .first()
    )
