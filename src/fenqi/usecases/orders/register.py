"""A mall tells of its customers and orders. Told twice, nothing changes; told differently, it is a conflict."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from django.db import transaction

from fenqi.domain.errors import FenqiError, InvalidInput
from fenqi.domain.ledger import EntryCode, opening_entry
from fenqi.domain.plans import parse_terms, replay
from fenqi.records import directory, locks, personal
from fenqi.records.identifiers import new_id
from fenqi.records.models import (
    Customer,
    DirectoryKind,
    Installment,
    Order,
    OrderLine,
    OrderPayment,
    Plan,
    PriceObservation,
)
from fenqi.records.posting import Decision, write
from fenqi.usecases import clock
from fenqi.usecases.notices.preferences import is_email, suggest_email
from fenqi.usecases.orders.digest import order_digest
from fenqi.usecases.orders.inputs import CustomerInput, OrderInput, PlanInput, check_customer, check_order
from fenqi.usecases.orders.prices import observation_id
from fenqi.usecases.partners.funding import check_funding, note_funding
from fenqi.usecases.projection import About, ChainHead, changed_installments, entry_columns, plan_columns


class OrderConflict(FenqiError):
    """The order is known with other contents."""

    code = "order_conflict"
    status = 409
    zh = "订单 {order_no} 已登记，内容不同。已登记的订单不能更改，请核对。"
    en = "Order {order_no} is known with other contents. A registered order cannot be changed: check what you sent."


class PhoneTaken(FenqiError):
    """Another customer has bound the phone."""

    code = "phone_taken"
    status = 409
    zh = "这个手机号已绑定另一位客户，请先在原账户解绑。"
    en = "This phone is bound to another customer: release it there first."


class UnknownCustomer(FenqiError):
    """An order names a customer who is not registered."""

    code = "unknown_customer"
    status = 422
    zh = "客户 {ref} 尚未登记，请先登记客户再登记订单。"
    en = "Customer {ref} is not registered: register the customer first."


@dataclass(frozen=True, slots=True)
class RegisteredCustomer:
    customer_id: UUID
    created: bool


@dataclass(frozen=True, slots=True)
class RegisteredOrder:
    customer_id: UUID
    order_id: UUID
    plan_id: UUID | None
    outcome: str  # taken | updated | unchanged


@transaction.atomic(durable=False)
def register_customer(data: CustomerInput, *, now: datetime) -> RegisteredCustomer:
    """Take a customer, or bring name, phone and language up to date; an e-mail address waits for the customer's word.

    Raises InvalidInput, PhoneTaken.
    """
    check_customer(data)
    phone = _normal_phone(data.phone)
    if data.email and not is_email(data.email):
        raise InvalidInput(where="email", problem="it is not an e-mail address", problem_zh="不是有效的邮箱地址")
    columns = {
        "name_encrypted": personal.encrypt(data.name),
        "phone_encrypted": personal.encrypt(phone),
        "phone_index": personal.phone_index(phone) if phone else "",
        "language": data.language,
        "updated_at": now,
    }
    customer_id = new_id()
    held = directory.claim(DirectoryKind.CUSTOMER_REF, data.ref, customer_id=customer_id, target_id=customer_id)
    created = held.customer_id == customer_id
    if created:
        Customer.objects.create(id=customer_id, ref=data.ref, registered_at=now, **columns)
    else:
        locks.customer(held.customer_id)
        _release_old_phone(held.customer_id, kept=str(columns["phone_index"]))
        Customer.objects.filter(id=held.customer_id).update(**columns)
    if phone:
        _bind_phone(held.customer_id, str(columns["phone_index"]))
    if data.email:
        suggest_email(held.customer_id, data.email, now=now)
    return RegisteredCustomer(held.customer_id, created)


def _normal_phone(text: str) -> str:
    if not text:
        return ""
    phone = personal.normal_phone(text)
    if phone is None:
        raise InvalidInput(where="phone", problem="it is not a phone number", problem_zh="不是有效的手机号")
    return phone


def _bind_phone(customer_id: UUID, index: str) -> None:
    holder = directory.claim(DirectoryKind.PHONE, index, customer_id=customer_id, target_id=customer_id)
    if holder.customer_id != customer_id:
        raise PhoneTaken


def _release_old_phone(customer_id: UUID, *, kept: str) -> None:
    bound = Customer.objects.values_list("phone_index", flat=True).get(id=customer_id)
    if bound and bound != kept:
        directory.release(DirectoryKind.PHONE, bound, customer_id=customer_id)


@transaction.atomic(durable=False)
def register_order(data: OrderInput, *, now: datetime) -> RegisteredOrder:
    """Take an order with its lines, payments and plan; the plan's opening is in the books with it.

    Raises InvalidInput, UnknownCustomer, OrderConflict, and what `parse_terms` raises.
    """
    check_order(data)
    customer = directory.find(DirectoryKind.CUSTOMER_REF, data.customer_ref)
    if customer is None:
        raise UnknownCustomer(ref=data.customer_ref)
    locked = locks.customer(customer.customer_id)
    order_id = new_id()
    held = directory.claim(DirectoryKind.ORDER_NO, data.order_no, customer_id=locked.customer_id, target_id=order_id)
    if held.target_id != order_id:
        return _told_again(data, held=held, customer_id=locked.customer_id, now=now)
    _store_order(data, customer_id=locked.customer_id, order_id=order_id, now=now)
    plan_id = _open_plan(data, data.plan, locked=locked, order_id=order_id, now=now) if data.plan else None
    return RegisteredOrder(locked.customer_id, order_id, plan_id, "taken")


def _told_again(data: OrderInput, *, held: directory.Holder, customer_id: UUID, now: datetime) -> RegisteredOrder:
    """The order is known: nothing may differ but how far it has come."""
    if held.customer_id != customer_id:
        raise OrderConflict(order_no=data.order_no)
    order = Order.objects.get(customer_id=customer_id, id=held.target_id)
    if bytes(order.digest) != order_digest(data):
        raise OrderConflict(order_no=data.order_no)
    plan_id = Plan.objects.filter(customer_id=customer_id, order_id=order.id).values_list("id", flat=True).first()
    progress = {
        "status": data.status,
        "approved_at": data.approved_at or order.approved_at,
        "delivered_at": data.delivered_at or order.delivered_at,
    }
    if all(getattr(order, name) == value for name, value in progress.items()):
        return RegisteredOrder(customer_id, order.id, plan_id, "unchanged")
    Order.objects.filter(customer_id=customer_id, id=order.id).update(**progress, updated_at=now)
    return RegisteredOrder(customer_id, order.id, plan_id, "updated")


def _store_order(data: OrderInput, *, customer_id: UUID, order_id: UUID, now: datetime) -> None:
    Order.objects.create(
        customer_id=customer_id,
        id=order_id,
        order_no=data.order_no,
        sales_channel=data.sales_channel,
        status=data.status,
        currency=data.currency,
        total_minor=data.total_minor,
        placed_at=data.placed_at,
        approved_at=data.approved_at,
        delivered_at=data.delivered_at,
        source=data.source,
        digest=order_digest(data),
        created_at=now,
        updated_at=now,
    )
    OrderLine.objects.bulk_create(
        OrderLine(
            customer_id=customer_id,
            order_id=order_id,
            line_no=n,
            sku=line.sku,
            name=line.name,
            category=line.category,
            tags=list(line.tags),
            quantity=line.quantity,
            unit_price_minor=line.unit_price_minor,
            discount_minor=line.discount_minor,
            freight_minor=line.freight_minor,
            seller=line.seller,
            no_return_confirmed_at=line.no_return_confirmed_at,
            no_return_text_version=line.no_return_text_version,
        )
        for n, line in enumerate(data.lines, 1)
    )
    OrderPayment.objects.bulk_create(
        OrderPayment(
            customer_id=customer_id,
            order_id=order_id,
            seq=n,
            method=payment.method,
            amount_minor=payment.amount_minor,
            installments=payment.installments,
            financed=payment.financed,
        )
        for n, payment in enumerate(data.payments, 1)
    )
    PriceObservation.objects.bulk_create(price_observations(data), ignore_conflicts=True)


def price_observations(data: OrderInput) -> list[PriceObservation]:
    """What was sold when tells what it could be bought for, whatever becomes of the order."""
    at = data.placed_at.astimezone(UTC)
    day = clock.business_date(at)
    said = {(line.sku, line.unit_price_minor, line.seller) for line in data.lines}
    return [
        PriceObservation(
            sku=sku,
            id=observation_id(sku, data.sales_channel, data.currency, price, seller, at),
            sales_channel=data.sales_channel,
            currency=data.currency,
            price_minor=price,
            observed_on=day,
            observed_at=at,
            seller=seller,
            source="order",
        )
        for sku, price, seller in sorted(said)
    ]


def _open_plan(
    data: OrderInput, plan: PlanInput, *, locked: locks.LockedCustomer, order_id: UUID, now: datetime
) -> UUID:
    terms = parse_terms(plan.terms)
    if terms.currency != data.currency:
        raise InvalidInput(
            where="plan.terms.currency", problem="it is not the order's currency", problem_zh="与订单币种不一致"
        )
    check_funding(plan.provider, plan.partner, principal=terms.principal)
    state = replay(terms, ())
    plan_id = new_id()
    Plan.objects.create(
        customer_id=locked.customer_id,
        id=plan_id,
        order_id=order_id,
        currency=terms.currency,
        terms=terms.to_mapping(),
        provider=plan.provider,
        fee_bearer=plan.fee_bearer,
        opened_on=terms.opened_on,
        principal_minor=terms.principal,
        updated_at=now,
        **plan_columns(state),
    )
    Installment.objects.bulk_create(
        Installment(customer_id=locked.customer_id, **columns) for columns in changed_installments(plan_id, None, state)
    )
    about = About(customer_id=locked.customer_id, plan_id=plan_id, order_id=order_id)
    entry, lines, head = entry_columns(
        opening_entry(state),
        code=EntryCode.OPENED,
        on=terms.opened_on,
        currency=terms.currency,
        about=about,
        head=ChainHead(locked.entry_seq, locked.entry_hash),
        now=now,
    )
    decision = Decision(locked.customer_id, head_seq=head.seq)
    decision.add("journal_entry", entry)
    decision.add("journal_line", *lines)
    if plan.partner is not None:
        note_funding(
            decision,
            plan.partner,
            provider=plan.provider,
            plan_id=plan_id,
            order_id=order_id,
            terms=terms,
            state=state,
            head=head,
            now=now,
        )
    write(decision)
    return plan_id
