"""A reserve goes back by itself, once, to where it came from, whatever is lost, repeated or killed on the way."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from fenqi.channels.interface import ReserveReply
from fenqi.domain.money import Money
from fenqi.domain.payments import Outcome
from fenqi.domain.reserves import AboveHeld, HoldState, MoveState, NothingHeld, ReleaseRule, ReserveUnderWay, Why
from fenqi.records.models import JournalEntry, Order, OutboxMessage, ReserveHold
from fenqi.records.posting import Decision
from fenqi.usecases import outbox, plan_file
from fenqi.usecases.reconciliation.check import check_books
from fenqi.usecases.reserves import watch
from fenqi.usecases.reserves.queries import reserve_view, reserves_to_look_at, would_be_released
from fenqi.usecases.reserves.release import release_by_staff, release_for_order, release_what_is_due
from fenqi.usecases.reserves.resolve import ask_release, check_sums, confirm_release
from fenqi.usecases.reserves.send import send_release
from fenqi.usecases.reserves.settle import settle_release
from fenqi.usecases.reserves.watch import watch_reserves
from fenqi.usecases.staff.permissions import NotPermitted
from held import Secured, asked_for, frozen
from malls import Bought, bought
from owed_back import books
from returned import delivered
from staff_members import agent, finance
from town import Town

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime.now(UTC)


@pytest.fixture(autouse=True)
def _no_faults_are_left(town: Town) -> Iterator[None]:
    yield
    town.tell("faults/forget")


def settle(secured: Secured, *, now: datetime | None = None) -> None:
    """Everything is repaid at the counter."""
    secured.plan.record(120_000, on=date(2026, 1, 2), now=now or NOW, key=f"all {secured.hold_id}")


def due(secured: Secured, *, now: datetime | None = None) -> int:
    return release_what_is_due(secured.customer_id, secured.plan.order_id, now=now or NOW)


def send(secured: Secured, *, now: datetime | None = None) -> MoveState:
    return send_release(secured.customer_id, secured.moves[-1].id, now=now or NOW)


def ask(secured: Secured, *, now: datetime | None = None) -> MoveState:
    return ask_release(secured.customer_id, secured.moves[-1].id, now=now or NOW)


def at_channel(town: Town, secured: Secured) -> tuple[str, str]:
    told = town.trade(secured.hold.reserve_no)
    return told["total_unfreeze_amount"], told["rest_amount"]


@pytest.mark.requirement("R067")
@pytest.mark.requirement("R068")
def test_settling_the_plan_releases_it_by_itself_to_where_it_came_from(town: Town) -> None:
    secured = frozen(town, now=NOW)
    assert due(secured) == 0, "something is owed"
    assert reserve_view(secured.customer_id, secured.hold_id, now=NOW).waits_for is Why.STILL_OWED
    settle(secured)
    looked = OutboxMessage.objects.filter(customer_id=secured.customer_id, topic=outbox.LOOK_AT_RESERVE)
    assert looked.exists(), "whoever settles a plan has its reserve looked at"
    assert due(secured) == 50_000
    assert due(secured) == 0, "it is promised already"
    assert send(secured) is MoveState.DONE
    assert send(secured) is MoveState.DONE
    assert at_channel(town, secured) == ("500.00", "0.00")
    assert (secured.sums, secured.hold.state) == ((50_000, 50_000, 0), HoldState.ENDED)
    assert not {"reserve.held", "reserve.owed"} & set(books(secured.plan))
    (entry,) = JournalEntry.objects.filter(customer_id=secured.customer_id, code="reserve_released")
    assert entry.event_id == secured.hold_id, "the void names the hold"
    assert confirm_release(secured.customer_id, secured.moves[0].id, now=NOW)
    assert secured.moves[0].confirmed_at == NOW
    assert list(check_books()) == []


@pytest.mark.requirement("R070")
def test_an_order_without_a_reserve_releases_nothing(town: Town) -> None:
    plan = bought()
    decision = Decision(plan.customer_id)
    release_for_order(decision, plan.customer_id, plan.order_id, NOW)
    assert decision.rows == {}
    assert release_what_is_due(plan.customer_id, plan.order_id, now=NOW) == 0
    assert would_be_released(plan.customer_id, plan.order_id) == ()


def test_a_completed_case_has_the_reserve_looked_at(town: Town) -> None:
    secured = frozen(town, now=NOW)
    decision = Decision(secured.customer_id)
    release_for_order(decision, secured.customer_id, secured.plan.order_id, NOW)
    assert [row["topic"] for row in decision.rows["outbox"]] == [outbox.LOOK_AT_RESERVE]


def test_what_would_come_back_is_said_beforehand(town: Town) -> None:
    secured = frozen(town, now=NOW)
    customer_id, order_id = secured.customer_id, secured.plan.order_id
    (after_all,) = would_be_released(customer_id, order_id, settles_plan=True)
    (after_some,) = would_be_released(customer_id, order_id, settles_plan=False, returned_minor=60_000)
    assert (after_all.amount_minor, after_all.why, after_all.held_minor) == (50_000, Why.REFUND_FINAL, 50_000)
    assert (after_some.amount_minor, after_some.why) == (0, Why.STILL_OWED)
    shared = frozen(town, now=NOW, release_rule=ReleaseRule.IN_PROPORTION)
    (half,) = would_be_released(shared.customer_id, shared.plan.order_id, settles_plan=False, returned_minor=60_000)
    assert (half.amount_minor, half.why) == (25_000, Why.IN_PROPORTION)


@pytest.mark.parametrize("fault", ["hang", "reset", "http_500", "wrong_signature", "unsigned"])
def test_a_release_without_an_answer_is_asked_about_and_booked_once(town: Town, fault: str) -> None:
    secured = frozen(town, now=NOW)
    settle(secured)
    due(secured)
    town.order("release", fault)
    assert send(secured) is MoveState.UNKNOWN
    assert due(secured) == 0, "what may have gone back is not sent again"
    assert ask(secured) is MoveState.DONE
    assert at_channel(town, secured) == ("500.00", "0.00")
    assert secured.sums == (50_000, 50_000, 0)
    assert list(check_books()) == []


def test_what_was_stored_as_sent_and_never_left_is_sent_under_the_same_number(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between the two."""
    secured = frozen(town, now=NOW)
    settle(secured)
    due(secured)

    def killed(_move: object) -> ReserveReply:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("fenqi.usecases.reserves.send.request_release", killed)
        with pytest.raises(KeyboardInterrupt):
            send(secured)
    number = secured.moves[0].number
    assert ask(secured) is MoveState.DONE
    assert (secured.moves[0].number, at_channel(town, secured)) == (number, ("500.00", "0.00"))


