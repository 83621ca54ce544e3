"""Over which payments a sum goes back."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fenqi.domain.payments.splitting import Part, Source, split

TODAY = date(2026, 6, 30)


def source(key: int, *, days_ago: int, left: int, refund_days: int = 365) -> Source[int]:
    on = TODAY - timedelta(days=days_ago)
    return Source(key=key, order=(on, key), paid_on=on, left=left, refund_days=refund_days)


SOURCES = st.lists(
    st.builds(
        lambda days_ago, left, refund_days: (days_ago, left, refund_days),
        st.integers(0, 500),
        st.integers(0, 100_000),
        st.sampled_from([30, 330, 365]),
    ),
    max_size=8,
).map(
    lambda rows: [
        source(key, days_ago=days_ago, left=left, refund_days=refund_days)
        for key, (days_ago, left, refund_days) in enumerate(rows)
    ]
)


@pytest.mark.requirement("R057")
@given(st.integers(1, 500_000), SOURCES)
def test_every_fen_has_one_way_and_no_payment_gives_more_than_is_left(amount: int, sources: list[Source[int]]) -> None:
    found = split(amount, sources, on=TODAY)
    by_key = {one.key: one for one in sources}
    assert sum(part.amount for part in found.parts) + found.remainder == amount
    assert len({part.key for part in found.parts}) == len(found.parts)
    assert all(0 < part.amount <= by_key[part.key].left for part in found.parts)
    assert all(by_key[part.key].is_open(TODAY) for part in found.parts)


@given(st.integers(1, 500_000), SOURCES)
def test_the_newest_goes_first_and_is_used_up_before_the_next(amount: int, sources: list[Source[int]]) -> None:
    found = split(amount, sources, on=TODAY)
    usable = sorted((one for one in sources if one.is_open(TODAY) and one.left), key=lambda one: one.order)
    newest_first = [one.key for one in reversed(usable)]
    assert [part.key for part in found.parts] == newest_first[: len(found.parts)]
    lefts = {one.key: one.left for one in usable}
    assert all(part.amount == lefts[part.key] for part in found.parts[:-1])
    assert not found.remainder or sum(part.amount for part in found.parts) == sum(lefts.values())


def test_what_is_past_its_channels_window_is_transferred() -> None:
    payments = [source(1, days_ago=366, left=500), source(2, days_ago=365, left=300)]
    assert split(700, payments, on=TODAY).parts == (Part(2, 300),)
    assert split(700, payments, on=TODAY).remainder == 400
