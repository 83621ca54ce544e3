"""The trade bill of a day, as the real file: CSV, a backtick before every value, a summary at its end."""

import gzip
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Final

from fenqi.sandbox.faults import Fault, Kind
from fenqi.sandbox.town import town
from fenqi.sandbox.wechat_pay import orders
from fenqi.sandbox.wechat_pay.orders import BEIJING, Order, Refund, RefundStatus, yuan

_BEFORE_REFUND: Final = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,"
    "应结订单金额,代金券金额"
)
_REFUND: Final = "微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态"
_REFUND_TIMES: Final = "退款申请时间,退款成功时间"
_AFTER_REFUND: Final = "商品名称,商户数据包,手续费,费率,订单金额"
_LAST: Final = "费率备注"
HEADERS: Final[Mapping[str, str]] = {
    "ALL": f"{_BEFORE_REFUND},{_REFUND},{_AFTER_REFUND},申请退款金额,{_LAST}",
    "SUCCESS": f"{_BEFORE_REFUND},{_AFTER_REFUND},{_LAST}",
    "REFUND": f"{_BEFORE_REFUND},{_REFUND_TIMES},{_REFUND},{_AFTER_REFUND},申请退款金额,{_LAST}",
}
SUMMARY: Final = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
_REFUND_STATES: Final[Mapping[RefundStatus, str]] = {
    RefundStatus.PROCESSING: "PROCESSING",
    RefundStatus.SUCCESS: "SUCCESS",
    RefundStatus.CLOSED: "FAIL",
    RefundStatus.ABNORMAL: "CHANGE",
}

Line = dict[str, str]


def trade_bill(merchant_id: str, day: date, bill_type: str, fault: Fault | None) -> bytes | None:
    """The file of a day in Beijing, unzipped; None when it has no line."""
    start = datetime.combine(day, time(), tzinfo=BEIJING)
    end = start + timedelta(days=1)
    made = orders.movements(town().store, merchant_id, start=start.timestamp(), end=end.timestamp())
    lines = [line for line in map(_line, made) if _KEEPS[bill_type](line)]
    lines = _spoilt(lines, fault)
    if not lines:
        return None
    text = _written(HEADERS[bill_type], lines)
    if fault and fault.kind is Kind.TORN:
        text = text[: text.rindex("总交易单数") - 20]
    mark = "\ufeff" if fault and fault.kind is Kind.BOM else ""
    return f"{mark}{text}".encode()


def zipped(bill: bytes) -> bytes:
    return gzip.compress(bill, mtime=0)


def _written(header: str, lines: list[Line]) -> str:
    names = header.split(",")
    rows = [",".join(f"`{line.get(name, '')}" for name in names) for line in lines]
    totals = [
        str(len(lines)),
        _sum(lines, "应结订单金额"),
        _sum(lines, "退款金额"),
        _sum(lines, "充值券退款金额"),
        f"{_sum(lines, '手续费')}000",
        _sum(lines, "订单金额"),
        _sum(lines, "申请退款金额"),
    ]
    return "\r\n".join([header, *rows, SUMMARY, ",".join(f"`{total}" for total in totals), ""])


def _sum(lines: Iterable[Line], name: str) -> str:
    return yuan(sum(_fen(line.get(name) or "0.00") for line in lines))


def _fen(written: str) -> int:
    whole, _, part = written.lstrip("-").partition(".")
    return (-1 if written.startswith("-") else 1) * (int(whole) * 100 + int(part[:2]))


def _line(made: Order | Refund) -> Line:
    return _order_line(made) if isinstance(made, Order) else _refund_line(made)


