"""Alipay's daily trade bill (业务明细): asked for, fetched from an address that soon dies, and read as a stream.

It is a ZIP of two GBK tables, of which one holds the lines; what is written around the lines begins with `#`, every
value ends in a tab, refunds are below zero. Columns have changed over the years, so they are found by their names.
Alipay makes it until about 09:00 (Beijing) of the next day: ask later than that.
"""

import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from io import BufferedReader
from itertools import islice
from pathlib import Path
from typing import Final, cast

import polars as pl

from fenqi.channels.alipay import wire
from fenqi.channels.alipay.codes import EMPTY_BILL_CODES, LATER_BILL_CODES
from fenqi.channels.alipay.config import AlipayConfig
from fenqi.channels.alipay.gateway import Gateway
from fenqi.channels.bill_frames import BILL_COLUMNS
from fenqi.channels.bills import BillKind, BillNotReady, BillRefused
from fenqi.channels.transport import Fault, NoAnswer, download, is_private_enough, strict_client

DOWNLOAD_SECONDS: Final = 300
CHUNK_BYTES: Final = 8_000_000
"""Of the unzipped table, read and turned into one frame."""

LARGEST_SUMMARY: Final = 64_000
LARGEST_TABLE: Final = 4_000_000_000
MOST_LINES_BEFORE: Final = 50
BOM: Final = b"\xef\xbb\xbf"

_KIND, _AMOUNT, _RECEIVED, _FEE, _REFUND_NO = (
    "业务类型",
    "订单金额（元）",
    "商家实收（元）",
    "服务费（元）",
    "退款批次号/请求号",
)
_NUMBER, _CHANNEL_NO, _AT = "商户订单号", "支付宝交易号", "完成时间"
_COLUMNS: Final = (_KIND, _AMOUNT, _RECEIVED, _FEE, _REFUND_NO, _NUMBER, _CHANNEL_NO, _AT)
_KINDS: Final[Mapping[str, BillKind]] = {"交易": BillKind.PAYMENT, "退款": BillKind.REFUND}

_ACCOUNT: Final = re.compile(r"#账号[：:]\s*\[(\d+)\]")
_FIRST_DAY: Final = re.compile(r"#起始日期[：:]\s*\[(\d{4})年(\d{2})月(\d{2})日")
_SUMMARY: Final = re.compile(r"#(交易|退款)合计[：:](\d+)笔，商家实收共(-?\d+)\.(\d{2})元")


class AlipayBills:
    """The `BillSource` of one application's seller."""

    def __init__(self, config: AlipayConfig) -> None:
        self._config = config
        self._gateway = Gateway(config, clock=lambda: datetime.now(UTC))

    def fetch_bill(self, day: date, *, folder: Path) -> Path | None:
        """The ZIP as it is. Raises BillNotReady, BillRefused, NoAnswer."""
        address = self._address_of(day)
        if address is None:
            return None
        if not is_private_enough(address):
            raise _refused(day, "its address is not secure", "下载地址不安全")
        path = folder / f"{wire.NAME}-{day.isoformat()}.zip"
        client = strict_client(
            address, connect_seconds=self._config.connect_seconds, answer_seconds=self._config.answer_seconds
        )
        with client, _every_fault_as_no_answer():
            download(client, address, headers={}, to=path, answer_seconds=DOWNLOAD_SECONDS)
        return path

    def read_bill(self, path: Path, *, day: date) -> Iterator[pl.DataFrame]:
        """Lines of payments and refunds, by gross amounts. Raises BillRefused."""
        try:
            with (
                zipfile.ZipFile(path, metadata_encoding="gbk") as archive,
                archive.open(_table_in(archive, day)) as file,
            ):
                yield from _Reading(self._config.seller_id, day).frames(BufferedReader(cast("BufferedReader", file)))
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError):
            raise _refused(day, "it is torn", "文件不完整") from None
        except (pl.exceptions.PolarsError, UnicodeError):
            raise _refused(day, "its lines cannot be read", "内容无法读取") from None

    def _address_of(self, day: date) -> str | None:
        """None for a day without any line."""
        with _every_fault_as_no_answer():
            answer = self._gateway.call(
                "alipay.data.dataservice.bill.downloadurl.query",
                {"bill_type": "trade", "bill_date": day.isoformat()},
            )
        codes = {code.rpartition(".")[2].upper() for code in (*answer.codes, answer.text("bill_file_code"))}
        if codes & EMPTY_BILL_CODES:
            return None
        if codes & LATER_BILL_CODES:
            raise BillNotReady(channel=wire.NAME, day=day.isoformat())
        if not answer.worked:
            raise _refused(day, f"Alipay answers {answer.codes[0]}", f"支付宝返回 {answer.codes[0]}")
        return answer.text("bill_download_url")