def test_its_notification_may_come_first_last_and_often(town: Town) -> None:
    secured = frozen(town, now=NOW)
    settle(secured)
    due(secured)
    send(secured)
    move = secured.moves[0]
    done = ReserveReply(outcome=Outcome.SUCCEEDED, number=move.number, amount=Money(50_000, "CNY"))
    for _ in range(5):
        assert settle_release(secured.customer_id, move.id, done, now=NOW) is MoveState.DONE
    assert secured.sums == (50_000, 50_000, 0)
    failed = ReserveReply(outcome=Outcome.FAILED, number=move.number)
    assert settle_release(secured.customer_id, move.id, failed, now=NOW) is MoveState.DONE
    assert secured.hold.alert == "reserve_move_unlisted", "what contradicts the books is a person's"


def test_another_sum_than_asked_for_is_not_booked(town: Town) -> None:
    secured = frozen(town, now=NOW)
    settle(secured)
    due(secured)
    wrong = ReserveReply(outcome=Outcome.SUCCEEDED, number=secured.moves[0].number, amount=Money(49_999, "CNY"))
    settle_release(secured.customer_id, secured.moves[0].id, wrong, now=NOW)
    assert (secured.sums, secured.hold.alert != "") == ((50_000, 0, 0), True)


def test_staff_release_a_part_and_no_more_than_is_held(town: Town) -> None:
    secured = frozen(town, now=NOW)
    key = (secured.customer_id, secured.hold_id)
    with pytest.raises(NotPermitted):
        release_by_staff(*key, amount=100, note="客户要求提前退回", staff=agent(), now=NOW)
    with pytest.raises(AboveHeld):
        release_by_staff(*key, amount=50_001, note="客户要求提前退回", staff=finance("zhao"), now=NOW)
    release_by_staff(*key, amount=20_000, note="客户要求提前退回", staff=finance("zhao"), now=NOW)
    with pytest.raises(AboveHeld):
        release_by_staff(*key, amount=30_001, note="客户要求提前退回", staff=finance("zhao"), now=NOW)
    send(secured)
    assert at_channel(town, secured) == ("200.00", "300.00")
    settle(secured)
    assert due(secured) == 30_000
    send(secured)
    with pytest.raises(NothingHeld):
        release_by_staff(*key, amount=1, note="再退一次试试", staff=finance("zhao"), now=NOW)
    assert list(check_books()) == []


