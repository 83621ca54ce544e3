"""When to ask a channel about a payment whose outcome is not known."""

from datetime import datetime, timedelta

QUERY_DELAYS = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(hours=1),
)
"""Counted from the moment the payer was sent to the channel, or the outcome became unknown (design, section 6)."""


def next_query_at(asked: int, since: datetime) -> datetime | None:
    """When to ask next, having asked `asked` times; None when only the channel's daily bill can still tell."""
    if asked >= len(QUERY_DELAYS):
        return None
    return since + QUERY_DELAYS[asked]
