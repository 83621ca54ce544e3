"""What is refused about a case, each with what to do instead."""

from fenqi.domain.errors import FenqiError


class RefundQuoteExpired(FenqiError):
    """The quote was valid until a stated instant, and that has passed."""

    code = "refund_quote_expired"
    status = 409
    zh = "这份退款明细已过有效期，没有提交。请重新查看退款明细再确认。"
    en = "This refund quote has expired, so nothing was submitted. Look at a new one and confirm that."


class RefundQuoteChanged(FenqiError):
    """What the quote was worked out from is not so any more: a payment came, or another case took the goods."""

    code = "refund_quote_changed"
    status = 409
    zh = "你的还款或订单在此期间有变化，退款明细已不同，没有提交。请查看新的退款明细再确认。"
    en = "Your payments or the order have changed since, so the refund would be another. Confirm a new quote."


class SameReviewer(FenqiError):
    """The amount asks for two people, and this one has approved already."""

    code = "same_reviewer"
    status = 409
    zh = "这笔金额需要两位同事批准，你已批准过，请另一位同事批准。"
    en = "This amount needs two people, and you have approved it already: ask a colleague."


class EvidenceNotYours(FenqiError):
    """Not a photo or video of this order that waits to be handed in."""

    code = "evidence_not_found"
    status = 422
    zh = "有照片或视频没有找到，或已用于别的申请。请重新上传。"
    en = "A photo or video was not found, or belongs to another application: upload it again."


class DeductionAboveWorth(FenqiError):
    """More would be taken off a line than it is worth. Details: `line_no`, `worth_minor`."""

    code = "deduction_above_worth"
    status = 422
    zh = "第 {line_no} 行扣减超过该行应退金额（{worth_minor} 分）。"
    en = "More would be deducted from line {line_no} than it is worth ({worth_minor} minor units)."
