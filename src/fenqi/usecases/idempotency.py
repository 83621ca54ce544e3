"""A command is answered once: the same key with the same body gets the first answer, with another body a conflict."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection

from fenqi.domain.errors import FenqiError
from fenqi.records.documents import from_jsonb
from fenqi.records.identifiers import new_id
from fenqi.records.models import DirectoryKind
from fenqi.records.posting import Decision

KEY_CHARACTERS = 120

_EARLIER = """
SELECT digest, status, answer FROM idempotency_record WHERE customer_id = %s AND client = %s AND key = %s
"""


class IdempotencyConflict(FenqiError):
    """The key was used for another request."""

    code = "idempotency_conflict"
    status = 409
    zh = "这个幂等号已用于另一个请求，请换一个新的幂等号。"
    en = "This idempotency key was used for another request: use a new one for a new request."


@dataclass(frozen=True, slots=True)
class Command:
    """Who asks, under which key, and the digest of what is asked."""

    client: str
    key: str
    digest: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command was answered; `repeated` when it had been before."""

    status: int
    body: Mapping[str, Any]
    repeated: bool = False


def digest_of(*parts: bytes) -> bytes:
    """One digest of all that makes two requests the same."""
    whole = hashlib.sha256()
    for part in parts:
        whole.update(len(part).to_bytes(8) + part)
    return whole.digest()


def earlier_answer(customer_id: UUID, command: Command) -> Answer | None:
    """The answer already given under the key. The caller holds the customer's lock. Raises IdempotencyConflict."""
    with connection.cursor() as cursor:  # on the hot path: building a query set would cost as much as asking
        cursor.execute(_EARLIER, [customer_id, command.client, command.key])
        row = cursor.fetchone()
    if row is None:
        return None
    digest, status, answer = row
    if bytes(digest) != command.digest:
        raise IdempotencyConflict
    return Answer(status, from_jsonb(answer), repeated=True)


def keep_answer(decision: Decision, command: Command, answer: Answer, *, now: datetime) -> None:
    """Store the answer with what it answers for; the directory refuses the key to any other customer's request."""
    record_id = new_id()
    decision.add(
        "directory",
        {
            "kind": DirectoryKind.IDEMPOTENCY.value,
            "key": f"{command.client}:{command.key}",
            "target_id": record_id,
        },
    )
    decision.add(
        "idempotency_record",
        {
            "id": record_id,
            "client": command.client,
            "key": command.key,
            "digest": command.digest,
            "status": answer.status,
            "answer": answer.body,
            "created_at": now,
        },
    )


def is_key_taken(error: IntegrityError) -> bool:
    """Whether the write failed because the key serves another customer's request."""
    return "directory_pkey" in str(error)
