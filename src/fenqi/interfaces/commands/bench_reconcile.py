"""A day's bill against our books by `fenqi reconcile`, beside a bare join of the same two sides by Polars.

The bill is a real one of Alipay's: a ZIP with a GBK table, written here; our side is as many payments and refunds in a
durable PostgreSQL of its own, with their entries. Both sides follow from the place of a line, so that no list of them
is kept. Two lines in a thousand differ. The command runs as its user runs it, in a process of its own, whose memory is
watched; the bare join reads both sides from CSV and counts which agree.
"""

import csv
import json
import os
import subprocess
import sys
import time
import zipfile
from base64 import b64encode
from collections.abc import Iterator
from datetime import date, timedelta
from io import TextIOWrapper
from pathlib import Path
from typing import Any

import polars as pl
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from fenqi.interfaces.commands.bench_import import kilobytes
from fenqi.interfaces.commands.bench_repayments import own_place

LINES = 1_000_000
REFUND_EVERY = 50
DIFFERENT_EVERY = 1_000
SAMPLE_SECONDS = 0.05
SELLER = "2088000000000001"


def bench_reconcile(lines: int = LINES) -> dict[str, float]:
    """Figures of a first run and of a second, which changes nothing; the limit is the bare join."""
    os.environ |= alipay_environ()
    with own_place():
        from fenqi.interfaces.commands.bench_reconcile_seed import seed  # noqa: PLC0415 - needs Django set up
        from fenqi.usecases import clock  # noqa: PLC0415 - likewise

        day = clock.business_date(clock.now()) - timedelta(days=2)
        folder = Path(os.environ["FENQI_DATA"])
        zipped, table = write_bill(folder, lines, day=day)
        ours = folder / "ours.csv"
        seed(lines, refund_every=REFUND_EVERY, day=day, copy_to=ours)
        seconds, peak_kb, report = run_command(zipped, day)
        again_seconds, _, again = run_command(zipped, day)
        bare_seconds = bare_join(table, ours)
    assert report["lines"] == lines, report
    assert report["left_minor"] == 0, report
    assert not again["is_new"], again
    return {
        "lines": lines,
        "differences": sum(count for verdict, count in report["counts"].items() if verdict != "matched"),
        "seconds": seconds,
        "lines_per_second": lines / seconds,
        "peak_memory_mb": peak_kb / 1024,
        "again_seconds": again_seconds,
        "bare_join_seconds": bare_seconds,
        "ratio": seconds / bare_seconds,
    }


def alipay_environ() -> dict[str, str]:
    """Settings under which the rail is open; nothing is ever sent."""
    key = generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return {
        "FENQI_ALIPAY_APP_ID": "9021000000000001",
        "FENQI_ALIPAY_SELLER_ID": SELLER,
        "FENQI_ALIPAY_PRIVATE_KEY": b64encode(private).decode(),
        "FENQI_ALIPAY_PUBLIC_KEY": b64encode(public).decode(),
    }


def amount_of(n: int) -> int:
    """Fen of line `n`, from 1; the same as the seed's."""
    return 100 + n * 7919 % 90_000


def is_refund(n: int) -> bool:
    return n % REFUND_EVERY == 0


def billed(lines: int) -> Iterator[tuple[int, str, int]]:
    """Place, number and fen of each line: one in a thousand has another amount, or a number of nobody's."""
    for n in range(1, lines + 1):
        number, fen = f"BENCH{n:010d}", amount_of(n)
        if n % DIFFERENT_EVERY == 1:
            number = f"OTHER{n:010d}"
        elif n % DIFFERENT_EVERY == 3:  # noqa: PLR2004 - another place of each thousand
            fen += 1
        yield n, number, fen


HEADER = (
    "支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,订单金额（元）,商家实收（元）,"
    "支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,券名称,商家红包消费金额（元）,卡消费金额（元）,"
    "退款批次号/请求号,服务费（元）,分润（元）,备注"
)


