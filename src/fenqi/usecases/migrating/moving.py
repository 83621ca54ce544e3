"""One plan at the cut-over, step by step: frozen, its payments followed, taken by the partner, booked, confirmed.

Each step begins and ends in a state that is stored, so that a worker that dies is followed by one that goes on. The
partner is asked outside any transaction, under numbers that the draft has stored; an outcome that is not known is asked
about and never guessed.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from fenqi.channels.partner import TransferDirection, TransferReply, TransferState
from fenqi.domain.ledger import clearing, plan_moved_entry
from fenqi.domain.migration import BatchState, ItemState, Price, Reason, price_of
from fenqi.domain.payments import Outcome
from fenqi.records import directory, locks
from fenqi.records.identifiers import derived_id
from fenqi.records.locks import LockedCustomer
from fenqi.records.models import (
    AgreementStatus,
    DebitAgreement,
    DirectoryKind,
    PartnerPlan,
    Plan,
    PlanMigration,
    PlanMigrationItem,
)
from fenqi.records.posting import Decision, write
from fenqi.usecases import audit, clock, outbox, plan_file
from fenqi.usecases.agreements.settle import end
from fenqi.usecases.migrating.approving import AGREED, DECLINED, NOT_NEEDED
from fenqi.usecases.migrating.batches import find_batch, find_item, keep
from fenqi.usecases.migrating.freezing import pause, resume
from fenqi.usecases.migrating.obstacles import obstacles, open_attempts
from fenqi.usecases.migrating.partners import (
    asked,
    balance_kept,
    code_of,
    kept_of,
    number_of,
    problems_of,
    request_of,
    sides,
    told_kept,
)
from fenqi.usecases.migrating.taking_back import take_back
from fenqi.usecases.notices.quiet_hours import polite_time
from fenqi.usecases.partners.holders import lenders_row
from fenqi.usecases.partners.providers import MALL, provider_of
from fenqi.usecases.plan_file import PlanFile
from fenqi.usecases.projection import About, ChainHead, entry_columns
from fenqi.usecases.repayment import resolve

LOOK_AGAIN: Final = timedelta(minutes=1)
LONGEST_PAUSE: Final = timedelta(hours=1)
MOVED_AWAY: Final = "plan_moved"
"""Why an auto-debit ended."""

_PAYABLE_PER_PLAN: Final = "plan_migration"


def go_on_with(customer_id: UUID, item_id: UUID, *, now: datetime) -> ItemState:
    """Every step that can be taken now; where the plan stands then. Raises NotFound."""
    item = find_item(customer_id, item_id)
    batch = find_batch(item.migration_id)
    while (step := _STEPS.get(ItemState(item.state))) is not None:
        if item.next_at is not None and item.next_at > now:
            break
        before = (item.state, item.reason)
        step(batch, item, now)
        item = find_item(customer_id, item_id)
        if (item.state, item.reason) == before:
            break
    return ItemState(item.state)


def _freeze(batch: PlanMigration, item: PlanMigrationItem, now: datetime) -> None:
    """From now on nothing is newly started; without the customer's consent the plan stays."""
    with transaction.atomic(durable=True):
        locks.customer(item.customer_id)
        item = find_item(item.customer_id, item.id)
        if item.state != ItemState.READY or batch.state not in (BatchState.FROZEN, BatchState.MOVED):
            return
        if item.consent not in (AGREED, NOT_NEEDED):
            drop(item, Reason.DECLINED if item.consent == DECLINED else Reason.NO_CONSENT, now=now)
            return
        item.state, item.frozen_at = ItemState.FROZEN.value, now
        item.reason = ""
        keep(item, "state", "reason", "frozen_at", now=now)
        pause(item, until=now + timedelta(minutes=batch.freeze_minutes), now=now)


def _follow(batch: PlanMigration, item: PlanMigrationItem, now: datetime) -> None:
    """Payments under way are followed to their end; then the balance stands, and the partners are asked to take it."""
    for attempt in open_attempts(plan_file.read(item.customer_id, item.plan_id)):
        resolve.ask_channel(item.customer_id, attempt.id, now=now)
    with transaction.atomic(durable=True):
        locks.customer(item.customer_id)
        item = find_item(item.customer_id, item.id)
        if item.state != ItemState.FROZEN:
            return
        file = plan_file.read(item.customer_id, item.plan_id)
        still_open = open_attempts(file)
        if still_open:
            _wait_for_payment(batch, item, is_unknown=any(one.state == "unknown" for one in still_open), now=now)
            return
        state = file.state()
        found = obstacles(file, state, from_provider=batch.from_provider)
        if found:
            drop(item, Reason(found[0]["reason"]), now=now)
            return
        on = clock.business_date(now)
        held = lenders_row(item.customer_id, item.plan_id)
        item.ours, item.balance_minor, item.effective_on = kept_of(state), state.totals.outstanding.total, on
        item.price_minor, item.interest_minor, item.fee_minor = price_of(state, on=on)
        item.out_plan_no = held.plan_no if held else ""
        item.state, item.reason, item.asked, item.next_at = ItemState.ASKED.value, "", 0, None
        keep(
            item,
            "ours",
            "balance_minor",
            "effective_on",
            "price_minor",
            "interest_minor",
            "fee_minor",
            "out_plan_no",
            "state",
            "reason",
            "asked",
            "next_at",
            now=now,
        )
        pause(item, until=now + timedelta(minutes=batch.freeze_minutes), now=now)


