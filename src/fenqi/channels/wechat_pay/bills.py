"""WeChat Pay's daily trade bill: fetched, checked against its digest, and read as a stream.

The file is CSV in UTF-8, with or without a mark at its start; every value has a backtick before it, a comma within a
text is written otherwise, and after the lines there is a summary. Columns have come and gone over the years, so they
are found by their names.
"""

import gzip
import hashlib
import zlib
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from io import BufferedReader
from pathlib import Path
from typing import Final

import polars as pl

from fenqi.channels.bill_frames import BILL_COLUMNS
from fenqi.channels.bills import BillKind, BillNotReady, BillRefused
from fenqi.channels.transport import NoAnswer
from fenqi.channels.wechat_pay import wire
from fenqi.channels.wechat_pay.config import WechatPayConfig
from fenqi.channels.wechat_pay.gateway import Gateway

CHANNEL: Final = "wechat_pay"
CHUNK_BYTES: Final = 8_000_000
"""Of the unzipped file, read and turned into one frame."""

NO_BILL: Final = "NO_STATEMENT_EXIST"
NOT_YET: Final = "STATEMENT_CREATING"

_SUMMARY_MARK: Final = "总交易单数".encode()
_BOM: Final = b"\xef\xbb\xbf"
_UNITS_OF_YUAN: Final = 100_000
"""Fees have up to five decimals, so sums are compared in hundred-thousandths of a yuan."""

_UNITS_OF_FEN: Final = _UNITS_OF_YUAN // 100

_AT: Final = "交易时间"
_MERCHANT: Final = "商户号"
_STATE: Final = "交易状态"
_REFUND_STATE: Final = "退款状态"
_FEE: Final = "手续费"
_GROSS: Final = "订单金额"
_NET: Final = "应结订单金额"
_ASKED_REFUND: Final = "申请退款金额"
_REFUND: Final = "退款金额"
_ALWAYS: Final = (_AT, _MERCHANT, "微信订单号", "商户订单号", _STATE, "货币种类", _FEE)
_OF_REFUNDS: Final = ("微信退款单号", "商户退款单号", _REFUND_STATE)

_SUMS: Final = {
    "应结订单总金额": _NET,
    "订单总金额": _GROSS,
    "退款总金额": _REFUND,
    "申请退款总金额": _ASKED_REFUND,
    "手续费总金额": _FEE,
}
"""The summary's names of its sums, and the columns they are the sums of."""

Unzipped = BufferedReader | gzip.GzipFile

_REFUND_STATES: Final = {"SUCCESS": "succeeded", "PROCESSING": "waiting", "FAIL": "failed", "CHANGE": "failed"}
"""CHANGE: the payer's bank would not have it, and it is paid out otherwise."""


class WechatPayBills:
    """The `BillSource` of one merchant."""

    def __init__(self, config: WechatPayConfig) -> None:
        self._config = config
        self._gateway = Gateway(config, clock=lambda: datetime.now(UTC))

    def fetch_bill(self, day: date, *, folder: Path) -> Path | None:
        """The gzip file as it is, its digest compared. Raises BillNotReady, BillRefused, NotSent, NoAnswer."""
        answer = self._gateway.get(f"/v3/bill/tradebill?bill_date={day.isoformat()}&bill_type=ALL&tar_type=GZIP")
        if answer.code == NO_BILL:
            return None
        if answer.code == NOT_YET:
            raise BillNotReady(channel=CHANNEL, day=day.isoformat())
        if not answer.worked:
            raise NoAnswer(answer.code)
        path = folder / f"wechat_pay-{day.isoformat()}.csv.gz"
        self._gateway.download(wire.text(answer.fields, "download_url"), to=path)
        if wire.text(answer.fields, "hash_type") != "SHA1" or _digest(path, day) != wire.text(
            answer.fields, "hash_value"
        ):
            path.unlink()
            raise _refused(day, "its digest does not hold", "文件摘要不符")
        return path

    def read_bill(self, path: Path, *, day: date) -> Iterator[pl.DataFrame]:
        """Lines of payments and refunds, by gross amounts. Takes the file zipped or not. Raises BillRefused."""
        with _opened(path) as file:
            try:
                yield from _Reading(self._config.mchid, day).frames(file)
            except (OSError, EOFError, zlib.error):
                raise _refused(day, "it is torn", "文件不完整") from None
            except (pl.exceptions.PolarsError, UnicodeDecodeError):
                raise _refused(day, "its lines cannot be read", "内容无法读取") from None


