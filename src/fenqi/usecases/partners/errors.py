"""What is refused about plans that somebody else finances."""

from fenqi.domain.errors import FenqiError


class PartnerUnavailable(FenqiError):
    """The lender did not answer, or answered nonsense: nothing was quoted and nothing sent. Details: `provider`."""

    code = "partner_unavailable"
    status = 503
    zh = "「{provider}」现在没有给出可信的答复，还没有提交任何内容。请过几分钟再试，或联系客服。"
    en = "{provider} gave no answer that can be relied on. Nothing was submitted: try again in a few minutes or ask us."


class PartnerRefuses(FenqiError):
    """The lender does not take this return. Details: `provider`, `code`."""

    code = "partner_refuses"
    status = 409
    zh = "「{provider}」不接受这笔退货，没有提交任何内容。请联系客服，我们会带上原因帮您处理。"
    en = "{provider} does not take this return. Nothing was submitted: contact us, the reason is attached."


class UnknownProvider(FenqiError):
    """No such lender is set up. Details: `provider`."""

    code = "unknown_provider"
    status = 422
    zh = "资方「{provider}」未登记，请先在后台登记资方再登记订单。"
    en = "The lender {provider!r} is not set up: set it up in the console before orders name it."


class RepaidElsewhere(FenqiError):
    """The lender collects the installments itself. Details: `provider`."""

    code = "repaid_elsewhere"
    status = 409
    zh = "这笔分期由「{provider}」收款，请在对方的还款入口还款。这里没有扣款。"
    en = "{provider} collects these installments itself: repay there. Nothing was charged here."