def _wait_for_payment(batch: PlanMigration, item: PlanMigrationItem, *, is_unknown: bool, now: datetime) -> None:
    """It stays behind until it is known; when the batch stops waiting, the plan stays where it is."""
    if now >= batch.wait_until:
        drop(item, Reason.STILL_UNKNOWN, now=now)
        return
    item.reason = (Reason.PAYMENT_UNKNOWN if is_unknown else Reason.IN_FLIGHT).value
    item.next_at = now + LOOK_AGAIN
    keep(item, "reason", "next_at", now=now)


def _take(batch: PlanMigration, item: PlanMigrationItem, now: datetime) -> None:
    """Both partners are asked by their numbers; when both say what we say, the plan moves in one transaction."""
    ours, price = balance_kept(item.ours), Price(item.price_minor, item.interest_minor, item.fee_minor)
    file = plan_file.read(item.customer_id, item.plan_id)
    theirs: dict[str, dict[str, int]] = {}
    for direction in sides(batch):
        reply = _transferred(batch, item, direction, financed=file.terms.principal)
        if reply.transfer is None and reply.outcome is not Outcome.FAILED:
            _ask_later(item, now=now)
            return
        problems = problems_of(reply, ours=ours, price=price)
        if problems:
            _give_back(item, Reason(problems[0]["reason"]), problems, now=now)
            return
        assert reply.transfer is not None, "nothing differs"
        if reply.transfer.state is TransferState.REVOKED:
            _give_back(item, Reason.REFUSED, [], now=now)
            return
        theirs[direction.value] = told_kept(reply.transfer)
    _move(batch, item, theirs, now=now)


def _transferred(
    batch: PlanMigration, item: PlanMigrationItem, direction: TransferDirection, *, financed: int
) -> TransferReply:
    """Asked before it is sent again: only a number that the partner never saw is sent."""
    code, number = code_of(batch, direction), number_of(item, direction)
    if item.asked:
        reply = asked(code, number, "query_transfer", number)
        if reply.outcome is not Outcome.NOT_FOUND:
            return reply
    assert item.effective_on is not None, "kept with the balance"
    return asked(code, number, "transfer", request_of(item, direction, financed=financed, on=item.effective_on))


def _move(
    batch: PlanMigration, item: PlanMigrationItem, theirs: Mapping[str, Mapping[str, int]], *, now: datetime
) -> None:
    """The books, the holder, the end of auto-debit and the news, in one transaction of the customer."""
    with transaction.atomic(durable=True):
        locked = locks.customer(item.customer_id)
        item = find_item(item.customer_id, item.id)
        if item.state != ItemState.ASKED:
            return
        file = plan_file.read(item.customer_id, item.plan_id)
        state = file.state()
        found = obstacles(file, state, from_provider=batch.from_provider)
        if found or open_attempts(file) or kept_of(state) != item.ours:
            _give_back_locked(item, Reason.CHANGED, found, now=now)
            return
        decision = Decision(item.customer_id)
        item.entry_id = _book(decision, locked, batch, item, file, now=now)
        _change_holder(batch, item, now=now)
        _end_auto_debit(decision, item, batch.to_provider, now=now)
        resume(item, now=now)
        item.theirs, item.moved_at = {side: dict(told) for side, told in theirs.items()}, now
        item.state, item.asked, item.next_at = ItemState.MOVED.value, 0, None
        outbox.tell_of_migration(decision, item.id, news="moved", at=polite_time(now), now=now)
        keep(item, "entry_id", "theirs", "moved_at", "state", "asked", "next_at", now=now)
        write(decision)
        audit.record(
            audit.SYSTEM,
            audit.Action.PLAN_MOVED,
            customer_id=item.customer_id,
            subject=f"plan:{item.plan_id}",
            details={"from": batch.from_provider, "to": batch.to_provider, "balance_minor": item.balance_minor},
            now=now,
        )


def _book(
    decision: Decision,
    locked: LockedCustomer,
    batch: PlanMigration,
    item: PlanMigrationItem,
    file: PlanFile,
    *,
    now: datetime,
) -> UUID:
    entry = plan_moved_entry(
        item.balance_minor,
        price=item.price_minor,
        interest=item.interest_minor,
        fee=item.fee_minor,
        giver=account_of(batch.from_provider),
        taker=account_of(batch.to_provider),
    )
    columns, lines, head = entry_columns(
        entry,
        code=entry.code,
        on=item.effective_on or clock.business_date(now),
        currency=item.currency,
        about=About(customer_id=item.customer_id, plan_id=item.plan_id, order_id=file.order_id),
        head=ChainHead(locked.entry_seq, locked.entry_hash),
        now=now,
    )
    decision.add("journal_entry", columns)
    decision.add("journal_line", *lines)
    decision.head_seq = head.seq
    entry_id: UUID = columns["id"]
    return entry_id


