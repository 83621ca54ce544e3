"""The hash chain of a customer's entries: a voucher that a consumer keeps can be checked against the books later.

The canonical text of an entry is plain enough that SQL builds the same:

    prev|entry id|customer id|seq|posted at|on|code|plan id|currency|lines

with the previous hash in hex (empty for the first), ids as lower-case UUIDs (an absent plan is empty), the instant in
whole microseconds since 1970 UTC, the date as YYYY-MM-DD, and each line as `n,account,debit,credit`, joined by `;` in
order of n. The hash is the sha256 of that text in UTF-8.
"""

from collections.abc import Sequence
from datetime import date
from hashlib import sha256
from uuid import UUID

ChainedLine = tuple[int, str, int, int]
"""Line number, account, debit and credit in minor units."""


def canonical_text(
    prev: bytes,
    *,
    entry_id: UUID,
    customer_id: UUID,
    seq: int,
    posted_at_us: int,
    on: date,
    code: str,
    plan_id: UUID | None,
    currency: str,
    lines: Sequence[ChainedLine],
) -> str:
    """What is hashed. Names of codes, accounts and currencies are ours and carry no separator."""
    body = ";".join(f"{n},{account!s},{debit},{credit}" for n, account, debit, credit in sorted(lines))
    fields = (prev.hex(), entry_id, customer_id, seq, posted_at_us, on.isoformat(), code, plan_id or "", currency, body)
    return "|".join(map(str, fields))


def entry_hash(
    prev: bytes,
    *,
    entry_id: UUID,
    customer_id: UUID,
    seq: int,
    posted_at_us: int,
    on: date,
    code: str,
    plan_id: UUID | None,
    currency: str,
    lines: Sequence[ChainedLine],
) -> bytes:
    """The 32 bytes that link an entry to the one before it; `prev` is empty for a customer's first."""
    text = canonical_text(
        prev,
        entry_id=entry_id,
        customer_id=customer_id,
        seq=seq,
        posted_at_us=posted_at_us,
        on=on,
        code=code,
        plan_id=plan_id,
        currency=currency,
        lines=lines,
    )
    return sha256(text.encode()).digest()
