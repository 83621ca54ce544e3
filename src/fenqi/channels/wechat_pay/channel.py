"""WeChat Pay as a rail: H5 and Native payments, refunds, and contracts for later debits.

The calls about contracts (`/v3/papay/...`) are published only in part. Paths and names of fields are those of public
copies of the interface; where no page was found they are unverified, and each method says so.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from urllib.parse import quote, urlsplit

from fenqi.channels.calendar import on_calendar
from fenqi.channels.interface import (
    Acknowledgement,
    AgreementReply,
    AgreementRequest,
    AgreementState,
    Callback,
    ChannelRefuses,
    ChannelReply,
    ChargeRef,
    ChargeRequest,
    DebitRequest,
    Device,
    Notification,
    Redirect,
    RefundReply,
    RefundRequest,
    Reply,
    ScanCode,
    check_number,
)
from fenqi.channels.transport import Fault, is_private_enough
from fenqi.channels.wechat_pay import answers, wire
from fenqi.channels.wechat_pay.codes import WECHAT_PAY_CODES, WECHAT_PAY_DEBIT_CODES
from fenqi.channels.wechat_pay.config import WechatPayConfig
from fenqi.channels.wechat_pay.gateway import Answer, Gateway
from fenqi.channels.wechat_pay.notifications import NotificationReader
from fenqi.domain.money import Money
from fenqi.domain.payments import Operation, Outcome, verdict_on

NAME: Final = "wechat_pay"
REFUND_DAYS: Final = 365
LARGEST_FEN: Final = 100_000_000_00
"""The channel states no bound of its own; this is ours."""

LONGEST_WINDOW: Final = timedelta(days=7)
LONGEST_SUBJECT: Final = 127
LONGEST_REASON: Final = 80
LONGEST_CONTRACT_TEXT: Final = 32
NOTICE_DAYS: Final = 2
"""Announced on the 1st, debited on the 3rd: the day between is the payer's."""

DEBIT_WINDOW_DAYS: Final = 7
"""For how many days from the first possible one a notice lets a debit be tried."""

NOTICES_FROM, NOTICES_UNTIL = time(6), time(22)

_AGREEMENT_NO: Final = re.compile(r"[0-9A-Za-z_-]{1,64}")


def utc_now() -> datetime:
    return datetime.now(UTC)