def write_bill(folder: Path, lines: int, *, day: date) -> tuple[Path, Path]:
    """The bill as Alipay packs it, and its lines once more as the CSV that the bare join reads."""
    zipped, table = folder / "bill.zip", folder / "bill.csv"
    with (
        zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open(f"{SELLER}0156_{day:%Y%m%d}_业务明细.csv", "w") as member,
        TextIOWrapper(member, encoding="gbk", newline="") as bill,
        table.open("w", newline="") as bare,
    ):
        plain = csv.writer(bare)
        plain.writerow(("kind", "number", "amount"))
        bill.write(
            f"#支付宝业务明细查询\r\n#账号：[{SELLER}0156]\r\n"
            f"#起始日期：[{_midnight(day)}]   终止日期：[{_midnight(day + timedelta(days=1))}]\r\n"
            f"#---业务明细列表---\r\n{HEADER}\r\n"
        )
        counts, sums = {"交易": 0, "退款": 0}, {"交易": 0, "退款": 0}
        for n, number, fen in billed(lines):
            kind = "退款" if is_refund(n) else "交易"
            signed = -fen if is_refund(n) else fen
            counts[kind] += 1
            sums[kind] += signed
            bill.write(_line(n, number, kind, signed, day))
            plain.writerow((kind, number, fen))
        bill.write("#---业务明细列表结束---\r\n")
        for kind, count in counts.items():
            bill.write(f"#{kind}合计：{count}笔，商家实收共{_yuan(sums[kind])}元，商家优惠共0.00元\r\n")
    return zipped, table


def _line(n: int, number: str, kind: str, fen: int, day: date) -> str:
    second = n % 86_400
    at = f"{day} {second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"
    yuan = _yuan(fen)
    order_no, refund_no = (f"BENCH{n - 1:010d}", number) if fen < 0 else (number, "")
    fee = _yuan(-fen * 6 // 1000)
    return (
        f"2026{n:024d}\t,{order_no}\t,{kind}\t,分期还款\t,{at}\t,{at}\t,\t,\t,\t,\t,*林(138****0000)\t,{yuan}\t,{yuan}\t,"
        f"0.00\t,0.00\t,0.00\t,0.00\t,0.00\t,\t,0.00\t,0.00\t,{refund_no}\t,{fee}\t,0.00\t,\t\r\n"
    )


def _midnight(day: date) -> str:
    return f"{day:%Y年%m月%d日} 00:00:00"


def _yuan(fen: int) -> str:
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02d}"


def run_command(bill: Path, day: date) -> tuple[float, int, dict[str, Any]]:
    """Seconds, the most kilobytes held, and what `fenqi reconcile --json` said."""
    command = [sys.executable, "-m", "fenqi.interfaces.commands.main"]
    started = time.monotonic()
    process = subprocess.Popen(
        [*command, "reconcile", "alipay", str(bill), "--date", day.isoformat(), "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "FENQI_LOG_LEVEL": "ERROR", "PYTHONWARNINGS": "ignore"},
    )
    peak = 0
    while process.poll() is None:
        peak = max(peak, kilobytes(process.pid))
        time.sleep(SAMPLE_SECONDS)
    seconds = time.monotonic() - started
    said, complaints = process.communicate()
    if process.returncode not in {0, 1} or not said:
        raise RuntimeError(complaints)
    report: dict[str, Any] = json.loads(said.splitlines()[-1])
    return seconds, peak, report


def bare_join(theirs: Path, ours: Path) -> float:
    """Seconds that Polars alone takes to read both sides, join them and count what agrees."""
    started = time.monotonic()
    joined = pl.scan_csv(theirs).join(pl.scan_csv(ours), on=["kind", "number"], how="left", suffix="_ours")
    agreed = joined.select((pl.col("amount") == pl.col("amount_ours")).fill_null(value=False).sum()).collect().item()
    assert agreed
    return time.monotonic() - started
