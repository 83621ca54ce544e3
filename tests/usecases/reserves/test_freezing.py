"""A sum is frozen at the channel, over real HTTP: asked for once, allowed once, known whatever goes wrong between."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from fenqi.channels.interface import NotificationRefused, ReserveReply
from fenqi.domain.errors import InvalidInput, NotFound
from fenqi.domain.money import Money
from fenqi.domain.payments import Outcome
from fenqi.domain.reserves import HoldKind, HoldState, ReleaseRule
from fenqi.records.identifiers import new_id
from fenqi.records.models import JournalEntry, ReserveHold
from fenqi.usecases.agreements.consent import Consent
from fenqi.usecases.reconciliation.check import check_books
from fenqi.usecases.repayment.start import Next
from fenqi.usecases.reserves.ask import ReserveInput, ask_for_reserve
from fenqi.usecases.reserves.errors import (
    ReserveClosed,
    ReserveConflict,
    ReserveConsentChanged,
    ReserveNotOffered,
)
from fenqi.usecases.reserves.freeze import start_reserve
from fenqi.usecases.reserves.notifications import take_reserve
from fenqi.usecases.reserves.queries import reserve_view
from fenqi.usecases.reserves.resolve import ask_hold
from fenqi.usecases.reserves.settle import settle_hold
from held import Secured, asked_for, frozen
from malls import bought
from owed_back import books
from town import Town

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime.now(UTC)


@pytest.fixture(autouse=True)
def _no_faults_are_left(town: Town) -> Iterator[None]:
    yield
    town.tell("faults/forget")


def state_of(secured: Secured) -> HoldState:
    return HoldState(secured.hold.state)


@pytest.mark.requirement("R063")
def test_the_customer_agrees_scans_and_the_sum_is_in_the_books(town: Town) -> None:
    secured = asked_for(now=NOW)
    started = secured.start(now=NOW)
    assert (started.next, state_of(secured)) == (Next.SCAN, HoldState.OFFERED)
    assert secured.start(now=NOW).scan_code == started.scan_code, "begun again, it is the same code"
    town.act(secured.hold.reserve_no, "confirm")
    assert ask_hold(secured.customer_id, secured.hold_id, now=NOW) is HoldState.HELD
    assert books(secured.plan)["reserve.held"] == 50_000
    assert books(secured.plan)["reserve.owed"] == -50_000
    (entry,) = JournalEntry.objects.filter(customer_id=secured.customer_id, code="reserve_held")
    assert (entry.event_id, entry.id) == (secured.hold_id, secured.hold.entry_id)
    view = reserve_view(secured.customer_id, secured.hold_id, now=NOW)
    assert (view.held_minor, view.number, view.consented_at) == (50_000, secured.hold.auth_no, NOW)
    assert secured.hold.consent["text"][0].startswith("我同意为订单")
    assert list(check_books()) == []


def test_asked_for_twice_there_is_one_and_another_is_refused(town: Town) -> None:
    secured = asked_for(now=NOW)
    assert asked_for(secured.plan, now=NOW).hold_id == secured.hold_id
    with pytest.raises(ReserveConflict):
        asked_for(secured.plan, now=NOW, amount=60_000)
    with pytest.raises(ReserveConflict):
        asked_for(secured.plan, now=NOW, key="another")


@pytest.mark.parametrize(
    ("wanted", "refusal"),
    [
        (ReserveInput(amount_minor=0), InvalidInput),
        (ReserveInput(amount_minor=120_001), InvalidInput),
        (ReserveInput(amount_minor=100, may_advance=True), InvalidInput),
        (ReserveInput(amount_minor=100, channel="wechat_pay"), ReserveNotOffered),
        (ReserveInput(amount_minor=100, channel="bank_card", kind=HoldKind.PREPAID), ReserveNotOffered),
        (ReserveInput(amount_minor=100, channel="bank_card", release_rule=ReleaseRule.IN_PROPORTION), InvalidInput),
    ],
)
def test_what_cannot_be_held_is_refused(town: Town, wanted: ReserveInput, refusal: type[Exception]) -> None:
    plan = bought()
    with pytest.raises(refusal):
        ask_for_reserve(plan.customer_id, plan.order_id, wanted, request_key="k", actor="mall", now=NOW)
    assert not ReserveHold.objects.filter(customer_id=plan.customer_id).exists()


def test_another_customers_order_is_not_there(town: Town) -> None:
    mine, theirs = bought(), bought()
    with pytest.raises(NotFound):
        ask_for_reserve(
            mine.customer_id, theirs.order_id, ReserveInput(amount_minor=100), request_key="k", actor="mall", now=NOW
        )


def test_nothing_is_sent_without_consent_to_these_very_words(town: Town) -> None:
    secured = asked_for(now=NOW, release_rule=ReleaseRule.IN_PROPORTION)
    with pytest.raises(ReserveConsentChanged):
        start_reserve(
            secured.customer_id,
            secured.hold_id,
            consent=Consent(digest="0" * 64, language="zh", ip=""),
            now=NOW,
        )
    assert state_of(secured) is HoldState.WANTED
    with pytest.raises(NotFound):
        start_reserve(new_id(), secured.hold_id, consent=Consent(digest="", language="zh", ip=""), now=NOW)


@pytest.mark.parametrize("fault", ["hang", "reset", "http_500", "wrong_signature"])
def test_a_freeze_without_an_answer_is_asked_about_and_its_code_found_again(town: Town, fault: str) -> None:
    secured = asked_for(now=NOW)
    town.order("freeze", fault)
    assert secured.start(now=NOW).next is Next.RESULT
    assert state_of(secured) is HoldState.UNKNOWN
    assert ask_hold(secured.customer_id, secured.hold_id, now=NOW) is HoldState.OFFERED, "it waits for the payer"
    assert secured.start(now=NOW).next is Next.SCAN
    town.act(secured.hold.reserve_no, "confirm")
    assert ask_hold(secured.customer_id, secured.hold_id, now=NOW) is HoldState.HELD
    assert secured.sums == (50_000, 0, 0)


def test_what_nobody_scans_in_time_closes_and_says_so(town: Town) -> None:
    secured = asked_for(now=NOW)
    secured.start(now=NOW)
    town.act(secured.hold.reserve_no, "expire")
    later = NOW + timedelta(minutes=16)
    assert ask_hold(secured.customer_id, secured.hold_id, now=later) is HoldState.CLOSED
    with pytest.raises(ReserveClosed):
        secured.start(now=later)
    assert asked_for(secured.plan, now=later, key="again").hold_id != secured.hold_id, "the mall may ask anew"


def test_what_the_channel_never_knew_closes_after_its_window(town: Town) -> None:
    secured = asked_for(now=NOW)
    town.order("freeze", "code", "SYSTEM_ERROR")
    secured.start(now=NOW)
    assert ask_hold(secured.customer_id, secured.hold_id, now=NOW + timedelta(minutes=16)) is HoldState.UNKNOWN
    assert ask_hold(secured.customer_id, secured.hold_id, now=NOW + timedelta(minutes=21)) is HoldState.CLOSED


def told(secured: Secured, **changes: object) -> ReserveReply:
    amount = Money(50_000, "CNY")
    fields: dict[str, object] = {
        "outcome": Outcome.SUCCEEDED,
        "number": secured.hold.reserve_no,
        "auth_no": "2026112300001",
        "amount": amount,
        "frozen": amount,
        "released": Money(0, "CNY"),
        "captured": Money(0, "CNY"),
        "rest": amount,
    }
    return ReserveReply(**{**fields, **changes})  # type: ignore[arg-type]  # fields of the test


def test_told_ten_times_it_is_booked_once(town: Town) -> None:
    secured = asked_for(now=NOW)
    secured.start(now=NOW)
    for _ in range(10):
        take_reserve("alipay", told(secured), now=NOW)
    assert JournalEntry.objects.filter(customer_id=secured.customer_id, code="reserve_held").count() == 1


@pytest.mark.parametrize(
    "nonsense",
    [
        {"amount": Money(50_001, "CNY")},
        {"frozen": Money(1, "CNY")},
        {"auth_no": None},
        {"amount": None, "frozen": None},
    ],
)
def test_nonsense_books_nothing_and_calls_a_person(town: Town, nonsense: dict[str, object]) -> None:
    secured = asked_for(now=NOW)
    secured.start(now=NOW)
    take_reserve("alipay", told(secured, **nonsense), now=NOW)
    assert (secured.sums, secured.hold.alert) == ((0, 0, 0), "reserve_contradicted")
    assert reserve_view(secured.customer_id, secured.hold_id, now=NOW).needs_a_look


def test_word_of_a_number_that_is_not_ours_is_refused(town: Town) -> None:
    secured = asked_for(now=NOW)
    for reply, channel in (
        (told(secured, number="H2222222222222222"), "alipay"),
        (told(secured), "wechat_pay"),
        (told(secured, outcome=Outcome.UNKNOWN), "alipay"),
    ):
        with pytest.raises(NotificationRefused):
            take_reserve(channel, reply, now=NOW)


def test_a_sum_allowed_late_goes_back_when_another_secures_the_order(town: Town) -> None:
    late = asked_for(now=NOW)
    late.start(now=NOW)
    town.act(late.hold.reserve_no, "expire")
    ask_hold(late.customer_id, late.hold_id, now=NOW + timedelta(minutes=16))
    frozen(town, plan=late.plan, now=NOW, key="second")
    settle_hold(late.customer_id, late.hold_id, told(late), now=NOW)
    (move,) = late.moves
    assert (move.kind, move.why, move.amount_minor) == ("release", "superseded", 50_000)


def test_a_sum_that_alipay_vouches_for_says_that_nothing_is_really_frozen(town: Town) -> None:
    secured = asked_for(now=NOW)
    secured.start(now=NOW)
    town.act(secured.hold.reserve_no, "confirm_on_credit")
    ask_hold(secured.customer_id, secured.hold_id, now=NOW)
    assert reserve_view(secured.customer_id, secured.hold_id, now=NOW).is_credit


def test_a_prepaid_reserve_needs_a_plan(town: Town) -> None:
    plan = bought()
    wanted = ReserveInput(amount_minor=100, kind=HoldKind.PREPAID)
    assert ask_for_reserve(plan.customer_id, plan.order_id, wanted, request_key="k", actor="mall", now=NOW).created
