"""One batch of orders into the database: look up, lock, decide, copy. One transaction, tried again whole."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import DataError, IntegrityError, connection, transaction

from fenqi.domain.errors import FenqiError
from fenqi.domain.ledger import EntryCode
from fenqi.records import locks, personal
from fenqi.records.directory import DirectoryEntry, DirectoryKind, Holder
from fenqi.records.identifiers import new_id
from fenqi.records.models import Customer, JournalEntry, JournalLine
from fenqi.usecases.orders.importing.copying import Table, of_customer
from fenqi.usecases.orders.importing.prepare import PREPARED_TABLES, Opening, PreparedOrder, PriceSeen
from fenqi.usecases.orders.importing.refusals import RefusedByDatabase
from fenqi.usecases.orders.importing.rejects import Reject
from fenqi.usecases.orders.importing.told import Note
from fenqi.usecases.orders.register import OrderConflict, PhoneTaken
from fenqi.usecases.projection import About, ChainHead, entry_columns

Columns = dict[str, Any]

CUSTOMERS, DIRECTORY = Table(Customer), Table(DirectoryEntry)
ENTRIES, ENTRY_LINES = Table(JournalEntry), Table(JournalLine)
TABLES = (CUSTOMERS, DIRECTORY, *PREPARED_TABLES, ENTRIES, ENTRY_LINES)  # parents first


@dataclass(frozen=True, slots=True)
class Batch:
    """Some orders of a file, and how many of its rows are done once they are written."""

    orders: tuple[PreparedOrder, ...]
    rejects: tuple[Reject, ...] = ()  # found before the database was asked
    rejected_orders: int = 0
    rows_before: int = 0
    rows_done: int = 0


@dataclass(slots=True)
class Written:
    """What became of a batch."""

    counts: Counter[str] = field(default_factory=Counter)
    rejects: list[Reject] = field(default_factory=list)


class Stored(NamedTuple):
    """An order as it is on record, or as this batch is about to record it."""

    customer_ref: str
    digest: bytes
    progress: tuple[object, ...]


def write_batch(batch: Batch, *, now: datetime) -> Written:
    """Write what is new. The caller is inside a transaction that means all customers.

    Raises IntegrityError when somebody registered one of the orders or customers meanwhile: then try again.
    """
    written = _of_rejects(batch)
    fresh = _sift(batch.orders, written)
    page = _Page(_customers_of(fresh), now)
    for prepared in fresh:
        page.take(prepared)
    written.counts.update(page.write())
    return written


def write_singly(batch: Batch, *, now: datetime) -> Written:
    """Write a batch that the database refuses order by order: only what it refuses by itself is rejected."""
    written = _of_rejects(batch)
    for prepared in batch.orders:
        try:
            with transaction.atomic():
                single = write_batch(Batch((prepared,)), now=now)
        except (IntegrityError, DataError):
            _reject(prepared, RefusedByDatabase(), written)
        else:
            written.counts.update(single.counts)
            written.rejects.extend(single.rejects)
    return written


def _of_rejects(batch: Batch) -> Written:
    counts = Counter(orders_rejected=batch.rejected_orders, rows_rejected=len(batch.rejects))
    return Written(counts, list(batch.rejects))


def _sift(orders: Sequence[PreparedOrder], written: Written) -> list[PreparedOrder]:
    """The orders that are new; what is known is unchanged, or a conflict that is rejected."""
    known = _known_orders(orders)
    phones = _known_phones(orders)
    fresh = []
    for prepared in orders:
        order_no = prepared.order_no
        said = Stored(prepared.customer.ref, prepared.digest, prepared.progress)
        phone_holder = phones.setdefault(prepared.phone, said.customer_ref) if prepared.phone else said.customer_ref
        if phone_holder != said.customer_ref:
            _reject(prepared, PhoneTaken(), written)
        elif order_no not in known:
            known[order_no] = said
            fresh.append(prepared)
            written.counts.update(
                orders_taken=1, rows_taken=len(prepared.lines), plans=int(prepared.opening is not None)
            )
            written.counts.update(f"note.{note}" for note in prepared.notes)
        elif known[order_no] == said:
            written.counts.update(orders_unchanged=1, rows_unchanged=len(prepared.lines))
        else:
            _reject(prepared, OrderConflict(order_no=order_no), written)
    return fresh


def _reject(prepared: PreparedOrder, refusal: FenqiError, written: Written) -> None:
    written.counts.update(orders_rejected=1, rows_rejected=len(prepared.lines))
    written.rejects.extend(Reject.of(line, prepared.order_no, refusal) for line in prepared.lines)


def _known_orders(orders: Iterable[PreparedOrder]) -> dict[str, Stored]:
    holders = _holders(DirectoryKind.ORDER_NO, {prepared.order_no for prepared in orders})
    if not holders:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT o.order_no, c.ref, o.digest, o.status, o.approved_at, o.delivered_at "
            "FROM unnest(%s::uuid[], %s::uuid[]) AS held (customer_id, id) "
            "JOIN orders o ON o.customer_id = held.customer_id AND o.id = held.id "
            "JOIN customer c ON c.id = o.customer_id",
            [[holder.customer_id for holder in holders.values()], [holder.target_id for holder in holders.values()]],
        )
        return {no: Stored(ref, bytes(digest), tuple(rest)) for no, ref, digest, *rest in cursor.fetchall()}


def _known_phones(orders: Iterable[PreparedOrder]) -> dict[str, str]:
    """By phone, the ref of the customer who has bound it."""
    index = {personal.phone_index(prepared.phone): prepared.phone for prepared in orders if prepared.phone}
    holders = _holders(DirectoryKind.PHONE, index)
    if not holders:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, ref FROM customer WHERE id = ANY(%s)", [[holder.customer_id for holder in holders.values()]]
        )
        refs = dict(cursor.fetchall())
    return {index[key]: refs[holder.customer_id] for key, holder in holders.items()}


def _holders(kind: DirectoryKind, keys: Iterable[str]) -> dict[str, Holder]:
    wanted = list(keys)
    if not wanted:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT key, customer_id, target_id FROM directory WHERE kind = %s AND key = ANY(%s)", [kind.value, wanted]
        )
        return {key: Holder(customer_id, target_id) for key, customer_id, target_id in cursor.fetchall()}


@dataclass(frozen=True, slots=True)
class _Known:
    """A customer on record: locked, with the keyed hash of the phone."""

    locked: locks.LockedCustomer
    phone_index: str


def _customers_of(orders: Iterable[PreparedOrder]) -> dict[str, _Known]:
    """By ref, the customers who are known already, locked in the order of their ids (scale rule 9)."""
    holders = _holders(DirectoryKind.CUSTOMER_REF, {prepared.customer.ref for prepared in orders})
    refs = {holder.customer_id: ref for ref, holder in holders.items()}
    locked = [locks.customer(customer_id) for customer_id in sorted(refs)]
    if not locked:
        return {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, phone_index FROM customer WHERE id = ANY(%s)", [list(refs)])
        phones = dict(cursor.fetchall())
    return {refs[it.customer_id]: _Known(it, phones[it.customer_id]) for it in locked}


class _Page:
    """The rows of one batch, gathered by table."""

    def __init__(self, customers: dict[str, _Known], now: datetime) -> None:
        self.now = now
        self.rows: dict[str, list[str]] = {table.name: [] for table in TABLES}
        self.ids = {ref: known.locked.customer_id for ref, known in customers.items()}
        self.phones = {known.locked.customer_id: known.phone_index for known in customers.values()}
        self.heads = {
            known.locked.customer_id: ChainHead(known.locked.entry_seq, known.locked.entry_hash)
            for known in customers.values()
        }
        self.old = frozenset(self.heads)
        self.new: dict[UUID, Columns] = {}
        self.keys: list[tuple[str, str, UUID, UUID]] = []
        self.prices: set[PriceSeen] = set()
        self.phones_kept = 0

    def take(self, prepared: PreparedOrder) -> None:
        index = personal.phone_index(prepared.phone) if prepared.phone else ""
        customer_id = self.ids.get(prepared.customer.ref) or self._introduce(prepared, index)
        self.phones_kept += bool(index) and self.phones[customer_id] != index
        self.keys.append((DirectoryKind.ORDER_NO.value, prepared.order_no, customer_id, prepared.order_id))
        for table, texts in prepared.rows.items():
            self.rows[table] += of_customer(customer_id, texts)
        self.prices.update(prepared.prices)
        if prepared.opening:
            self._post(prepared.opening, customer_id=customer_id, order_id=prepared.order_id)

    def _introduce(self, prepared: PreparedOrder, index: str) -> UUID:
        customer = prepared.customer
        customer_id = new_id()
        self.ids[customer.ref] = customer_id
        self.phones[customer_id] = index
        self.heads[customer_id] = ChainHead(0, b"")
        self.new[customer_id] = {
            "id": customer_id,
            "ref": customer.ref,
            "name_encrypted": personal.encrypt(customer.name),
            "phone_encrypted": personal.encrypt(prepared.phone),
            "phone_index": index,
            "language": customer.language,
            "registered_at": self.now,
            "erased_at": None,
            "updated_at": self.now,
        }
        self.keys.append((DirectoryKind.CUSTOMER_REF.value, customer.ref, customer_id, customer_id))
        if index:
            self.keys.append((DirectoryKind.PHONE.value, index, customer_id, customer_id))
        return customer_id

    def _post(self, opening: Opening, *, customer_id: UUID, order_id: UUID) -> None:
        """The opening of a plan, chained to the customer's newest entry."""
        entry, lines, self.heads[customer_id] = entry_columns(
            opening.entry,
            code=EntryCode.OPENED,
            on=opening.on,
            currency=opening.currency,
            about=About(customer_id=customer_id, plan_id=opening.plan_id, order_id=order_id),
            head=self.heads[customer_id],
            now=self.now,
        )
        self.rows[ENTRIES.name] += of_customer(customer_id, [ENTRIES.text(entry)])
        self.rows[ENTRY_LINES.name] += of_customer(customer_id, [ENTRY_LINES.text(line) for line in lines])

    def write(self) -> dict[str, int]:
        """Copy all tables, parents first; say how many customers and prices were new."""
        for customer_id, columns in self.new.items():
            head = self.heads[customer_id]
            self.rows[CUSTOMERS.name].append(
                CUSTOMERS.text({**columns, "entry_seq": head.seq, "entry_hash": head.hash})
            )
        for kind, key, customer_id, target_id in sorted(self.keys):  # two imports never wait crosswise
            text = DIRECTORY.text({"kind": kind, "key": key, "target_id": target_id})
            self.rows[DIRECTORY.name] += of_customer(customer_id, [text])
        for table in TABLES:
            table.copy(self.rows[table.name])
        self._move_heads()
        counts = {"customers": len(self.new), "prices": self._observe_prices()}
        if self.phones_kept:
            counts[f"note.{Note.PHONE_KEPT}"] = self.phones_kept
        return counts

    def _move_heads(self) -> None:
        moved = [(customer_id, self.heads[customer_id]) for customer_id in self.old]
        if moved:
            with connection.cursor() as cursor:
                cursor.execute(
                    "UPDATE customer SET entry_seq = head.seq, entry_hash = head.hash "
                    "FROM unnest(%s::uuid[], %s::bigint[], %s::bytea[]) AS head (customer_id, seq, hash) "
                    "WHERE customer.id = head.customer_id",
                    [[it[0] for it in moved], [it[1].seq for it in moved], [it[1].hash for it in moved]],
                )

    def _observe_prices(self) -> int:
        if not self.prices:
            return 0
        seen = sorted(self.prices)
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO price_observation "
                "(sku, id, sales_channel, currency, price_minor, observed_on, observed_at, seller, source) "
                "SELECT p.*, 'order' FROM unnest(%s::text[], %s::uuid[], %s::text[], %s::text[], %s::bigint[], "
                "%s::date[], %s::timestamptz[], %s::text[]) AS p ON CONFLICT DO NOTHING",
                [list(column) for column in zip(*seen, strict=True)],
            )
            return int(cursor.rowcount)
