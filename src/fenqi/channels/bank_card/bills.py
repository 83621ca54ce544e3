"""The gateway's daily settlement file: ZM, one line of fixed widths for each trade that was carried out.

The file call (76/01) answers with a ZIP, deflated and in base64, that holds `INN<yyMMdd>88ZM_<merId>` and, with errors
and adjustments, `..ZME_<merId>`. Widths count bytes; names in it may be GBK. It has no summary line: that it is whole
is told by the ZIP's own checksum, and by every line being of the same width.

Signs are the merchant's: of the settled amount C is money to us and D money from us; of the fee D is taken from us and
C given back. The official description leaves this open; whichever it is, a payment and a refund carry opposite letters.

Lines of the ZME file carry no number of ours. Each is handed on as a charge of its own, for a person to look at.
"""

import base64
import binascii
import io
import re
import struct
import zipfile
import zlib
from codecs import BOM_UTF8
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Final

import polars as pl

from fenqi.channels.bank_card import wire
from fenqi.channels.bank_card.channel import utc_now
from fenqi.channels.bank_card.config import NAME, BankCardConfig
from fenqi.channels.bank_card.gateway import Gateway
from fenqi.channels.bill_frames import BILL_COLUMNS
from fenqi.channels.bills import BillKind, BillNotReady, BillRefused
from fenqi.channels.transport import NoAnswer
from fenqi.domain.payments import Outcome

NO_SUCH_FILE: Final = "98"
LARGEST_TRANSFER: Final = 160_000_000
"""Bytes of the answer; a million lines are some tens of megabytes."""
LARGEST_MEMBER: Final = 4_000_000_000
ANSWER_SECONDS: Final = 120.0
BLOCK_BYTES: Final = 6_000_000

ZM_WIDTHS: Final = (
    *(3, 11, 11, 6, 10, 19, 12, 4, 2, 21, 2, 32, 2, 6, 10, 13, 13, 4, 15, 2, 2, 6, 4, 2, 32, 1, 21, 15, 1, 15),
    *(32, 13, 13, 8, 32, 13, 13, 12, 2, 1, 32, 98),
)
"""Each field's bytes; one blank stands between two."""
ZME_WIDTHS: Final = (3, 11, 11, 6, 10, 19, 12, 4, 2, 2, 6, 10, 4, 12, 13, 13, 15, 15, 1, 12, 2, 135)

ZM_FIELDS: Final = {
    "time": 4,
    "amount": 6,
    "query_id": 9,
    "order_id": 11,
    "fee": 15,
    "txn_type": 19,
    "mer_id": 27,
    "original": 40,
}
"""Fields that are read, by their place."""
ZME_FIELDS: Final = {"trace": 3, "time": 4, "amount": 6, "mer_id": 16}

_KINDS: Final = {"01": BillKind.PAYMENT, "03": BillKind.PAYMENT, "04": BillKind.REFUND, "31": BillKind.REFUND}
_MEMBER: Final = re.compile(r"INN(?P<day>[0-9]{6})88(?P<kind>ZME?)_(?P<mer_id>\w+)")
_TORN_ZIP: Final = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, RuntimeError, ValueError, OSError)
"""What the library says of a ZIP that is spoilt in one place or another."""
_ONE_COLUMN: Final = "\x1f"
_PLAIN: Final = bytes(byte if byte == ord("\n") or 32 <= byte < 127 else ord("?") for byte in range(256))  # noqa: PLR2004 - printable ASCII
"""Any other byte becomes one "?": widths stay, and what is read here is ASCII."""


