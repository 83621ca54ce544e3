"""A reserve on a bound card, over real HTTP: held by its token, given back whole, taken once, ended with its term."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from pytest_django import Settings
from stdnum import luhn

from fenqi.channels.interface import ReserveReply
from fenqi.domain.errors import InvalidInput
from fenqi.domain.money import Money
from fenqi.domain.payments import AttemptState, Outcome
from fenqi.domain.reserves import AboveHeld, HoldState, MoveState, NothingHeld, OnePiece, ReleaseRule, Why
from fenqi.records.models import BoundCard, CardState, JournalEntry, PaymentAttempt, ReserveHold, ReserveMove
from fenqi.usecases import clock
from fenqi.usecases.agreements.consent import Consent
from fenqi.usecases.cards.errors import CardHoldsReserve
from fenqi.usecases.cards.queries import CardView, list_cards
from fenqi.usecases.cards.unbind import unbind
from fenqi.usecases.reconciliation.check import check_books
from fenqi.usecases.repayment import resolve as payments
from fenqi.usecases.repayment.methods import MethodKey, MethodUnavailable
from fenqi.usecases.repayment.start import Next
from fenqi.usecases.reserves.ask import ask_anew
from fenqi.usecases.reserves.capture import (
    approve_capture,
    carry_out_capture,
    propose_capture,
    withdraw_capture,
)
from fenqi.usecases.reserves.consent import conditions_of
from fenqi.usecases.reserves.errors import ReserveClosed, ReserveConflict, ReserveConsentChanged
from fenqi.usecases.reserves.freeze import start_reserve
from fenqi.usecases.reserves.notifications import take_reserve
from fenqi.usecases.reserves.queries import reserve_view, reserves_to_look_at
from fenqi.usecases.reserves.release import release_by_staff, release_what_is_due
from fenqi.usecases.reserves.resolve import ask_hold, ask_release, check_sums, confirm_release
from fenqi.usecases.reserves.send import send_release
from fenqi.usecases.reserves.watch import watch_reserves
from fenqi.usecases.reserves.ways import offers_cards, ways_of
from held import Secured, asked_for, bound_card, frozen_on_card
from owed_back import books
from sandbox_town import running_receiver, until
from staff_members import finance
from town import Town

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime.now(UTC)
TERM_OVER = NOW + timedelta(days=30)


@pytest.fixture(autouse=True)
def _it_is_now(monkeypatch: pytest.MonkeyPatch) -> None:
    """The gateway takes no message whose time is ten minutes off, and tests are read long before they run."""
    now = datetime.now(UTC)
    monkeypatch.setitem(globals(), "NOW", now)
    monkeypatch.setitem(globals(), "TERM_OVER", now + timedelta(days=30))


@pytest.fixture(autouse=True)
def _the_town_is_as_it_was(town: Town) -> Iterator[None]:
    yield
    town.tell("faults/forget")
    town.tell("clock")


@pytest.fixture
def held(town: Town) -> Secured:
    return frozen_on_card(town, now=NOW)


@pytest.fixture
def wanted(town: Town) -> tuple[Secured, CardView]:
    """Asked for, and a card to choose."""
    secured = asked_for(now=NOW)
    return secured, bound_card(town, secured.customer_id, now=NOW)


def at_bank(town: Town, secured: Secured) -> tuple[int, int, int, int]:
    told = town.trade(secured.hold.reserve_no)
    return told["frozen_fen"], told["released_fen"], told["captured_fen"], told["rest_fen"]


def ask_until(secured: Secured, state: HoldState, *, now: datetime | None = None) -> None:
    until(lambda: ask_hold(secured.customer_id, secured.hold_id, now=now or NOW) is state)


def settle(secured: Secured) -> None:
    secured.plan.record(120_000, on=date(2026, 1, 2), now=NOW, key=f"all {secured.hold_id}")


def due(secured: Secured, *, now: datetime | None = None) -> int:
    return release_what_is_due(secured.customer_id, secured.plan.order_id, now=now or NOW)


def send(secured: Secured, *, now: datetime | None = None) -> MoveState:
    return send_release(secured.customer_id, secured.moves[-1].id, now=now or NOW)


def released(secured: Secured, *, now: datetime | None = None) -> MoveState:
    """What a release came to once the bank has decided."""
    move_id = secured.moves[-1].id
    until(lambda: ask_release(secured.customer_id, move_id, now=now or NOW) not in (MoveState.SENT, MoveState.UNKNOWN))
    return MoveState(secured.moves[-1].state)


def announced(town: Town, secured: Secured, amount: int = 10_000) -> datetime:
    """Proposed and approved; the town's day is that of the capture."""
    note, key = "逾期多次提醒未还", (secured.customer_id, secured.hold_id)
    move_id = propose_capture(*key, amount=amount, note=note, staff=finance("zhao"), now=NOW)
    at = approve_capture(secured.customer_id, move_id, staff=finance("qian"), now=NOW)
    town.tell("clock", offset_seconds=(at - datetime.now(UTC)).total_seconds())
    return at


