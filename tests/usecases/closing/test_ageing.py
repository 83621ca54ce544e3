"""Every plan is in one bucket, by its oldest open row."""

from datetime import date

import pytest

from fenqi.domain.plans.delinquency import Bucket, bucket_of, days_past_due
from fenqi.usecases.closing.ageing import ageing
from late_plans import late
from malls import noon

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("days", "is_free", "bucket"),
    [
        (0, True, Bucket.CURRENT),
        (2, True, Bucket.GRACE),
        (4, False, Bucket.DAYS_1_30),
        (30, False, Bucket.DAYS_1_30),
        (31, False, Bucket.DAYS_31_60),
        (90, False, Bucket.DAYS_61_90),
        (91, False, Bucket.OVER_90),
    ],
)
def test_buckets_meet_without_a_gap(days: int, is_free: bool, bucket: Bucket) -> None:  # noqa: FBT001
    assert bucket_of(days, is_free=is_free) is bucket


def test_days_count_from_the_due_date() -> None:
    assert days_past_due(date(2026, 2, 1), date(2026, 2, 5)) == 4
    assert days_past_due(None, date(2026, 2, 5)) == 0


def test_every_plan_ages_by_its_oldest_open_row() -> None:
    late()
    paid = late()
    paid.record(10_000, on=date(2026, 2, 1), now=noon("2026-02-01"), key="paid")
    late(first_due_on="2026-03-20")
    rows = {row.bucket: row for row in ageing(date(2026, 3, 3))}
    assert list(rows) == list(Bucket)
    oldest = rows[Bucket.DAYS_1_30]
    assert (oldest.plans, oldest.outstanding_minor, oldest.overdue_minor) == (1, 120_000, 20_000)
    assert (rows[Bucket.GRACE].plans, rows[Bucket.GRACE].overdue_minor) == (1, 10_000), "its row of 1 March is in grace"
    assert rows[Bucket.CURRENT].outstanding_minor == 120_000
    assert rows[Bucket.DAYS_31_60].plans == 0
