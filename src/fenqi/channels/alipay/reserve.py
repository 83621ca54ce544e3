"""The reserve (备用金) at Alipay: a pre-authorisation that freezes a sum, releases it, or turns it into a payment.

A freeze is opened by `alipay.fund.auth.order.voucher.create`, whose code the payer scans with the Alipay app: of the
ways to freeze on-line it is the one for a web mall. `app.freeze` gives an order for the SDK inside a mobile app of the
merchant's own, and `freeze` takes a payment code that a cashier scans.

Always: frozen = released + captured + rest. An answer or a notification that breaks it is believed in nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from fenqi.channels.alipay import verdicts, wire
from fenqi.channels.alipay.checks import check_amount, check_numbers, check_text, check_window
from fenqi.channels.alipay.codes import ALIPAY_CODES
from fenqi.channels.alipay.gateway import Gateway
from fenqi.channels.alipay.payments import Payments
from fenqi.channels.calendar import on_calendar
from fenqi.channels.interface import ChannelReply, ChargeRequest, ReserveReply, ReserveRequest, ScanCode
from fenqi.channels.transport import Fault
from fenqi.domain.money import Money
from fenqi.domain.payments import Operation, Outcome, Verdict, verdict_on

PRODUCT: Final = "PREAUTH_PAY"
LONGEST_WINDOW: Final = timedelta(days=15)
OUTCOMES: Final[Mapping[str, Outcome]] = {
    "INIT": Outcome.WAITING,
    "SUCCESS": Outcome.SUCCEEDED,
    "CLOSED": Outcome.CLOSED,
}


@dataclass(frozen=True, slots=True)
class _Sums:
    frozen: Money
    released: Money
    captured: Money
    rest: Money


class Reserve:
    def __init__(
        self, gateway: Gateway, payments: Payments, *, payee_user_id: str, clock: Callable[[], datetime]
    ) -> None:
        self._gateway = gateway
        self._payments = payments
        self._payee_user_id = payee_user_id
        self._clock = clock

    def freeze(self, request: ReserveRequest) -> ScanCode | ReserveReply:
        check_numbers(request.number)
        check_amount(request.amount)
        check_text(request.subject)
        check_window(request.expires_at, now=on_calendar(self._clock()))
        biz_content = {
            "out_order_no": request.number,
            "out_request_no": request.number,
            "order_title": wire.subject(request.subject),
            "amount": wire.yuan(request.amount),
            "product_code": PRODUCT,
            "payee_user_id": self._payee_user_id,
            "pay_timeout": self._window(request.expires_at),
        }
        try:
            answer = self._gateway.call(
                "alipay.fund.auth.order.voucher.create", biz_content, notify_url=request.notify_url
            )
        except Fault as fault:
            return _reply(request.number, fault.code, verdicts.of_order(fault))
        if not answer.worked:
            verdict = verdict_on(ALIPAY_CODES, Operation.FREEZE, *answer.codes)
            return _reply(request.number, answer.codes[0], verdict, raw=answer.fields)
        if answer.text("out_order_no") != request.number or not answer.text("code_value"):
            return _reply(request.number, verdicts.CONTRADICTS, verdicts.SAYS_SOMETHING_ELSE, raw=answer.fields)
        return ScanCode(answer.text("code_value"))

    def query(self, *, number: str, operation_no: str | None = None) -> ReserveReply:
        operation_no = operation_no or number
        check_numbers(number, operation_no)
        biz_content = {"out_order_no": number, "out_request_no": operation_no}
        try:
            answer = self._gateway.call("alipay.fund.auth.operation.detail.query", biz_content)
        except Fault as fault:
            return _reply(operation_no, fault.code, verdicts.of_question(fault))
        if not answer.worked:
            verdict = verdict_on(ALIPAY_CODES, Operation.QUERY, *answer.codes)
            return _reply(operation_no, answer.codes[0], verdict, raw=answer.fields)
        if answer.text("out_order_no") != number:
            return _reply(operation_no, verdicts.CONTRADICTS, verdicts.SAYS_SOMETHING_ELSE, raw=answer.fields)
        return told_of(answer.fields, number=operation_no)

    def release(self, *, auth_no: str, number: str, amount: Money, reason: str, notify_url: str) -> ReserveReply:
        check_numbers(number)
        check_amount(amount)
        check_text(reason)
        biz_content = {
            "auth_no": auth_no,
            "out_request_no": number,
            "amount": wire.yuan(amount),
            "remark": reason,
        }
        try:
            answer = self._gateway.call("alipay.fund.auth.order.unfreeze", biz_content, notify_url=notify_url)
        except Fault as fault:
            return _reply(number, fault.code, verdicts.of_order(fault))
        if not answer.worked:
            verdict = verdict_on(ALIPAY_CODES, Operation.RELEASE, *answer.codes)
            return _reply(number, answer.codes[0], verdict, raw=answer.fields)
        if answer.text("auth_no") != auth_no:
            return _reply(number, verdicts.CONTRADICTS, verdicts.SAYS_SOMETHING_ELSE, raw=answer.fields)
        return told_of(answer.fields, number=number, has_sums=False)

    def capture(self, *, auth_no: str, charge: ChargeRequest, completes: bool) -> ChannelReply:
        biz_content = {
            **self._payments.order(charge),
            "product_code": PRODUCT,
            "auth_no": auth_no,
            "auth_confirm_mode": "COMPLETE" if completes else "NOT_COMPLETE",
        }
        return self._payments.take(Operation.CAPTURE, charge, biz_content)

    def _window(self, expires_at: datetime) -> str:
        """In whole minutes, from one to fifteen days."""
        window = min(expires_at - on_calendar(self._clock()), LONGEST_WINDOW)
        return f"{max(window // timedelta(minutes=1), 1)}m"


def told_of(fields: Mapping[str, object], *, number: str, has_sums: bool = True) -> ReserveReply:
    """What an answer, or a notification, says of the operation `number`. A release is answered without the sums."""
    texts = wire.texts(fields)
    outcome = OUTCOMES.get(texts.get("status", ""))
    amount = wire.money(texts.get("amount", ""))
    sums = _sums(texts) if has_sums else None
    if texts.get("out_request_no") != number or outcome is None or amount is None or (has_sums and sums is None):
        return _reply(number, verdicts.CONTRADICTS, verdicts.SAYS_SOMETHING_ELSE, raw=fields)
    return ReserveReply(
        outcome=outcome,
        number=number,
        auth_no=texts.get("auth_no") or None,
        amount=amount,
        frozen=sums.frozen if sums else None,
        released=sums.released if sums else None,
        captured=sums.captured if sums else None,
        rest=sums.rest if sums else None,
        is_credit=texts.get("pre_auth_type") == "CREDIT_AUTH",
        code=texts["status"],
        raw=fields,
    )


def _sums(texts: Mapping[str, str]) -> _Sums | None:
    """None where they do not add up. A query says nothing of what was released: it is what is left over."""
    frozen, captured, rest = (
        wire.money(texts.get(name, "")) for name in ("total_freeze_amount", "total_pay_amount", "rest_amount")
    )
    if frozen is None or captured is None or rest is None:
        return None
    left_over = frozen - captured - rest
    released = wire.money(texts["total_unfreeze_amount"]) if "total_unfreeze_amount" in texts else left_over
    if released != left_over or left_over.minor < 0:
        return None
    return _Sums(frozen, left_over, captured, rest)


def _reply(number: str, code: str, verdict: Verdict, *, raw: Mapping[str, object] | None = None) -> ReserveReply:
    return ReserveReply(outcome=verdict.outcome, number=number, code=code, verdict=verdict, raw=raw or {})