class BankCardBills:
    """The `BillSource` of one merchant at the gateway."""

    def __init__(self, config: BankCardConfig, *, clock: Callable[[], datetime] = utc_now) -> None:
        self._config = config
        self._clock = clock
        self._gateway = Gateway(config, clock=clock)

    def fetch_bill(self, day: date, *, folder: Path) -> Path | None:
        """The ZIP as the gateway gives it; None when its ZM file is empty."""
        asked = self._gateway.request(
            txnType="76",
            txnSubType="01",
            bizType="000000",
            txnTime=wire.beijing(self._clock()),
            settleDate=f"{day:%m%d}",
            fileType="00",
        )
        answer = self._gateway.file(asked, largest=LARGEST_TRANSFER, answer_seconds=ANSWER_SECONDS)
        if answer.code == NO_SUCH_FILE:
            raise BillNotReady(channel=NAME, day=day)
        if not answer.worked:
            raise NoAnswer(f"bill.{answer.code}")
        path = folder / f"{NAME}-{day:%Y%m%d}.zip"
        part = path.with_suffix(".part")
        part.write_bytes(_inflated(answer.text("fileContent"), day))
        part.rename(path)
        with _opened(path, day) as archive:
            return path if self._member(archive, "ZM", day).file_size else None

    def read_bill(self, path: Path, *, day: date) -> Iterator[pl.DataFrame]:
        with _opened(path, day) as archive:
            yield from self._lines(archive, self._member(archive, "ZM", day), ZM_WIDTHS, _trades, day)
            if any((match := _MEMBER.fullmatch(name)) and match["kind"] == "ZME" for name in archive.namelist()):
                yield from self._lines(archive, self._member(archive, "ZME", day), ZME_WIDTHS, _adjustments, day)

    def _member(self, archive: zipfile.ZipFile, kind: str, day: date) -> zipfile.ZipInfo:
        for info in archive.infolist():
            match = _MEMBER.fullmatch(info.filename)
            if match is None or match["kind"] != kind:
                continue
            if match["day"] != f"{day:%y%m%d}":
                raise _refused(day, "it is of another day", "日期不符")
            if match["mer_id"] != self._config.mer_id:
                raise _refused(day, "it is of another merchant", "商户号不符")
            if info.file_size > LARGEST_MEMBER:
                raise _refused(day, "it is too large", "文件过大")
            return info
        raise _refused(day, f"it holds no {kind} file", f"缺少 {kind} 文件")

    def _lines(
        self,
        archive: zipfile.ZipFile,
        member: zipfile.ZipInfo,
        widths: tuple[int, ...],
        read: Callable[[pl.DataFrame, date], pl.DataFrame],
        day: date,
    ) -> Iterator[pl.DataFrame]:
        """The member in frames of our words; its checksum is compared at its end."""
        for block in _blocks(_pieces(archive, member, day), day):
            lines = _table_of(block, widths, day)
            if not (lines["mer_id"] == self._config.mer_id).all():
                raise _refused(day, "a line is of another merchant", "有其他商户的记录")
            yield read(lines, day)


def _inflated(content: str, day: date) -> bytes:
    """The ZIP of a `fileContent`. Raises BillRefused."""
    try:
        inflater = zlib.decompressobj()
        inflated = inflater.decompress(base64.b64decode(content, validate=True), LARGEST_TRANSFER)
    except (binascii.Error, zlib.error):
        raise _refused(day, "it is torn", "文件不完整") from None
    if not inflater.eof:
        raise _refused(day, "it is torn or too large", "文件不完整或过大")
    return inflated


def _opened(path: Path, day: date) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except _TORN_ZIP:
        raise _refused(day, "it is no ZIP file", "不是 ZIP 文件") from None


def _pieces(archive: zipfile.ZipFile, member: zipfile.ZipInfo, day: date) -> Iterator[bytes]:
    """The member's bytes without a mark of their order, some megabytes at a time. Raises BillRefused."""
    try:
        with archive.open(member) as stream:
            yield stream.read(len(BOM_UTF8)).removeprefix(BOM_UTF8)
            while piece := stream.read(BLOCK_BYTES):
                yield piece
    except _TORN_ZIP:
        raise _refused(day, "it is torn", "文件不完整") from None


def _blocks(pieces: Iterator[bytes], day: date) -> Iterator[bytes]:
    """Whole lines as plain ASCII. Raises BillRefused when the last line has no end."""
    rest = b""
    for piece in pieces:
        whole, end, rest = (rest + piece).rpartition(b"\n")
        if end:
            yield whole.replace(b"\r", b"").translate(_PLAIN) + end
    if rest:
        raise _refused(day, "its last line has no end", "最后一行不完整")


