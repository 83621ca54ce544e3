"""Laws of matching whole bills: for any lines and any records of ours, in any order."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from bill_sources import bill_line, frame_of
from fenqi.channels.bills import BillKind
from fenqi.domain.reconciliation import LineState, Ours, OurStanding, Theirs, Verdict, billed_minor, booked_minor, judge
from fenqi.usecases.reconciliation.matching import Difference, Find, MatchedPart, Totals, match, match_part, with_keys
from fenqi.usecases.reconciliation.our_frames import OUR_SCHEMA
from fenqi.usecases.reconciliation.our_records import CURRENCY, OurRecord
from fenqi.usecases.reconciliation.spill import Spill

DAY = date(2026, 2, 1)
HOLDER = UUID(int=1)

Line = dict[str, Any]
Records = dict[tuple[str, str], Ours]
"""By kind and number."""

KINDS = st.sampled_from(["payment", "refund"])
NUMBERS = st.sampled_from([f"N{n}" for n in range(6)])


@st.composite
def lines(draw: st.DrawFn) -> Line:
    at = datetime(2026, 2, 1, draw(st.integers(0, 2)), tzinfo=UTC)
    number = draw(st.one_of(NUMBERS, st.just("")))
    state = draw(st.sampled_from([one.value for one in LineState]))
    kind = draw(st.one_of(KINDS, st.just("fee")))
    return bill_line(number, draw(st.integers(1, 3)), kind=kind, at=at, state=state, fee_minor=draw(st.integers(-1, 1)))


@st.composite
def records(draw: st.DrawFn) -> Records:
    found: Records = {}
    for key in draw(st.sets(st.tuples(KINDS, NUMBERS))):
        standing = draw(st.sampled_from(OurStanding))
        day = DAY + timedelta(days=draw(st.integers(-1, 1)))
        found[key] = Ours(
            is_refund=key[0] == "refund",
            amount=draw(st.integers(1, 3)),
            currency=CURRENCY,
            standing=standing,
            booked_on=day if standing is OurStanding.BOOKED else None,
        )
    return found


def sides(bill: Sequence[Line], ours: Records) -> tuple[pl.DataFrame, pl.DataFrame, Find]:
    """As a run has them: what is booked comes by the join, the rest is found by its number."""
    booked = [
        [str(HOLDER), str(UUID(int=n)), *key, one.amount, one.booked_on]
        for n, (key, one) in enumerate(ours.items())
        if one.booked_on
    ]

    def find(kind: BillKind, numbers: Sequence[str]) -> dict[str, OurRecord]:
        return {
            number: OurRecord(customer_id=HOLDER, id=UUID(int=99), ours=ours[kind.value, number])
            for number in numbers
            if (kind.value, number) in ours
        }

    theirs = with_keys(frame_of(list(bill)), first_line_no=1)
    return theirs, pl.DataFrame(booked, schema=OUR_SCHEMA, orient="row"), find


def matched(bill: Sequence[Line], ours: Records) -> list[MatchedPart]:
    theirs, mine, find = sides(bill, ours)
    return [match_part(theirs, mine, day=DAY, find=find)]


def matched_in_parts(bill: Sequence[Line], ours: Records) -> list[MatchedPart]:
    theirs, mine, find = sides(bill, ours)
    with TemporaryDirectory() as folder:
        spilled = Spill(Path(folder) / "theirs"), Spill(Path(folder) / "ours")
        for side, frame in zip(spilled, (theirs, mine), strict=True):
            for rows in frame.iter_slices(4):
                side.add(rows)
        return list(match(*spilled, day=DAY, find=find))


def verdicts(parts: Sequence[MatchedPart]) -> Counter[tuple[Any, ...]]:
    told = ("kind", "number", "amount_minor", "state", "at", "fee_minor", "verdict")
    return Counter(row for part in parts for row in part.lines.select(told).iter_rows())


def differences(parts: Sequence[MatchedPart]) -> list[Difference]:
    return [found for part in parts for found in part.differences]


@given(st.lists(lines(), max_size=14), records())
def test_every_line_and_every_record_gets_exactly_one_verdict(bill: list[Line], ours: Records) -> None:
    parts = matched(bill, ours)
    assert sorted(line_no for part in parts for line_no in part.lines["line_no"]) == list(range(1, len(bill) + 1))
    assert sum(part.lines["verdict"].null_count() for part in parts) == 0
    named = {(line["kind"], line["number"]) for line in bill}
    alone = {key for key, one in ours.items() if one.booked_on == DAY and key not in named}
    missing = [found for found in differences(parts) if found.judgement.verdict is Verdict.MISSING_THERE]
    assert sorted((found.kind.value, found.number) for found in missing) == sorted(alone)
    about_lines = len(differences(parts)) - len(missing)
    assert about_lines == sum(part.lines.filter(pl.col("verdict") != "matched").height for part in parts)
    keys = [(found.kind, found.key, found.occurrence) for found in differences(parts)]
    assert len(set(keys)) == len(keys)


@given(st.lists(lines(), max_size=14), records(), st.randoms(use_true_random=False))
def test_the_order_of_lines_is_no_matter(bill: list[Line], ours: Records, chance: Any) -> None:
    shuffled = list(bill)
    chance.shuffle(shuffled)
    assert verdicts(matched(shuffled, ours)) == verdicts(matched(bill, ours))


@given(st.lists(lines(), max_size=14), records())
def test_what_the_bill_moved_less_what_we_booked_is_what_the_differences_have(bill: list[Line], ours: Records) -> None:
    parts = matched(bill, ours)
    totals = Totals()
    if bill:
        totals.add(with_keys(frame_of(bill), first_line_no=1))
    booked = sum(booked_minor(one, day=DAY) for one in ours.values())
    assert totals.paid - totals.refunded - booked == sum(standing(found, ours) for found in differences(parts))


def standing(found: Difference, ours: Records) -> int:
    """What the finding of this difference will have on suspense."""
    record = ours.get((found.kind.value, found.number))
    booked = booked_minor(record, day=DAY) if record and found.judgement.verdict is not Verdict.DUPLICATE else 0
    if found.bill_minor is None or found.judgement.cause in {"no_money", "not_paid_there"}:
        return -booked
    return (-found.bill_minor if found.kind is BillKind.REFUND else found.bill_minor) - booked


@given(lines(), records())
def test_the_join_says_what_the_rule_says(line: Line, ours: Records) -> None:
    if line["kind"] == "fee":
        return
    ((*_, told),) = verdicts(matched([line], ours))
    theirs = Theirs(is_refund=line["kind"] == "refund", amount=line["amount_minor"], state=LineState(line["state"]))
    record = ours.get((line["kind"], line["number"]))
    assert told == judge(theirs, record, day=DAY, currency=CURRENCY).verdict
    assert billed_minor(theirs) == 0 or theirs.moved_money


@settings(max_examples=8)
@given(st.lists(lines(), max_size=14), records())
def test_in_parts_or_at_once_is_the_same(bill: list[Line], ours: Records) -> None:
    at_once, in_parts = matched(bill, ours), matched_in_parts(bill, ours)
    assert verdicts(in_parts) == verdicts(at_once)
    assert Counter(differences(in_parts)) == Counter(differences(at_once))
