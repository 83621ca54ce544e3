"""Everything about one order, for whoever has to prove something: rows, proofs, words, photos (R079, R081, R179)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import Q

from fenqi.domain.errors import FenqiError, NotFound
from fenqi.records import personal
from fenqi.records.models import AftersalesPolicy, AuditRecord, Customer, JournalEntry, Order
from fenqi.usecases import audit
from fenqi.usecases.aftersales.evidence import read_evidence
from fenqi.usecases.notices.preferences import preferences_of
from fenqi.usecases.support.conversation import list_threads, thread_view
from fenqi.usecases.vouchers.archive import Part, as_json
from fenqi.usecases.vouchers.holdings import Rows, all_rows, rows_about
from fenqi.usecases.vouchers.records import read_records
from fenqi.usecases.vouchers.statement import OrderStatement, RecordKind, order_statement

_TOLD_ACTS: Final = (audit.Action.NOTICE_SENT, audit.Action.SIGNED_IN)
_WHEN: Final = ("posted_at", "updated_at", "created_at", "at", "recorded_at", "placed_at", "opened_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What goes into an archive, and up to when it is: the newest instant in it. `statement` is of one order alone."""

    parts: tuple[Part, ...]
    about: Mapping[str, Any]
    as_of: datetime
    statement: OrderStatement | None = None


def contents_of_order(customer_id: UUID, order_id: UUID, *, for_staff: bool) -> Contents:
    """Raises NotFound, of another customer's order too."""
    records = read_records(customer_id, order_id)
    ids = {order_id} | ({records.plan.id} if records.plan else set()) | set(records.payments) | set(records.refunds)
    rows = rows_about(customer_id, ids, for_staff=for_staff)
    as_of = _newest(rows)
    known = {row["id"] for table in rows.values() for row in table}
    statement = order_statement(customer_id, order_id, now=as_of)
    threads = [
        one for one in list_threads(customer_id) if {str(one.plan_id), str(one.payment_id), str(one.case_id)} & known
    ]
    parts = (
        *_tables(rows),
        Part(path="data/entries-with-proofs.json", content=as_json(_proofs(statement))),
        Part(path="data/chain.json", content=as_json(_chain(customer_id))),
        Part(path="data/policies.json", content=as_json(_policies(rows))),
        Part(
            path="data/conversations.json", content=as_json(_conversations(customer_id, [t.thread_id for t in threads]))
        ),
        Part(path="data/notices.json", content=as_json(_acts(customer_id, about=known))),
        *_evidence(customer_id, rows),
    )
    about = {
        "what": "dispute file",
        "order_no": records.order.order_no,
        "for": "staff" if for_staff else "customer",
        "chain_head": _head(customer_id),
    }
    return Contents(parts=parts, about=about, as_of=as_of, statement=statement)


def contents_of_customer(customer_id: UUID) -> Contents:
    """All personal data and all records of a customer (P1205). Raises NotFound."""
    customer = Customer.objects.filter(id=customer_id).first()
    if customer is None:
        raise NotFound
    rows = all_rows(customer_id)
    threads = [one.thread_id for one in list_threads(customer_id)]
    parts = (
        Part(path="data/me.json", content=as_json(_profile(customer))),
        *_tables(rows),
        Part(path="data/chain.json", content=as_json(_chain(customer_id))),
        Part(path="data/policies.json", content=as_json(_policies(rows))),
        Part(path="data/conversations.json", content=as_json(_conversations(customer_id, threads))),
        Part(path="data/notices-and-sign-ins.json", content=as_json(_acts(customer_id))),
        *_evidence(customer_id, rows),
    )
    about = {"what": "all data of a customer", "customer": customer.ref, "chain_head": _head(customer_id)}
    return Contents(parts=parts, about=about, as_of=max(_newest(rows), customer.updated_at))


def _tables(rows: Rows) -> Iterator[Part]:
    return (Part(path=f"data/{table}.json", content=as_json(found)) for table, found in rows.items())


def _newest(rows: Rows) -> datetime:
    moments = (row[name] for table in rows.values() for row in table for name in _WHEN if row.get(name))
    return datetime.fromisoformat(max(moments, default="1980-01-01T00:00:00+00:00"))