class _Reading:
    """One pass over one table: the frames, and the counts and sums that its summary must hold."""

    def __init__(self, seller_id: str, day: date) -> None:
        self._seller_id = seller_id
        self._day = day
        self._encoding = "gb18030"
        self._read_bytes = 0
        self._seen = dict.fromkeys(_KINDS, (0, 0))

    def frames(self, file: BufferedReader) -> Iterator[pl.DataFrame]:
        header = self._header(file)
        missing = [name for name in _COLUMNS if name not in header]
        if missing:
            raise self._refused(f"it has no column {missing[0]}", f"缺少「{missing[0]}」一列")
        rest = b""
        while chunk := file.read(CHUNK_BYTES):
            self._read_bytes += len(chunk)
            if self._read_bytes > LARGEST_TABLE:
                raise self._refused("it is too large", "文件过大")
            lines, mark, after = _split(rest + chunk)
            if lines:
                yield self._frame(lines, header)
            if mark:
                return self._compare((mark + after + file.read(LARGEST_SUMMARY)).decode(self._encoding))
            rest = after
        raise self._refused("it is torn", "文件不完整")

    def _header(self, file: BufferedReader) -> Sequence[str]:
        """The names of the columns, after the lines that say whose bill of which day it is."""
        if file.peek(len(BOM)).startswith(BOM):
            file.read(len(BOM))
            self._encoding = "utf-8"
        before: list[str] = []
        for line in islice(iter(file.readline, b""), MOST_LINES_BEFORE):
            text = line.decode(self._encoding).strip()
            if text and not text.startswith("#"):
                self._check_whose("\n".join(before))
                return [name.strip() for name in text.split(",")]
            before.append(text)
        raise self._refused("it has no lines", "没有明细内容")

    def _check_whose(self, before: str) -> None:
        account, first_day = _ACCOUNT.search(before), _FIRST_DAY.search(before)
        if account is None or not account[1].startswith(self._seller_id):
            raise self._refused("it is of another account", "不是本商户的账单")
        if first_day is None or tuple(map(int, first_day.groups())) != self._day.timetuple()[:3]:
            raise self._refused("it is of another day", "不是这一天的账单")

    def _frame(self, lines: bytes, header: Sequence[str]) -> pl.DataFrame:
        raw = pl.read_csv(
            lines.decode(self._encoding).encode(),
            has_header=False,
            new_columns=list(header),
            columns=[header.index(name) for name in _COLUMNS],
            infer_schema=False,
            quote_char=None,
        ).select(pl.col(_COLUMNS).fill_null("").str.strip_chars())
        raw = raw.with_columns(pl.col(_FEE).replace("", "0"))  # nothing was taken
        if not raw[_KIND].is_in(list(_KINDS)).all():
            raise self._refused("it has lines of an unknown kind", "有未知业务类型的明细")
        self._count(raw)
        is_refund = pl.col(_KIND) == "退款"
        return raw.select(
            kind=pl.col(_KIND).replace_strict(dict(_KINDS), return_dtype=pl.String),
            number=pl.when(is_refund).then(_REFUND_NO).otherwise(_NUMBER),
            channel_no=pl.col(_CHANNEL_NO),
            original_no=pl.when(is_refund).then(_NUMBER).otherwise(pl.lit("")),
            amount_minor=_fen(_AMOUNT).abs(),
            fee_minor=-_fen(_FEE),
            at=pl.col(_AT)
            .str.to_datetime("%Y-%m-%d %H:%M:%S", time_unit="us")
            .dt.replace_time_zone("Asia/Shanghai")
            .dt.convert_time_zone("UTC"),
            state=pl.lit("succeeded"),
        ).select(pl.col(name).cast(kind) for name, kind in BILL_COLUMNS.items())

    def _count(self, raw: pl.DataFrame) -> None:
        for kind, count, fen in raw.group_by(_KIND).agg(pl.len(), _fen(_RECEIVED).sum().alias("fen")).iter_rows():
            before_count, before_fen = self._seen[kind]
            self._seen[kind] = (before_count + count, before_fen + fen)

    def _compare(self, summary: str) -> None:
        told = {kind: (int(count), int(f"{whole}{part}")) for kind, count, whole, part in _SUMMARY.findall(summary)}
        if "交易" not in told:
            raise self._refused("its summary is missing", "缺少合计")
        if {kind: told.get(kind, (0, 0)) for kind in _KINDS} != self._seen:
            raise self._refused("its lines do not add up to its summary", "明细与合计不符")

    def _refused(self, problem: str, problem_zh: str) -> BillRefused:
        return _refused(self._day, problem, problem_zh)


def _split(data: bytes) -> tuple[bytes, bytes, bytes]:
    """Whole lines; the `#` that ends them, if it is there; and what comes after. No GBK character holds either byte."""
    at = 0 if data.startswith(b"#") else data.find(b"\n#") + 1
    if data[at : at + 1] == b"#":
        return data[:at], b"#", data[at + 1 :]
    end = data.rfind(b"\n") + 1
    return data[:end], b"", data[end:]


def _fen(name: str) -> pl.Expr:
    """Fen of a column of yuan."""
    return (pl.col(name).cast(pl.Decimal(20, 4)) * 100).round().cast(pl.Int64)


def _table_in(archive: zipfile.ZipFile, day: date) -> zipfile.ZipInfo:
    """The table of lines, by its name: never by its place."""
    for member in archive.infolist():
        if "业务明细" in member.filename and "汇总" not in member.filename:
            return member
    raise _refused(day, "it has no table of lines", "压缩包内没有业务明细")


@contextmanager
def _every_fault_as_no_answer() -> Iterator[None]:
    """Nothing is executed by asking for a bill, so how it failed makes no difference."""
    try:
        yield
    except Fault as fault:
        raise NoAnswer(fault.code) from None


def _refused(day: date, problem: str, problem_zh: str) -> BillRefused:
    return BillRefused(channel=wire.NAME, day=day.isoformat(), problem=problem, problem_zh=problem_zh)
