"""Answer a client's command once: its first answer is kept under its key and given again, word for word.

A key belongs to one client and to the first body that something came of; over all customers, by the directory. Refusals
are not kept: nothing came of them, so the same request may be sent again once their cause is gone.
"""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.db import transaction

from fenqi.records import directory
from fenqi.records.identifiers import new_id
from fenqi.records.models import DirectoryKind, IdempotencyRecord
from fenqi.usecases.idempotency import Answer, Command, IdempotencyConflict

_UNDER_WAY = 0
"""The status of a record whose command was begun and has no answer yet."""


def answer_once(command: Command | None, act: Callable[[], tuple[UUID, Answer]], *, now: datetime) -> Answer:
    """Do a command in one transaction; without a key, whenever it is asked for.

    `act` writes, and says whose the command is; its work and its answer are kept together or not at all. Of twins that
    come at the same time one acts and the other gets its answer. Raises IdempotencyConflict.
    """
    earlier = _kept(command) if command else None
    if earlier is not None:
        return earlier
    with transaction.atomic(durable=True):
        customer_id, answer = act()
        if command is None or _bind(command, customer_id, answer, now=now):
            return answer
        transaction.set_rollback(True)
    return _answer_of_twin(command)


def answer_outside(command: Command, customer_id: UUID, act: Callable[[], Answer], *, now: datetime) -> Answer:
    """The same for a command that speaks to the outside and so cannot run in one transaction.

    The key is bound to the body first; `act` must do its work once however often it is called.
    Raises IdempotencyConflict.
    """
    earlier = _kept(command)
    if earlier is None:
        with transaction.atomic(durable=True):
            first = _bind(command, customer_id, Answer(_UNDER_WAY, {}), now=now)
        earlier = None if first else _answer_of_twin(command)
    if earlier is not None and earlier.status != _UNDER_WAY:
        return earlier
    answer = act()
    IdempotencyRecord.objects.filter(
        customer_id=customer_id, client=command.client, key=command.key, status=_UNDER_WAY
    ).update(status=answer.status, answer=dict(answer.body))
    return answer


def _kept(command: Command) -> Answer | None:
    holder = directory.find(DirectoryKind.IDEMPOTENCY, _directory_key(command))
    if holder is None:
        return None
    record = IdempotencyRecord.objects.get(customer_id=holder.customer_id, id=holder.target_id)
    if bytes(record.digest) != command.digest:
        raise IdempotencyConflict
    return Answer(record.status, record.answer, repeated=True)


def _answer_of_twin(command: Command) -> Answer:
    answer = _kept(command)
    assert answer is not None, "whoever held the key has committed its record"
    return answer


def _bind(command: Command, customer_id: UUID, answer: Answer, *, now: datetime) -> bool:
    """Take the key, or learn that somebody has it: a twin that is still at work is waited for."""
    record_id = new_id()
    held = directory.claim(
        DirectoryKind.IDEMPOTENCY, _directory_key(command), customer_id=customer_id, target_id=record_id
    )
    if held.target_id != record_id:
        return False
    IdempotencyRecord.objects.create(
        customer_id=customer_id,
        id=record_id,
        client=command.client,
        key=command.key,
        digest=command.digest,
        status=answer.status,
        answer=dict(answer.body),
        created_at=now,
    )
    return True


def _directory_key(command: Command) -> str:
    return f"{command.client}:{command.key}"
