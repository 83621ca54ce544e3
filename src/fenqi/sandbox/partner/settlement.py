"""The daily file: what the platform pays for plans opened, takes back for refunds, and reports as repaid to it."""

import csv
import io
import json
from datetime import date, datetime, timedelta, timezone
from typing import Final

from fenqi.sandbox.faults import Fault, Kind
from fenqi.sandbox.partner.plans import SUCCEEDED
from fenqi.sandbox.town import Town

BEIJING: Final = timezone(timedelta(hours=8))
COLUMNS: Final = ("kind", "number", "plan_no", "amount", "commission", "subsidy")

Line = tuple[str, str, str, int, int, int]


def file_of(of: Town, key_id: str, day: date, fault: Fault | None) -> str:
    """The file of that day, as control wants it spoilt."""
    lines = [] if fault and fault.kind is Kind.EMPTY else _lines(of, key_id, day)
    if fault and fault.kind is Kind.MISSING_ROW:
        lines = lines[:-1]
    if fault and fault.kind is Kind.WRONG_AMOUNT and lines:
        kind, number, plan_no, amount, commission, subsidy = lines[0]
        lines[0] = (kind, number, plan_no, amount + 1, commission, subsidy)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(lines)
    told = day - timedelta(days=1) if fault and fault.kind is Kind.OTHER_DAY else day
    if not (fault and fault.kind is Kind.TORN):
        writer.writerow(("end", told.isoformat(), len(lines)))
    return text.getvalue()


def _lines(of: Town, key_id: str, day: date) -> list[Line]:
    starts = datetime.combine(day, datetime.min.time(), tzinfo=BEIJING)
    since, until = starts.timestamp(), (starts + timedelta(days=1)).timestamp()
    opened = of.store.rows(
        "SELECT * FROM partner_plan WHERE key_id = ? AND opened_at >= ? AND opened_at < ? AND NOT EXISTS (SELECT 1 FROM"
        " partner_transfer t WHERE t.plan_no = partner_plan.plan_no AND t.direction = 'in') ORDER BY plan_no",
        key_id,
        since,
        until,
    )
    refunded = of.store.rows(
        "SELECT r.* FROM partner_refund r JOIN partner_plan p USING (plan_no) WHERE p.key_id = ? AND r.state = ?"
        " AND r.accepted_at >= ? AND r.accepted_at < ? ORDER BY r.number",
        key_id,
        SUCCEEDED,
        since,
        until,
    )
    repaid = of.store.rows(
        "SELECT r.* FROM partner_repayment r JOIN partner_plan p USING (plan_no) WHERE p.key_id = ? AND r.at >= ?"
        " AND r.at < ? ORDER BY r.id",
        key_id,
        since,
        until,
    )
    return [
        *(
            ("plan", plan["plan_no"], plan["plan_no"], plan["amount"], -plan["commission"], -plan["subsidy"])
            for plan in opened
        ),
        *(_refund_line(row["number"], row["plan_no"], json.loads(row["effect"])) for row in refunded),
        *(
            ("repayment", f"{row['plan_no']}N{row['n']}", row["plan_no"], row["principal"] + row["fee"], 0, 0)
            for row in repaid
        ),
        *_transfer_lines(of, key_id, since, until),
        *(
            ("passed_on", row["number"], row["plan_no"], -row["amount"], 0, 0)
            for row in of.store.rows(
                "SELECT * FROM partner_passed_on WHERE key_id = ? AND at >= ? AND at < ? ORDER BY number",
                key_id,
                since,
                until,
            )
        ),
    ]


def _transfer_lines(of: Town, key_id: str, since: float, until: float) -> list[Line]:
    """What it pays for plans that moved in and is paid for those that moved out; and the way back."""
    lines: list[Line] = []
    for row in of.store.rows("SELECT * FROM partner_transfer WHERE key_id = ? ORDER BY number", key_id):
        price = row["price"] if row["direction"] == "in" else -row["price"]
        if row["confirmed_at"] is None:
            continue
        if since <= row["confirmed_at"] < until:
            lines.append(("transfer", row["number"], row["plan_no"], price, 0, 0))
        if row["revoked_at"] is not None and since <= row["revoked_at"] < until:
            lines.append(("revocation", row["number"], row["plan_no"], row["collected"] - price, 0, 0))
    return lines


def _refund_line(number: str, plan_no: str, effect: dict[str, int]) -> Line:
    return ("refund", number, plan_no, -effect["amount"], effect["commission_back"], effect["subsidy_back"])
