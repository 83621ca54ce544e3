"""Take a channel's bill of a day: from the channel or from a file, whole or not at all, and once.

Nothing is stored before the last line was read and the bill's own summary was held against it. Lines and differences
are then stored in one transaction, so that a run that is killed leaves nothing, or all.
"""

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from hashlib import file_digest
from pathlib import Path
from typing import Final

import polars as pl
from django.db import IntegrityError, transaction
from psycopg import sql

from fenqi.channels.bills import BillNotReady, BillRefused, BillSource
from fenqi.domain.errors import FenqiError
from fenqi.domain.reconciliation import Verdict
from fenqi.records.bills import finding_id
from fenqi.records.identifiers import derived_id, house_of
from fenqi.records.models import ChannelBill, FindingState, ReconciliationFinding
from fenqi.records.scope import across_customers
from fenqi.usecases import clock
from fenqi.usecases.reconciliation import copying
from fenqi.usecases.reconciliation.matching import (
    LINE_SCHEMA,
    Difference,
    MatchedPart,
    Totals,
    match,
    with_keys,
)
from fenqi.usecases.reconciliation.our_frames import booked_around
from fenqi.usecases.reconciliation.our_records import CURRENCY, find_by_number
from fenqi.usecases.reconciliation.spill import Spill

FINDINGS_AT_ONCE: Final = 1_000


class AnotherBillTaken(FenqiError):
    """A different file was taken for this day. Details: `channel`, `day`."""

    code = "another_bill_taken"
    status = 409
    zh = "「{channel}」{day} 已经用另一份账单对过账，这份文件没有使用。"
    en = "Another bill of {channel} was taken for {day} already. This file was not used."


class Stage(StrEnum):
    """What a run is at."""

    READING = "reading"
    MATCHING = "matching"
    SETTLING = "settling"


Watch = Callable[[Stage, int], None]
"""Told the stage and how many lines or findings of it are done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a day's bill comes from: `file` given by hand, or else the channel."""

    channel: str
    day: date
    bills: BillSource
    file: Path | None = None


def take(source: Source, *, watch: Watch, now: datetime) -> ChannelBill:
    """The bill on record, its lines stored with their verdicts, what differs as findings.

    A bill that is on record already is matched again from its stored lines: what was booked since is seen.
    Raises BillNotReady, BillRefused, AnotherBillTaken, NoAnswer.
    """
    if source.day >= clock.business_date(now):
        raise BillNotReady(channel=source.channel, day=source.day)
    with tempfile.TemporaryDirectory(prefix="bill-") as name:
        folder = Path(name)
        taken = _taken(source)
        if taken is None:
            try:
                return _take_new(source, folder, watch=watch, now=now)
            except IntegrityError:  # another run was quicker
                taken = _taken(source)
                if taken is None:
                    raise
        again = folder / "again"
        again.mkdir()
        _match_again(taken, again, watch=watch, now=now)
        return taken


def _taken(source: Source) -> ChannelBill | None:
    """Raises AnotherBillTaken when the file is not the one on record."""
    taken = ChannelBill.objects.filter(channel=source.channel, bill_date=source.day).first()
    if taken and source.file and _digest(source.file) != taken.digest:
        raise AnotherBillTaken(channel=source.channel, day=source.day)
    return taken


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _take_new(source: Source, folder: Path, *, watch: Watch, now: datetime) -> ChannelBill:
    path = source.file or source.bills.fetch_bill(source.day, folder=folder)
    lines, totals = Spill(folder / "theirs"), Totals()
    if path is not None:
        for frame in source.bills.read_bill(path, day=source.day):
            keyed = with_keys(frame, first_line_no=lines.rows + 1)
            totals.add(keyed)
            lines.add(keyed)
            watch(Stage.READING, lines.rows)
    ours = _our_side(source.channel, source.day, folder)
    if not lines.rows and _anything_booked(ours, source.day):
        raise BillRefused(
            channel=source.channel,
            day=source.day,
            problem="it is empty, although payments of that day are booked",
            problem_zh="账单是空的，但我们这一天有入账",
        )
    bill = ChannelBill(
        id=derived_id("channel_bill", source.channel, source.day),
        channel=source.channel,
        bill_date=source.day,
        digest=_digest(path) if path else "",
        source="file" if source.file else "fetched",
        currency=CURRENCY,
        line_count=totals.lines,
        paid_minor=totals.paid,
        refunded_minor=totals.refunded,
        fee_minor=totals.fee,
        taken_at=now,
    )
    with transaction.atomic():
        bill.save(force_insert=True)
        counts: Counter[str] = Counter({verdict.value: 0 for verdict in Verdict})
        for part in _matched(bill, lines, ours, watch=watch):
            _store_lines(bill, part.lines)
            _store_findings(bill, part.differences, now=now)
            counts.update(dict(part.lines.group_by("verdict").len().iter_rows()))
            counts[Verdict.MISSING_THERE.value] += sum(
                found.judgement.verdict is Verdict.MISSING_THERE for found in part.differences
            )
        bill.counts = dict(counts)
        bill.save(update_fields=["counts"])
    return bill