def captured(secured: Secured, *, now: datetime) -> AttemptState:
    attempt = PaymentAttempt.objects.get(customer_id=secured.customer_id, method="reserve")
    until(lambda: payments.ask_channel(secured.customer_id, attempt.id, now=now) is AttemptState.SUCCEEDED)
    return AttemptState.SUCCEEDED


@pytest.mark.requirement("R063")
def test_the_customer_chooses_a_card_agrees_and_the_sum_is_in_the_books(
    town: Town, wanted: tuple[Secured, CardView]
) -> None:
    secured, card = wanted
    assert [(way.channel, way.card) for way in ways_of(secured.hold)] == [("alipay", None), ("bank_card", card)]
    assert secured.start(now=NOW, card=card).next is Next.RESULT
    ask_until(secured, HoldState.HELD)
    assert secured.start(now=NOW, card=card).next is Next.RESULT, "begun again, it is the same hold"
    assert at_bank(town, secured) == (50_000, 0, 0, 50_000)
    assert (books(secured.plan)["reserve.held"], books(secured.plan)["reserve.owed"]) == (50_000, -50_000)
    view = reserve_view(secured.customer_id, secured.hold_id, now=NOW)
    assert (view.channel, view.card, view.held_minor, view.is_whole) == ("bank_card", card, 50_000, True)
    assert view.holds_until == clock.business_date(NOW) + timedelta(days=30)
    assert f"尾号 {card.last4}" in view.agreed_words[0]
    assert any("30 天" in words for words in view.agreed_words)
    assert ways_of(secured.hold) == ()
    assert list(check_books()) == []


def test_the_malls_request_stays_the_same_whatever_the_customer_chose(
    town: Town, wanted: tuple[Secured, CardView]
) -> None:
    secured, card = wanted
    secured.start(now=NOW, card=card)
    assert asked_for(secured.plan, now=NOW).hold_id == secured.hold_id
    with pytest.raises(ReserveConflict):
        asked_for(secured.plan, now=NOW, channel="bank_card")
    other = asked_for(now=NOW, channel="bank_card", key="other")
    started = other.start(now=NOW, channel="alipay")
    assert (started.next, other.hold.channel, other.hold.card_id) == (Next.SCAN, "alipay", None)
    assert asked_for(other.plan, now=NOW, channel="bank_card", key="other").hold_id == other.hold_id


def test_only_a_card_of_ones_own_that_its_bank_accepts_can_be_chosen(
    town: Town, wanted: tuple[Secured, CardView]
) -> None:
    secured, card = wanted
    theirs = asked_for(now=NOW, channel="bank_card")
    with pytest.raises(MethodUnavailable):
        theirs.start(now=NOW, card=card)
    with pytest.raises(MethodUnavailable):
        theirs.start(now=NOW)  # no card is bound
    BoundCard.objects.filter(customer_id=secured.customer_id).update(state=CardState.UNUSABLE)
    assert [way.channel for way in ways_of(secured.hold)] == ["alipay"]
    with pytest.raises(MethodUnavailable):
        secured.start(now=NOW, card=card)
    assert (secured.hold.state, secured.hold.card_id) == (HoldState.WANTED, None)


