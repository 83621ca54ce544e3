"""A copy of all personal data and records, for the customer alone (P1205): with a fresh code, by a job, for a week."""

from datetime import datetime
from uuid import UUID

from fenqi.records.models import CodePurpose, FileKind
from fenqi.usecases import audit
from fenqi.usecases.accounts.codes import ask_code, use_code
from fenqi.usecases.vouchers.made_files import FileView, ask_for_file, files_of


def ask_export_code(customer_id: UUID, *, now: datetime) -> None:
    """To the bound phone. Raises PhoneMissing, TooManyRequests."""
    ask_code(customer_id, CodePurpose.EXPORT, now=now)


def ask_export(customer_id: UUID, code: str, *, language: str, now: datetime) -> UUID:
    """Raises AccountCodeRefused, SignerMissing, TooManyRequests."""
    use_code(customer_id, CodePurpose.EXPORT, code, now=now)
    actor = reader(customer_id)
    file_id = ask_for_file(customer_id, FileKind.EXPORT, asked_by=actor, language=language, now=now)
    audit.record(actor, audit.Action.DATA_EXPORTED, customer_id=customer_id, subject=f"account:{file_id}", now=now)
    return file_id


def exports_of(customer_id: UUID) -> tuple[FileView, ...]:
    return files_of(customer_id, FileKind.EXPORT, asked_by=reader(customer_id))


def reader(customer_id: UUID) -> str:
    return f"customer:{customer_id}"
