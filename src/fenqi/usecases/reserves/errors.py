"""What use cases of the reserve refuse."""

from fenqi.domain.errors import FenqiError


class ReserveNotOffered(FenqiError):
    """The rail cannot hold a sum in this way. Details: `channel`, `kind`."""

    code = "reserve_not_offered"
    status = 422
    zh = "这个支付渠道不能办理这种备用金。冻结请用支付宝扫码或已绑定的银行卡；预付备用金须有分期计划。"
    en = (
        "This channel cannot hold such a reserve. A sum is frozen by scanning with Alipay or on a bound card; a "
        "prepaid one needs an order with a plan."
    )


class ReserveConflict(FenqiError):
    """The order has a reserve already, with other contents or under another request."""

    code = "reserve_conflict"
    status = 409
    zh = "这个订单已有一笔备用金，内容与这次不同，没有再建。请先查看已有的备用金。"
    en = "The order has a reserve already, other than this one, so none was added. Look at the one it has."


class ReserveConsentChanged(FenqiError):
    """What the customer agreed to is not what would be kept."""

    code = "reserve_consent_changed"
    status = 409
    zh = "备用金的约定内容已有变化，没有冻结或扣款。请重新看一遍再同意。"
    en = "The conditions of the reserve have changed. Nothing was frozen or paid: read them again and agree anew."


class ReserveClosed(FenqiError):
    """It was not allowed in time, or is not needed any more."""

    code = "reserve_closed"
    status = 409
    zh = "这笔备用金已经关闭，没有占用金额。如仍需要，请联系商城重新发起。"
    en = "This reserve is closed and holds nothing. If it is still needed, ask the mall for a new one."


class CaptureNotReady(FenqiError):
    """The step before this one is missing, or this one has been done."""

    code = "reserve_capture_not_ready"
    status = 409
    zh = "这笔抵扣现在不能做这一步，请先核对它目前的状态。"
    en = "This cannot be done with the capture now: look at where it stands."
