"""The dry run: every plan of a batch as it stands here, and as both partners would take it. It moves nothing."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.db import transaction

from fenqi.channels.partner import TransferDirection
from fenqi.domain.migration import BatchState, BatchStep, ItemState, Reason, next_batch_state, price_of
from fenqi.records import locks
from fenqi.records.identifiers import HOUSE_ID
from fenqi.records.models import PlanMigration, PlanMigrationItem
from fenqi.records.posting import Decision, write
from fenqi.usecases import audit, clock, outbox, plan_file
from fenqi.usecases.migrating.batches import (
    Actor,
    actor_of,
    audit_batch,
    count_states,
    find_batch,
    items_in,
    keep,
    locked_batch,
    move_batch,
)
from fenqi.usecases.migrating.obstacles import Problem, obstacles, open_attempts
from fenqi.usecases.migrating.partners import (
    asked,
    code_of,
    kept_of,
    number_of,
    problems_of,
    request_of,
    sides,
    told_kept,
)
from fenqi.usecases.staff.permissions import Permission

_REHEARSED = (ItemState.LISTED, ItemState.READY, ItemState.DIFFERS)


def order_rehearsal(by: Actor, migration_id: UUID, *, now: datetime) -> None:
    """Have it rehearsed by the worker. Raises NotPermitted, NotFound, BatchNotThere."""
    actor = actor_of(by, Permission.MOVE_PLANS)
    with transaction.atomic(durable=True):
        batch = locked_batch(migration_id)
        next_batch_state(BatchState(batch.state), BatchStep.REHEARSE)
        batch.rehearsing, batch.updated_at = True, now
        batch.save(update_fields=["rehearsing", "updated_at"])
        decision = Decision(HOUSE_ID)
        outbox.about_migration(decision, outbox.REHEARSE_MIGRATION, migration_id, at=now, now=now)
        write(decision)
        audit_batch(actor, audit.Action.MIGRATION_REHEARSED, batch, now=now)


def rehearse(
    migration_id: UUID, *, now: datetime, on_progress: Callable[[int, int], None] = lambda _done, _all: None
) -> None:
    """All plans that were not dropped; again from the first when it was killed. Calls the partners.

    Raises NotFound, BatchNotThere.
    """
    batch = find_batch(migration_id)
    next_batch_state(BatchState(batch.state), BatchStep.REHEARSE)
    counted = count_states(migration_id)
    total = sum(counted.get(state, 0) for state in _REHEARSED)
    for done, item in enumerate(items_in(migration_id, _REHEARSED), 1):
        _rehearse_item(batch, item, now=now)
        on_progress(done, total)
    with transaction.atomic(durable=True):
        move_batch(locked_batch(migration_id), BatchStep.REHEARSE, now=now, rehearsed_at=now, rehearsing=False)


def _rehearse_item(batch: PlanMigration, item: PlanMigrationItem, *, now: datetime) -> None:
    file = plan_file.read(item.customer_id, item.plan_id)
    state = file.state()
    on = clock.business_date(batch.cutover_at)
    price, owed = price_of(state, on=on), state.totals.outstanding
    item.ours, item.balance_minor = kept_of(state), owed.total
    item.price_minor, item.interest_minor, item.fee_minor = price
    problems = obstacles(file, state, from_provider=batch.from_provider)
    problems += [{"reason": Reason.PAYMENT_UNKNOWN.value} for one in open_attempts(file) if one.state == "unknown"]
    if item.expected_minor not in (None, owed.total):
        problems.append({"reason": Reason.FILE_DIFFERS.value, "ours": owed.total, "theirs": item.expected_minor})
    item.theirs = {}
    if not problems:
        for direction in sides(batch):
            problems += _asked(batch, item, direction, financed=file.terms.principal)
    notes: list[Problem] = [{"reason": Reason.IN_FLIGHT.value}] if not problems and open_attempts(file) else []
    with transaction.atomic(durable=True):
        locks.customer(item.customer_id)
        item.state = (ItemState.DIFFERS if problems else ItemState.READY).value
        item.reason = problems[0]["reason"] if problems else ""
        item.problems = [*problems, *notes]
        keep(
            item,
            "state",
            "reason",
            "problems",
            "ours",
            "theirs",
            "balance_minor",
            "price_minor",
            "interest_minor",
            "fee_minor",
            now=now,
        )


def _asked(
    batch: PlanMigration, item: PlanMigrationItem, direction: TransferDirection, *, financed: int
) -> list[Problem]:
    on = clock.business_date(batch.cutover_at)
    request = request_of(item, direction, financed=financed, on=on)
    code = code_of(batch, direction)
    reply = asked(code, number_of(item, direction), "quote_transfer", request)
    if reply.transfer is not None:
        item.theirs = {**item.theirs, direction.value: told_kept(reply.transfer)}
    state = plan_file.read(item.customer_id, item.plan_id).state()
    price = price_of(state, on=on)
    return [{**found, "who": code} for found in problems_of(reply, ours=state.totals.outstanding, price=price)]
