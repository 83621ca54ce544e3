"""What a partner was asked to take is revoked there; and a plan that had moved comes back, by new entries."""

from datetime import datetime

from django.db import transaction

from fenqi.channels.partner import TransferDirection, TransferState
from fenqi.domain.ledger import clearing, plan_moved_back_entry
from fenqi.domain.migration import ItemState
from fenqi.domain.payments import Outcome
from fenqi.records import locks
from fenqi.records.locks import LockedCustomer
from fenqi.records.models import PartnerPlan, PassedRepayment, Plan, PlanMigration, PlanMigrationItem
from fenqi.records.posting import Decision, write
from fenqi.usecases import audit, clock, outbox, plan_file
from fenqi.usecases.migrating.batches import find_item, keep
from fenqi.usecases.migrating.freezing import resume
from fenqi.usecases.migrating.obstacles import open_attempts
from fenqi.usecases.migrating.partners import asked, code_of, number_of, sides
from fenqi.usecases.notices.quiet_hours import polite_time
from fenqi.usecases.partners.providers import MALL
from fenqi.usecases.projection import About, ChainHead, entry_columns


def take_back(batch: PlanMigration, item: PlanMigrationItem, *, now: datetime) -> bool:
    """Revoke at the partners, then book; False while a partner has not said that it is revoked, or while what it has
    collected is not on our plan yet.
    """
    collected = 0
    for direction in sides(batch):
        revoked = _revoked(batch, item, direction)
        if revoked is None:
            return False
        collected += revoked
    with transaction.atomic(durable=True):
        locked = locks.customer(item.customer_id)
        item = find_item(item.customer_id, item.id)
        if item.state != ItemState.REVOKING:
            return True
        if item.moved_at is None:
            _stay(item, now=now)
            return True
        return _bring_back(locked, batch, item, collected, now=now)


def _revoked(batch: PlanMigration, item: PlanMigrationItem, direction: TransferDirection) -> int | None:
    """What it had collected; None while that is not known. A number it never saw is revoked as it is, asked twice."""
    code, number = code_of(batch, direction), number_of(item, direction)
    reply = asked(code, number, "revoke_transfer", number)
    if reply.transfer is not None and reply.transfer.state is TransferState.REVOKED:
        return reply.transfer.collected
    if reply.outcome is Outcome.NOT_FOUND and item.moved_at is None:
        again = asked(code, number, "query_transfer", number)
        return 0 if again.outcome is Outcome.NOT_FOUND else None
    return None


def _stay(item: PlanMigrationItem, *, now: datetime) -> None:
    item.state, item.next_at = ItemState.DROPPED.value, None
    keep(item, "state", "next_at", now=now)
    resume(item, now=now)
    if item.told_at is not None:
        decision = Decision(item.customer_id)
        outbox.tell_of_migration(decision, item.id, news="stays", at=polite_time(now), now=now)
        write(decision)


def _bring_back(
    locked: LockedCustomer, batch: PlanMigration, item: PlanMigrationItem, collected: int, *, now: datetime
) -> bool:
    """Nothing in between may be unexplained: what is owed now is what moved, less what was collected since."""
    file = plan_file.read(item.customer_id, item.plan_id)
    owed = file.state().totals.outstanding.total
    passing = PassedRepayment.objects.filter(customer_id=item.customer_id, plan_id=item.plan_id, state="waiting")
    if open_attempts(file) or passing.exists() or owed != item.balance_minor - collected:
        return False
    entry = plan_moved_back_entry(
        owed,
        price=item.price_minor,
        interest=item.interest_minor,
        fee=item.fee_minor,
        collected=collected,
        giver="" if batch.from_provider == MALL else clearing(batch.from_provider),
        taker="" if batch.to_provider == MALL else clearing(batch.to_provider),
    )
    decision = Decision(item.customer_id)
    columns, lines, head = entry_columns(
        entry,
        code=entry.code,
        on=clock.business_date(now),
        currency=item.currency,
        about=About(customer_id=item.customer_id, plan_id=item.plan_id, order_id=file.order_id),
        head=ChainHead(locked.entry_seq, locked.entry_hash),
        now=now,
    )
    decision.add("journal_entry", columns)
    decision.add("journal_line", *lines)
    decision.head_seq = head.seq
    _restore_holder(batch, item, collected, now=now)
    item.back_entry_id, item.collected_minor, item.rolled_back_at = columns["id"], collected, now
    item.state, item.next_at = ItemState.ROLLED_BACK.value, None
    keep(item, "back_entry_id", "collected_minor", "rolled_back_at", "state", "next_at", now=now)
    outbox.tell_of_migration(decision, item.id, news="back", at=polite_time(now), now=now)
    write(decision)
    _audit(batch, item, collected, now=now)
    return True


def _restore_holder(batch: PlanMigration, item: PlanMigrationItem, collected: int, *, now: datetime) -> None:
    """The taker's time ends; a lender that had given the plan up holds it again, by the number it knows it by."""
    rows = PartnerPlan.objects.filter(customer_id=item.customer_id, plan_id=item.plan_id)
    rows.filter(released_at__isnull=True).update(released_at=now, paid_back_minor=item.price_minor - collected)
    if batch.from_provider != MALL:
        rows.filter(provider=batch.from_provider, plan_no=item.out_plan_no).update(released_at=None, paid_back_minor=0)
    Plan.objects.filter(customer_id=item.customer_id, id=item.plan_id).update(
        provider=batch.from_provider, updated_at=now
    )
    resume(item, now=now)


def _audit(batch: PlanMigration, item: PlanMigrationItem, collected: int, *, now: datetime) -> None:
    audit.record(
        audit.SYSTEM,
        audit.Action.PLAN_MOVED_BACK,
        customer_id=item.customer_id,
        subject=f"plan:{item.plan_id}",
        details={"from": batch.to_provider, "to": batch.from_provider, "collected_minor": collected},
        now=now,
    )


def is_movable_back(batch: PlanMigration, item: PlanMigrationItem) -> bool:
    """A plan that came from a lender goes back only as it came: what was repaid since is not that lender's."""
    if batch.from_provider == MALL:
        return True
    owed = plan_file.read(item.customer_id, item.plan_id).state().totals.outstanding.total
    return owed == item.balance_minor
