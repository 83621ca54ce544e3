"""What goes in and out about repayment entries and the finance app."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from fenqi.domain.entries import Way
from fenqi.domain.entries.sentences import why
from fenqi.interfaces.api import documents
from fenqi.interfaces.api.documents import Outgoing
from fenqi.interfaces.api.fields import Phone, Word
from fenqi.interfaces.api.schemas import Incoming
from fenqi.usecases.entries.app_code import AppCode
from fenqi.usecases.entries.app_recognition import Recognised
from fenqi.usecases.entries.links import permanent_address
from fenqi.usecases.entries.routing import Route
from fenqi.usecases.repayment.methods import Method
from fenqi.usecases.repayment.quote import RepaymentQuote


class EntryWay(Outgoing):
    """One entry of the plan now. `reason` is null where it works; `instead` is the code of one that does."""

    code: str
    kind: Literal["mall_page", "finance_app", "message_link", "agent", "hotline"]
    name_zh: str
    name_en: str
    howto_zh: str
    howto_en: str
    address: str
    works: bool
    state: Literal["planned", "open", "closed", "moved"]
    reason: Literal["not_open_yet", "closed", "outside_hours", "moved", "ended", "lender_collects"] | None
    why_zh: str
    why_en: str
    notice_zh: str
    notice_en: str
    since: datetime | None
    until: datetime | None
    instead: str | None
    answered_from: datetime | None


class PlanRoute(Outgoing):
    """Where the plan can be repaid now: `ways` that work come first, and the first always works."""

    plan_id: UUID
    currency: str
    outstanding_minor: int
    next_due_on: date | None
    permanent_address: str
    best: str
    ways: list[EntryWay]


def plan_route(found: Route) -> PlanRoute:
    return PlanRoute(
        plan_id=found.plan_id,
        currency=found.currency,
        outstanding_minor=found.outstanding_minor,
        next_due_on=found.next_due_on,
        permanent_address=permanent_address(found.plan_id),
        best=found.best.code,
        ways=[_way(one) for one in found.ways],
    )


def _way(way: Way) -> EntryWay:
    said = why(way)
    return EntryWay.of(
        way.entry,
        code=way.code,
        kind=way.kind.value,
        works=way.works,
        state=way.state.value,
        reason=way.reason.value if way.reason else None,
        why_zh=said.zh.strip(),
        why_en=said.en,
        notice_zh=way.notice_zh,
        notice_en=way.notice_en,
        since=way.since,
        until=way.until,
        instead=way.instead or None,
        answered_from=way.answered_from,
    )


class PhoneBody(Incoming):
    """The number that the app's user typed."""

    phone: Annotated[Phone, Field(min_length=5)]
    language: Annotated[Literal["zh", "en"], Field(description="Of the message")] = "zh"


class CodeBody(Incoming):
    code: Annotated[Word, Field(min_length=1, max_length=12, examples=["123456"])]


class ProofBody(Incoming):
    """The full number of one of the customer's orders, or the customer's safe word."""

    proof: Annotated[Word, Field(min_length=1, max_length=64, examples=["MM-4471"])]


class SharedPhoneBody(Incoming):
    phone: Annotated[Phone, Field(min_length=5)]


class AskedCode(Outgoing):
    """The same for every phone, bound or not. Whole seconds."""

    recognition_id: UUID
    resend_after: int
    expires_in: int


class Recognition(Outgoing):
    """`recognised`: give `session` in `Fenqi-App-Session` from now on. `which_account`: prove one of them first."""

    status: Literal["recognised", "which_account"]
    session: str | None
    expires_at: datetime | None
    name_masked: str | None
    language: str | None


def asked_code(of: AppCode) -> AskedCode:
    return AskedCode.of(of)


def recognition(of: Recognised) -> Recognition:
    is_known = of.customer_id is not None
    return Recognition(
        status="recognised" if is_known else "which_account",
        session=of.session if is_known else None,
        expires_at=of.expires_at,
        name_masked=of.name_masked if is_known else None,
        language=of.language if is_known else None,
    )


class AppMethod(Outgoing):
    """A way to pay in the app; one that cannot be used says why and until when."""

    method: str
    channel: str
    last4: str | None
    bank_zh: str | None
    bank_en: str | None
    available: bool
    reason: str | None
    until: datetime | None


class AppQuote(documents.Quote):
    """The quote, and the ways to pay it."""

    methods: list[AppMethod]


def app_quote(of: RepaymentQuote, methods: Iterable[Method]) -> AppQuote:
    return AppQuote(**documents.quote(of).model_dump(), methods=[_method(one) for one in methods])


def _method(of: Method) -> AppMethod:
    return AppMethod(
        method=str(of.key),
        channel=of.channel,
        last4=of.card.last4 if of.card else None,
        bank_zh=of.card.bank.name("zh") if of.card else None,
        bank_en=of.card.bank.name("en") if of.card else None,
        available=of.available,
        reason=of.reason.value if of.reason else None,
        until=of.until,
    )


class Done(Outgoing):
    done: bool = True
