"""Which entries work: whatever is closed, a plan that owes always has a way, and each closed one says what instead."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fenqi.domain.entries import (
    Closing,
    Entry,
    EntryKind,
    EntryState,
    Group,
    Lender,
    Reader,
    Reason,
    boundaries,
    bucket_of,
    stays_open,
    usual,
    ways_for,
)

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
READER = Reader(ref="c-1", language="zh-hans", sales_channel="OFFICIAL", provider="mall", bucket=42)


def entry(code: str, kind: EntryKind, position: int, **more: object) -> Entry:
    return Entry(code=code, kind=kind, position=position, name_zh=code, name_en=code, **more)  # type: ignore[arg-type]


MALL = entry("mall_page", EntryKind.MALL_PAGE, 10)
APP = entry("finance_app", EntryKind.FINANCE_APP, 20, address="https://app")
LINK = entry("message_link", EntryKind.MESSAGE_LINK, 30)
AGENT = entry("agent", EntryKind.AGENT, 40, opens_at=time(9), closes_at=time(21))
HOTLINE = entry("hotline", EntryKind.HOTLINE, 50, address="400", opens_at=time(9), closes_at=time(21))
ALL = (MALL, APP, LINK, AGENT, HOTLINE)


def closing(code: str, start: int, end: int, **more: object) -> Closing:
    """Hours from noon."""
    said = {"id": f"{code}:{start}", "notice_zh": "升级", "notice_en": "An upgrade", "successor": "finance_app"} | more
    return Closing(
        entry=code,
        starts_at=NOON + timedelta(hours=start),
        ends_at=NOON + timedelta(hours=end),
        **said,  # type: ignore[arg-type]
    )


@pytest.mark.requirement("R144", "R155")
def test_a_closed_entry_says_since_when_until_when_and_what_instead() -> None:
    ways = ways_for(ALL, [closing("mall_page", -1, 3)], READER, at=NOON)
    assert ways[0].code == "finance_app"
    closed = ways[-1]
    assert (closed.code, closed.state, closed.reason) == ("mall_page", EntryState.CLOSED, Reason.CLOSED)
    assert (closed.since, closed.until) == (NOON - timedelta(hours=1), NOON + timedelta(hours=3))
    assert (closed.notice_zh, closed.notice_en, closed.instead) == ("升级", "An upgrade", "finance_app")


def test_closings_that_overlap_or_follow_each_other_are_told_as_one() -> None:
    known = [
        closing("mall_page", -2, 1),
        closing("mall_page", 0, 2),
        closing("mall_page", 2, 5),
        closing("mall_page", 9, 10),
    ]
    closed = ways_for(ALL, known, READER, at=NOON)[-1]
    assert (closed.since, closed.until) == (NOON - timedelta(hours=2), NOON + timedelta(hours=5))


@pytest.mark.parametrize("hours", [(1, 2), (-5, -1), (-5, 0)], ids=["to come", "over", "ends now"])
def test_a_closing_counts_while_it_lasts(hours: tuple[int, int]) -> None:
    assert ways_for(ALL, [closing("mall_page", *hours)], READER, at=NOON)[0].code == "mall_page"


@pytest.mark.requirement("R145")
@pytest.mark.parametrize(
    ("group", "is_touched"),
    [
        (Group(languages=frozenset({"en"})), False),
        (Group(languages=frozenset({"en", "zh-hans"})), True),
        (Group(sales_channels=frozenset({"PARTNER"})), False),
        (Group(providers=frozenset({"mall"})), True),
        (Group(customers=frozenset({"c-2"})), False),
        (Group(customers=frozenset({"c-1"}), languages=frozenset({"en"})), False),
        (Group(share_from=40, share_to=43), True),
        (Group(share_from=43), False),
        (Group(share_to=42), False),
    ],
)
def test_a_closing_touches_its_group_alone(group: Group, *, is_touched: bool) -> None:
    best = ways_for(ALL, [closing("mall_page", -1, 1, group=group)], READER, at=NOON)[0]
    assert (best.code != "mall_page") is is_touched
    assert Group.from_mapping(group.to_mapping()) == group


@pytest.mark.requirement("R150", "R151")
def test_a_plan_whose_lender_collects_is_led_to_the_lender() -> None:
    lender = Lender(code="qingrong", name_zh="轻融", name_en="Qingrong", contact_zh="在轻融 App 还款")
    ways = ways_for(ALL, (), READER, lender=lender, at=NOON)
    assert (ways[0].code, ways[0].entry.howto_zh) == ("lender:qingrong", "在轻融 App 还款")
    assert [way.code for way in ways if way.works] == ["lender:qingrong", "agent", "hotline"]
    ours = [way for way in ways if not way.works]
    assert {(way.reason, way.instead) for way in ours} == {(Reason.LENDER_COLLECTS, "lender:qingrong")}


def test_the_lenders_own_entry_stands_in_place_of_the_one_made_up() -> None:
    own = entry("qingrong_app", EntryKind.FINANCE_APP, 5, group=Group(providers=frozenset({"qingrong"})))
    reader = Reader(ref="c", language="en", sales_channel="OFFICIAL", provider="qingrong", bucket=1)
    ways = ways_for((*ALL, own), (), reader, lender=Lender(code="qingrong", name_zh="轻", name_en="Q"), at=NOON)
    assert ways[0].code == "qingrong_app"
    assert "lender:qingrong" not in {way.code for way in ways}
    assert usual((*ALL, own), reader) == own


def test_people_take_messages_at_night_and_the_telephone_says_when() -> None:
    midnight = NOON.replace(hour=0)
    ways = {way.code: way for way in ways_for(ALL, (), READER, at=midnight)}
    assert ways["agent"].works
    assert ways["agent"].answered_from == NOON.replace(hour=9)
    assert (ways["hotline"].reason, ways["hotline"].until) == (Reason.OUTSIDE_HOURS, NOON.replace(hour=9))


def test_an_entry_that_moved_or_is_planned_or_has_ended_says_so() -> None:
    later = entry("new_page", EntryKind.MALL_PAGE, 5, opens_on=date(2026, 3, 12))
    moved = entry("old_page", EntryKind.MALL_PAGE, 6, moved_at=NOON, successor="message_link")
    ended = entry("first_page", EntryKind.MALL_PAGE, 7, closes_on=date(2026, 3, 9), successor="nowhere")
    ways = {way.code: way for way in ways_for((later, moved, ended, LINK), (), READER, at=NOON)}
    assert (ways["new_page"].state, ways["new_page"].reason) == (EntryState.PLANNED, Reason.NOT_OPEN_YET)
    assert ways["new_page"].until == NOON.replace(day=12, hour=0)
    assert (ways["old_page"].state, ways["old_page"].instead) == (EntryState.MOVED, "message_link")
    assert (ways["first_page"].reason, ways["first_page"].since) == (Reason.ENDED, NOON.replace(hour=0))
    assert ways["first_page"].instead == "message_link"


def test_a_successor_that_is_closed_itself_is_not_named() -> None:
    ways = ways_for(ALL, [closing("mall_page", -1, 3), closing("finance_app", -1, 1)], READER, at=NOON)
    assert [way.instead for way in ways if not way.works] == ["message_link", "message_link"]


def test_hours_do_not_count_as_closed_when_looking_for_what_stays() -> None:
    window = closing("mall_page", 0, 24)
    night = NOON.replace(hour=23)
    assert stays_open(HOTLINE, [window], READER, night)
    assert not stays_open(MALL, [window], READER, night)
    assert stays_open(MALL, [window], READER, NOON + timedelta(hours=24))


def test_what_is_open_can_change_only_at_a_boundary() -> None:
    moved = entry("old", EntryKind.MALL_PAGE, 1, moved_at=NOON + timedelta(hours=4), successor="agent")
    found = boundaries([closing("mall_page", -3, 2), closing("finance_app", 5, 99)], [moved], closing("agent", 0, 10))
    assert [int((at - NOON).total_seconds() // 3600) for at in found] == [0, 2, 4, 5]


def test_the_hundredths_are_spread_and_stay() -> None:
    buckets = [bucket_of(f"0190-{n}") for n in range(2000)]
    assert set(buckets) == set(range(100))
    assert buckets == [bucket_of(f"0190-{n}") for n in range(2000)]


groups = st.builds(
    Group,
    languages=st.sets(st.sampled_from(["zh-hans", "en"])).map(frozenset),
    providers=st.sets(st.sampled_from(["mall", "qingrong"])).map(frozenset),
    share_from=st.integers(0, 99),
    share_to=st.integers(1, 100),
)
clocks = st.one_of(st.none(), st.builds(time, st.integers(0, 23)))
some_entries = st.lists(
    st.builds(
        lambda kind, position, group, hours, opens, closes, moved: entry(
            f"{kind}-{position}",
            kind,
            position,
            group=group,
            opens_at=hours[0] if None not in hours else None,
            closes_at=hours[1] if None not in hours else None,
            opens_on=opens,
            closes_on=closes,
            moved_at=moved,
            successor="agent-1",
        ),
        st.sampled_from(EntryKind),
        st.integers(1, 9),
        groups,
        st.tuples(clocks, clocks),
        st.one_of(st.none(), st.dates(date(2026, 3, 8), date(2026, 3, 12))),
        st.one_of(st.none(), st.dates(date(2026, 3, 8), date(2026, 3, 12))),
        st.one_of(st.none(), st.just(NOON)),
    ),
    max_size=6,
    unique_by=lambda one: one.code,
)
some_closings = st.lists(
    st.builds(
        lambda kind, position, start, length, group: closing(f"{kind}-{position}", start, start + length, group=group),
        st.sampled_from(EntryKind),
        st.integers(1, 9),
        st.integers(-20, 20),
        st.integers(1, 30),
        groups,
    ),
    max_size=6,
)


@pytest.mark.requirement("R149")
@given(
    entries=some_entries,
    closings=some_closings,
    provider=st.sampled_from(["mall", "qingrong"]),
    collects=st.booleans(),
    hours=st.integers(-30, 30),
    bucket=st.integers(0, 99),
)
def test_there_is_always_a_way_and_never_an_error(
    *, entries: list[Entry], closings: list[Closing], provider: str, collects: bool, hours: int, bucket: int
) -> None:
    reader = Reader(ref="c", language="en", sales_channel="OFFICIAL", provider=provider, bucket=bucket)
    lender = Lender(code=provider, name_zh="轻", name_en="Q") if collects else None
    ways = ways_for(entries, closings, reader, lender=lender, at=NOON + timedelta(hours=hours))
    working = {way.code for way in ways if way.works}
    assert ways[0].works
    assert all(way.instead in working for way in ways if not way.works)
    assert [way.works for way in ways] == sorted((way.works for way in ways), reverse=True)
    assert len({way.code for way in ways}) == len(ways)
