"""What the sample mall has only beside a sandbox: bound cards, a reserve, and a maintenance that staff announced."""

import time as machine
from datetime import datetime, time, timedelta
from typing import Final

import httpx
from django.conf import settings

from fenqi.channels.interface import CardChannel, CardReserveChannel, PaymentChannel, ReserveChannel
from fenqi.domain.payments.conditions import ConditionKind
from fenqi.interfaces.commands.demo_entries import add_finance_app, plan_sample_closing
from fenqi.interfaces.commands.demo_lenders import add_lenders
from fenqi.records import directory
from fenqi.records.models import Account, BoundCard, ChannelCondition, DirectoryKind, OrderLine, ReserveHold
from fenqi.usecases import audit, clock
from fenqi.usecases.agreements.consent import Consent as AgreedTo
from fenqi.usecases.cards.bind import Consent, TypedCard, ask_code, bind
from fenqi.usecases.conditions.edit import NewCondition, add_condition
from fenqi.usecases.rails import rails
from fenqi.usecases.reserves.ask import ReserveInput, ask_for_reserve
from fenqi.usecases.reserves.consent import conditions_for
from fenqi.usecases.reserves.freeze import start_reserve
from fenqi.usecases.reserves.resolve import ask_hold
from fenqi.usecases.staff.permissions import staff_member

CARDS: Final = (
    ("MM-80417", TypedCard(number="6214860000026621", holder="陈小云", phone="17000000417")),
    ("MM-80423", TypedCard(number="6222020000000049", holder="Emma Clarke", phone="17000000423")),
)
"""Invented: no bank has given out these numbers."""

SECURED: Final = ("MM-80417", "QY-PAD11")
"""Whose order is secured by a frozen reserve, and of what."""

RESERVE_MINOR: Final = 30_000

CODE_SECONDS: Final = 20.0
ANNOUNCED_BY: Final = "chen.admin"


def add_from_town(*, now: datetime) -> None:
    """Bind the cards, announce the maintenance, freeze the reserve and set up the lenders, unless that was done.

    Without a sandbox, or in a rehearsal's later day, there is nothing to add.
    """
    if (
        settings.FENQI_CLOCK_AHEAD
        or not settings.FENQI_SANDBOX_URL
        or not any(isinstance(rail, CardChannel) for rail in rails())
    ):
        return
    for ref, typed in CARDS:
        holder = directory.find(DirectoryKind.CUSTOMER_REF, ref)
        if holder is not None and not BoundCard.objects.filter(customer_id=holder.customer_id).exists():
            consent = Consent(text="sample", language="zh", remote_address="127.0.0.1")
            binding = ask_code(holder.customer_id, typed, now=now)
            code = code_sent_to(typed.phone)
            bind(holder.customer_id, typed, code, binding=binding, consent=consent, now=now)
    _announce(now=now)
    _hold_reserve(now=now)
    admin = staff_member(Account.objects.filter(username=ANNOUNCED_BY).first())
    if admin is not None:
        add_lenders(admin, now=now)
    add_finance_app(now=now)
    plan_sample_closing(now=now)


def code_sent_to(phone: str) -> str:
    """The newest code on the sandbox's telephone. Raises TimeoutError."""
    deadline = machine.monotonic() + CODE_SECONDS
    while machine.monotonic() < deadline:
        address = f"{settings.FENQI_SANDBOX_URL}/control/api/sms"
        told = httpx.get(address, params={"phone": phone}, trust_env=False).json()["messages"]
        if told:
            return str(told[0]["params"]["code"])
        machine.sleep(0.1)
    raise TimeoutError("no code came")


def _freezes_by_code(rail: PaymentChannel) -> bool:
    return isinstance(rail, ReserveChannel) and not isinstance(rail, CardReserveChannel)


def _hold_reserve(*, now: datetime) -> None:
    """Frozen as its owner would: asked for, agreed to, and allowed in the sandbox."""
    ref, sku = SECURED
    holder = directory.find(DirectoryKind.CUSTOMER_REF, ref)
    channel = next((rail.name for rail in rails() if _freezes_by_code(rail)), None)
    if holder is None or channel is None:
        return
    customer_id = holder.customer_id
    line = OrderLine.objects.filter(customer_id=customer_id, sku=sku).order_by("-order_id").first()
    if line is None or ReserveHold.objects.filter(customer_id=customer_id).exists():
        return
    wanted = ReserveInput(amount_minor=RESERVE_MINOR, channel=channel)
    asked = ask_for_reserve(customer_id, line.order_id, wanted, request_key="sample", actor=audit.SYSTEM, now=now)
    text = conditions_for(customer_id, asked.hold_id, language="zh")
    agreed = AgreedTo(digest=text.digest, language="zh", ip="127.0.0.1")
    start_reserve(customer_id, asked.hold_id, consent=agreed, now=now)
    address = f"{settings.FENQI_SANDBOX_URL}/control/api/trades/{asked.reserve_no}/confirm"
    httpx.post(address, json={}, trust_env=False).raise_for_status()
    ask_hold(customer_id, asked.hold_id, now=now)


def _announce(*, now: datetime) -> None:
    admin = staff_member(Account.objects.filter(username=ANNOUNCED_BY).first())
    if admin is None or ChannelCondition.objects.exists():
        return
    tonight = datetime.combine(clock.business_date(now) + timedelta(days=1), time(0, 30), tzinfo=clock.mall_zone())
    add_condition(
        admin,
        NewCondition(
            channel="bank_card",
            bank="ICBC",
            kind=ConditionKind.MAINTENANCE,
            starts_at=tonight,
            ends_at=tonight + timedelta(hours=4, minutes=30),
            note_zh="工商银行系统升级",
            note_en="ICBC upgrades its systems",
        ),
        now=now,
    )
