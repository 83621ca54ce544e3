"""The partner's daily settlement file: CSV with a header, and a last line that says the day and how many there were."""

import csv
from collections.abc import Sequence
from datetime import date
from typing import Final

from fenqi.channels.bills import BillRefused
from fenqi.channels.partner.interface import SettlementLine

COLUMNS: Final = ("kind", "number", "plan_no", "amount", "commission", "subsidy")
KINDS: Final = frozenset({"plan", "refund", "repayment", "transfer", "revocation", "passed_on", "adjustment"})
END: Final = "end"


def read_settlement(body: bytes, *, day: date, partner: str) -> tuple[SettlementLine, ...]:
    """Every line, or none of them. Raises BillRefused."""
    try:
        header, *rows, end = csv.reader(body.decode().splitlines())
    except (ValueError, csv.Error):
        raise _refused(day, partner, "it is not a CSV file", "不是 CSV 文件") from None
    if tuple(header) != COLUMNS or end != [END, day.isoformat(), str(len(rows))]:
        raise _refused(day, partner, "it is torn, or of another day", "文件不完整或不是当天的")
    lines = [_line(row) for row in rows]
    if None in lines:
        n = lines.index(None) + 2
        raise _refused(day, partner, f"line {n} cannot be read", f"第 {n} 行无法读取")
    return tuple(line for line in lines if line is not None)


def _line(row: Sequence[str]) -> SettlementLine | None:
    try:
        kind, number, plan_no, *sums = row
        amount, commission, subsidy = map(int, sums)
    except ValueError:
        return None
    if kind not in KINDS:
        return None
    return SettlementLine(
        kind=kind, number=number, plan_no=plan_no, amount=amount, commission=commission, subsidy=subsidy
    )


def _refused(day: date, partner: str, problem: str, problem_zh: str) -> BillRefused:
    return BillRefused(channel=partner, day=day.isoformat(), problem=problem, problem_zh=problem_zh)