def _profile(customer: Customer) -> dict[str, Any]:
    """The one place where what is encrypted is given back in the clear: to whom it is about."""
    return {
        "ref": customer.ref,
        "name": personal.decrypt(customer.name_encrypted),
        "phone": personal.decrypt(customer.phone_encrypted),
        "email": preferences_of(customer.id).email,
        "language": customer.language,
        "registered_at": customer.registered_at.isoformat(),
    }


def _proofs(statement: OrderStatement) -> list[dict[str, Any]]:
    """Each entry with the text that its hash was made of."""
    entries = (record.entry for record in statement.of(RecordKind.ENTRY) if record.entry)
    return [{"seq": one.proof.seq, "hash": one.proof.hash, "text": one.text} for one in entries]


def _chain(customer_id: UUID) -> list[dict[str, Any]]:
    """Every link of the customer's chain; of other orders nothing but the hash."""
    entries = JournalEntry.objects.filter(customer_id=customer_id).order_by("seq")
    return [
        {"seq": seq, "before": bytes(before).hex(), "hash": bytes(digest).hex()}
        for seq, before, digest in entries.values_list("seq", "prev_hash", "hash")
    ]


def _head(customer_id: UUID) -> dict[str, Any]:
    head = Customer.objects.values("entry_seq", "entry_hash").get(id=customer_id)
    return {"seq": head["entry_seq"], "hash": bytes(head["entry_hash"]).hex()}


def _policies(rows: Rows) -> list[dict[str, Any]]:
    """The versions that cases were judged by, word for word."""
    judged = {(case["policy_code"], case["policy_version"]) for case in rows.get("aftersales_case", [])}
    wanted = Q(id__in=())
    for code, number in judged:
        wanted |= Q(code=code, version=number)
    return [
        {
            "code": one.code,
            "version": one.version,
            "valid_from": one.valid_from.isoformat(),
            "rules": one.body,
            "zh": one.summary_zh,
            "en": one.summary_en,
        }
        for one in AftersalesPolicy.objects.filter(wanted).order_by("code", "version")
    ]


def _conversations(customer_id: UUID, threads: Sequence[UUID]) -> list[dict[str, Any]]:
    """As the customer's own page shows them."""
    return [_conversation(customer_id, thread_id) for thread_id in sorted(threads)]


def _conversation(customer_id: UUID, thread_id: UUID) -> dict[str, Any]:
    thread = thread_view(customer_id, thread_id)
    return {
        "topic": thread.topic,
        "opened_at": thread.opened_at.isoformat(),
        "messages": [
            {"by": "customer" if one.by_customer else "us", "at": one.at.isoformat(), "text": one.text}
            for one in thread.messages
        ],
    }


def _acts(customer_id: UUID, *, about: set[str] | None = None) -> list[dict[str, Any]]:
    """Messages we sent, and (in the whole file) sign-ins."""
    actions = [action.value for action in (_TOLD_ACTS if about is None else _TOLD_ACTS[:1])]
    acts = AuditRecord.objects.filter(customer_id=customer_id, action__in=actions).order_by("at", "id")
    return [
        {"what": act.action, "about": act.subject, "at": act.at.isoformat(), **_plain(act.details)}
        for act in acts
        if about is None or any(word in about for word in act.subject.split(":"))
    ]


def _plain(details: Mapping[str, Any]) -> dict[str, Any]:
    return {name: details[name] for name in ("message", "by", "outcome", "address") if name in details}


def _evidence(customer_id: UUID, rows: Rows) -> Iterator[Part]:
    """What is lost on disk is named, and holds up nothing."""
    for row in rows.get("aftersales_evidence", []):
        try:
            stored = read_evidence(customer_id, UUID(row["id"]))
        except FenqiError as refusal:
            yield Part(path=f"evidence/{row['id']}.missing.txt", content=refusal.code.encode())
        else:
            yield Part(path=f"evidence/{row['id']}{stored.path.suffix or _suffix(stored.name)}", content=stored.path)


def _suffix(name: str) -> str:
    return f".{name.rpartition('.')[2]}"


def require_order(customer_id: UUID, order_id: UUID) -> None:
    """Raises NotFound."""
    if not Order.objects.filter(customer_id=customer_id, id=order_id).exists():
        raise NotFound