def _table_of(block: bytes, widths: tuple[int, ...], day: date) -> pl.DataFrame:
    """The fields that are read, as texts without the blanks around them. Raises BillRefused."""
    fields, separators = _places(widths)
    lines = pl.read_csv(
        io.BytesIO(block),
        has_header=False,
        separator=_ONE_COLUMN,
        quote_char=None,
        schema={"line": pl.String},
        truncate_ragged_lines=False,
    )
    line = pl.col("line")
    width = sum(widths) + len(widths) - 1
    is_whole = line.str.len_bytes().eq(width) & pl.all_horizontal(*(line.str.slice(at, 1).eq(" ") for at in separators))
    if not lines.select(is_whole.fill_null(value=False).all()).item():
        raise _refused(day, "a line is not of the width it must have", "有长度不对的行")
    return lines.select(
        line.str.slice(at, length).str.strip_chars(" ").alias(name) for name, (at, length) in fields.items()
    )


def _places(widths: tuple[int, ...]) -> tuple[dict[str, tuple[int, int]], list[int]]:
    """Where the fields that are read begin and how long they are, and where the blanks around them stand."""
    starts = [sum(widths[:place]) + place for place in range(len(widths))]
    wanted = ZM_FIELDS if widths is ZM_WIDTHS else ZME_FIELDS
    fields = {name: (starts[place], widths[place]) for name, place in wanted.items()}
    return fields, [at + length for at, length in fields.values()]


def _trades(lines: pl.DataFrame, day: date) -> pl.DataFrame:
    kind = pl.col("txn_type").replace_strict({code: kind.value for code, kind in _KINDS.items()}, default=None)
    fee = pl.col("fee").str.slice(1).str.to_integer(strict=False)
    signed_fee = (
        pl.when(pl.col("fee").str.starts_with("D")).then(fee).when(pl.col("fee").str.starts_with("C")).then(-fee)
    )
    return _in_our_words(
        lines,
        day,
        kind=kind,
        number=pl.col("order_id"),
        channel_no=pl.col("query_id"),
        original_no=pl.when(kind == BillKind.REFUND.value).then(pl.col("original")).otherwise(pl.lit("")),
        fee_minor=signed_fee,
    )


def _adjustments(lines: pl.DataFrame, day: date) -> pl.DataFrame:
    return _in_our_words(
        lines,
        day,
        kind=pl.lit(BillKind.FEE.value),
        number=pl.lit(""),
        channel_no=pl.concat_str("time", "trace"),
        original_no=pl.lit(""),
        fee_minor=pl.lit(0),
    )


def _in_our_words(lines: pl.DataFrame, day: date, **columns: pl.Expr) -> pl.DataFrame:
    """Frames with `BILL_COLUMNS`. Raises BillRefused when anything in them cannot be read."""
    columns["amount_minor"] = pl.col("amount").str.to_integer(strict=False)
    columns["at"] = _instant(pl.col("time"), day)
    columns["state"] = pl.lit(Outcome.SUCCEEDED.value)
    frame = lines.select(columns[name].cast(kind).alias(name) for name, kind in BILL_COLUMNS.items())
    if any(frame.null_count().row(0)) or not (frame["amount_minor"] > 0).all():
        raise _refused(day, "a line cannot be read", "有无法识别的行")
    return frame


def _instant(time: pl.Expr, day: date) -> pl.Expr:
    """A Beijing time `MMDDhhmmss` of the day's file; one of December in a file of January is last year's."""
    is_last_year = time.str.slice(0, 2).str.to_integer(strict=False) > day.month + 6
    year = pl.when(is_last_year).then(pl.lit(str(day.year - 1))).otherwise(pl.lit(str(day.year)))
    local = pl.concat_str(year, time).str.to_datetime("%Y%m%d%H%M%S", time_unit="us", strict=False)
    return local.dt.replace_time_zone("Asia/Shanghai").dt.convert_time_zone("UTC")


def _refused(day: date, problem: str, problem_zh: str) -> BillRefused:
    return BillRefused(channel=NAME, day=day, problem=problem, problem_zh=problem_zh)
