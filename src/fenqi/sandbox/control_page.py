"""The town's pages for people: what the counterparties shall do wrong, what went on, and the phones."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from fenqi.sandbox import control, faults, mail, sms
from fenqi.sandbox.counterparties import COUNTERPARTIES, knowing
from fenqi.sandbox.counterparty import Refusal, newest_calls
from fenqi.sandbox.faults import KINDS_OF, Kind, Operation
from fenqi.sandbox.town import town

SHOWN: Final = 30
MESSENGERS: Final[Mapping[str, str]] = {"sms": "短信", "sms2": "短信（备用服务商）", "email": "邮件"}
KIND_NAMES: Final[Mapping[Kind, str]] = {
    Kind.SLOW: "延迟若干秒（填秒数）",
    Kind.HANG: "执行后不应答",
    Kind.RESET: "执行后断开连接",
    Kind.HTTP_500: "执行后返回 HTTP 500",
    Kind.WRONG_SIGNATURE: "签名错误",
    Kind.UNSIGNED: "应答不带签名",
    Kind.DOWN: "不执行，断开连接（停机）",
    Kind.UNDELIVERED: "收下但送不到手机",
    Kind.CODE: "不执行，返回代码（填代码）",
    Kind.CODE_AFTER: "执行后返回代码（填代码）",
    Kind.NOT_FOUND: "查询说没有这笔",
    Kind.PROCESSING: "停在处理中",
    Kind.NO_FUND_CHANGE: "退款成功但 fund_change=N",
    Kind.ALSO_NOTIFY: "退款后另发通知",
    Kind.NONSENSE: "应答自相矛盾（合作分期平台）",
    Kind.DROP: "通知永不送达",
    Kind.TWICE: "通知同时送两次",
    Kind.HOLD: "压住，等下一个通知之后再送（乱序）",
    Kind.EMPTY: "账单：当天无数据",
    Kind.CREATING: "账单：还在生成",
    Kind.MISSING_ROW: "账单：少一行",
    Kind.EXTRA_ROW: "账单：多一行",
    Kind.WRONG_AMOUNT: "账单：金额不符",
    Kind.DOUBLED_ROW: "账单：一行重复",
    Kind.TORN: "账单：只有一半",
    Kind.OTHER_DAY: "账单：给了别的日子",
    Kind.BOM: "账单：开头带 BOM",
}
OPERATION_NAMES: Final[Mapping[Operation, str]] = {
    Operation.CHARGE: "下单或扣款",
    Operation.QUERY: "查询",
    Operation.CLOSE: "关闭",
    Operation.REFUND: "退款",
    Operation.QUERY_REFUND: "退款查询",
    Operation.NOTIFY: "异步通知",
    Operation.ASK_CODE: "绑卡发验证码",
    Operation.BIND: "绑卡",
    Operation.UNBIND: "解绑",
    Operation.SIGN: "签约",
    Operation.QUERY_AGREEMENT: "协议查询",
    Operation.END_AGREEMENT: "解约",
    Operation.ANNOUNCE: "扣款预通知",
    Operation.FREEZE: "冻结",
    Operation.RELEASE: "解冻",
    Operation.CAPTURE: "冻结转支付",
    Operation.TRANSFER: "转入、转出分期和转付还款",
    Operation.QUERY_TRANSFER: "转移查询",
    Operation.BILL: "账单",
    Operation.SMS: "发短信",
    Operation.EMAIL: "发邮件",
}


@require_http_methods(["GET", "HEAD"])
def page(request: HttpRequest) -> HttpResponse:
    store = town().store
    titles = {one.channel: one.title for one in COUNTERPARTIES.values()} | dict(MESSENGERS)
    context = {
        "channels": titles.items(),
        "operations": OPERATION_NAMES.items(),
        "kinds": [(kind, KIND_NAMES[kind], _where(kind)) for kind in Kind],
        "faults": [
            (
                titles.get(row["channel"], row["channel"]),
                OPERATION_NAMES[Operation(row["operation"])],
                KIND_NAMES[Kind(row["kind"])],
                row["value"],
                row["times"],
            )
            for row in store.rows("SELECT * FROM ordered_fault ORDER BY id")
        ],
        "has_chaos": store.setting("chaos") is not None,
        "codes": sorted(set().union(*(one.codes for one in COUNTERPARTIES.values()))),
        "counterparties": [(one, one.newest(SHOWN)) for one in COUNTERPARTIES.values()],
        "deliveries": [
            (at(row["due_at"]), titles.get(row["channel"], row["channel"]), row)
            for row in store.rows("SELECT * FROM delivery ORDER BY id DESC LIMIT ?", SHOWN)
        ],
        "calls": [
            (at(row["at"]), titles.get(row["channel"], row["channel"]), row) for row in newest_calls(town(), SHOWN)
        ],
    }
    return render(request, "sandbox/control.html", context)


@require_POST
def order_fault(request: HttpRequest) -> HttpResponse:
    try:
        control.order(request.POST.dict())
    except ValueError as wrong:
        return render(request, "sandbox/problem.html", {"code": "400", "text": str(wrong)}, status=400)
    return redirect("control")


@require_POST
def forget_faults(_request: HttpRequest) -> HttpResponse:
    faults.forget_all(town().store)
    return redirect("control")


@require_POST
def act(request: HttpRequest) -> HttpResponse:
    number = request.POST.get("number", "")
    owner = knowing(number)
    _, action = owner.actions.get(request.POST.get("action", ""), ("", None)) if owner else ("", None)
    try:
        if action:
            action(number)
    except Refusal as refusal:
        return render(
            request, "sandbox/problem.html", {"code": refusal.code, "text": "这笔交易现在不能这样做。"}, status=409
        )
    return redirect("control")


@require_http_methods(["GET", "HEAD"])
def phone(request: HttpRequest) -> HttpResponse:
    """The phones of the town: what a customer would see arrive."""
    number = request.GET.get("phone", "")
    found = [(at(row["at"]), row) for row in sms.messages(phone=number)]
    return render(request, "sandbox/phone.html", {"phone": number, "messages": found})


@require_http_methods(["GET", "HEAD"])
def mailbox(request: HttpRequest) -> HttpResponse:
    """The mailboxes of the town."""
    address = request.GET.get("to", "")
    found = [(at(row["at"]), row) for row in mail.mails(to=address)]
    return render(request, "sandbox/mailbox.html", {"address": address, "mails": found})


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _where(kind: Kind) -> str:
    """The operations that can suffer this, when they are few; empty when nearly all can."""
    where = [OPERATION_NAMES[operation] for operation, kinds in KINDS_OF.items() if kind in kinds]
    return "、".join(where) if len(where) < len(OPERATION_NAMES) // 2 else ""
