"""A customer agrees to auto-debit: the words and our number are stored, then the customer is sent to the channel.

A bound card needs no page of a channel: its holder's consent on our page is the agreement.
"""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction

from fenqi.channels.interface import AgreementChannel, AgreementRequest, Device, Redirect
from fenqi.domain.money import Money
from fenqi.domain.payments import next_query_at
from fenqi.domain.payments.auto_debit import beijing_day
from fenqi.records import locks
from fenqi.records.identifiers import derived_id
from fenqi.records.models import AgreementStatus, DebitAgreement, DirectoryKind, OrderLine
from fenqi.records.posting import Decision, write
from fenqi.usecases import outbox, plan_file
from fenqi.usecases.agreements.consent import Consent
from fenqi.usecases.agreements.errors import AutoDebitNotOffered, ConsentChanged
from fenqi.usecases.agreements.offers import Way, find_offer, words_of
from fenqi.usecases.agreements.planning import open_due_days, rules_of
from fenqi.usecases.agreements.settle import begin, settle_agreement
from fenqi.usecases.plan_file import PlanFile
from fenqi.usecases.rails import rail


@dataclass(frozen=True, slots=True)
class SigningStarted:
    """`redirect_url` is where the customer agrees at the channel; None when there is nothing more to do."""

    agreement_id: UUID
    redirect_url: str | None


def sign(
    *,
    customer_id: UUID,
    plan_id: UUID,
    way: Way,
    consent: Consent,
    request_key: str,
    now: datetime,
    device: Device = Device.PHONE,
) -> SigningStarted:
    """Store what was agreed to, and say where to go on. The same `request_key` gets the same agreement.

    Raises NotFound, PlanNotOpen, AutoDebitNotOffered, ConsentChanged, ChannelRefuses.
    """
    agreement_id = derived_id("agreement", customer_id, request_key)
    with transaction.atomic(durable=True):
        locks.customer(customer_id)
        agreement = DebitAgreement.objects.filter(customer_id=customer_id, id=agreement_id).first()
        file = plan_file.read(customer_id, plan_id)
        if agreement is None:
            decision = Decision(customer_id)
            agreement = _store(decision, agreement_id, file, way, consent, now=now)
            write(decision)
    if agreement.status != AgreementStatus.SIGNING:
        return SigningStarted(agreement.id, None)
    return _go_to_channel(agreement, file, device=device, now=now)


def _store(
    decision: Decision, agreement_id: UUID, file: PlanFile, way: Way, consent: Consent, *, now: datetime
) -> DebitAgreement:
    offer = find_offer(file, way, now=now)
    text = words_of(offer, file, language=consent.language)
    if text.digest != consent.digest:
        raise ConsentChanged
    agreement = DebitAgreement(
        customer_id=file.customer_id,
        id=agreement_id,
        plan_id=file.plan_id,
        channel=way.channel,
        number="A" + agreement_id.hex[:25].upper(),
        card_id=way.card_id,
        status=AgreementStatus.SIGNING,
        limit_minor=offer.limit.minor,
        currency=offer.limit.currency,
        consent=consent.evidence(text, at=now),
        created_at=now,
        updated_at=now,
    )
    if way.card_id is not None:
        agreement.save(force_insert=True)
        begin(decision, agreement, file, now=now)
        return agreement
    agreement.next_query_at = next_query_at(0, now)
    agreement.save(force_insert=True)
    decision.add(
        "directory",
        {"kind": DirectoryKind.AGREEMENT_NO.value, "key": agreement.number, "target_id": agreement.id},
    )
    outbox.about_agreement(decision, outbox.ASK_AGREEMENT, agreement.id, at=agreement.next_query_at or now, now=now)
    return agreement


def _go_to_channel(agreement: DebitAgreement, file: PlanFile, *, device: Device, now: datetime) -> SigningStarted:
    """The page is signed from what is stored, so that it can be given again."""
    channel = rail(agreement.channel)
    if not isinstance(channel, AgreementChannel):
        raise AutoDebitNotOffered
    line = OrderLine.objects.filter(customer_id=file.customer_id, order_id=file.order_id).order_by("line_no").first()
    answer = channel.sign_agreement(
        AgreementRequest(
            number=agreement.number,
            subject=line.name[:60] if line else "分期还款",
            single_limit=Money(agreement.limit_minor, agreement.currency),
            first_debit_on=_first_debit_on(agreement, file, now=now),
            notify_url=f"{settings.FENQI_PUBLIC_URL}/channels/{agreement.channel}/notify",
            return_url=f"{settings.FENQI_PUBLIC_URL}/auto-debits/{agreement.id}/return",
            submitted_at=agreement.created_at,
            device=device,
        )
    )
    if isinstance(answer, Redirect):
        return SigningStarted(agreement.id, answer.url)
    settle_agreement(agreement.customer_id, agreement.id, answer, actor="channel:" + agreement.channel, now=now)
    return SigningStarted(agreement.id, None)


def _first_debit_on(agreement: DebitAgreement, file: PlanFile, *, now: datetime) -> date:
    today = beijing_day(now)
    days = open_due_days(file, rules_of(rail(agreement.channel)), today=today)
    return max(today, days[0]) if days else today
