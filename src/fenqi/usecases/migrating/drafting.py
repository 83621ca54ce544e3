"""A batch is drafted: which plans, from whom to whom, when. From a file with balances to the fen, or by a filter."""

import csv
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from fenqi.channels.interface import UnknownPartner
from fenqi.domain.errors import FenqiError, InvalidInput
from fenqi.domain.migration import BatchState, ItemState, Reason
from fenqi.domain.money import Money
from fenqi.domain.plans import PlanStatus
from fenqi.records import directory
from fenqi.records.identifiers import new_id
from fenqi.records.models import DirectoryKind, Order, Plan, PlanMigration, PlanMigrationItem, ProviderKind
from fenqi.records.scope import across_customers
from fenqi.usecases import audit, clock, rails
from fenqi.usecases.migrating.batches import Actor, actor_of, audit_batch
from fenqi.usecases.migrating.errors import CannotMoveThere, MigrationFileRefused
from fenqi.usecases.numbers import dated_number, new_number
from fenqi.usecases.partners.providers import provider_of
from fenqi.usecases.staff.permissions import Permission

LARGEST_FILE: Final = 20_000_000
MOST_PLANS: Final = 200_000
CURRENCY: Final = "CNY"
_OPEN: Final = [
    state.value for state in ItemState if state not in (ItemState.DROPPED, ItemState.CONFIRMED, ItemState.ROLLED_BACK)
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """From whom to whom, when, and how long: providers as plans name them, `mall` for the mall itself."""

    from_provider: str
    to_provider: str
    cutover_at: datetime
    freeze_minutes: int = 30
    wait_hours: int = 72
    rollback_hours: int = 168
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFilter:
    """Which running plans of the giver; every field that is given narrows."""

    opened_from: date | None = None
    opened_until: date | None = None
    most_minor: int | None = None
    limit: int = MOST_PLANS


@dataclass(frozen=True, slots=True)
class _Listed:
    customer_id: UUID
    plan_id: UUID
    order_id: UUID
    order_no: str
    currency: str
    expected_minor: int | None = None


def draft_from_file(by: Actor, wanted: Wanted, content: bytes, *, name: str, now: datetime) -> UUID:
    """CSV with the header `order_no,balance`, or `plan_no,balance` by the giver's numbers; amounts like 1286.40.

    Raises NotPermitted, CannotMoveThere, InvalidInput, MigrationFileRefused: then nothing was drafted.
    """
    actor = actor_of(by, Permission.MOVE_PLANS)
    _check(wanted, now=now)
    listed = list(_read(content, wanted))
    source = {"file": name[:120], "digest": hashlib.sha256(content).hexdigest(), "lines": len(listed)}
    return _store(actor, wanted, listed, source, now=now)


def draft_from_filter(by: Actor, wanted: Wanted, which: PlanFilter, *, now: datetime) -> UUID:
    """Every running plan that the giver holds and the filter takes. Raises as above, and InvalidInput for none."""
    actor = actor_of(by, Permission.MOVE_PLANS)
    _check(wanted, now=now)
    listed = _filtered(wanted, which)
    if not listed:
        raise InvalidInput(where="filter", problem="no running plan matches", problem_zh="没有符合条件的在还分期")
    source = {
        "opened_from": which.opened_from.isoformat() if which.opened_from else None,
        "opened_until": which.opened_until.isoformat() if which.opened_until else None,
        "most_minor": which.most_minor,
    }
    return _store(actor, wanted, listed, source, now=now)


def check_sides(from_provider: str, to_provider: str) -> None:
    """Raises CannotMoveThere, UnknownProvider."""
    if from_provider == to_provider:
        raise CannotMoveThere(provider=to_provider)
    for code in (from_provider, to_provider):
        lender = provider_of(code)
        if lender is None:
            continue
        if lender.kind == ProviderKind.CARD:
            raise CannotMoveThere(provider=code)
        try:
            rails.partner(code)
        except UnknownPartner:
            raise CannotMoveThere(provider=code) from None


def _check(wanted: Wanted, *, now: datetime) -> None:
    check_sides(wanted.from_provider, wanted.to_provider)
    if wanted.cutover_at <= now:
        raise InvalidInput(where="cutover_at", problem="it is in the past", problem_zh="切换时间已过")
    for name, least, most in (("freeze_minutes", 5, 240), ("wait_hours", 1, 720), ("rollback_hours", 1, 2160)):
        if not least <= getattr(wanted, name) <= most:
            raise InvalidInput(where=name, problem=f"{least} to {most}", problem_zh=f"应为 {least} 至 {most}")


def _read(content: bytes, wanted: Wanted) -> Iterator[_Listed]:
    if len(content) > LARGEST_FILE:
        raise _refused(1, "the file is above 20 MB", "文件超过 20 MB")
    try:
        rows = csv.reader(content.decode("utf-8-sig").splitlines(), strict=True)
        header = [name.strip() for name in next(rows, [])]
    except (UnicodeDecodeError, csv.Error):
        raise _refused(1, "it is not CSV in UTF-8", "不是 UTF-8 编码的 CSV") from None
    if header not in (["order_no", "balance"], ["plan_no", "balance"]):
        raise _refused(
            1, "the header is order_no,balance or plan_no,balance", "表头应为 order_no,balance 或 plan_no,balance"
        )
    seen: dict[UUID, int] = {}
    try:
        for line, row in enumerate(rows, 2):
            if not row:
                continue
            one = _line(line, row, by_order=header[0] == "order_no", wanted=wanted)
            if one.plan_id in seen:
                raise _refused(
                    line, f"the plan stands in line {seen[one.plan_id]}, too", f"与第 {seen[one.plan_id]} 行重复"
                )
            seen[one.plan_id] = line
            if len(seen) > MOST_PLANS:
                raise _refused(line, f"more than {MOST_PLANS} plans", f"超过 {MOST_PLANS} 笔")
            yield one
    except csv.Error:
        raise _refused(len(seen) + 2, "it cannot be read", "无法读取") from None
    if not seen:
        raise _refused(2, "no plan is named", "没有分期")


def _line(line: int, row: list[str], *, by_order: bool, wanted: Wanted) -> _Listed:
    if len(row) != 2:  # noqa: PLR2004 - number and balance
        raise _refused(line, "a number and a balance are expected", "应为编号和余额两列")
    number, balance = (value.strip() for value in row)
    plan = _by_order(number) if by_order else _by_plan_no(wanted.from_provider, number)
    if plan is None:
        raise _refused(line, f"nobody knows {number[:64]!r}", f"查无编号 {number[:64]}")
    try:
        expected = Money.from_decimal(balance, plan.currency).minor
    except FenqiError:
        raise _refused(
            line, f"{balance[:32]!r} is no amount to the fen", f"{balance[:32]} 不是精确到分的金额"
        ) from None
    return _Listed(plan.customer_id, plan.id, plan.order_id, _order_no(plan), plan.currency, expected)


def _by_order(number: str) -> Plan | None:
    held = directory.find(DirectoryKind.ORDER_NO, number)
    return Plan.objects.filter(customer_id=held.customer_id, order_id=held.target_id).first() if held else None


def _by_plan_no(provider: str, number: str) -> Plan | None:
    held = directory.find(DirectoryKind.PARTNER_NO, f"{provider}:{number}")
    return Plan.objects.filter(customer_id=held.customer_id, id=held.target_id).first() if held else None


def _order_no(plan: Plan) -> str:
    return Order.objects.values_list("order_no", flat=True).get(customer_id=plan.customer_id, id=plan.order_id)


def _filtered(wanted: Wanted, which: PlanFilter) -> list[_Listed]:
    with across_customers():
        plans = Plan.objects.filter(
            provider=wanted.from_provider, status=PlanStatus.ACTIVE.value, currency=CURRENCY, outstanding_minor__gt=0
        )
        if which.opened_from:
            plans = plans.filter(opened_on__gte=which.opened_from)
        if which.opened_until:
            plans = plans.filter(opened_on__lte=which.opened_until)
        if which.most_minor is not None:
            plans = plans.filter(outstanding_minor__lte=which.most_minor)
        found = list(plans.order_by("customer_id", "id")[: min(which.limit, MOST_PLANS)])
        numbers = dict(Order.objects.filter(id__in=[plan.order_id for plan in found]).values_list("id", "order_no"))
    return [_Listed(plan.customer_id, plan.id, plan.order_id, numbers[plan.order_id], plan.currency) for plan in found]


def _store(
    actor: str, wanted: Wanted, listed: Iterable[_Listed], source: Mapping[str, object], *, now: datetime
) -> UUID:
    with transaction.atomic(durable=True):
        batch = PlanMigration.objects.create(
            id=new_id(),
            number=dated_number("PM", clock.business_date(now)),
            from_provider=wanted.from_provider,
            to_provider=wanted.to_provider,
            state=BatchState.DRAFT.value,
            source=dict(source),
            cutover_at=wanted.cutover_at,
            freeze_minutes=wanted.freeze_minutes,
            wait_until=wanted.cutover_at + timedelta(hours=wanted.wait_hours),
            rollback_until=wanted.cutover_at + timedelta(hours=wanted.rollback_hours),
            made_by=actor,
            note=wanted.note[:200],
            created_at=now,
            updated_at=now,
        )
        with across_customers():
            busy = _in_other_batches(one.plan_id for one in listed)
            items = [_item(batch, one, is_busy=one.plan_id in busy, now=now) for one in listed]
            PlanMigrationItem.objects.bulk_create(items, batch_size=1_000)
        audit_batch(actor, audit.Action.MIGRATION_DRAFTED, batch, now=now, plans=len(items))
    return batch.id


def _in_other_batches(plan_ids: Iterable[UUID]) -> set[UUID]:
    found = PlanMigrationItem.objects.filter(plan_id__in=list(plan_ids), state__in=_OPEN)
    return set(found.values_list("plan_id", flat=True))


def _item(batch: PlanMigration, one: _Listed, *, is_busy: bool, now: datetime) -> PlanMigrationItem:
    return PlanMigrationItem(
        customer_id=one.customer_id,
        id=new_id(),
        migration_id=batch.id,
        plan_id=one.plan_id,
        order_id=one.order_id,
        order_no=one.order_no,
        state=(ItemState.DROPPED if is_busy else ItemState.LISTED).value,
        reason=Reason.OTHER_BATCH.value if is_busy else "",
        currency=one.currency,
        expected_minor=one.expected_minor,
        in_number=new_number("T"),
        out_number=new_number("U"),
        created_at=now,
        updated_at=now,
    )


def _refused(line: int, problem: str, problem_zh: str) -> MigrationFileRefused:
    return MigrationFileRefused(line=line, problem=problem, problem_zh=problem_zh)
