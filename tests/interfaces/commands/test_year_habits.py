"""What customers of a simulated year decide: the same for the same seed, and only about what they see."""

from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import luhn

from fenqi.interfaces.commands.demo_year import habits, moments
from fenqi.interfaces.commands.demo_year.doings import DOINGS
from fenqi.interfaces.commands.demo_year.evening import LEFT_OUT, MOST_TIMES_A_DAY, jobs_of
from fenqi.interfaces.commands.demo_year.habits import Bill, Case, Parcel, Repay, Seen, decide
from fenqi.interfaces.commands.demo_year.people import Manner, people, person
from fenqi.interfaces.commands.demo_year.shopping import purchases_of

DAY = date(2026, 3, 14)
keys = st.uuids(version=4)
bills = st.builds(
    Bill,
    plan_id=keys,
    order_id=keys,
    n=st.integers(1, 24),
    due_on=st.integers(-60, 10).map(lambda days: DAY + timedelta(days=days)),
    owed=st.integers(1, 100_000),
    all_owed=st.integers(100_000, 900_000),
    is_debited=st.booleans(),
    at_platform=st.booleans(),
    is_reminded=st.booleans(),
    promised_for=st.none() | st.integers(0, 7).map(lambda days: DAY + timedelta(days=days)),
)
cases = st.builds(
    Case,
    case_id=keys,
    state=st.sampled_from(("submitted", "evidence_asked", "goods_awaited", "quote_changed", "refunding")),
    since=st.just(DAY - timedelta(days=4)),
    is_sent=st.booleans(),
    quote_id=st.none() | keys,
)
parcels = st.builds(
    Parcel,
    order_id=keys,
    plan_id=keys,
    arrived_on=st.integers(0, 12).map(lambda days: DAY - timedelta(days=days)),
    pieces=st.integers(1, 3),
)
sights = st.builds(
    Seen,
    today=st.just(DAY),
    bills=st.lists(bills, max_size=3),
    parcels=st.lists(parcels, max_size=2),
    cases=st.lists(cases, max_size=2),
    offers=st.lists(keys, max_size=2),
    answered=st.lists(keys, max_size=1),
    reserves=st.lists(keys, max_size=1),
    failed_lately=st.lists(keys, max_size=1),
    closed=st.lists(keys, max_size=1),
    moves=st.lists(keys, max_size=1),
    offered=st.lists(keys, max_size=1),
    has_card=st.booleans(),
    has_new_phone=st.booleans(),
    agreement_id=st.none() | keys,
)


@given(n=st.integers(1, 5_000), seen=sights, seed=st.integers(0, 999))
def test_a_customer_decides_the_same_again(n: int, seen: Seen, seed: int) -> None:
    somebody = person(n, seed=seed)
    assert decide(somebody, seen, seed=seed) == decide(person(n, seed=seed), seen, seed=seed)


@given(n=st.integers(1, 5_000), seen=sights, seed=st.integers(0, 999))
def test_a_customer_only_does_what_can_be_seen(n: int, seen: Seen, seed: int) -> None:
    by_plan = {bill.plan_id: bill for bill in seen.bills}
    for deed in decide(person(n, seed=seed), seen, seed=seed):
        assert type(deed) in DOINGS
        if isinstance(deed, Repay):
            bill = by_plan[deed.plan_id]
            assert not bill.at_platform
            assert deed.installments in {(), (bill.n,)}
            assert 0 <= deed.part_minor < bill.all_owed
            assert deed.method != deed.second_method
            assert deed.method != "bank_card" or seen.has_card
            assert bill.is_reminded or not deed.by_link
            assert bill.promised_for is None or bill.promised_for <= seen.today
        if isinstance(deed, habits.PromiseToPay):
            bill = by_plan[deed.plan_id]
            assert bill.promised_for is None
            assert 0 < deed.amount_minor <= bill.owed
            assert deed.days > 0
        if isinstance(deed, habits.ExtendDueDate):
            assert by_plan[deed.plan_id].due_on >= seen.today
        if isinstance(deed, habits.ChangePhone):
            assert not seen.has_new_phone
        if isinstance(deed, habits.SendBack):
            parcel = next(one for one in seen.parcels if one.order_id == deed.order_id)
            assert not parcel.has_case
            assert 1 <= deed.pieces <= parcel.pieces


