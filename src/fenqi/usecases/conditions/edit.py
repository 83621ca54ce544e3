"""Staff say what they know of a rail or a bank, and take it back. Nothing is altered or deleted: it is evidence."""

from dataclasses import dataclass
from datetime import datetime, time
from uuid import UUID

from django.db import transaction

from fenqi.domain.cards import BANKS
from fenqi.domain.errors import FenqiError, InvalidInput, NotFound
from fenqi.domain.money import LARGEST_MINOR
from fenqi.domain.payments.conditions import ConditionKind
from fenqi.records.identifiers import new_id
from fenqi.records.models import ChannelCondition
from fenqi.usecases import audit
from fenqi.usecases.rails import rail_names
from fenqi.usecases.staff.permissions import Permission, Staff

NOTE_ZH_LENGTH, NOTE_EN_LENGTH = 120, 200


class MaintenanceOver(FenqiError):
    """A maintenance that has ended cannot be announced any more."""

    code = "maintenance_over"
    status = 422
    zh = "这段维护已经结束，不能再公告。"
    en = "This maintenance is over already: it cannot be announced any more."


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCondition:
    """What staff entered; each kind needs its own fields, the others stay None. Instants are aware."""

    channel: str
    kind: ConditionKind
    bank: str = ""
    amount_minor: int | None = None
    currency: str = "CNY"
    opens_at: time | None = None
    closes_at: time | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    note_zh: str = ""
    note_en: str = ""


def add_condition(staff: Staff, entered: NewCondition, *, now: datetime) -> UUID:
    """Keep it, with who said it and when. Raises NotPermitted, InvalidInput, MaintenanceOver."""
    staff.require(Permission.EDIT_CONDITIONS)
    _check(entered, now)
    is_limit = entered.amount_minor is not None
    condition_id = new_id()
    with transaction.atomic(durable=True):
        ChannelCondition.objects.create(
            id=condition_id,
            channel=entered.channel,
            bank=entered.bank,
            kind=entered.kind.value,
            amount_minor=entered.amount_minor,
            currency=entered.currency if is_limit else "",
            opens_at=entered.opens_at,
            closes_at=entered.closes_at,
            starts_at=entered.starts_at,
            ends_at=entered.ends_at,
            note_zh=entered.note_zh,
            note_en=entered.note_en,
            created_by=staff.actor,
            created_at=now,
        )
        audit.record(
            staff.actor,
            audit.Action.CONDITION_ADDED,
            subject=f"condition:{condition_id}",
            details={"channel": entered.channel, "bank": entered.bank, "kind": entered.kind.value},
            now=now,
        )
    return condition_id


def withdraw_condition(staff: Staff, condition_id: UUID, *, now: datetime) -> None:
    """It no longer stands from now on; again changes nothing. Raises NotPermitted, NotFound."""
    staff.require(Permission.EDIT_CONDITIONS)
    with transaction.atomic(durable=True):
        kept = ChannelCondition.objects.select_for_update().filter(id=condition_id).first()
        if kept is None:
            raise NotFound
        if kept.withdrawn_at is not None:
            return
        kept.withdrawn_by, kept.withdrawn_at = staff.actor, now
        kept.save(update_fields=["withdrawn_by", "withdrawn_at"])
        audit.record(staff.actor, audit.Action.CONDITION_WITHDRAWN, subject=f"condition:{condition_id}", now=now)


def _check(entered: NewCondition, now: datetime) -> None:
    if entered.channel not in rail_names():
        raise InvalidInput(where="channel", problem="no such channel is open", problem_zh="没有开通这个渠道")
    if entered.bank and entered.bank not in BANKS:
        raise InvalidInput(where="bank", problem="not a bank that is known here", problem_zh="不认识这家银行")
    if len(entered.note_zh) > NOTE_ZH_LENGTH or len(entered.note_en) > NOTE_EN_LENGTH:
        raise InvalidInput(where="note", problem="too long", problem_zh="太长")
    match entered.kind:
        case ConditionKind.LIMIT_PER_PAYMENT | ConditionKind.LIMIT_PER_DAY:
            if entered.amount_minor is None or not 0 < entered.amount_minor <= LARGEST_MINOR:
                raise InvalidInput(where="amount", problem="a positive amount is needed", problem_zh="须填大于零的金额")
        case ConditionKind.HOURS:
            _check_hours(entered)
        case ConditionKind.MAINTENANCE:
            _check_maintenance(entered, now)


def _check_hours(entered: NewCondition) -> None:
    if entered.opens_at is None or entered.closes_at is None:
        raise InvalidInput(where="hours", problem="both times are needed", problem_zh="开始和结束时间都要填")


def _check_maintenance(entered: NewCondition, now: datetime) -> None:
    if entered.starts_at is None or entered.ends_at is None:
        raise InvalidInput(where="maintenance", problem="both instants are needed", problem_zh="开始和结束时间都要填")
    if entered.ends_at <= entered.starts_at:
        raise InvalidInput(where="ends_at", problem="it is before the start", problem_zh="早于开始时间")
    if entered.ends_at <= now:
        raise MaintenanceOver
