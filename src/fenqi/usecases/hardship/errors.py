"""What use cases of help refuse besides the rules themselves."""

from fenqi.domain.errors import FenqiError


class ExtensionQuoteExpired(FenqiError):
    """What was shown is not what would happen."""

    code = "extension_quote_expired"
    status = 409
    zh = "账单已有变化或确认已过期，还款日没有改。请看一下新的日期再确认。"
    en = "The plan has changed or the offer has expired. No date was moved: look at the new dates and confirm again."


class PromiseEnded(FenqiError):
    """It is not open any more."""

    code = "promise_ended"
    status = 409
    zh = "这个还款约定已经结束，不用再操作。"
    en = "This promise has ended already. There is nothing to do."


class ObjectionNotPossible(FenqiError):
    """There is no notice or mark to object to, or it was objected to before."""

    code = "objection_not_possible"
    status = 409
    zh = "这条记录现在不能提出异议：可能已经撤销，或异议正在处理。"
    en = "You cannot object to this now: it was taken back, or an objection is being looked at."


class MarkNotReady(FenqiError):
    code = "credit_mark_not_ready"
    status = 409
    zh = "这条信用记录现在不能做这一步，请先看它目前的状态。"
    en = "This cannot be done with the credit record now: look at where it stands."


class ContactNotAllowed(FenqiError):
    """Hours and caps of contacts about money due. Details: `why`, `why_zh`, `next`."""

    code = "contact_not_allowed"
    status = 409
    zh = "现在不能联系客户催款：{why_zh}。最早 {next} 可以。"
    en = "The customer may not be contacted about money due now: {why}. Not before {next}."


class LendersPlan(FenqiError):
    """Dates and sums of a plan that a lender finances are the lender's to change. Details: none."""

    code = "plan_of_a_lender"
    status = 409
    zh = "这笔分期由合作机构出资，还款日和金额只能由该机构调整。请联系该机构，或让客服帮你转达。"
    en = "A lender finances this plan, so only it can change dates and sums. Ask it, or let us pass it on."
