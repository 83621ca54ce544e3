"""What must happen after the transaction is written down in it; the relay hands it to the job queue."""

from datetime import datetime
from uuid import UUID

from fenqi.records.identifiers import new_id
from fenqi.records.posting import Decision

ASK_CHANNEL = "ask_channel"
REPAYMENT_SUCCEEDED = "repayment_succeeded"


def ask_later(decision: Decision, attempt_id: UUID, *, at: datetime | None, now: datetime) -> None:
    """Ask the channel about the attempt at `at`; None: the daily bill must tell."""
    if at is not None:
        _add(decision, ASK_CHANNEL, {"attempt_id": str(attempt_id)}, at=at, now=now)


def tell_succeeded(decision: Decision, payment_id: UUID, *, now: datetime) -> None:
    """Tell the customer that the repayment was taken (R117)."""
    _add(decision, REPAYMENT_SUCCEEDED, {"payment_id": str(payment_id)}, at=now, now=now)


def _add(decision: Decision, topic: str, body: dict[str, str], *, at: datetime, now: datetime) -> None:
    decision.add("outbox", {"id": new_id(), "topic": topic, "body": body, "not_before": at, "created_at": now})
