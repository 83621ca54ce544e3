"""How late a debt is, in the buckets that collectors and accountants speak of: derived on the day, never stored."""

from datetime import date
from enum import StrEnum


class Bucket(StrEnum):
    """By days past due; `GRACE` while being late still costs nothing."""

    CURRENT = "current"
    GRACE = "grace"
    DAYS_1_30 = "1-30"
    DAYS_31_60 = "31-60"
    DAYS_61_90 = "61-90"
    OVER_90 = "90+"


_UPPER_BOUNDS = ((30, Bucket.DAYS_1_30), (60, Bucket.DAYS_31_60), (90, Bucket.DAYS_61_90))


def days_past_due(due_on: date | None, today: date) -> int:
    """From the due date of the oldest open row (None: nothing is open); grace does not shorten it (rule 13)."""
    return max(0, (today - due_on).days) if due_on else 0


def bucket_of(days: int, *, is_free: bool) -> Bucket:
    """`is_free`: paying costs nothing extra yet, by grace or because the due date was a rest day."""
    if days <= 0:
        return Bucket.CURRENT
    if is_free:
        return Bucket.GRACE
    return next((bucket for most, bucket in _UPPER_BOUNDS if days <= most), Bucket.OVER_90)
