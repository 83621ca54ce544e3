"""The daily bill (业务明细): a ZIP of two GBK tables, made from that day's books, at an address that soon dies.

The fee is 0.6 % of each payment, rounded half up to the fen. A refund gives back its part, so reckoned that a payment
refunded in full, in however many parts, has cost nothing. (Alipay's contracts differ in this; what matters is that the
rows of a payment and of its refunds fit together.)
"""

import io
import secrets
import time
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from datetime import time as time_of_day
from typing import Final

from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.views.decorators.http import require_GET

from fenqi.sandbox.alipay.biz import BEIJING, INVALID, Call, beijing, day_of, yuan
from fenqi.sandbox.alipay.notifications import seller_of
from fenqi.sandbox.counterparty import Refusal
from fenqi.sandbox.faults import Kind
from fenqi.sandbox.store import Row
from fenqi.sandbox.town import town

ADDRESS_SECONDS: Final = 30
READY_SECONDS: Final = 9 * 3600
"""After the end of the day, divided by the town's pace."""

FEE_PER_MILLE: Final = 6
HEADER: Final = (
    "支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,"
    "订单金额（元）,商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,"
    "券名称,商家红包消费金额（元）,卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注"
)


@dataclass(frozen=True, slots=True)
class Line:
    trade_no: str
    out_trade_no: str
    subject: str
    created_at: float
    done_at: float
    fen: int
    """Below zero for a refund."""
    fee_fen: int
    """What was taken; below zero where it was given back."""
    out_request_no: str = ""

    @property
    def is_refund(self) -> bool:
        return bool(self.out_request_no)

    def written(self) -> str:
        amount = yuan(self.fen)
        values = [
            self.trade_no,
            self.out_trade_no,
            "退款" if self.is_refund else "交易",
            self.subject.replace(",", "，"),
            beijing(self.created_at),
            beijing(self.done_at),
            *[""] * 4,
            "*三(san***@example.com)",
            amount,
            amount,
            *["0.00"] * 5,
            "",
            *["0.00"] * 2,
            self.out_request_no,
            yuan(-self.fee_fen),
            "0.00",
            self.subject.replace(",", "，"),
        ]
        return ",".join(f"{value}\t" for value in values)


def offer(call: Call) -> str:
    """The address of the bill a call asks for."""
    if call.biz.get("bill_type") != "trade":
        raise Refusal(INVALID)
    day = day_of(call.biz.get("bill_date"))
    if call.suffers(Kind.EMPTY):
        raise Refusal("NO_BILL_DATA")
    if call.suffers(Kind.CREATING) or town().now() < _midnight(day + timedelta(days=1)) + READY_SECONDS / town().pace:
        raise Refusal("isp.unknow-error")  # no code is documented for a bill that is not there yet
    if not _lines(call.app_id, day):
        raise Refusal("BILL_NOT_EXIST")
    token, spoilt = secrets.token_urlsafe(18), call.fault.kind if call.fault else ""
    with town().store.change() as db:
        db.execute(
            "INSERT INTO alipay_bill_link VALUES (?, ?, ?, ?, ?)",
            (token, call.app_id, day.isoformat(), spoilt, time.time()),
        )
    return f"/alipay/bill/{token}"


@require_GET
def download(_request: HttpRequest, token: str) -> HttpResponse:
    link = town().store.row("SELECT * FROM alipay_bill_link WHERE token = ?", token)
    if link is None or link["made_at"] + ADDRESS_SECONDS < time.time():
        return HttpResponseForbidden("链接已失效")
    spoilt = Kind(link["spoilt"]) if link["spoilt"] else None
    return HttpResponse(
        archive(link["app_id"], date.fromisoformat(link["day"]), spoilt=spoilt), content_type="application/zip"
    )


def archive(app_id: str, day: date, *, spoilt: Kind | None) -> bytes:
    """The ZIP of a day, with what was ordered to be wrong with it."""
    lines, account = _spoil(_lines(app_id, day), spoilt), f"{seller_of(app_id)}0156"
    shown = day - timedelta(days=1) if spoilt is Kind.OTHER_DAY else day
    detail = detail_of([line.written() for line in lines], account=account, day=shown, summary=_summary(lines))
    overview = _overview(lines, account=account, day=shown)
    return zipped(f"{account}_{day:%Y%m%d}", detail=_encoded(detail, spoilt), overview=_encoded(overview, None))


class GbkInfo(zipfile.ZipInfo):
    """A member whose name is written in GBK, without the flag that says how."""

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:  # noqa: N802 - the hook of the standard library
        return self.filename.encode("gbk"), self.flag_bits


