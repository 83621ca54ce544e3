"""What can stand in the way of binding or using a card; none of these quotes what was typed."""

from uuid import UUID

from fenqi.domain.errors import FenqiError


class CreditCardRefused(FenqiError):
    """Debt is not repaid with other debt. Details: `where`, the field."""

    code = "credit_card_refused"
    status = 422
    zh = "这是信用卡，不能用来还分期。请换一张储蓄卡。"
    en = "This is a credit card: installments cannot be repaid with it. Use a debit card."


class CardNotBound(FenqiError):
    """The bank or the gateway said no. Details: `reason`, `reason_zh`: in the customer's words."""

    code = "card_not_bound"
    status = 422
    zh = "没有绑成：{reason_zh}"
    en = "The card was not bound: {reason}"


class BindingUnknown(FenqiError):
    """The gateway did not answer; binding moves no money, so asking for a new code is safe."""

    code = "card_binding_unknown"
    status = 503
    zh = "银行那边没有回应，不知道绑没绑成。绑卡不会扣钱，请重新获取验证码再试一次。"
    en = "The bank did not answer: it is not known whether the card was bound. Nothing is charged; ask for a new code."


class NoCodeAskedFor(FenqiError):
    """The code belongs to no binding under way, or to one that began too long ago."""

    code = "no_card_code"
    status = 409
    zh = "请先获取验证码；超过 10 分钟的验证码已失效。"
    en = "Ask for a code first; one that is older than 10 minutes is no longer valid."


class CardUnderWay(FenqiError):
    """A debit of the card has no known outcome yet. Details: `payment_id`."""

    code = "card_under_way"
    status = 409
    zh = "这张卡有一笔还款结果还不知道，等有了结果再移除。"
    en = "A repayment with this card has no known outcome yet: remove the card when it has."

    def __init__(self, *, payment_id: UUID) -> None:
        self.payment_id = payment_id
        super().__init__(payment_id=str(payment_id))


class CardHoldsReserve(FenqiError):
    """A reserve is held on the card, or may be. Details: `hold_id`."""

    code = "card_holds_reserve"
    status = 409
    zh = "这张卡上有一笔备用金，解冻后才能移除。还清分期或订单退款完成后会自动解冻；要提前解冻，请联系客服。"
    en = (
        "A reserve is held on this card: remove the card once it is released. It is released by itself when the plan "
        "is paid off or the order's refund is complete; to have it released before, ask us."
    )

    def __init__(self, *, hold_id: UUID) -> None:
        self.hold_id = hold_id
        super().__init__(hold_id=str(hold_id))


class BindingUnavailable(FenqiError):
    """No rail of this mall binds cards."""

    code = "card_binding_unavailable"
    status = 409
    zh = "这里暂时不能绑定银行卡，请用其他方式还款。"
    en = "Cards cannot be bound here for now: repay in another way."