def _common(at: float, transaction_id: str, out_trade_no: str, mchid: str) -> Line:
    return {
        "交易时间": f"{datetime.fromtimestamp(at, BEIJING):%Y-%m-%d %H:%M:%S}",
        "公众账号ID": _appid(mchid),
        "商户号": mchid,
        "特约商户号": "0",
        "微信订单号": transaction_id,
        "商户订单号": out_trade_no,
        "用户标识": "oSandboxPayer0000000000000000",
        "付款银行": "OTHERS",
        "货币种类": "CNY",
        "应结订单金额": "0.00",
        "代金券金额": "0.00",
        "微信退款单号": "0",
        "商户退款单号": "0",
        "退款金额": "0.00",
        "充值券退款金额": "0.00",
        "费率": "0.60%",
        "订单金额": "0.00",
        "申请退款金额": "0.00",
    }


def _order_line(order: Order) -> Line:
    return {
        **_common(order.paid_at or 0, order.transaction_id, order.out_trade_no, order.mchid),
        "交易类型": order.trade_type,
        "交易状态": "SUCCESS",
        "应结订单金额": order.yuan,
        "商品名称": order.description.replace(",", "\\ "),
        "手续费": f"{yuan(order.fee_fen)}000",
        "订单金额": order.yuan,
    }


def _refund_line(refund: Refund) -> Line:
    at = f"{datetime.fromtimestamp(refund.created_at, BEIJING):%Y-%m-%d %H:%M:%S}"
    settled = refund.settled_at if refund.status is RefundStatus.SUCCESS else None
    return {
        **_common(refund.created_at, refund.transaction_id, refund.out_trade_no, refund.mchid),
        "交易类型": "REFUND",
        "交易状态": "REFUND",
        "退款申请时间": at,
        "退款成功时间": f"{datetime.fromtimestamp(settled, BEIJING):%Y-%m-%d %H:%M:%S}" if settled else "",
        "微信退款单号": refund.refund_id,
        "商户退款单号": refund.out_refund_no,
        "退款金额": yuan(refund.amount_fen),
        "退款类型": refund.channel,
        "退款状态": _REFUND_STATES[refund.status],
        "手续费": f"{yuan(-refund.fee_fen)}000",
        "申请退款金额": yuan(refund.amount_fen),
    }


def _appid(mchid: str) -> str:
    row = town().store.row("SELECT appid FROM wechat_merchant WHERE mchid = ?", mchid)
    return row["appid"] if row else ""


_KEEPS: Final[Mapping[str, Callable[[Line], bool]]] = {
    "ALL": lambda _line: True,
    "SUCCESS": lambda line: line["交易状态"] == "SUCCESS",
    "REFUND": lambda line: line["交易状态"] == "REFUND",
}


def _spoilt(lines: list[Line], fault: Fault | None) -> list[Line]:
    """The lines of a bill that is wrong, as ordered: its own summary agrees with what it says."""
    spoil = _SPOILERS.get(fault.kind) if fault else None
    return spoil(lines) if spoil and lines else lines


def _with_a_stranger(lines: list[Line]) -> list[Line]:
    stranger = {"微信订单号": orders.new_number("42000"), "商户订单号": orders.new_number("NOBODY")}
    return [*lines, {**lines[-1], **stranger}]


def _with_a_fen_more(lines: list[Line]) -> list[Line]:
    first, *rest = lines
    names = ("应结订单金额", "订单金额") if first["交易状态"] == "SUCCESS" else ("退款金额", "申请退款金额")
    return [{**first, **{name: yuan(_fen(first[name]) + 1) for name in names}}, *rest]


_SPOILERS: Final[Mapping[Kind, Callable[[list[Line]], list[Line]]]] = {
    Kind.EMPTY: lambda _lines: [],
    Kind.MISSING_ROW: lambda lines: lines[1:],
    Kind.DOUBLED_ROW: lambda lines: [lines[0], *lines],
    Kind.EXTRA_ROW: _with_a_stranger,
    Kind.WRONG_AMOUNT: _with_a_fen_more,
    Kind.OTHER_DAY: lambda lines: [{**line, "交易时间": "2020-01-01 12:00:00"} for line in lines],
}