class _Reading:
    """One pass over one file: the frames, and the sums that its summary must hold."""

    def __init__(self, mchid: str, day: date) -> None:
        self._mchid = mchid
        self._day = day
        self._lines = 0
        self._sums = dict.fromkeys(_SUMS.values(), 0)

    def frames(self, file: Unzipped) -> Iterator[pl.DataFrame]:
        header = _names(file.readline().removeprefix(_BOM))
        missing = [name for name in (*_ALWAYS, self._amount_column(header)) if name not in header]
        if missing:
            raise _refused(self._day, f"it has no column {missing[0]}", f"缺少「{missing[0]}」一列")
        summary = b""
        for chunk in _chunks(file):
            rows, mark, rest = _before_summary(chunk)
            if rows:
                yield self._frame(rows, header)
            if mark:
                summary = mark + rest + file.read()
                break
        self._compare(summary)

    @staticmethod
    def _amount_column(header: Sequence[str]) -> str:
        """Gross where the file has it; bills of old had the net sum only."""
        return _GROSS if _GROSS in header else _NET

    def _frame(self, rows: bytes, header: Sequence[str]) -> pl.DataFrame:
        wanted = [name for name in header if name in _WANTED]
        raw = pl.read_csv(
            rows,
            has_header=False,
            new_columns=list(header),
            columns=[header.index(name) for name in wanted],
            infer_schema=False,
            quote_char=None,
            raise_if_empty=False,
        ).select(pl.all().str.strip_chars_end("\r"))
        if raw.height and raw.null_count().sum_horizontal().item():
            raise _refused(self._day, "a line has too few values", "有一行缺少内容")
        lines = raw.select(_units(name) if name in _AMOUNTS else pl.col(name).str.strip_prefix("`") for name in wanted)
        return self._read(lines, header)

    def _read(self, lines: pl.DataFrame, header: Sequence[str]) -> pl.DataFrame:
        has_refunds = all(name in header for name in _OF_REFUNDS)
        is_payment = pl.col(_STATE) == "SUCCESS"
        asked = _ASKED_REFUND if _ASKED_REFUND in header else _REFUND
        none = pl.lit("", pl.String())
        number, channel_no, refund_state, refunded = (
            (pl.col("商户退款单号"), pl.col("微信退款单号"), pl.col(_REFUND_STATE), pl.col(asked))
            if has_refunds
            else (none, none, none, pl.lit(None, pl.Int64()))
        )
        units = pl.when(is_payment).then(pl.col(self._amount_column(header))).otherwise(refunded)
        at = pl.col(_AT).str.to_datetime("%Y-%m-%d %H:%M:%S", time_unit="us", strict=False)
        read = lines.select(
            pl.when(is_payment)
            .then(pl.lit(BillKind.PAYMENT.value))
            .when(pl.col(_STATE).is_in(["REFUND", "REVOKED"]))
            .then(pl.lit(BillKind.REFUND.value))
            .alias("kind"),
            pl.when(is_payment).then(pl.col("商户订单号")).otherwise(number).alias("number"),
            pl.when(is_payment).then(pl.col("微信订单号")).otherwise(channel_no).alias("channel_no"),
            pl.when(is_payment).then(none).otherwise(pl.col("商户订单号")).alias("original_no"),
            pl.when(units % _UNITS_OF_FEN == 0).then(units // _UNITS_OF_FEN).alias("amount_minor"),
            # Half a fen away from zero, as the channel rounds each fee.
            (pl.col(_FEE).sign() * ((pl.col(_FEE).abs() + _UNITS_OF_FEN // 2) // _UNITS_OF_FEN)).alias("fee_minor"),
            at.dt.replace_time_zone("Asia/Shanghai").dt.convert_time_zone("UTC").alias("at"),
            pl.when(is_payment)
            .then(pl.lit("succeeded"))
            .otherwise(refund_state.replace_strict(_REFUND_STATES, default=None, return_dtype=pl.String()))
            .alias("state"),
            (at.dt.date() == self._day).alias("is_of_day"),
            (pl.col(_MERCHANT) == self._mchid).alias("is_ours"),
        )
        self._check(read, lines)
        self._add(lines, is_payment)
        return read.select(pl.col(name).cast(kind) for name, kind in BILL_COLUMNS.items())

    def _check(self, read: pl.DataFrame, lines: pl.DataFrame) -> None:
        if read.null_count().sum_horizontal().item() or not (read["amount_minor"] > 0).all():
            raise _refused(self._day, "a line cannot be read", "有一行无法读取")
        if not (lines["货币种类"] == wire.CURRENCY).all():
            raise _refused(self._day, "it is not in yuan only", "含有人民币以外的币种")
        if not read["is_of_day"].all():
            raise _refused(self._day, "it is of another day", "日期不符")
        if not read["is_ours"].all():
            raise _refused(self._day, "it is of another merchant", "商户不符")

    def _add(self, lines: pl.DataFrame, is_payment: pl.Expr) -> None:
        self._lines += lines.height
        for name in self._sums:
            if name in lines.columns:
                mine = lines.filter(is_payment) if name in {_GROSS, _NET} else lines
                self._sums[name] += int(mine[name].sum())

    def _compare(self, summary: bytes) -> None:
        names, _, values = summary.decode().strip().partition("\n")
        said = dict(zip(_names(names.encode()), _names(values.encode()), strict=False))
        declared = {of: _whole_units(said[name]) for name, of in _SUMS.items() if name in said}
        holds = said.get("总交易单数") == str(self._lines) and declared.keys() >= {_FEE}
        if not holds or any(self._sums[of] != units for of, units in declared.items()):
            raise _refused(self._day, "its lines do not add up to its summary", "明细与汇总不符，文件可能不完整")


_AMOUNTS: Final = frozenset([_FEE, _GROSS, _NET, _ASKED_REFUND, _REFUND])
_WANTED: Final = frozenset([*_ALWAYS, *_OF_REFUNDS, *_AMOUNTS])


def _opened(path: Path) -> Unzipped:
    with path.open("rb") as file:
        is_zipped = file.read(2) == b"\x1f\x8b"
    return gzip.open(path) if is_zipped else path.open("rb")


def _digest(path: Path, day: date) -> str:
    """SHA-1 of the unzipped text: the protocol's choice, against transfer errors only."""
    try:
        with _opened(path) as file:
            return hashlib.file_digest(file, lambda: hashlib.sha1(usedforsecurity=False)).hexdigest()
    except (OSError, EOFError, zlib.error):
        raise _refused(day, "it is torn", "文件不完整") from None


def _chunks(file: Unzipped) -> Iterator[bytes]:
    """Pieces of whole lines; what comes after the last line end is the last piece."""
    rest = b""
    while piece := file.read(CHUNK_BYTES):
        whole, end, rest = (rest + piece).rpartition(b"\n")
        if whole:
            yield whole + end
    if rest:
        yield rest


def _before_summary(chunk: bytes) -> tuple[bytes, bytes, bytes]:
    """The lines, and the summary from its first word on where it begins in this piece."""
    if chunk.startswith(_SUMMARY_MARK):
        return b"", _SUMMARY_MARK, chunk.removeprefix(_SUMMARY_MARK)
    rows, mark, rest = chunk.partition(b"\n" + _SUMMARY_MARK)
    return (rows, mark.strip(), rest) if mark else (chunk, b"", b"")


def _names(line: bytes) -> list[str]:
    return [value.strip().removeprefix("`") for value in line.decode().strip().split(",")]


def _units(name: str) -> pl.Expr:
    """Yuan as written, with up to five decimals, in hundred-thousandths; null for what is no amount."""
    written = pl.col(name).str.strip_prefix("`")
    return written.cast(pl.Decimal(18, 5), strict=False).to_physical().cast(pl.Int64).alias(name)


def _whole_units(written: str) -> int | None:
    whole, _, part = written.removeprefix("-").partition(".")
    if not (whole + part).isdecimal() or len(part) > len(str(_UNITS_OF_YUAN)) - 1:
        return None
    units = int(whole) * _UNITS_OF_YUAN + int(part.ljust(5, "0"))
    return -units if written.startswith("-") else units


def _refused(day: date, problem: str, problem_zh: str) -> BillRefused:
    return BillRefused(channel=CHANNEL, day=day.isoformat(), problem=problem, problem_zh=problem_zh)