@pytest.mark.requirement("R069")
def test_a_release_that_hangs_is_late_after_a_day_and_alerts(town: Town) -> None:
    secured = frozen(town, now=NOW)
    settle(secured)
    due(secured)
    town.order("release", "code", "SYSTEM_ERROR")
    send(secured)
    assert not [one for one in reserves_to_look_at(now=NOW) if one.reserve.hold_id == secured.hold_id]
    (late,) = [
        one for one in reserves_to_look_at(now=NOW + timedelta(days=2)) if one.reserve.hold_id == secured.hold_id
    ]
    assert late.is_late
    ask(secured)
    confirm_release(secured.customer_id, secured.moves[0].id, now=NOW)
    assert not [
        one for one in reserves_to_look_at(now=NOW + timedelta(days=2)) if one.reserve.hold_id == secured.hold_id
    ]


def test_a_hold_that_expires_at_the_channel_counts_as_released(town: Town) -> None:
    secured = frozen(town, now=NOW)
    until = secured.hold.holds_until
    assert until == date(2027, 1, 31)
    soon = datetime(2027, 1, 28, tzinfo=UTC)
    assert any(one.reserve.is_expiring for one in reserves_to_look_at(now=soon))
    town.act(secured.hold.reserve_no, "lapse")
    watch_reserves(now=soon)
    (move,) = secured.moves
    assert (move.kind, move.state, move.why) == ("expiry", "done", "expired")
    assert (secured.sums, secured.hold.state) == ((50_000, 50_000, 0), HoldState.ENDED)
    assert list(check_books()) == []


def test_sums_that_are_not_ours_alert_until_they_are(town: Town) -> None:
    secured = frozen(town, now=NOW)
    town.order("query", "code", "SYSTEM_ERROR")
    assert not check_sums(secured.customer_id, secured.hold_id, now=NOW), "no answer says nothing"
    assert secured.hold.alert == ""
    alerted = ReserveHold.objects.filter(customer_id=secured.customer_id, id=secured.hold_id)
    alerted.update(alert="reserve_contradicted")
    settle(secured)
    assert due(secured) == 0, "a person looks first"
    with pytest.raises(ReserveUnderWay):
        release_by_staff(
            secured.customer_id, secured.hold_id, amount=1, note="先看一下", staff=finance("zhao"), now=NOW
        )
    assert check_sums(secured.customer_id, secured.hold_id, now=NOW)
    assert secured.hold.alert == ""
    assert due(secured) == 50_000


def test_what_the_customer_never_began_closes_with_the_plan(town: Town) -> None:
    secured = asked_for(now=NOW)
    settle(secured)
    due(secured)
    assert secured.hold.state == HoldState.CLOSED


def test_the_watch_releases_what_a_lost_job_would_have(town: Town) -> None:
    secured = frozen(town, now=NOW)
    settle(secured)
    watch_reserves(now=NOW)
    assert [move.amount_minor for move in secured.moves] == [50_000]


def test_a_release_is_chased_until_the_channels_sums_show_it(town: Town) -> None:
    secured = frozen(town, now=NOW)
    settle(secured)
    due(secured)
    send(secured)
    town.order("query", "code", "SYSTEM_ERROR")
    assert not confirm_release(secured.customer_id, secured.moves[0].id, now=NOW)
    assert secured.moves[0].confirmed_at is None
    watch_reserves(now=NOW + timedelta(hours=1))
    assert secured.moves[0].confirmed_at == NOW + timedelta(hours=1)


