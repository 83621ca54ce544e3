"""The mall asks for a reserve with an order, or later. Asked twice, there is one."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from fenqi.channels.interface import CardReserveChannel, CashierChannel, ReserveChannel
from fenqi.domain.errors import InvalidInput, NotFound
from fenqi.domain.reserves import LIVE, HoldKind, HoldState, ReleaseRule
from fenqi.records import locks
from fenqi.records.identifiers import new_id
from fenqi.records.models import DirectoryKind, Order, Plan, ReserveHold
from fenqi.records.posting import Decision, write
from fenqi.usecases import audit
from fenqi.usecases.numbers import new_number
from fenqi.usecases.rails import rail
from fenqi.usecases.reserves.errors import ReserveConflict, ReserveNotOffered
from fenqi.usecases.reserves.rows import find_hold

LIVE_STATES = tuple(state.value for state in LIVE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReserveInput:
    """What is to be held. `amount_minor` is in the order's currency.

    Of a frozen one the customer may choose another channel than `channel`, which can freeze, too.
    """

    amount_minor: int
    kind: HoldKind = HoldKind.FROZEN
    channel: str = "alipay"
    release_rule: ReleaseRule = ReleaseRule.WHEN_NOTHING_IS_OWED
    may_advance: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedReserve:
    hold_id: UUID
    reserve_no: str
    created: bool


@transaction.atomic(durable=False)
def ask_for_reserve(
    customer_id: UUID, order_id: UUID, wanted: ReserveInput, *, request_key: str, actor: str, now: datetime
) -> AskedReserve:
    """Ask the customer for it: nothing is held until the customer agrees. The same `request_key` asks once.

    Raises NotFound, InvalidInput, UnknownChannel, ReserveNotOffered, ReserveConflict.
    """
    locks.customer(customer_id)
    order = Order.objects.filter(customer_id=customer_id, id=order_id).first()
    if order is None:
        raise NotFound
    earlier = ReserveHold.objects.filter(customer_id=customer_id, request_key=request_key).first()
    if earlier is not None:
        return _asked_before(earlier, order_id, wanted)
    plan_id = Plan.objects.filter(customer_id=customer_id, order_id=order_id).values_list("id", flat=True).first()
    _check(wanted, order, has_plan=plan_id is not None)
    if ReserveHold.objects.filter(customer_id=customer_id, order_id=order_id, state__in=LIVE_STATES).exists():
        raise ReserveConflict
    hold = ReserveHold(
        customer_id=customer_id,
        id=new_id(),
        order_id=order_id,
        plan_id=plan_id,
        kind=wanted.kind.value,
        reserve_no=new_number("H"),
        channel=wanted.channel,
        amount_minor=wanted.amount_minor,
        currency=order.currency,
        state=HoldState.WANTED.value,
        release_rule=wanted.release_rule.value,
        may_advance=wanted.may_advance,
        request_key=request_key,
        actor=actor,
        created_at=now,
        updated_at=now,
    )
    hold.save(force_insert=True)
    decision = Decision(customer_id)
    decision.add("directory", {"kind": DirectoryKind.RESERVE_NO.value, "key": hold.reserve_no, "target_id": hold.id})
    write(decision)
    audit.record(
        actor,
        audit.Action.RESERVE_ASKED_FOR,
        customer_id=customer_id,
        subject=f"reserve:{hold.id}",
        details={"kind": hold.kind, "amount_minor": hold.amount_minor, "currency": hold.currency},
        now=now,
    )
    return AskedReserve(hold_id=hold.id, reserve_no=hold.reserve_no, created=True)


def ask_anew(customer_id: UUID, hold_id: UUID, *, now: datetime) -> UUID:
    """The customer tries once more, or another way, where a freeze came to nothing: its id, under a new number.

    However often this is asked, there is one; where the order is secured otherwise already, it is that one.
    Raises NotFound, ReserveConflict.
    """
    with transaction.atomic(durable=True):
        locks.customer(customer_id)
        hold = find_hold(customer_id, hold_id)
        live = ReserveHold.objects.filter(customer_id=customer_id, order_id=hold.order_id, state__in=LIVE_STATES)
        found = live.values_list("id", flat=True).first()
        if found is not None:
            return found
        if hold.state != HoldState.CLOSED or hold.kind != HoldKind.FROZEN or hold.submitted_at is None:
            raise ReserveConflict
        asked = ask_for_reserve(
            customer_id,
            hold.order_id,
            _said(hold),
            request_key=f"again:{hold.id}",
            actor=f"customer:{customer_id}",
            now=now,
        )
    return asked.hold_id


def _said(hold: ReserveHold) -> ReserveInput:
    """What the mall asked for, whatever the customer chose then."""
    return ReserveInput(
        amount_minor=hold.amount_minor,
        kind=HoldKind(hold.kind),
        channel=hold.asked_channel or hold.channel,
        release_rule=ReleaseRule(hold.release_rule),
        may_advance=hold.may_advance,
    )


def _asked_before(hold: ReserveHold, order_id: UUID, wanted: ReserveInput) -> AskedReserve:
    if (hold.order_id, _said(hold)) != (order_id, wanted):
        raise ReserveConflict
    return AskedReserve(hold_id=hold.id, reserve_no=hold.reserve_no, created=False)


def _check(wanted: ReserveInput, order: Order, *, has_plan: bool) -> None:
    if not 0 < wanted.amount_minor <= order.total_minor:
        raise InvalidInput(
            where="reserve.amount_minor",
            problem="it is above zero and at most what the order costs",
            problem_zh="应大于零且不超过订单金额",
        )
    if wanted.may_advance and wanted.kind is HoldKind.FROZEN:
        raise InvalidInput(
            where="reserve.may_advance",
            problem="only a prepaid reserve can advance a refund",
            problem_zh="只有预付的备用金可以垫付退款",
        )
    channel = rail(wanted.channel)
    needed = ReserveChannel if wanted.kind is HoldKind.FROZEN else CashierChannel
    is_prepaid_without_plan = wanted.kind is HoldKind.PREPAID and not has_plan
    if not isinstance(channel, needed) or order.currency not in channel.currencies or is_prepaid_without_plan:
        raise ReserveNotOffered(channel=wanted.channel, kind=wanted.kind.value)
    if isinstance(channel, CardReserveChannel) and wanted.release_rule is ReleaseRule.IN_PROPORTION:
        raise InvalidInput(
            where="reserve.release_rule",
            problem="a reserve on a bank card is given back whole, not in proportion",
            problem_zh="银行卡上的备用金只能整笔解冻，不能按比例退",
        )