def test_where_a_share_was_promised_no_card_is_offered(town: Town) -> None:
    shared = asked_for(now=NOW, release_rule=ReleaseRule.IN_PROPORTION)
    card = bound_card(town, shared.customer_id, now=NOW)
    assert [way.channel for way in ways_of(shared.hold)] == ["alipay"]
    assert not offers_cards(shared.hold)
    with pytest.raises(MethodUnavailable):
        shared.start(now=NOW, card=card)
    with pytest.raises(InvalidInput):
        asked_for(now=NOW, channel="bank_card", release_rule=ReleaseRule.IN_PROPORTION)


def test_the_words_are_about_the_card_that_was_chosen(town: Town, wanted: tuple[Secured, CardView]) -> None:
    secured, card = wanted
    other = bound_card(town, secured.customer_id, now=NOW)
    read = {conditions_of(secured.hold, language="zh", card=one).digest for one in (None, card, other)}
    assert len(read) == 3
    consent = Consent(digest=conditions_of(secured.hold, language="zh", card=other).digest, language="zh", ip="")
    with pytest.raises(ReserveConsentChanged):
        start_reserve(
            secured.customer_id,
            secured.hold_id,
            consent=consent,
            way=MethodKey("bank_card", card.card_id),
            now=NOW,
        )
    assert (secured.hold.state, secured.hold.card_id, secured.hold.channel) == (HoldState.WANTED, None, "alipay")


@pytest.mark.parametrize("fault", ["reset", "wrong_signature"])
def test_a_freeze_without_an_answer_is_asked_about_and_held_once(
    town: Town, wanted: tuple[Secured, CardView], fault: str
) -> None:
    secured, card = wanted
    town.order("freeze", fault, channel="bank_card")
    secured.start(now=NOW, card=card)
    assert secured.hold.state == HoldState.UNKNOWN
    secured.start(now=NOW, card=card)
    ask_until(secured, HoldState.HELD)
    assert (secured.sums, at_bank(town, secured)) == ((50_000, 0, 0), (50_000, 0, 0, 50_000))
    assert JournalEntry.objects.filter(customer_id=secured.customer_id, code="reserve_held").count() == 1


def test_killed_before_it_was_sent_it_is_sent_once_under_the_same_number(
    town: Town, wanted: tuple[Secured, CardView], monkeypatch: pytest.MonkeyPatch
) -> None:
    secured, card = wanted

    def killed(_hold: object) -> ReserveReply:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("fenqi.usecases.reserves.freeze._asked", killed)
        with pytest.raises(KeyboardInterrupt):
            secured.start(now=NOW, card=card)
    assert secured.hold.state == HoldState.OFFERED
    for _ in range(3):
        secured.start(now=NOW, card=card)
    ask_until(secured, HoldState.HELD)
    assert at_bank(town, secured)[3] == 50_000


def test_what_the_gateway_never_knew_closes_after_its_window(town: Town, wanted: tuple[Secured, CardView]) -> None:
    secured, card = wanted
    town.order("freeze", "code", "98", channel="bank_card")
    secured.start(now=NOW, card=card)
    key = (secured.customer_id, secured.hold_id)
    assert ask_hold(*key, now=NOW + timedelta(minutes=16)) is HoldState.OFFERED
    assert ask_hold(*key, now=NOW + timedelta(minutes=21)) is HoldState.CLOSED
    with pytest.raises(ReserveClosed):
        secured.start(now=NOW + timedelta(minutes=22), card=card)


@pytest.mark.parametrize(("refusal", "state"), [("", CardState.ACTIVE), ("73", CardState.UNUSABLE)])
def test_where_the_bank_refuses_the_customer_chooses_again(town: Town, refusal: str, state: CardState) -> None:
    number = "622588" + f"{datetime.now(UTC).microsecond:09}"
    number += luhn.calc_check_digit(number)
    secured = asked_for(now=NOW)
    card = bound_card(town, secured.customer_id, now=NOW, number=number)
    town.tell("bank_card/cards", number=number, balance="499.99", refusal=refusal)
    secured.start(now=NOW, card=card)
    ask_until(secured, HoldState.CLOSED)
    assert reserve_view(secured.customer_id, secured.hold_id, now=NOW).category
    assert list_cards(secured.customer_id)[0].state is state
    again = Secured(secured.plan, ask_anew(secured.customer_id, secured.hold_id, now=NOW))
    assert ask_anew(secured.customer_id, secured.hold_id, now=NOW) == again.hold_id, "pressed twice it is one"
    assert (again.hold.state, again.hold.channel) == (HoldState.WANTED, "alipay")
    assert again.hold.reserve_no != secured.hold.reserve_no
    assert asked_for(secured.plan, now=NOW).hold_id == secured.hold_id, "the mall's request is what it was"
    assert again.start(now=NOW, channel="alipay").next is Next.SCAN