def test_every_deed_has_a_use_case() -> None:
    assert set(DOINGS) == set(habits.Deed.__args__)


def test_on_the_promised_day_most_keep_their_word_and_some_do_not() -> None:
    bill = Bill(
        plan_id=UUID(int=1),
        order_id=UUID(int=2),
        n=1,
        due_on=DAY - timedelta(days=5),
        owed=10_000,
        all_owed=120_000,
        promised_for=DAY,
    )
    seen = Seen(today=DAY, bills=(bill,), has_card=True)
    kept = sum(any(isinstance(deed, Repay) for deed in decide(one, seen, seed=417)) for one in people(100, seed=417))
    assert 50 < kept < 100


def test_the_day_is_closed_after_midnight_and_plans_can_move_at_ten() -> None:
    from procrastinate.contrib.django import app

    app.perform_import_paths()  # type: ignore[no-untyped-call]
    jobs = {(at, name) for at, name in jobs_of(DAY)}
    assert (moments.at(DAY, 0, 20), "daily_close") in jobs
    assert [name for _at, name in sorted(jobs)].count("daily_close") == 1
    assert (moments.at(DAY, 10, 2), "go_on_migrations") in jobs


def test_another_seed_makes_another_mall() -> None:
    assert [one.name for one in people(30, seed=1)] != [one.name for one in people(30, seed=2)]


def test_nobody_shares_a_phone_or_a_card_and_every_card_is_well_formed() -> None:
    everybody = people(500, seed=417)
    phones = {number for one in everybody for number in (one.phone, one.second_phone)}
    assert len(phones) == 2 * len(everybody)
    assert len({one.card_number for one in everybody}) == len(everybody)
    assert all(luhn.is_valid(one.card_number) for one in everybody)


@pytest.mark.parametrize("manner", list(Manner))
def test_some_of_a_hundred_repay_in_each_manner(manner: Manner) -> None:
    assert any(one.manner is manner for one in people(100, seed=417))


def test_a_bill_past_due_is_repaid_sooner_or_later() -> None:
    """Nobody of a hundred lets three months pass, but for those who struggle."""
    bill = Bill(
        plan_id=UUID(int=1), order_id=UUID(int=2), n=1, due_on=DAY, owed=10_000, all_owed=120_000, at_platform=False
    )
    for one in people(100, seed=417):
        days = (DAY + timedelta(days=n) for n in range(90))
        repaid = any(
            isinstance(deed, Repay)
            for day in days
            for deed in decide(one, Seen(today=day, bills=(bill,), has_card=True), seed=417)
        )
        assert repaid or one.manner is Manner.STRUGGLING


@given(n=st.integers(1, 5_000), days=st.integers(30, 400))
def test_purchases_lie_within_the_year_and_have_numbers_of_their_own(n: int, days: int) -> None:
    somebody = person(n, seed=417)
    bought = purchases_of(somebody, first=DAY, days=days, seed=417)
    assert bought == purchases_of(somebody, first=DAY, days=days, seed=417)
    assert all(DAY <= one.placed_on < DAY + timedelta(days=days) for one in bought)
    assert len({one.order_no for one in bought}) == len(bought)


def test_every_periodic_job_of_the_house_runs_every_day() -> None:
    from procrastinate.contrib.django import app

    app.perform_import_paths()  # type: ignore[no-untyped-call]
    named = {periodic.task.name for periodic in app.periodic_registry.periodic_tasks.values()} - LEFT_OUT
    jobs = jobs_of(DAY)
    assert {name for _at, name in jobs} == named
    assert jobs == sorted(jobs)
    assert max(sum(name == one for _at, one in jobs) for name in named) <= MOST_TIMES_A_DAY
