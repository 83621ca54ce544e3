"""Customers, orders and plans for the tests, registered as a mall would, and a payer at the sandbox's cashier."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx

from fenqi.domain.plans import PlanState
from fenqi.records.identifiers import new_id
from fenqi.records.models import Payment, PaymentAttempt, PaymentPurpose
from fenqi.usecases import plan_file
from fenqi.usecases.idempotency import Answer, Command, digest_of
from fenqi.usecases.orders.inputs import CustomerInput, LineInput, OrderInput, PaymentInput, PlanInput
from fenqi.usecases.orders.register import register_customer, register_order
from fenqi.usecases.repayment.quote import Choice, quote
from fenqi.usecases.repayment.record import ReceivedRepayment, record_repayment
from fenqi.usecases.repayment.start import StartedRepayment, start_repayment
from sandbox_town import local_client

SHANGHAI = ZoneInfo("Asia/Shanghai")


def noon(on: date | str) -> datetime:
    """12:00 of the day in Shanghai, in UTC."""
    day = date.fromisoformat(on) if isinstance(on, str) else on
    return datetime.combine(day, time(12), tzinfo=SHANGHAI).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Bought:
    """An order on installments."""

    customer_id: UUID
    order_id: UUID
    plan_id: UUID

    def state(self) -> PlanState:
        return plan_file.read(self.customer_id, self.plan_id).state()

    def quote_token(self, *installments: int, now: datetime, purpose: PaymentPurpose | None = None) -> str:
        chosen = purpose or PaymentPurpose.INSTALLMENTS
        choice = Choice(purpose=chosen, installments=installments)
        return quote(self.customer_id, self.plan_id, choice, now=now).token

    def start(self, *installments: int, now: datetime, key: str = "k1", **more: Any) -> StartedRepayment:
        return start_repayment(
            customer_id=self.customer_id,
            plan_id=self.plan_id,
            quote_token=self.quote_token(*installments, now=now, **more),
            method="alipay",
            request_key=key,
            now=now,
        )

    def start_unknown(self, *installments: int, now: datetime, key: str = "k1") -> None:
        """A repayment that was started and of which nobody knows what became of it."""
        started = self.start(*installments, now=now, key=key)
        attempts = PaymentAttempt.objects.filter(customer_id=self.customer_id, id=started.attempt_id)
        attempts.update(state="unknown", created_at=now)
        Payment.objects.filter(customer_id=self.customer_id, id=started.payment_id).update(state="open")

    def record(self, amount: int, *, on: date, now: datetime, key: str, **more: Any) -> Answer:
        received = ReceivedRepayment(
            customer_id=self.customer_id,
            plan_id=self.plan_id,
            amount_minor=amount,
            currency="CNY",
            received_on=on,
            **more,
        )
        digest = digest_of(str(received).encode())
        return record_repayment(received, command=Command("tests", key, digest), now=now)


def a_customer(ref: str = "c-1", **more: str) -> UUID:
    return register_customer(CustomerInput(ref=ref, **more), now=noon("2026-01-01")).customer_id


def an_order(order_no: str = "o-1", *, ref: str = "c-1", placed: str = "2026-01-01", **terms: Any) -> OrderInput:
    """An order of one telephone, financed whole: 1,200.00 over 12 months without interest unless `terms` say else."""
    principal = terms.pop("principal", 120_000)
    plan = {
        "principal": principal,
        "currency": "CNY",
        "opened_on": placed,
        "installments": 12,
        "unit": "month",
        "method": "interest_free",
        **terms,
    }
    return OrderInput(
        order_no=order_no,
        customer_ref=ref,
        currency="CNY",
        placed_at=noon(placed),
        status="delivered",
        lines=(LineInput(sku="X2", name="青屿 X2 手机", unit_price_minor=principal),),
        payments=(PaymentInput(method="installments", amount_minor=principal, installments=12, financed=True),),
        plan=PlanInput(terms=plan),
    )


def bought(ref: str | None = None, **terms: Any) -> Bought:
    """A new customer's order on installments."""
    name = ref or f"c-{new_id()}"
    a_customer(name)
    taken = register_order(an_order(f"o-{name}", ref=name, **terms), now=noon("2026-01-01"))
    assert taken.plan_id is not None
    return Bought(taken.customer_id, taken.order_id, taken.plan_id)


class Payer:
    """Somebody with a browser at the sandbox's cashier."""

    def __init__(self, cashier_address: str) -> None:
        self.browser = local_client(timeout=30, follow_redirects=True)
        self.page = self.browser.get(cashier_address)
        self.page.raise_for_status()

    def press(self, action: str, **fields: str) -> httpx.Response:
        """Send one of the cashier's forms: confirm, refuse or leave. The mall's own pages are not followed."""
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.page.text)
        data = {**fields, **({"csrfmiddlewaretoken": token[1]} if token else {})}
        address = str(self.page.url).rstrip("/") + f"/{action}"
        return self.browser.post(address, data=data, headers={"Referer": str(self.page.url)}, follow_redirects=False)
