"""Every line of a bill beside our records, each with exactly one verdict: a join, part by part.

What agrees wholly is told by the join. Everything else, which is little, goes through `judge`, one by one; whatever is
not ours on the days around the bill's is looked up in the directory first.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final
from uuid import UUID

import polars as pl

from fenqi.channels.bill_frames import BILL_COLUMNS
from fenqi.channels.bills import BillKind
from fenqi.domain.reconciliation import Judgement, LineState, Ours, OurStanding, Theirs, Verdict, judge
from fenqi.usecases.reconciliation.our_frames import OUR_SCHEMA
from fenqi.usecases.reconciliation.our_records import CURRENCY, OurRecord
from fenqi.usecases.reconciliation.spill import KEY, PARTS, Spill

Find = Callable[[BillKind, Sequence[str]], Mapping[str, OurRecord]]
"""Our records of these numbers, in whatever state and of whatever day."""

LINE_SCHEMA: Final = pl.Schema({**BILL_COLUMNS, "line_no": pl.Int64(), "key": pl.String()})
"""The columns of a bill, the line's place in it from 1, and what it is matched by: our number, or else theirs."""

JUDGED_SCHEMA: Final = pl.Schema({**LINE_SCHEMA, "customer_id": pl.String(), "verdict": pl.String()})
"""A line with whose it is (null: nobody's) and its verdict."""

_STATES = pl.Enum([state.value for state in LineState])
_UNNAMED: Final = "@"


