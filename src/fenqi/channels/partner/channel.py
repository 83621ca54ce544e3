"""The adapter: our words into the partner's JSON and back, signed both ways."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

import httpx

from fenqi.channels.bills import BillNotReady
from fenqi.channels.interface import Reply
from fenqi.channels.partner.codes import PARTNER_CODES
from fenqi.channels.partner.config import PartnerConfig
from fenqi.channels.partner.interface import (
    NewPartnerPlan,
    PartnerEffect,
    PartnerPlan,
    PartnerPlanReply,
    PartnerPlanState,
    PartnerQuoteReply,
    PartnerRefundReply,
    PartnerRefundRequest,
    PassedOn,
    SettlementLine,
    Transfer,
    TransferDirection,
    TransferReply,
    TransferRequest,
    TransferState,
)
from fenqi.channels.partner.settlements import read_settlement
from fenqi.channels.partner.signing import Message, Signatures
from fenqi.channels.transport import Fault, HttpAnswer, NoAnswer, NotSent, exchange, strict_client
from fenqi.domain.payments import FailureCategory, Operation, Outcome, RetryMark, Verdict, verdict_on
from fenqi.domain.plans import Components

CONTRADICTS: Final = "answer.contradicts"
_SAYS_SOMETHING_ELSE = Verdict(Outcome.UNKNOWN, FailureCategory.CONTACT_SUPPORT, RetryMark.QUERY_FIRST, alert=True)
_NO_ANSWER = Verdict(Outcome.UNKNOWN, FailureCategory.OUTCOME_UNKNOWN, RetryMark.QUERY_FIRST)
_NOT_SENT = Verdict(Outcome.NOT_EXECUTED, FailureCategory.CHANNEL_MAINTENANCE, RetryMark.SAME_REQUEST)

Fields = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Answered:
    """An answer that the partner signed; with a `code` it refused."""

    fields: Fields
    code: str = ""


class PartnerChannel:
    """A `FinancePartner` that speaks the protocol of `docs/partner-protocol.md`."""

    def __init__(self, config: PartnerConfig) -> None:
        self._config = config
        self._signatures = Signatures(
            key_id=config.key_id, private_key=config.private_key, public_key=config.public_key
        )
        self._client = strict_client(
            config.gateway, connect_seconds=config.connect_seconds, answer_seconds=config.answer_seconds
        )

    @property
    def code(self) -> str:
        return self._config.code

    def open_plan(self, new: NewPartnerPlan) -> PartnerPlanReply:
        body = {
            "customer": new.customer,
            "amount": new.amount,
            "currency": new.currency,
            "installments": new.installments,
            "fee_rate": new.fee_rate,
            "opened_on": new.opened_on.isoformat(),
        }
        return self._plan_reply(new.plan_no, "PUT", f"/v1/plans/{new.plan_no}", body)

    def plan(self, plan_no: str) -> PartnerPlanReply:
        return self._plan_reply(plan_no, "GET", f"/v1/plans/{plan_no}", None)

    def quote_refund(self, *, plan_no: str, amount: int, effective_on: date) -> PartnerQuoteReply:
        body = {"amount": amount, "effective_on": effective_on.isoformat()}
        answered, verdict, code = self._ask(Operation.QUERY, "POST", f"/v1/plans/{plan_no}/refund-quotes", body)
        if answered is None:
            return PartnerQuoteReply(outcome=verdict.outcome, code=code, verdict=verdict, plan_no=plan_no)
        effect = _effect(answered.fields, amount=amount)
        if effect is None:
            return PartnerQuoteReply(
                outcome=Outcome.UNKNOWN,
                code=CONTRADICTS,
                verdict=_SAYS_SOMETHING_ELSE,
                plan_no=plan_no,
                raw=answered.fields,
            )
        return PartnerQuoteReply(outcome=Outcome.SUCCEEDED, plan_no=plan_no, effect=effect, raw=answered.fields)

    def refund(self, request: PartnerRefundRequest) -> PartnerRefundReply:
        body = {
            "plan_no": request.plan_no,
            "amount": request.amount,
            "currency": request.currency,
            "reason": request.reason,
            "effective_on": request.effective_on.isoformat(),
        }
        return self._refund_reply(Operation.REFUND, request.number, "PUT", body, amount=request.amount)

    def query_refund(self, number: str) -> PartnerRefundReply:
        return self._refund_reply(Operation.QUERY_REFUND, number, "GET", None, amount=None)

    def quote_transfer(self, request: TransferRequest) -> TransferReply:
        body = {"number": request.number, **_transfer_body(request)}
        return self._transfer_reply(Operation.TRANSFER, request.number, "POST", "/v1/transfer-quotes", body)

    def transfer(self, request: TransferRequest) -> TransferReply:
        address = f"/v1/transfers/{request.number}"
        return self._transfer_reply(Operation.TRANSFER, request.number, "PUT", address, _transfer_body(request))

    def query_transfer(self, number: str) -> TransferReply:
        return self._transfer_reply(Operation.QUERY_TRANSFER, number, "GET", f"/v1/transfers/{number}", None)

    def confirm_transfer(self, number: str) -> TransferReply:
        return self._transfer_reply(Operation.TRANSFER, number, "PUT", f"/v1/transfers/{number}/confirmation", {})

    def revoke_transfer(self, number: str) -> TransferReply:
        return self._transfer_reply(Operation.TRANSFER, number, "PUT", f"/v1/transfers/{number}/revocation", {})

    def pass_on(self, passed: PassedOn) -> Reply:
        body = {
            "plan_no": passed.plan_no,
            "amount": passed.amount,
            "currency": passed.currency,
            "received_on": passed.received_on.isoformat(),
        }
        answered, verdict, code = self._ask(Operation.TRANSFER, "PUT", f"/v1/passed-on/{passed.number}", body)
        if answered is None:
            return Reply(outcome=verdict.outcome, code=code, verdict=verdict)
        fields = answered.fields
        if (fields.get("number"), fields.get("amount")) != (passed.number, passed.amount):
            return Reply(outcome=Outcome.UNKNOWN, code=CONTRADICTS, verdict=_SAYS_SOMETHING_ELSE, raw=fields)
        return Reply(outcome=Outcome.SUCCEEDED, raw=fields)

    def settlement(self, day: date) -> tuple[SettlementLine, ...]:
        try:
            answer = self._exchange("GET", f"/v1/settlements/{day.isoformat()}", b"")
        except Fault as fault:
            raise BillNotReady(channel=self.code, day=day.isoformat()) from fault
        if answer.status != httpx.codes.OK:
            raise BillNotReady(channel=self.code, day=day.isoformat())
        return read_settlement(answer.body, day=day, partner=self.code)

    def _plan_reply(self, plan_no: str, method: str, path: str, body: Fields | None) -> PartnerPlanReply:
        answered, verdict, code = self._ask(Operation.QUERY, method, path, body)
        if answered is None:
            return PartnerPlanReply(outcome=verdict.outcome, code=code, verdict=verdict, plan_no=plan_no)
        plan = _plan(answered.fields, plan_no)
        if plan is None:
            return PartnerPlanReply(
                outcome=Outcome.UNKNOWN,
                code=CONTRADICTS,
                verdict=_SAYS_SOMETHING_ELSE,
                plan_no=plan_no,
                raw=answered.fields,
            )
        return PartnerPlanReply(outcome=Outcome.SUCCEEDED, plan_no=plan_no, plan=plan, raw=answered.fields)

    def _refund_reply(
        self, operation: Operation, number: str, method: str, body: Fields | None, *, amount: int | None
    ) -> PartnerRefundReply:
        answered, verdict, code = self._ask(operation, method, f"/v1/refunds/{number}", body)
        if answered is None:
            return PartnerRefundReply(outcome=verdict.outcome, code=code, verdict=verdict, number=number)
        fields = answered.fields
        accepted_at = _instant(fields.get("accepted_at"))
        match fields.get("state"):
            case "processing" if fields.get("number") == number:
                return PartnerRefundReply(outcome=Outcome.WAITING, number=number, accepted_at=accepted_at, raw=fields)
            case "failed" if fields.get("number") == number:
                verdict = verdict_on(PARTNER_CODES, Operation.REFUND, str(fields.get("code", "")))
                return PartnerRefundReply(
                    outcome=verdict.outcome,
                    code=str(fields.get("code", "")),
                    verdict=verdict,
                    number=number,
                    raw=fields,
                )
        effect = _effect(fields, amount=amount)
        if fields.get("state") != "succeeded" or fields.get("number") != number or effect is None or not accepted_at:
            return PartnerRefundReply(
                outcome=Outcome.UNKNOWN, code=CONTRADICTS, verdict=_SAYS_SOMETHING_ELSE, number=number, raw=fields
            )
        return PartnerRefundReply(
            outcome=Outcome.SUCCEEDED, number=number, effect=effect, accepted_at=accepted_at, raw=fields
        )

    def _transfer_reply(
        self, operation: Operation, number: str, method: str, path: str, body: Fields | None
    ) -> TransferReply:
        answered, verdict, code = self._ask(operation, method, path, body)
        if answered is None:
            return TransferReply(outcome=verdict.outcome, code=code, verdict=verdict, number=number)
        found = _transfer(answered.fields, number)
        if found is None:
            return TransferReply(
                outcome=Outcome.UNKNOWN,
                code=CONTRADICTS,
                verdict=_SAYS_SOMETHING_ELSE,
                number=number,
                raw=answered.fields,
            )
        return TransferReply(outcome=Outcome.SUCCEEDED, number=number, transfer=found, raw=answered.fields)

    def _ask(
        self, operation: Operation, method: str, path: str, body: Fields | None
    ) -> tuple[_Answered | None, Verdict, str]:
        """The signed answer; without one, what that means and the code for the record."""
        content = b"" if body is None else json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        try:
            answered = _read(self._exchange(method, path, content))
        except NotSent as fault:
            sends = operation in (Operation.REFUND, Operation.TRANSFER)
            return None, _NOT_SENT if sends else _NO_ANSWER, fault.code
        except NoAnswer as fault:
            return None, _NO_ANSWER, fault.code
        if answered.code:
            return None, verdict_on(PARTNER_CODES, operation, answered.code), answered.code
        return answered, _NO_ANSWER, ""

    def _exchange(self, method: str, path: str, content: bytes) -> HttpAnswer:
        """Raises NotSent or NoAnswer, also for an answer that the partner did not sign."""
        request = Message(method, f"{self._config.gateway}{path}", {"Content-Type": "application/json"})
        self._signatures.sign(request, content)
        answer = exchange(
            self._client,
            method,
            request.url,
            headers=request.headers,
            body=content,
            answer_seconds=self._config.answer_seconds,
        )
        self._signatures.check(answer, request)
        return answer


def _read(answer: HttpAnswer) -> _Answered:
    """Raises NoAnswer for what is no JSON object."""
    try:
        fields = json.loads(answer.body)
    except (ValueError, RecursionError):
        raise NoAnswer("transport.unreadable") from None
    if not isinstance(fields, dict):
        raise NoAnswer("transport.unreadable")
    error = fields.get("error")
    if isinstance(error, dict) and error.get("code"):
        return _Answered(fields, str(error["code"]))
    if not httpx.codes.is_success(answer.status):
        raise NoAnswer(f"transport.http_{answer.status}")
    return _Answered(fields)


def _effect(fields: Fields, *, amount: int | None) -> PartnerEffect | None:
    """None for what is not an effect, is not consistent, or is of another sum."""
    sums = _sums(fields, "amount", "cancelled_principal", "dropped_fees", "surplus", "commission_back", "subsidy_back")
    state = _state(fields.get("plan_state"))
    if sums is None or state is None:
        return None
    effect = PartnerEffect(
        amount=sums[0],
        cancelled_principal=sums[1],
        dropped_fees=sums[2],
        surplus=sums[3],
        commission_back=sums[4],
        subsidy_back=sums[5],
        plan_state=state,
    )
    return effect if effect.is_consistent and amount in (None, effect.amount) else None


def _plan(fields: Fields, plan_no: str) -> PartnerPlan | None:
    sums = _sums(fields, "amount", "outstanding_principal", "outstanding_fee", "balance", "withdrawable")
    state = _state(fields.get("state"))
    if sums is None or state is None or fields.get("plan_no") != plan_no or min(sums) < 0:
        return None
    return PartnerPlan(
        plan_no=plan_no,
        state=state,
        amount=sums[0],
        outstanding_principal=sums[1],
        outstanding_fee=sums[2],
        balance=sums[3],
        withdrawable=sums[4],
    )


def _transfer_body(request: TransferRequest) -> Fields:
    return {
        "direction": request.direction.value,
        "plan_no": request.plan_no,
        "customer": request.customer,
        "currency": request.currency,
        "effective_on": request.effective_on.isoformat(),
        "amount": request.amount,
        "rows": [{"n": row.n, "due_on": row.due_on.isoformat(), **row.owed._asdict()} for row in request.rows],
    }


def _transfer(fields: Fields, number: str) -> Transfer | None:
    """None for what is no transfer, or another one."""
    balance, sums = fields.get("balance"), _sums(fields, "price", "collected")
    parts = _sums(balance, *Components._fields) if isinstance(balance, dict) else None
    if sums is None or parts is None or min(*sums, *parts) < 0 or fields.get("number") != number:
        return None
    try:
        direction = TransferDirection(str(fields.get("direction")))
        state = TransferState(str(fields["state"])) if "state" in fields else None
    except ValueError:
        return None
    return Transfer(
        number=number,
        direction=direction,
        plan_no=str(fields.get("plan_no", "")),
        state=state,
        balance=Components(*parts),
        price=sums[0],
        collected=sums[1],
    )


def _sums(fields: Fields, *names: str) -> tuple[int, ...] | None:
    """Whole amounts, or none of them: a number in quotes, a fraction and a truth value are no amounts."""
    values = tuple(value for name in names if isinstance(value := fields.get(name), int) and type(value) is not bool)
    return values if len(values) == len(names) else None


def _state(value: object) -> PartnerPlanState | None:
    try:
        return PartnerPlanState(str(value))
    except ValueError:
        return None


def _instant(value: object) -> datetime | None:
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return at if at.tzinfo else None
