"""Agreements to later debits at Alipay (周期扣款): signed by the payer on Alipay's page, asked about, ended.

An agreement is monthly, and its day must exist in every month: a first debit on the 29th, 30th or 31st is agreed for
the 28th; debits may come later in the month, never larger than `single_limit`.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Final

from fenqi.channels.alipay import verdicts, wire
from fenqi.channels.alipay.checks import check_amount, check_numbers
from fenqi.channels.alipay.codes import ALIPAY_CODES
from fenqi.channels.alipay.gateway import Gateway
from fenqi.channels.calendar import on_calendar
from fenqi.channels.interface import (
    AgreementReply,
    AgreementRequest,
    AgreementState,
    ChannelRefuses,
    Device,
    Redirect,
)
from fenqi.channels.transport import Fault
from fenqi.domain.payments import Operation, Outcome, Verdict, verdict_on

PRODUCT: Final = "GENERAL_WITHHOLDING"
PERSONAL_PRODUCT: Final = "CYCLE_PAY_AUTH_P"
SIGN_SCENE: Final = "DEFAULT|DEFAULT"
LAST_DAY_OF_EVERY_MONTH: Final = 28
STATES: Final[Mapping[str, AgreementState]] = {
    "TEMP": AgreementState.PENDING,
    "NORMAL": AgreementState.ACTIVE,
    "STOP": AgreementState.ENDED,
    "UNSIGN": AgreementState.ENDED,  # as notifications say it
}


class Agreements:
    def __init__(self, gateway: Gateway, *, clock: Callable[[], datetime]) -> None:
        self._gateway = gateway
        self._clock = clock

    def sign(self, request: AgreementRequest) -> Redirect:
        """No agreement exists at Alipay until the payer opens the page: until then a query answers NOT_FOUND."""
        check_numbers(request.number)
        check_amount(request.single_limit)
        if request.first_debit_on < wire.beijing_day(on_calendar(self._clock())):
            raise ChannelRefuses(channel=wire.NAME, problem="its first debit is past", problem_zh="首次扣款日已过")
        biz_content = {
            "product_code": PRODUCT,
            "personal_product_code": PERSONAL_PRODUCT,
            "sign_scene": SIGN_SCENE,
            "external_agreement_no": request.number,
            "access_params": {"channel": "ALIPAYAPP" if request.device is Device.PHONE else "QRCODE"},
            "period_rule_params": {
                "period_type": "MONTH",
                "period": "1",
                "execute_time": execute_day(request.first_debit_on).isoformat(),
                "single_amount": wire.yuan(request.single_limit),
            },
        }
        address = self._gateway.address_of(
            "alipay.user.agreement.page.sign",
            biz_content,
            notify_url=request.notify_url,
            return_url=request.return_url,
        )
        return Redirect(address)

    def query(self, number: str) -> AgreementReply:
        check_numbers(number)
        biz_content = {
            "external_agreement_no": number,
            "personal_product_code": PERSONAL_PRODUCT,
            "sign_scene": SIGN_SCENE,
        }
        try:
            answer = self._gateway.call("alipay.user.agreement.query", biz_content)
        except Fault as fault:
            return _reply(number, fault.code, verdicts.of_question(fault))
        if answer.worked:
            return told_of(answer.fields, number=number)
        verdict = verdict_on(ALIPAY_CODES, Operation.QUERY_AGREEMENT, *answer.codes)
        return _reply(number, answer.codes[0], verdict, raw=answer.fields)

    def end(self, number: str, agreement_no: str) -> AgreementReply:
        check_numbers(number)
        try:
            answer = self._gateway.call("alipay.user.agreement.unsign", {"agreement_no": agreement_no})
        except Fault as fault:
            return _reply(number, fault.code, verdicts.of_order(fault))
        if not answer.worked:
            verdict = verdict_on(ALIPAY_CODES, Operation.END_AGREEMENT, *answer.codes)
            if verdict.outcome is not Outcome.SUCCEEDED:
                return _reply(number, answer.codes[0], verdict, raw=answer.fields)
        return AgreementReply(
            outcome=Outcome.SUCCEEDED,
            number=number,
            agreement_no=agreement_no,
            state=AgreementState.ENDED,
            code=answer.codes[0],
            raw=answer.fields,
        )


def execute_day(first_debit_on: date) -> date:
    """The day that is agreed."""
    return first_debit_on.replace(day=min(first_debit_on.day, LAST_DAY_OF_EVERY_MONTH))


def told_of(fields: Mapping[str, object], *, number: str) -> AgreementReply:
    """What an answer, or a notification, says of the agreement `number`."""
    texts = wire.texts(fields)
    state = STATES.get(texts.get("status", ""))
    agreement_no = texts.get("agreement_no") or None
    if texts.get("external_agreement_no") != number or state is None or agreement_no is None:
        return _reply(number, verdicts.CONTRADICTS, verdicts.SAYS_SOMETHING_ELSE, raw=fields)
    at = texts.get("unsign_time") if state is AgreementState.ENDED else texts.get("sign_time")
    return AgreementReply(
        outcome=Outcome.SUCCEEDED,
        number=number,
        agreement_no=agreement_no,
        state=state,
        at=wire.instant(at or ""),
        code=texts["status"],
        raw=fields,
    )


def _reply(number: str, code: str, verdict: Verdict, *, raw: Mapping[str, object] | None = None) -> AgreementReply:
    return AgreementReply(outcome=verdict.outcome, number=number, code=code, verdict=verdict, raw=raw or {})