def with_keys(frame: pl.DataFrame, *, first_line_no: int) -> pl.DataFrame:
    """A frame of a bill as `LINE_SCHEMA`. A line without a number of ours is told apart by the channel's."""
    key = pl.when(pl.col("number") == "").then(_UNNAMED + pl.col("channel_no")).otherwise(pl.col("number"))
    line_no = pl.int_range(first_line_no, first_line_no + pl.len(), dtype=pl.Int64)
    return frame.with_columns(line_no.alias("line_no"), key.alias("key")).select(LINE_SCHEMA.names())


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A line that does not agree, or a record of ours that no line names."""

    judgement: Judgement
    kind: BillKind
    key: str
    number: str
    channel_no: str
    occurrence: int
    bill_minor: int | None
    our_minor: int | None
    record: tuple[UUID, UUID] | None
    """Customer and id of ours."""


@dataclass(frozen=True, slots=True)
class MatchedPart:
    """The lines of one part with their verdicts, and what is different among them."""

    lines: pl.DataFrame
    differences: Sequence[Difference] = ()


@dataclass(slots=True)
class Totals:
    """Sums over the lines that moved money. `fee` is below zero when more was given back than taken."""

    lines: int = 0
    paid: int = 0
    refunded: int = 0
    fee: int = 0
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, lines: pl.DataFrame) -> None:
        amount = pl.col("amount_minor")
        paid, refunded, charged, fee = lines.select(
            amount.filter((pl.col("kind") == BillKind.PAYMENT.value) & moved_money()).sum().alias("paid"),
            amount.filter((pl.col("kind") == BillKind.REFUND.value) & moved_money()).sum().alias("refunded"),
            amount.filter(pl.col("kind") == BillKind.FEE.value).sum().alias("charged"),
            pl.col("fee_minor").filter(moved_money()).sum().alias("fee"),
        ).row(0)
        self.lines += lines.height
        self.paid += paid
        self.refunded += refunded
        self.fee += charged + fee


def moved_money() -> pl.Expr:
    """As `Theirs.moved_money`, of whole frames."""
    accepted = (pl.col("kind") == BillKind.REFUND.value) & (pl.col("state") == LineState.WAITING.value)
    return (pl.col("state") == LineState.SUCCEEDED.value) | accepted


def match(lines: Spill, ours: Spill, *, day: date, find: Find) -> Iterator[MatchedPart]:
    """Part by part; every line is in one of them. A part that neither side has anything in is left out."""
    for number in range(PARTS):
        if not lines.has(number) and not ours.has(number):
            continue
        yield match_part(
            lines.part(number, schema=LINE_SCHEMA), ours.part(number, schema=OUR_SCHEMA), day=day, find=find
        )


def match_part(lines: pl.DataFrame, ours: pl.DataFrame, *, day: date, find: Find) -> MatchedPart:
    """The verdicts on these lines, and on those of `ours` that were booked on the day."""
    joined = _counted(lines).join(ours, on=KEY, how="left", maintain_order="none")
    agrees = (pl.col("kind") == BillKind.FEE.value) | (
        (pl.col("amount_minor") == pl.col("our_minor"))
        & (pl.col("booked_on") == day)
        & (pl.col("occurrence") == 0)
        & moved_money()
    ).fill_null(value=False)
    plain = joined.filter(agrees).with_columns(pl.lit(Verdict.MATCHED.value).alias("verdict"))
    judged, differences = _judge_rest(joined.filter(~agrees), day=day, find=find)
    missing = ours.filter(pl.col("booked_on") == day).join(lines, on=KEY, how="anti")
    return MatchedPart(
        lines=pl.concat([plain.select(JUDGED_SCHEMA.names()), judged]),
        differences=[*differences, *(_missing_there(row, day) for row in missing.iter_rows(named=True))],
    )


def _counted(lines: pl.DataFrame) -> pl.DataFrame:
    """With `occurrence`, from zero among the lines with the same key: what moved money first, in whatever order."""
    of_unnamed_charges = pl.col("kind") == BillKind.FEE.value
    named_twice = pl.struct(KEY).is_duplicated() & ~of_unnamed_charges
    once = lines.filter(~named_twice).with_columns(pl.lit(0, pl.Int64).alias("occurrence"))
    more = lines.filter(named_twice).sort(
        pl.col("state").cast(_STATES), "at", "channel_no", "amount_minor", "fee_minor", "line_no"
    )
    place = pl.int_range(pl.len(), dtype=pl.Int64).over(KEY)
    return pl.concat([once, more.with_columns(place.alias("occurrence"))])


def _judge_rest(rest: pl.DataFrame, *, day: date, find: Find) -> tuple[pl.DataFrame, list[Difference]]:
    rows = list(rest.iter_rows(named=True))
    records = _looked_up(rows, find)
    differences: list[Difference] = []
    customers: list[str | None] = []
    verdicts: list[str] = []
    for row in rows:
        kind = BillKind(row["kind"])
        record = _joined_record(row) or records.get((kind, row["number"]))
        theirs = Theirs(
            is_refund=kind is BillKind.REFUND,
            amount=row["amount_minor"],
            state=LineState(row["state"]),
            occurrence=row["occurrence"],
        )
        judgement = judge(theirs, record.ours if record else None, day=day, currency=CURRENCY)
        customers.append(str(record.customer_id) if record else None)
        verdicts.append(judgement.verdict.value)
        if judgement.verdict is not Verdict.MATCHED:
            differences.append(_difference(judgement, kind, row, record))
    told = pl.Series("customer_id", customers, pl.String), pl.Series("verdict", verdicts, pl.String)
    return rest.with_columns(*told).select(JUDGED_SCHEMA.names()), differences


def _looked_up(rows: Sequence[Mapping[str, Any]], find: Find) -> dict[tuple[BillKind, str], OurRecord]:
    """Our records of the lines that the join found none for."""
    found: dict[tuple[BillKind, str], OurRecord] = {}
    for kind in (BillKind.PAYMENT, BillKind.REFUND):
        numbers = {row["number"] for row in rows if row["our_id"] is None and row["kind"] == kind.value} - {""}
        found |= {(kind, number): record for number, record in find(kind, sorted(numbers)).items()}
    return found


def _joined_record(row: Mapping[str, Any]) -> OurRecord | None:
    if row["our_id"] is None:
        return None
    ours = Ours(
        is_refund=row["kind"] == BillKind.REFUND.value,
        amount=row["our_minor"],
        currency=CURRENCY,
        standing=OurStanding.BOOKED,
        booked_on=row["booked_on"],
    )
    return OurRecord(customer_id=UUID(row["customer_id"]), id=UUID(row["our_id"]), ours=ours)


def _difference(judgement: Judgement, kind: BillKind, row: Mapping[str, Any], record: OurRecord | None) -> Difference:
    return Difference(
        judgement=judgement,
        kind=kind,
        key=row["key"],
        number=row["number"],
        channel_no=row["channel_no"],
        occurrence=row["occurrence"],
        bill_minor=row["amount_minor"],
        our_minor=record.ours.amount if record else None,
        record=(record.customer_id, record.id) if record else None,
    )


def _missing_there(row: Mapping[str, Any], day: date) -> Difference:
    kind = BillKind(row["kind"])
    record = _joined_record(row)
    assert record is not None
    return Difference(
        judgement=judge(None, record.ours, day=day, currency=CURRENCY),
        kind=kind,
        key=row["key"],
        number=row["key"],
        channel_no="",
        occurrence=0,
        bill_minor=None,
        our_minor=row["our_minor"],
        record=(record.customer_id, record.id),
    )