def test_what_was_held_needs_no_second_asking(held: Secured) -> None:
    assert ask_anew(held.customer_id, held.hold_id, now=NOW) == held.hold_id
    settle(held)
    due(held)
    send(held)
    released(held)
    with pytest.raises(ReserveConflict):
        ask_anew(held.customer_id, held.hold_id, now=NOW)


@pytest.mark.requirement("R067", "R068")
def test_settling_the_plan_releases_it_whole_and_by_itself(town: Town, held: Secured) -> None:
    assert due(held) == 0
    settle(held)
    assert due(held) == 50_000
    assert due(held) == 0
    assert send(held) is MoveState.SENT, "accepted; the bank decides"
    assert released(held) is MoveState.DONE
    assert at_bank(town, held) == (50_000, 50_000, 0, 0)
    assert (held.sums, held.hold.state) == ((50_000, 50_000, 0), HoldState.ENDED)
    assert not {"reserve.held", "reserve.owed"} & set(books(held.plan))
    assert held.moves[0].confirmed_at is None
    assert confirm_release(held.customer_id, held.moves[0].id, now=NOW)
    assert held.moves[0].confirmed_at == NOW
    assert list(check_books()) == []


def test_a_part_is_not_released(town: Town, held: Secured) -> None:
    key = (held.customer_id, held.hold_id)
    for amount, refusal in ((20_000, OnePiece), (50_001, AboveHeld)):
        with pytest.raises(refusal):
            release_by_staff(*key, amount=amount, note="客户要求提前退回", staff=finance("zhao"), now=NOW)
    assert held.moves == []
    release_by_staff(*key, amount=50_000, note="客户要求提前退回", staff=finance("zhao"), now=NOW)
    send(held)
    assert released(held) is MoveState.DONE
    with pytest.raises(NothingHeld):
        release_by_staff(*key, amount=50_000, note="再退一次试试", staff=finance("zhao"), now=NOW)


@pytest.mark.parametrize("fault", ["reset", "wrong_signature"])
def test_a_release_without_an_answer_is_asked_about_and_booked_once(town: Town, held: Secured, fault: str) -> None:
    settle(held)
    due(held)
    town.order("release", fault, channel="bank_card")
    assert send(held) is MoveState.UNKNOWN
    assert due(held) == 0
    assert released(held) is MoveState.DONE
    assert (held.sums, at_bank(town, held)) == ((50_000, 50_000, 0), (50_000, 50_000, 0, 0))
    assert list(check_books()) == []