class WechatPayChannel:
    """The rail of one WeChat Pay merchant: cashier, debits under a contract, and the notices before them.

    Safe to share between threads.
    """

    def __init__(self, config: WechatPayConfig, *, clock: Callable[[], datetime] = utc_now) -> None:
        self._config = config
        self._clock = clock
        self._gateway = Gateway(config, clock=clock)
        self._notifications = NotificationReader(config, keys=self._gateway.keys)

    @property
    def name(self) -> str:
        return NAME

    @property
    def currencies(self) -> frozenset[str]:
        return frozenset([wire.CURRENCY])

    @property
    def refund_days(self) -> int:
        return REFUND_DAYS

    @property
    def notice_days(self) -> int:
        return NOTICE_DAYS

    def start(self, request: ChargeRequest) -> Redirect | ScanCode | ChannelReply:
        """A phone is sent to the H5 page, a desktop gets the code of a Native order.

        The order is the same for the same request, so sending it again is harmless: nothing in it comes from the clock.
        A number that was ordered for the one cannot be ordered for the other.
        """
        self._check_charge(request)
        is_phone = request.device is Device.PHONE
        order = {
            "appid": self._config.appid,
            "mchid": self._config.mchid,
            "description": wire.shortened(request.subject, LONGEST_SUBJECT),
            "out_trade_no": request.out_trade_no,
            "time_expire": wire.beijing(request.expires_at),
            "notify_url": request.notify_url,
            "amount": {"total": request.amount.minor, "currency": wire.CURRENCY},
        }
        scene = {"payer_client_ip": request.payer_ip, "h5_info": {"type": "Wap"}}
        path = "/v3/pay/transactions/h5" if is_phone else "/v3/pay/transactions/native"
        try:
            answer = self._gateway.post(path, {**order, "scene_info": scene} if is_phone else order)
        except Fault as fault:
            return answers.payment_verdict(request.out_trade_no, fault.code, answers.fault_of_order(fault))
        if not answer.worked:
            return self._payment_refused(request.out_trade_no, Operation.PAY, answer)
        address = wire.text(answer.fields, "h5_url" if is_phone else "code_url")
        if not address:
            return _contradicted(request.out_trade_no, answer)
        if not is_phone:
            return ScanCode(address)
        mark = "&" if urlsplit(address).query else "?"
        return Redirect(f"{address}{mark}redirect_url={quote(request.return_url, safe='')}")

    def query(self, charge: ChargeRef) -> ChannelReply:
        out_trade_no = check_number(charge.out_trade_no, channel=NAME)
        path = f"/v3/pay/transactions/out-trade-no/{out_trade_no}?mchid={self._config.mchid}"
        try:
            answer = self._gateway.get(path)
        except Fault as fault:
            return answers.payment_verdict(out_trade_no, fault.code, answers.fault_of_question(fault))
        if not answer.worked:
            return self._payment_refused(out_trade_no, Operation.QUERY, answer)
        if wire.text(answer.fields, "mchid") != self._config.mchid:
            return _contradicted(out_trade_no, answer)
        return answers.payment(answer.fields, out_trade_no=out_trade_no) or _contradicted(out_trade_no, answer)

    def close(self, charge: ChargeRef) -> ChannelReply:
        """WeChat Pay closes an order that is closed already, too; what is paid it refuses to close."""
        out_trade_no = check_number(charge.out_trade_no, channel=NAME)
        try:
            answer = self._gateway.post(
                f"/v3/pay/transactions/out-trade-no/{out_trade_no}/close", {"mchid": self._config.mchid}
            )
        except Fault as fault:
            return answers.payment_verdict(out_trade_no, fault.code, answers.fault_of_question(fault))
        if not answer.worked:
            return self._payment_refused(out_trade_no, Operation.CLOSE, answer)
        return ChannelReply(outcome=Outcome.CLOSED, out_trade_no=out_trade_no, code="CLOSED")

    def refund(self, request: RefundRequest) -> RefundReply:
        """A 200 says that it was accepted; what became of it `query_refund` and the notification tell."""
        self._check_refund(request)
        out_trade_no, out_refund_no = request.charge.out_trade_no, request.out_request_no
        fields = {
            "out_trade_no": out_trade_no,
            "out_refund_no": out_refund_no,
            "reason": wire.shortened(request.reason, LONGEST_REASON),
            "notify_url": request.notify_url,  # without it the notification would come in the form of version 2
            "amount": {
                "refund": request.amount.minor,
                "total": request.charge.amount.minor,
                "currency": wire.CURRENCY,
            },
        }
        try:
            answer = self._gateway.post("/v3/refund/domestic/refunds", fields)
        except Fault as fault:
            return answers.refund_verdict(out_trade_no, out_refund_no, fault.code, answers.fault_of_order(fault))
        return self._refund_of(request, Operation.REFUND, answer)

    def query_refund(self, request: RefundRequest) -> RefundReply:
        out_trade_no = check_number(request.charge.out_trade_no, channel=NAME)
        out_refund_no = check_number(request.out_request_no, channel=NAME)
        try:
            answer = self._gateway.get(f"/v3/refund/domestic/refunds/{out_refund_no}")
        except Fault as fault:
            return answers.refund_verdict(out_trade_no, out_refund_no, fault.code, answers.fault_of_question(fault))
        return self._refund_of(request, Operation.QUERY_REFUND, answer)

    def debit(self, request: DebitRequest) -> ChannelReply:
        """Take a payment under a contract that was announced; accepted is WAITING, and `query` tells the rest.

        Fields by public copies of the interface; codes of its refusals are unverified.
        """
        check_number(request.out_trade_no, channel=NAME)
        self._check_amount(request.amount)
        self._check_text(request.subject)
        self._check_notify_url(request.notify_url)
        fields = {
            "appid": self._config.appid,
            "out_trade_no": request.out_trade_no,
            "description": wire.shortened(request.subject, LONGEST_SUBJECT),
            "transaction_notify_url": request.notify_url,
            "contract_id": _agreement_no(request.authority),
            "amount": {"total": request.amount.minor, "currency": wire.CURRENCY},
        }
        try:
            answer = self._gateway.post("/v3/papay/pay/transactions/apply", fields)
        except Fault as fault:
            return answers.payment_verdict(request.out_trade_no, fault.code, answers.fault_of_order(fault))
        if not answer.worked:
            verdict = verdict_on(WECHAT_PAY_DEBIT_CODES, Operation.PAY, answer.code)
            return answers.payment_verdict(request.out_trade_no, answer.code, verdict, answer)
        if wire.text(answer.fields, "out_trade_no") != request.out_trade_no:
            return _contradicted(request.out_trade_no, answer)
        return ChannelReply(
            outcome=Outcome.WAITING, out_trade_no=request.out_trade_no, code="ACCEPTED", raw=answer.fields
        )

    def sign_agreement(self, request: AgreementRequest) -> Redirect | AgreementReply:
        """The page where the payer signs, for a phone and for a desktop.

        By the H5 call for scheduled debits. Unverified: `return_url`, documented for its sibling call only.
        """
        plan_id, number = self._plan_id(), check_number(request.number, channel=NAME)
        self._check_amount(request.single_limit)
        self._check_text(request.subject)
        self._check_notify_url(request.notify_url)
        subject = wire.shortened(request.subject, LONGEST_CONTRACT_TEXT)
        fields = {
            "appid": self._config.appid,
            "plan_id": plan_id,
            "out_contract_code": number,
            "contract_display_account": subject,
            "contract_notify_url": request.notify_url,
            "out_user_code": number,
            "return_url": request.return_url,
            "deduct_schedule": {
                "estimated_deduct_date": request.first_debit_on.isoformat(),
                "estimated_deduct_amount": {"total": request.single_limit.minor, "currency": wire.CURRENCY},
                "description": subject,
            },
        }
        try:
            answer = self._gateway.post("/v3/papay/scheduled-deduct-sign/contracts/pre-entrust-sign/h5", fields)
        except Fault as fault:
            return answers.contract_verdict(number, fault.code, answers.fault_of_order(fault))
        if not answer.worked:
            return _contract_refused(number, Operation.SIGN, answer)
        address = wire.text(answer.fields, "redirect_url")
        if not address:
            return answers.contract_verdict(number, "answer.contradicts", answers.CONTRADICTS, answer)
        return Redirect(address)

    def query_agreement(self, number: str) -> AgreementReply:
        """Unverified: the words of `contract_state`."""
        path = self._contract_path(number)
        try:
            answer = self._gateway.get(path)
        except Fault as fault:
            return answers.contract_verdict(number, fault.code, answers.fault_of_question(fault))
        return _contract_of(number, Operation.QUERY_AGREEMENT, answer)

    def end_agreement(self, number: str, agreement_no: str) -> AgreementReply:
        """By our own number; `agreement_no` must be the one it was signed under. Unverified as `query_agreement`."""
        path = self._contract_path(number)
        _agreement_no(agreement_no)
        try:
            answer = self._gateway.post(f"{path}/terminate", {"contract_termination_remark": "用户关闭自动还款"})
        except Fault as fault:
            return answers.contract_verdict(number, fault.code, answers.fault_of_question(fault))
        reply = _contract_of(number, Operation.END_AGREEMENT, answer)
        is_over = reply.outcome is Outcome.SUCCEEDED and reply.state is None  # the code said "done already"
        return (
            AgreementReply(
                outcome=Outcome.SUCCEEDED,
                number=number,
                agreement_no=agreement_no,
                state=AgreementState.ENDED,
                code=reply.code,
            )
            if is_over
            else reply
        )

    def announce(self, *, agreement_no: str, amount: Money, debit_on: date) -> Reply:
        """Have WeChat tell the payer of a debit of at most `amount`; a debit may then be tried for seven days.

        Raises ChannelRefuses outside 06:00 to 22:00 in Beijing, and for a day that a notice of today does not reach.
        Unverified: how long `deduct_duration` may be.
        """
        self._check_amount(amount)
        now = on_calendar(self._clock() + self._config.calendar_ahead).astimezone(wire.BEIJING)
        if not NOTICES_FROM <= now.time() < NOTICES_UNTIL:
            raise ChannelRefuses(
                channel=NAME,
                problem="a debit is announced between 06:00 and 22:00 in Beijing",
                problem_zh="扣款通知只能在北京时间 6:00 至 22:00 发送",
            )
        first_day = now.date() + timedelta(days=NOTICE_DAYS)
        if not first_day <= debit_on < first_day + timedelta(days=DEBIT_WINDOW_DAYS):
            raise ChannelRefuses(
                channel=NAME,
                problem=f"a debit is announced {NOTICE_DAYS} to {NOTICE_DAYS + DEBIT_WINDOW_DAYS - 1} days before it",
                problem_zh=f"扣款通知须提前 {NOTICE_DAYS} 至 {NOTICE_DAYS + DEBIT_WINDOW_DAYS - 1} 天发送",
            )
        fields = {
            "mchid": self._config.mchid,
            "appid": self._config.appid,
            "deduct_duration": {"count": DEBIT_WINDOW_DAYS, "unit": "DAY"},
            "estimated_amount": {"amount": amount.minor, "currency": wire.CURRENCY},
        }
        try:
            answer = self._gateway.post(f"/v3/papay/contracts/{_agreement_no(agreement_no)}/notify", fields)
        except Fault as fault:
            verdict = answers.fault_of_order(fault)
            return Reply(outcome=verdict.outcome, code=fault.code, verdict=verdict)
        if not answer.worked:
            verdict = verdict_on(WECHAT_PAY_CODES, Operation.ANNOUNCE, answer.code)
            return Reply(outcome=verdict.outcome, code=answer.code, verdict=verdict, raw=answer.fields)
        return Reply(outcome=Outcome.SUCCEEDED, code="ANNOUNCED")

    def read_notification(self, callback: Callback) -> Notification:
        return self._notifications.read(callback)

    def acknowledge(self) -> Acknowledgement:
        return Acknowledgement("", status=204)

    def _payment_refused(self, out_trade_no: str, operation: Operation, answer: Answer) -> ChannelReply:
        verdict = verdict_on(WECHAT_PAY_CODES, operation, answer.code)
        return answers.payment_verdict(out_trade_no, answer.code, verdict, answer)

    def _refund_of(self, request: RefundRequest, operation: Operation, answer: Answer) -> RefundReply:
        numbers = request.charge.out_trade_no, request.out_request_no
        if not answer.worked:
            verdict = verdict_on(WECHAT_PAY_CODES, operation, answer.code)
            return answers.refund_verdict(*numbers, answer.code, verdict, answer)
        reply = answers.refund(answer.fields, out_trade_no=numbers[0], out_refund_no=numbers[1])
        if reply is None or reply.amount != request.amount:
            return answers.refund_verdict(*numbers, "answer.contradicts", answers.CONTRADICTS, answer)
        return reply

    def _contract_path(self, number: str) -> str:
        check_number(number, channel=NAME)
        return f"/v3/papay/sign/contracts/plan-id/{self._plan_id()}/out-contract-code/{number}"

    def _plan_id(self) -> int:
        if self._config.plan_id is None:
            raise ChannelRefuses(
                channel=NAME, problem="no contract for debits is set up", problem_zh="商户未开通委托代扣"
            )
        return self._config.plan_id

    def _check_charge(self, request: ChargeRequest) -> None:
        check_number(request.out_trade_no, channel=NAME)
        self._check_amount(request.amount)
        self._check_text(request.subject)
        self._check_notify_url(request.notify_url)
        if request.expires_at <= on_calendar(self._clock() + self._config.calendar_ahead):
            raise ChannelRefuses(channel=NAME, problem="its window is over", problem_zh="付款时限已过")
        if request.expires_at - request.submitted_at > LONGEST_WINDOW:
            raise ChannelRefuses(
                channel=NAME, problem="a payer has at most seven days", problem_zh="付款时限最长为 7 天"
            )

    def _check_refund(self, request: RefundRequest) -> None:
        check_number(request.charge.out_trade_no, channel=NAME)
        check_number(request.out_request_no, channel=NAME)
        self._check_amount(request.amount)
        self._check_text(request.reason)
        self._check_notify_url(request.notify_url)
        if request.amount.minor > request.charge.amount.minor:
            raise ChannelRefuses(
                channel=NAME, problem="more than was paid cannot be refunded", problem_zh="退款金额不能大于付款金额"
            )

    def _check_amount(self, amount: Money) -> None:
        if amount.currency not in self.currencies:
            raise ChannelRefuses(channel=NAME, problem="it carries CNY only", problem_zh="仅支持人民币")
        if not 0 < amount.minor <= LARGEST_FEN:
            raise ChannelRefuses(
                channel=NAME,
                problem="an amount must be from 0.01 to 100,000,000 yuan",
                problem_zh="金额须在 0.01 元至 1 亿元之间",
            )

    def _check_text(self, words: str) -> None:
        if not words.strip():
            raise ChannelRefuses(
                channel=NAME, problem="a subject or a reason is needed", problem_zh="标题和退款原因不能为空"
            )

    def _check_notify_url(self, url: str) -> None:
        if not is_private_enough(url) or urlsplit(url).query:
            raise ChannelRefuses(
                channel=NAME,
                problem="it notifies https addresses without a query only",
                problem_zh="通知地址须为不带参数的 https 地址",
            )


def _contradicted(out_trade_no: str, answer: Answer) -> ChannelReply:
    """Signed, but about another number, or without what it must hold."""
    return answers.payment_verdict(out_trade_no, "answer.contradicts", answers.CONTRADICTS, answer)


def _contract_refused(number: str, operation: Operation, answer: Answer) -> AgreementReply:
    verdict = verdict_on(WECHAT_PAY_CODES, operation, answer.code)
    return answers.contract_verdict(number, answer.code, verdict, answer)


def _contract_of(number: str, operation: Operation, answer: Answer) -> AgreementReply:
    if not answer.worked:
        return _contract_refused(number, operation, answer)
    reply = answers.contract(answer.fields, number=number)
    return reply or answers.contract_verdict(number, "answer.contradicts", answers.CONTRADICTS, answer)


def _agreement_no(number: str) -> str:
    if _AGREEMENT_NO.fullmatch(number) is None:
        raise ChannelRefuses(channel=NAME, problem="that is no contract", problem_zh="协议号无效")
    return number