def zipped(stem: str, *, detail: bytes, overview: bytes) -> bytes:
    """The overview comes first: nobody may count on an order."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for title, text in (("业务明细(汇总)", overview), ("业务明细", detail)):
            info = GbkInfo(f"{stem}_{title}.csv")
            info.compress_type = zipfile.ZIP_DEFLATED
            file.writestr(info, text)
    return buffer.getvalue()


def detail_of(lines: Iterable[str], *, account: str, day: date, summary: Iterable[str]) -> str:
    """The table of all lines, with what Alipay writes around it."""
    return "\r\n".join(
        [
            "#支付宝业务明细查询",
            f"#账号：[{account}]",
            f"#起始日期：[{day:%Y年%m月%d日} 00:00:00]   终止日期：[{day + timedelta(days=1):%Y年%m月%d日} 00:00:00]",
            "#-----------------------------------------业务明细列表----------------------------------------",
            HEADER,
            *lines,
            "#-----------------------------------------业务明细列表结束------------------------------------",
            *summary,
            f"#导出时间：[{beijing(town().now())}]",
            "",
        ]
    )


def _summary(lines: Sequence[Line]) -> list[str]:
    kinds = {False: "交易", True: "退款"}
    sums = {is_refund: [line.fen for line in lines if line.is_refund is is_refund] for is_refund in kinds}
    return [
        f"#{kinds[is_refund]}合计：{len(fens)}笔，商家实收共{yuan(sum(fens))}元，商家优惠共0.00元"
        for is_refund, fens in sums.items()
    ]


def _overview(lines: Sequence[Line], *, account: str, day: date) -> str:
    fee = yuan(-sum(line.fee_fen for line in lines))
    header = "门店编号,门店名称,交易订单总笔数,退款订单总笔数,订单金额（元）,商家实收（元）,服务费（元）,实收净额（元）"
    refunds = sum(line.is_refund for line in lines)
    total = yuan(sum(line.fen for line in lines))
    net = yuan(sum(line.fen - line.fee_fen for line in lines))
    row = f"合计\t,\t,{len(lines) - refunds}\t,{refunds}\t,{total}\t,{total}\t,{fee}\t,{net}\t"
    return "\r\n".join(
        ["#支付宝业务汇总查询", f"#账号：[{account}]", f"#起始日期：[{day:%Y年%m月%d日}]", header, row, ""]
    )


def _lines(app_id: str, day: date) -> list[Line]:
    start, end = _midnight(day), _midnight(day + timedelta(days=1))
    payments = town().store.rows(
        "SELECT * FROM alipay_trade WHERE app_id = ? AND paid_at >= ? AND paid_at < ? ORDER BY paid_at",
        app_id,
        start,
        end,
    )
    refunds = town().store.rows(
        "SELECT t.*, r.* FROM alipay_trade t JOIN"
        " (SELECT *, sum(amount_fen) OVER (PARTITION BY trade_no ORDER BY accepted_at, out_request_no) AS so_far_fen"
        "  FROM alipay_refund WHERE is_done) r USING (trade_no)"
        " WHERE t.app_id = ? AND r.accepted_at >= ? AND r.accepted_at < ? ORDER BY r.accepted_at",
        app_id,
        start,
        end,
    )
    return [*map(_payment, payments), *map(_refund, refunds)]


def _payment(row: Row) -> Line:
    total = row["total_fen"]
    return Line(*_about(row), done_at=row["paid_at"], fen=total, fee_fen=_fee(total))


def _refund(row: Row) -> Line:
    total, so_far, amount = row["total_fen"], row["so_far_fen"], row["amount_fen"]
    given_back = _part(_fee(total), so_far, total) - _part(_fee(total), so_far - amount, total)
    return Line(
        *_about(row),
        done_at=row["accepted_at"],
        fen=-amount,
        fee_fen=-given_back,
        out_request_no=row["out_request_no"],
    )


def _about(row: Row) -> tuple[str, str, str, float]:
    return row["trade_no"], row["out_trade_no"], row["subject"], row["created_at"]


def _fee(total_fen: int) -> int:
    return _part(total_fen, FEE_PER_MILLE, 1000)


def _part(fen: int, numerator: int, denominator: int) -> int:
    """Rounded half up."""
    return (2 * fen * numerator + denominator) // (2 * denominator)


def _spoil(lines: list[Line], spoilt: Kind | None) -> list[Line]:
    first, *rest = lines
    match spoilt:
        case Kind.MISSING_ROW:
            return rest
        case Kind.EXTRA_ROW:
            stranger = replace(first, trade_no=first.trade_no[::-1], out_trade_no=f"stranger{secrets.token_hex(6)}")
            return [*lines, replace(stranger, fen=abs(first.fen), fee_fen=abs(first.fee_fen), out_request_no="")]
        case Kind.WRONG_AMOUNT:
            return [replace(first, fen=first.fen + 1), *rest]
        case Kind.DOUBLED_ROW:
            return [first, *lines]
    return lines


def _encoded(text: str, spoilt: Kind | None) -> bytes:
    match spoilt:
        case Kind.BOM:
            return text.encode("utf-8-sig")
        case Kind.TORN:
            return text.encode("gbk", "replace")[: -len(text) // 3]
    return text.encode("gbk", "replace")


def _midnight(day: date) -> float:
    return datetime.combine(day, time_of_day(), BEIJING).timestamp()
