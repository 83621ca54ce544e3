"""`fenqi demo`: loads the sample mall through the same use cases that a mall's own programs call."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import click
from rich.progress import track

from fenqi.channels.alipay.codes import ALIPAY_CODES
from fenqi.channels.interface import ChannelReply
from fenqi.domain.errors import NotFound
from fenqi.domain.payments import Operation, Outcome, Step, verdict_on
from fenqi.domain.plans import PlanState
from fenqi.interfaces.commands.demo_mall import MALL, ORDERS, PEOPLE, PRODUCTS, TERMS, Bought
from fenqi.records.models import PaymentPurpose
from fenqi.usecases import clock, plan_file
from fenqi.usecases.idempotency import Command, digest_of
from fenqi.usecases.orders.inputs import CustomerInput, LineInput, OrderInput, PaymentInput, PlanInput
from fenqi.usecases.orders.queries import find_order
from fenqi.usecases.orders.register import register_customer, register_order
from fenqi.usecases.repayment.quote import Choice, quote
from fenqi.usecases.repayment.record import ReceivedRepayment, record_repayment
from fenqi.usecases.repayment.settle import settle_attempt
from fenqi.usecases.repayment.start import start_repayment

CLIENT = "demo"


@click.command()
@click.option("--quiet", is_flag=True, help="Say nothing when there is nothing to do.")
def demo(*, quiet: bool) -> None:
    """Load the sample mall: a dozen invented customers and some forty orders in every state. Once."""
    now = clock.now()
    by_age = sorted(enumerate(ORDERS, 1), key=lambda order: -order[1].days_ago)  # as they would have come
    missing = [(n, bought) for n, bought in by_age if not is_known(order_no(n))]
    if not missing:
        if not quiet:
            click.echo("The sample mall is loaded already.")
        return
    for person in PEOPLE:
        register_customer(
            CustomerInput(ref=person.ref, name=person.name, phone=person.phone, language=person.language), now=now
        )
    for n, bought in track(missing, description="Sample mall", transient=True):
        tell(bought, n=n, now=now)
    click.echo(f"Loaded {len(PEOPLE)} customers and {len(missing)} orders.")


def order_no(n: int) -> str:
    return f"MM-{4470 + n}"


def is_known(number: str) -> bool:
    try:
        find_order(number)
    except NotFound:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Story:
    """An order and its plan, to which its repayments are told one after the other."""

    customer_id: UUID
    plan_id: UUID
    now: datetime

    def state(self) -> PlanState:
        return plan_file.read(self.customer_id, self.plan_id).state()

    def repay(self, amount_minor: int, *, on: date) -> None:
        """Money that the mall received on that day."""
        key = f"{self.plan_id}:{on}:{amount_minor}"
        received = ReceivedRepayment(
            customer_id=self.customer_id,
            plan_id=self.plan_id,
            amount_minor=amount_minor,
            currency="CNY",
            received_on=on,
        )
        record_repayment(
            received,
            command=Command(CLIENT, key, digest_of(key.encode())),
            now=min(noon(on), self.now),
        )

    def repay_next(self, *, days_late: int = 0) -> None:
        """The earliest open installment, on its due day or so many days after it, but never after today."""
        row = next(row for row in self.state().rows if row.outstanding.total)
        day = min(row.due_on + timedelta(days=days_late), clock.business_date(self.now))
        self.repay(row.outstanding.total, on=day)


def tell(bought: Bought, *, n: int, now: datetime) -> None:
    """Register the order as the mall would have, then repay it as its customer did."""
    order = an_order(bought, number=order_no(n), now=now)
    with clock.stopped(order.approved_at or order.placed_at):
        taken = register_order(order, now=clock.now())
    if taken.plan_id is None:
        return
    story = Story(taken.customer_id, taken.plan_id, now)
    for _ in range(bought.repaid):
        story.repay_next()
    if bought.late is not None:
        story.repay_next(days_late=bought.late)
    if bought.settled:
        story.repay(story.state().settlement_quote, on=clock.business_date(now) - timedelta(days=9))
    if bought.attempt:
        leave_attempt(story, bought.attempt)


def an_order(bought: Bought, *, number: str, now: datetime) -> OrderInput:
    placed_at = now - timedelta(days=bought.days_ago, hours=2)
    approved_at = placed_at + timedelta(minutes=3) if bought.status != "placed" else None
    lines = tuple(
        a_line(
            sku,
            quantity=bought.quantity if sku == bought.product else 1,
            discount_minor=bought.discount_minor * (sku == bought.product),
        )
        for sku in (bought.product, *bought.extra)
    )
    total = sum(line.quantity * line.unit_price_minor - line.discount_minor for line in lines)
    opened_on = clock.business_date(approved_at or placed_at)
    plan = PlanInput(terms=terms_of(bought.terms, total, opened_on)) if bought.terms else None
    return OrderInput(
        order_no=number,
        customer_ref=bought.by,
        currency="CNY",
        placed_at=placed_at,
        approved_at=approved_at,
        delivered_at=min(placed_at + timedelta(days=2), now) if bought.status == "delivered" else None,
        status=bought.status,
        sales_channel=bought.sales_channel,
        lines=lines,
        payments=(payment_of(total, plan),),
        plan=plan,
    )


def a_line(sku: str, *, quantity: int, discount_minor: int) -> LineInput:
    product = PRODUCTS[sku]
    return LineInput(
        sku=sku,
        name=product.name,
        category=product.category,
        tags=product.tags,
        quantity=quantity,
        unit_price_minor=product.price_minor,
        discount_minor=discount_minor,
        seller=MALL,
    )


def terms_of(name: str, principal: int, opened_on: date) -> Mapping[str, Any]:
    return {"principal": principal, "currency": "CNY", "opened_on": opened_on.isoformat(), **TERMS[name]}


def payment_of(total: int, plan: PlanInput | None) -> PaymentInput:
    if plan is None:
        return PaymentInput(method="alipay", amount_minor=total)
    return PaymentInput(
        method="installments", amount_minor=total, installments=plan.terms["installments"], financed=True
    )


def leave_attempt(story: Story, how: str) -> None:
    """Confirm a repayment at the channel, and leave it as the channel's word would."""
    next_row = next(row for row in story.state().rows if row.outstanding.total)
    today_begins = clock.end_of_business_day(clock.business_date(story.now) - timedelta(days=1))
    at = max(
        story.now - timedelta(minutes=3), today_begins
    )  # what was confirmed yesterday could be paid until midnight
    choice = Choice(purpose=PaymentPurpose.INSTALLMENTS, installments=(next_row.n,))
    started = start_repayment(
        customer_id=story.customer_id,
        plan_id=story.plan_id,
        quote_token=quote(story.customer_id, story.plan_id, choice, now=at).token,
        method="alipay",
        request_key=f"demo:{story.plan_id}",
        now=at,
    )
    settle_attempt(
        story.customer_id, started.attempt_id, reply_of(how, str(started.attempt_id)), actor="channel:alipay", now=at
    )


def reply_of(how: str, number: str) -> ChannelReply | Step:
    """What the channel is made to have said."""
    if how == "closed":
        return Step.EXPIRED
    if how == "failed":
        code, outcome = "ACQ.BUYER_BALANCE_NOT_ENOUGH", Outcome.FAILED
    else:
        code, outcome = "ACQ.SYSTEM_ERROR", Outcome.UNKNOWN
    return ChannelReply(
        outcome=outcome, out_trade_no=number, code=code, verdict=verdict_on(ALIPAY_CODES, Operation.PAY, code)
    )


def noon(on: date) -> datetime:
    return datetime.combine(on, time(12), tzinfo=clock.mall_zone()).astimezone(UTC)
