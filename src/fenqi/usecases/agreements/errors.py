"""Why an agreement is refused."""

from fenqi.domain.errors import FenqiError


class AutoDebitNotOffered(FenqiError):
    """The method cannot be agreed to for this plan: it is closed, does not fit the due days, or is no longer there."""

    code = "auto_debit_not_offered"
    status = 409
    zh = "这种方式不能为这笔分期自动扣款，请换一种。"
    en = "This method cannot be debited automatically for this plan: choose another."


class ConsentChanged(FenqiError):
    """What would be agreed to is no longer what was shown."""

    code = "consent_changed"
    status = 409
    zh = "授权内容已有变化，还没有签约。请看一下新的内容再同意。"
    en = "What you would agree to has changed. Nothing was signed: read it again and agree."


class PlanNotOpen(FenqiError):
    """The plan has nothing left to debit."""

    code = "plan_not_open"
    status = 409
    zh = "这笔分期没有要还的了，不需要自动扣款。"
    en = "Nothing is left to repay on this plan: auto-debit is not needed."
