"""Staff publish a version of an entry: new, changed, for another group, or moved. The versions before stay (R146)."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from fenqi.domain.entries import Closing, Entry
from fenqi.domain.errors import InvalidInput
from fenqi.records.identifiers import new_id
from fenqi.records.models import RepaymentEntry
from fenqi.usecases import audit, clock
from fenqi.usecases.entries.catalog import ruling_entries
from fenqi.usecases.entries.plan_closing import MOST_DAYS, one_after_the_other, refuse_shutting_out
from fenqi.usecases.staff.permissions import Permission, Staff

_LONGEST: Final = {"code": 40, "name_zh": 40, "name_en": 80, "howto_zh": 300, "howto_en": 500, "address": 200}


def publish_entry(staff: Staff, entry: Entry, *, now: datetime) -> int:
    """It rules from now on; gives its version. One that moves away must leave everybody a way, its successor first.

    Raises NotPermitted, InvalidInput, LastWayClosed, SuccessorNotOpen.
    """
    staff.require(Permission.APPROVE_CLOSINGS)
    _check(entry)
    known = {one.code: one for one in ruling_entries(now)}
    with transaction.atomic(durable=True):
        one_after_the_other()
        if entry.moved_at is not None:
            _check_move(entry, known, now)
        newest = RepaymentEntry.objects.filter(code=entry.code).order_by("-version").first()
        version = (newest.version if newest else 0) + 1
        RepaymentEntry.objects.create(
            id=new_id(),
            code=entry.code,
            version=version,
            kind=entry.kind.value,
            position=entry.position,
            name_zh=entry.name_zh,
            name_en=entry.name_en,
            howto_zh=entry.howto_zh,
            howto_en=entry.howto_en,
            address=entry.address,
            rules=entry.group.to_mapping(),
            opens_at=entry.opens_at,
            closes_at=entry.closes_at,
            opens_on=entry.opens_on,
            closes_on=entry.closes_on,
            moved_at=entry.moved_at,
            successor=entry.successor,
            valid_from=now,
            published_by=staff.actor,
            published_at=now,
        )
        audit.record(
            staff.actor,
            audit.Action.ENTRY_PUBLISHED,
            subject=f"entry:{entry.code}",
            details={"version": version},
            now=now,
        )
    return version


def _check(entry: Entry) -> None:
    for name, longest in _LONGEST.items():
        if len(getattr(entry, name)) > longest:
            raise InvalidInput(where=name, problem="it is too long", problem_zh="过长")
    if not (entry.code and entry.name_zh.strip() and entry.name_en.strip()):
        raise InvalidInput(
            where="name_zh", problem="a code and a name in both languages", problem_zh="请填写代号和中英文名称"
        )
    if (entry.opens_at is None) is not (entry.closes_at is None):
        raise InvalidInput(where="opens_at", problem="both times of day or none", problem_zh="请同时填写起止时间")
    if entry.opens_on and entry.closes_on and entry.closes_on < entry.opens_on:
        raise InvalidInput(where="closes_on", problem="it ends before it begins", problem_zh="结束日期须晚于开始日期")


def _check_move(entry: Entry, known: dict[str, Entry], now: datetime) -> None:
    """As a closing of the longest length would be checked."""
    if entry.successor not in known or entry.successor == entry.code or entry.moved_at is None:
        raise InvalidInput(where="successor", problem="name the entry it moves to", problem_zh="请选择迁往的入口")
    starts_at = max(entry.moved_at, now).astimezone(clock.mall_zone())
    window = Closing(
        id=str(UUID(int=0)),
        entry=entry.code,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(days=MOST_DAYS),
        notice_zh="",
        notice_en="",
        successor=entry.successor,
    )
    refuse_shutting_out(window, replace(entry, moved_at=None), known[entry.successor])