def account_of(provider: str) -> str:
    """A lender's clearing account; none for the mall itself."""
    return "" if provider == MALL else clearing(provider)


def _change_holder(batch: PlanMigration, item: PlanMigrationItem, *, now: datetime) -> None:
    """The plan names its new holder, and who held it before stays on record."""
    held = PartnerPlan.objects.filter(customer_id=item.customer_id, plan_id=item.plan_id, released_at__isnull=True)
    held.update(released_at=now, paid_back_minor=item.price_minor)
    if batch.to_provider != MALL:
        directory.claim(
            DirectoryKind.PARTNER_NO,
            f"{batch.to_provider}:{item.in_number}",
            customer_id=item.customer_id,
            target_id=item.plan_id,
        )
        PartnerPlan.objects.create(
            customer_id=item.customer_id,
            id=derived_id(_PAYABLE_PER_PLAN, item.id),
            plan_id=item.plan_id,
            provider=batch.to_provider,
            plan_no=item.in_number,
            amount_minor=item.price_minor,
            currency=item.currency,
            created_at=now,
            taken_over_at=now,
        )
    Plan.objects.filter(customer_id=item.customer_id, id=item.plan_id).update(
        provider=batch.to_provider, updated_at=now
    )


def _end_auto_debit(decision: Decision, item: PlanMigrationItem, to_provider: str, *, now: datetime) -> None:
    """A holder that collects itself leaves nothing for us to debit."""
    lender = provider_of(to_provider)
    if lender is None or lender.repays_here:
        return
    for agreement in DebitAgreement.objects.filter(
        customer_id=item.customer_id,
        plan_id=item.plan_id,
        status__in=(AgreementStatus.ACTIVE, AgreementStatus.SIGNING),
    ):
        end(decision, agreement, by="system", reason=MOVED_AWAY, now=now)


def _confirm(batch: PlanMigration, item: PlanMigrationItem, now: datetime) -> None:
    """In force at both partners; the taker's word is kept as the balance at the cut-over."""
    for direction in sides(batch):
        number = number_of(item, direction)
        reply = asked(code_of(batch, direction), number, "confirm_transfer", number)
        if reply.transfer is None or reply.transfer.state is not TransferState.CONFIRMED:
            _ask_later(item, now=now)
            return
        item.confirmed_minor = reply.transfer.balance.total if item.confirmed_minor is None else item.confirmed_minor
    with transaction.atomic(durable=True):
        locks.customer(item.customer_id)
        if find_item(item.customer_id, item.id).state != ItemState.MOVED:
            return
        item.state, item.confirmed_at, item.next_at = ItemState.CONFIRMED.value, now, None
        keep(item, "state", "confirmed_at", "confirmed_minor", "next_at", now=now)


def drop(item: PlanMigrationItem, reason: Reason, *, now: datetime) -> None:
    """It stays where it is, and its customer is told. The caller holds the lock."""
    item.state, item.reason, item.next_at = ItemState.DROPPED.value, reason.value, None
    keep(item, "state", "reason", "next_at", now=now)
    resume(item, now=now)
    if item.told_at is not None:
        decision = Decision(item.customer_id)
        outbox.tell_of_migration(decision, item.id, news="stays", at=polite_time(now), now=now)
        write(decision)


def _give_back(item: PlanMigrationItem, reason: Reason, problems: list[dict[str, object]], *, now: datetime) -> None:
    with transaction.atomic(durable=True):
        locks.customer(item.customer_id)
        current = find_item(item.customer_id, item.id)
        if current.state == ItemState.ASKED:
            _give_back_locked(current, reason, problems, now=now)


def _give_back_locked(
    item: PlanMigrationItem, reason: Reason, problems: list[dict[str, object]], *, now: datetime
) -> None:
    """Nothing is booked here: what a partner may have taken is revoked there, and the plan stays."""
    item.state, item.reason, item.problems = ItemState.REVOKING.value, reason.value, list(problems)
    item.asked, item.next_at = 0, None
    keep(item, "state", "reason", "problems", "asked", "next_at", now=now)


def _ask_later(item: PlanMigrationItem, *, now: datetime) -> None:
    item.asked += 1
    item.next_at = now + min(LONGEST_PAUSE, timedelta(seconds=5 * 2 ** min(item.asked, 12)))
    keep(item, "asked", "next_at", now=now)


def _take_back(batch: PlanMigration, item: PlanMigrationItem, now: datetime) -> None:
    if not take_back(batch, item, now=now):
        _ask_later(item, now=now)


_STEPS: Final[Mapping[ItemState, Callable[[PlanMigration, PlanMigrationItem, datetime], None]]] = {
    ItemState.READY: _freeze,
    ItemState.FROZEN: _follow,
    ItemState.ASKED: _take,
    ItemState.MOVED: _confirm,
    ItemState.REVOKING: _take_back,
}
