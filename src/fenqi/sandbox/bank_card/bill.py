"""The daily file: a ZIP of ZM (what was carried out) and ZME (adjustments, of which this town has none).

A day here is a calendar day of Beijing. Of the settled amount C is money to the merchant; of the fee D is taken from
it.
"""

import base64
import io
import re
import secrets
import zipfile
import zlib
from datetime import date, datetime, time, timedelta
from typing import Final

from fenqi.sandbox.bank_card import trades
from fenqi.sandbox.bank_card.messages import BEIJING, Fields, beijing
from fenqi.sandbox.bank_card.trades import CAPTURE, DEBIT, MONEY_IN, Trade
from fenqi.sandbox.counterparty import Refusal
from fenqi.sandbox.faults import Fault, Kind
from fenqi.sandbox.town import town

FEE_PER_MILLE: Final = 5
LARGEST_FEE_FEN: Final = 20_00

_WIDTHS: Final = (
    *(3, 11, 11, 6, 10, 19, 12, 4, 2, 21, 2, 32, 2, 6, 10, 13, 13, 4, 15, 2, 2, 6, 4, 2, 32, 1, 21, 15, 1, 15),
    *(32, 13, 13, 8, 32, 13, 13, 12, 2, 1, 32, 98),
)
_MONTH_AND_DAY: Final = re.compile(r"(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])")


def file_of(mer_id: str, fields: Fields, fault: Fault | None) -> Fields:
    """The fields of the answer. Raises Refusal: 98, there is no such file (yet)."""
    day = _day(fields.get("settleDate", ""))
    kind = fault.kind if fault else None
    if kind is Kind.CREATING or day >= beijing(town().now()).date():
        raise Refusal("98")
    lines = [] if kind is Kind.EMPTY else _spoilt([_line(trade) for trade in _trades(mer_id, day)], kind, mer_id, day)
    text = "".join(f"{line}\r\n" for line in lines).encode("gbk")
    if kind is Kind.TORN:
        text = text[:-100] or b"S22"  # in the middle of the last row
    if kind is Kind.BOM:
        text = b"\xef\xbb\xbf" + text
    named = day - timedelta(days=1) if kind is Kind.OTHER_DAY else day
    return {"fileName": f"{mer_id}_{day:%Y%m%d}.zip", "fileContent": _packed(mer_id, named, text)}


def fee_of(amount_fen: int) -> int:
    """Half up, capped."""
    return min((amount_fen * FEE_PER_MILLE + 500) // 1000, LARGEST_FEE_FEN)


def _day(text: str) -> date:
    """The latest day of that month and day that is not in the future."""
    match = _MONTH_AND_DAY.fullmatch(text)
    if match is None:
        raise Refusal("10")
    today = beijing(town().now()).date()
    try:
        day = date(today.year, int(match[1]), int(match[2]))
        return day if day <= today else day.replace(year=today.year - 1)
    except ValueError:
        raise Refusal("10") from None


def _trades(mer_id: str, day: date) -> list[Trade]:
    since = datetime.combine(day, time(), BEIJING)
    return trades.done_between(town().store, mer_id, since.timestamp(), (since + timedelta(days=1)).timestamp())


def _line(trade: Trade) -> str:
    is_in = trade.txn_type in MONEY_IN
    original = None if trade.txn_type == DEBIT else trades.original_of(town().store, trade)
    fee = fee_of(trade.amount_fen)
    values = {
        0: {DEBIT: "S22", CAPTURE: "S20"}.get(trade.txn_type, "S30"),
        1: "48270000",
        2: "00010000",
        3: trade.trace_no,
        4: trade.trace_time,
        5: "622588*********0000",
        6: f"{trade.amount_fen:012}",
        7: "5732",
        8: "07",
        9: trade.query_id,
        11: trade.order_id,
        12: "01",
        13: original.trace_no if original else "",
        14: original.trace_time if original else "",
        15: f"{'D' if is_in else 'C'}{fee:012}",
        16: f"{'C' if is_in else 'D'}{trade.amount_fen - fee:012}",
        19: trade.txn_type,
        20: "01" if trade.txn_type == DEBIT else "00",
        21: "000902",
        26: original.query_id if original else "",
        27: trade.mer_id,
        40: original.order_id if original else "",
    }
    return _padded(values)


def _padded(values: dict[int, str]) -> str:
    return " ".join(values.get(place, "").ljust(width)[:width] for place, width in enumerate(_WIDTHS))


def _spoilt(lines: list[str], kind: Kind | None, mer_id: str, day: date) -> list[str]:
    match kind:
        case Kind.MISSING_ROW:
            return lines[1:]
        case Kind.EXTRA_ROW:
            return [*lines, _strange_line(mer_id, day)]
        case Kind.DOUBLED_ROW:
            return lines[:1] + lines
        case Kind.WRONG_AMOUNT if lines:
            at = sum(_WIDTHS[:6]) + 6
            amount = int(lines[0][at : at + 12]) + 1
            return [f"{lines[0][:at]}{amount:012}{lines[0][at + 12 :]}", *lines[1:]]
    return lines


def _strange_line(mer_id: str, day: date) -> str:
    """A payment that nobody in the mall knows."""
    values = {
        0: "S22",
        3: f"{secrets.randbelow(10**6):06}",
        4: f"{day:%m%d}120000",
        6: f"{12_34:012}",
        9: f"{day:%Y%m%d}120000{secrets.randbelow(10**7):07}",
        11: f"stranger{secrets.token_hex(8)}",
        15: f"D{6:012}",
        16: f"C{12_28:012}",
        19: DEBIT,
        27: mer_id,
    }
    return _padded(values)


def _packed(mer_id: str, day: date, text: bytes) -> str:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"INN{day:%y%m%d}88ZM_{mer_id}", text)
        archive.writestr(f"INN{day:%y%m%d}88ZME_{mer_id}", b"")
    return base64.b64encode(zlib.compress(packed.getvalue())).decode()