def test_what_never_left_is_sent_again_only_when_the_first_can_not_turn_up_any_more(
    town: Town, held: Secured, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(held)
    due(held)

    def killed(_move: object) -> ReserveReply:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("fenqi.usecases.reserves.send.request_release", killed)
        with pytest.raises(KeyboardInterrupt):
            send(held)
    move = held.moves[0]
    assert ask_release(held.customer_id, move.id, now=NOW + timedelta(minutes=14)) is MoveState.SENT
    assert held.moves[0].submitted_at == NOW
    later = NOW + timedelta(minutes=16)
    town.tell("clock", offset_seconds=16 * 60)
    ask_release(held.customer_id, move.id, now=later)
    assert (held.moves[0].number, held.moves[0].submitted_at) == (move.number, later)
    assert released(held, now=later) is MoveState.DONE
    assert at_bank(town, held)[3] == 0


@pytest.mark.requirement("R065")
def test_a_capture_of_a_part_ends_it_and_the_rest_is_free(town: Town, held: Secured) -> None:
    at = announced(town, held)
    assert carry_out_capture(held.customer_id, held.moves[0].id, now=at) is MoveState.SENT
    captured(held, now=at)
    assert at_bank(town, held) == (50_000, 40_000, 10_000, 0)
    assert (held.sums, held.hold.state) == ((50_000, 40_000, 10_000), HoldState.ENDED)
    moves = [(move.kind, move.state, move.why, move.amount_minor) for move in held.moves]
    assert moves == [("capture", "done", "overdue", 10_000), ("expiry", "done", "completed", 40_000)]
    assert held.plan.state().totals.paid.total == 10_000
    assert books(held.plan)["clearing.bank_card"] == 10_000
    assert not {"reserve.held", "reserve.owed"} & set(books(held.plan))
    with pytest.raises(NothingHeld):
        announced(town, held)
    assert list(check_books()) == []


@pytest.mark.parametrize("fault", ["reset", "wrong_signature"])
def test_a_capture_without_an_answer_is_asked_about_and_booked_once(town: Town, held: Secured, fault: str) -> None:
    at = announced(town, held, 50_000)
    town.order("capture", fault, channel="bank_card")
    key = (held.customer_id, held.moves[0].id)
    assert carry_out_capture(*key, now=at) is MoveState.UNKNOWN
    assert carry_out_capture(*key, now=at) is MoveState.UNKNOWN
    with pytest.raises(OnePiece):
        release_by_staff(held.customer_id, held.hold_id, amount=1, note="先退多余的", staff=finance("zhao"), now=NOW)
    for _ in range(2):
        captured(held, now=at)
    assert (held.sums, at_bank(town, held)) == ((50_000, 0, 50_000), (50_000, 0, 50_000, 0))
    assert JournalEntry.objects.filter(customer_id=held.customer_id, code="reserve_captured").count() == 1
    assert list(check_books()) == []


def test_what_the_bank_let_go_of_is_not_captured_and_ends_with_the_next_release(town: Town, held: Secured) -> None:
    at = announced(town, held)
    town.act(held.hold.reserve_no, "lapse")
    assert carry_out_capture(held.customer_id, held.moves[0].id, now=at) is MoveState.FAILED
    assert (held.sums, held.plan.state().totals.paid.total) == ((50_000, 0, 0), 0)
    settle(held)
    assert due(held, now=at) == 50_000
    assert send(held, now=at) is MoveState.DONE
    assert [(move.kind, move.why) for move in held.moves[1:]] == [("expiry", "expired")]
    assert (held.sums, held.hold.state) == ((50_000, 50_000, 0), HoldState.ENDED)
    assert list(check_books()) == []


def test_while_a_capture_is_announced_it_waits_and_goes_back_whole_after_that(town: Town, held: Secured) -> None:
    announced(town, held)
    settle(held)
    assert due(held) == 0
    assert reserve_view(held.customer_id, held.hold_id, now=NOW).waits_for is Why.ONE_PIECE
    withdraw_capture(held.customer_id, held.moves[0].id, staff=finance("zhao"), now=NOW)
    assert due(held) == 50_000


@pytest.mark.parametrize("bank_let_go", [True, False])
def test_it_ends_with_its_term_whether_the_bank_has_let_go_or_not(
    town: Town, held: Secured, *, bank_let_go: bool
) -> None:
    soon = TERM_OVER - timedelta(days=6)
    assert any(one.reserve.is_expiring for one in reserves_to_look_at(now=soon)), "staff are warned"
    note = "逾期多次提醒未还"
    propose_capture(held.customer_id, held.hold_id, amount=10_000, note=note, staff=finance("zhao"), now=NOW)
    if bank_let_go:
        town.act(held.hold.reserve_no, "lapse")
    watch_reserves(now=TERM_OVER - timedelta(days=1))
    assert len(held.moves) == 1, "not before"
    watch_reserves(now=TERM_OVER + timedelta(hours=1))
    assert [move.state for move in held.moves] == ["withdrawn", "created"]
    town.tell("clock", offset_seconds=timedelta(days=30, hours=1).total_seconds())
    send(held, now=TERM_OVER + timedelta(hours=1))
    assert released(held, now=TERM_OVER + timedelta(hours=1)) is MoveState.DONE
    assert held.moves[1].kind == ("expiry" if bank_let_go else "release")
    assert held.moves[1].why == Why.EXPIRED
    assert at_bank(town, held)[3] == 0
    assert (held.sums, held.hold.state) == ((50_000, 50_000, 0), HoldState.ENDED)
    assert list(check_books()) == []


def test_a_card_that_holds_a_reserve_is_not_removed_before_it_is_released(
    town: Town, wanted: tuple[Secured, CardView]
) -> None:
    secured, card = wanted
    secured.start(now=NOW, card=card)
    for _ in ("while it is asked for", "and while it is held"):
        with pytest.raises(CardHoldsReserve) as refusal:
            unbind(secured.customer_id, card.card_id, now=NOW)
        assert refusal.value.hold_id == secured.hold_id
        ask_until(secured, HoldState.HELD)
    settle(secured)
    due(secured)
    send(secured)
    released(secured)
    unbind(secured.customer_id, card.card_id, now=NOW)
    assert list_cards(secured.customer_id) == ()
    view = reserve_view(secured.customer_id, secured.hold_id, now=NOW)
    assert view.card is not None, "what was held is still told by its name"


def test_told_of_it_often_and_in_any_order_it_is_booked_once(town: Town, wanted: tuple[Secured, CardView]) -> None:
    secured, card = wanted
    secured.start(now=NOW, card=card)
    amount = Money(50_000, "CNY")
    said = ReserveReply(
        outcome=Outcome.SUCCEEDED, number=secured.hold.reserve_no, auth_no="202611230853178523142", amount=amount
    )
    for _ in range(5):
        take_reserve("bank_card", said, now=NOW)
    assert secured.sums == (50_000, 0, 0)
    settle(secured)
    due(secured)
    move = secured.moves[0]
    ReserveMove.objects.filter(customer_id=secured.customer_id, id=move.id).update(state="sent", submitted_at=NOW)
    for _ in range(5):
        take_reserve("bank_card", replace(said, number=move.number, auth_no=None), now=NOW)
    assert secured.sums == (50_000, 50_000, 0)
    codes = JournalEntry.objects.filter(customer_id=secured.customer_id).values_list("code", flat=True)
    assert (list(codes).count("reserve_held"), list(codes).count("reserve_released")) == (1, 1)


def test_the_gateways_own_word_is_enough(town: Town, wanted: tuple[Secured, CardView], settings: Settings) -> None:
    """Held, captured and freed by nothing but its notifications, each of them twice."""
    secured, card = wanted
    with running_receiver() as receiver:
        settings.FENQI_PUBLIC_URL = receiver.url.rstrip("/")

        def hear(count: int, *, now: datetime) -> None:
            callback = receiver.wait_for(count)[count - 1]
            for _ in range(2):
                payments.receive_notification("bank_card", callback, remote_address="203.0.113.9", now=now)

        secured.start(now=NOW, card=card)
        hear(1, now=NOW)
        assert (secured.hold.state, secured.sums) == (HoldState.HELD, (50_000, 0, 0))
        at = announced(town, secured)
        carry_out_capture(secured.customer_id, secured.moves[0].id, now=at)
        hear(2, now=at)
        assert (secured.hold.state, secured.sums) == (HoldState.ENDED, (50_000, 40_000, 10_000))
        town.tell("clock")

        other = asked_for(now=NOW, key="other")
        other.start(now=NOW, card=bound_card(town, other.customer_id, now=NOW))
        hear(3, now=NOW)
        settle(other)
        due(other)
        send(other)
        hear(4, now=NOW)
    assert (other.hold.state, other.sums) == (HoldState.ENDED, (50_000, 50_000, 0))
    assert list(check_books()) == []


def test_another_sum_than_was_held_calls_a_person(town: Town, held: Secured) -> None:
    town.order("query", "code", "03", channel="bank_card")
    assert not check_sums(held.customer_id, held.hold_id, now=NOW), "no answer says nothing"
    assert held.hold.alert == ""
    assert check_sums(held.customer_id, held.hold_id, now=NOW)
    ReserveHold.objects.filter(customer_id=held.customer_id, id=held.hold_id).update(frozen_minor=49_999)
    assert not check_sums(held.customer_id, held.hold_id, now=NOW)
    assert held.hold.alert == "reserve_contradicted"
    ReserveHold.objects.filter(customer_id=held.customer_id, id=held.hold_id).update(frozen_minor=50_000)
    assert check_sums(held.customer_id, held.hold_id, now=NOW)
    assert held.hold.alert == ""
