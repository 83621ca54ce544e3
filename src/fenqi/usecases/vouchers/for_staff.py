"""Dispute files for staff, which hold internal notes, too: with permission, a reason, and a trace in the audit."""

from datetime import datetime
from pathlib import Path
from uuid import UUID

from fenqi.domain.errors import FenqiError
from fenqi.records.models import FileKind, Order
from fenqi.usecases import audit
from fenqi.usecases.staff.permissions import Permission, Staff
from fenqi.usecases.vouchers.made_files import FileView, ask_for_file, files_of_reader, open_file

SHORTEST_REASON = 4
LONGEST_REASON = 200


class ReasonMissing(FenqiError):
    """Why the file is needed is not said."""

    code = "reason_missing"
    status = 422
    zh = "请用几个字写明原因，例如：处理投诉 12315-0042。原因会留存。"
    en = "Say in a few words why, for instance: complaint 12315-0042. The reason is kept."


def ask_dispute_file(
    staff: Staff, customer_id: UUID, order_id: UUID, *, reason: str, language: str, now: datetime
) -> UUID:
    """Raises NotPermitted, ReasonMissing, NotFound, SignerMissing, TooManyRequests."""
    staff.require(Permission.MAKE_DISPUTE_FILES)
    words = " ".join(reason.split())[:LONGEST_REASON]
    if len(words) < SHORTEST_REASON:
        raise ReasonMissing
    file_id = ask_for_file(
        customer_id,
        FileKind.DISPUTE,
        order_id=order_id,
        asked_by=staff.actor,
        reason=words,
        language=language,
        now=now,
    )
    audit.record(
        staff.actor,
        audit.Action.DISPUTE_FILE_MADE,
        customer_id=customer_id,
        subject=f"order:{order_id}",
        reason=words,
        now=now,
    )
    return file_id


def dispute_files_of(staff: Staff, customer_id: UUID) -> tuple[tuple[FileView, str], ...]:
    """What this member of staff asked for, with the order's number."""
    files = files_of_reader(customer_id, FileKind.DISPUTE, asked_by=staff.actor)
    numbers = dict(Order.objects.filter(customer_id=customer_id).values_list("id", "order_no"))
    return tuple((file, numbers[file.order_id]) for file in files if file.order_id in numbers)


def fetch_dispute_file(staff: Staff, customer_id: UUID, file_id: UUID, *, now: datetime) -> Path:
    """Raises NotPermitted, NotFound, FileGone."""
    staff.require(Permission.MAKE_DISPUTE_FILES)
    view, path = open_file(customer_id, file_id, asked_by=staff.actor, now=now)
    audit.record(
        staff.actor,
        audit.Action.DISPUTE_FILE_FETCHED,
        customer_id=customer_id,
        subject=f"order:{view.order_id}",
        reason=view.reason,
        now=now,
    )
    return path