def test_a_plan_that_is_settled_twice_over_is_looked_at_once_it_is(town: Town) -> None:
    """Only the fact that leaves nothing outstanding is followed by a look."""
    secured = frozen(town, now=NOW)
    topics = OutboxMessage.objects.filter(customer_id=secured.customer_id, topic=outbox.LOOK_AT_RESERVE)
    before = topics.count()
    secured.plan.record(10_000, on=date(2026, 1, 2), now=NOW, key="first")
    assert topics.count() == before
    secured.plan.record(110_000, on=date(2026, 1, 2), now=NOW, key="rest")
    assert topics.count() == before + 1
    assert plan_file.read(secured.customer_id, secured.plan.plan_id).state().totals.outstanding.total == 0


def test_one_reserve_that_fails_does_not_keep_the_others_waiting(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    both = [frozen(town, now=NOW, plan=bought()) for _ in range(2)]
    for secured in both:
        settle(secured)
    first = min(both, key=lambda secured: secured.customer_id)
    release = release_what_is_due

    def fails_for_the_first(customer_id: UUID, order_id: UUID, *, now: datetime) -> int:
        assert customer_id != first.customer_id
        return release(customer_id, order_id, now=now)

    with monkeypatch.context() as patch:
        patch.setattr(watch, "release_what_is_due", fails_for_the_first)
        watch_reserves(now=NOW)
    assert sorted(len(secured.moves) for secured in both) == [0, 1]
    watch_reserves(now=NOW)
    assert [len(secured.moves) for secured in both] == [1, 1]


def test_a_release_and_a_question_whose_jobs_are_lost_are_made_up_for(town: Town) -> None:
    secured = frozen(town, now=NOW)
    settle(secured)
    due(secured)
    watch_reserves(now=NOW + timedelta(minutes=5))
    assert secured.moves[0].state == MoveState.CREATED, "its own job may still come"
    town.order("release", "hang")
    watch_reserves(now=NOW + timedelta(hours=2))
    assert secured.moves[0].state == MoveState.UNKNOWN
    watch_reserves(now=NOW + timedelta(days=1))
    assert (secured.moves[0].state, secured.sums) == (MoveState.DONE, (50_000, 50_000, 0))


def test_after_a_refusal_for_good_a_person_asks_before_it_is_tried_again(town: Town) -> None:
    secured = frozen(town, now=NOW)
    settle(secured)
    due(secured)
    town.order("release", "hang")
    send(secured)
    failed = ReserveReply(outcome=Outcome.FAILED, number=secured.moves[0].number)
    assert settle_release(secured.customer_id, secured.moves[0].id, failed, now=NOW) is MoveState.FAILED
    assert secured.hold.alert == "reserve_release_failed"
    assert due(secured) == 0, "no new number every hour"


def test_an_answer_that_contradicts_is_asked_for_again(town: Town) -> None:
    secured = frozen(town, now=NOW)
    settle(secured)
    due(secured)
    town.order("release", "hang")
    send(secured)
    move, questions = secured.moves[0], OutboxMessage.objects.filter(topic=outbox.ASK_RELEASE)
    before = questions.filter(customer_id=secured.customer_id).count()
    other = ReserveReply(outcome=Outcome.SUCCEEDED, number=move.number, amount=Money(1, "CNY"))
    assert settle_release(secured.customer_id, move.id, other, now=NOW, asked=True) is MoveState.UNKNOWN
    assert secured.hold.alert == "reserve_contradicted"
    assert questions.filter(customer_id=secured.customer_id).count() == before + 1
    assert ask(secured) is MoveState.DONE, "what the channel says now agrees"
    assert secured.sums == (50_000, 50_000, 0)


def test_the_reserve_of_a_cancelled_order_without_a_plan_goes_back(town: Town) -> None:
    order = delivered(with_plan=False)
    plan = Bought(order.customer_id, order.order_id, order.order_id)
    secured = frozen(town, now=NOW, plan=plan)
    assert due(secured) == 0
    Order.objects.filter(customer_id=order.customer_id, id=order.order_id).update(status="cancelled")
    watch_reserves(now=NOW)
    assert [(move.amount_minor, move.why) for move in secured.moves] == [(50_000, Why.ORDER_CANCELLED)]