def _match_again(bill: ChannelBill, folder: Path, *, watch: Watch, now: datetime) -> None:
    """Add what differs by now; what is on record of it already stays as it is."""
    lines = Spill(folder / "stored")
    for frame in _stored_lines(bill):
        lines.add(frame)
        watch(Stage.READING, lines.rows)
    ours = _our_side(bill.channel, bill.bill_date, folder)
    with transaction.atomic():
        for part in _matched(bill, lines, ours, watch=watch):
            _store_findings(bill, part.differences, now=now)


def _our_side(channel: str, day: date, folder: Path) -> Spill:
    ours = Spill(folder / "ours")
    for frame in booked_around(channel, day):
        ours.add(frame)
    return ours


def _anything_booked(ours: Spill, day: date) -> bool:
    return any((frame["booked_on"] == day).any() for frame in ours.frames())


def _matched(bill: ChannelBill, lines: Spill, ours: Spill, *, watch: Watch) -> Iterator[MatchedPart]:
    done = 0
    for part in match(
        lines,
        ours,
        day=bill.bill_date,
        find=lambda kind, numbers: find_by_number(bill.channel, kind, numbers),
    ):
        yield part
        done += part.lines.height
        watch(Stage.MATCHING, done)


def _line_id(bill: ChannelBill) -> pl.Expr:
    """Of a line: what the bill's key begins with, and the line's place in it."""
    head = str(bill.id)[:24]
    place = pl.col("line_no")
    digits = [(place // 16**n % 16).replace_strict(dict(enumerate("0123456789abcdef"))) for n in range(11, -1, -1)]
    return pl.concat_str(pl.lit(head), *digits)


_LINE_COLUMNS: Final = (
    *("customer_id", "id", "channel", "bill_date", "line_no", "kind", "number", "channel_no"),
    *("amount_minor", "fee_minor", "at", "state", "verdict"),
)


def _store_lines(bill: ChannelBill, lines: pl.DataFrame) -> None:
    """In the order of customers, which is that of the table's key: its index then grows page after page."""
    rows = lines.with_columns(
        pl.col("customer_id").fill_null(str(house_of(bill.channel))),
        _line_id(bill).alias("id"),
        pl.lit(bill.channel).alias("channel"),
        pl.lit(bill.bill_date).alias("bill_date"),
        pl.col("at").dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ"),
    )
    copying.insert("bill_line", rows.select(_LINE_COLUMNS).sort("customer_id"))


_STORED_LINES: Final = sql.SQL("""
SELECT kind, number, channel_no, '' AS original_no, amount_minor, fee_minor,
  to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US') AS at, state, line_no
FROM bill_line WHERE channel = {channel} AND bill_date = {day}
""")


def _stored_lines(bill: ChannelBill) -> Iterator[pl.DataFrame]:
    query = _STORED_LINES.format(channel=sql.Literal(bill.channel), day=sql.Literal(bill.bill_date))
    as_text = pl.Schema(
        {name: pl.String() if name == "at" else kind for name, kind in LINE_SCHEMA.items() if name != "key"}
    )
    with across_customers():
        for frame in copying.frames(query, as_text):
            at = pl.col("at").str.to_datetime("%Y-%m-%dT%H:%M:%S%.6f", time_unit="us", time_zone="UTC")
            lines = frame.with_columns(at, pl.col("number", "channel_no", "original_no").fill_null(""))
            line_no = lines["line_no"]
            yield with_keys(lines.drop("line_no"), first_line_no=0).with_columns(line_no)


def _store_findings(bill: ChannelBill, differences: Sequence[Difference], *, now: datetime) -> None:
    """Their keys follow from what they are about: one that is on record stays as it is."""
    found = [_finding(bill, difference, now=now) for difference in differences]
    for start in range(0, len(found), FINDINGS_AT_ONCE):
        ReconciliationFinding.objects.bulk_create(found[start : start + FINDINGS_AT_ONCE], ignore_conflicts=True)


def _finding(bill: ChannelBill, found: Difference, *, now: datetime) -> ReconciliationFinding:
    cause = found.judgement.cause
    assert cause is not None
    customer_id, record_id = found.record or (house_of(bill.channel), None)
    is_refund = found.kind.value == "refund"
    return ReconciliationFinding(
        customer_id=customer_id,
        id=finding_id(bill, found.kind.value, found.key, found.occurrence),
        channel=bill.channel,
        bill_date=bill.bill_date,
        kind=found.judgement.verdict.value,
        line_kind=found.kind.value,
        number=found.number,
        channel_no=found.channel_no,
        bill_minor=found.bill_minor,
        our_minor=found.our_minor,
        currency=bill.currency,
        cause=cause.value,
        attempt_id=None if is_refund else record_id,
        leg_id=record_id if is_refund else None,
        state=FindingState.OPEN,
        opened_at=now,
    )
