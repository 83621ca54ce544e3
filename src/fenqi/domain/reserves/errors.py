"""What a reserve refuses."""

from fenqi.domain.errors import FenqiError


class AboveHeld(FenqiError):
    """More would be taken or given back than is still held and free. Details: `amount`, `free`, both minor units."""

    code = "reserve_above_held"
    status = 409
    zh = "金额超过备用金现在可动用的部分，没有执行。请核对备用金余额和正在处理的操作。"
    en = "That is more than is held and free, so nothing was done. Look at what is held and at what is under way."


class OnePiece(FenqiError):
    """A hold on a bank card is given back whole or not at all. Details: `held`, minor units."""

    code = "reserve_one_piece"
    status = 409
    zh = "银行卡上的备用金只能整笔解冻，不能只退一部分。请退全部，或等没有应还金额时自动退回。"
    en = "A reserve on a bank card is given back whole, not in parts: give back all, or wait until nothing is owed."


class NothingHeld(FenqiError):
    """The reserve holds nothing (any more): it was never frozen, or all of it was released or captured."""

    code = "reserve_nothing_held"
    status = 409
    zh = "这笔备用金现在没有占用任何金额：可能还没冻结，或者已经全部退回。不用再操作。"
    en = "This reserve holds nothing now: it was never frozen, or all of it has gone back. There is nothing to do."


class ReserveUnderWay(FenqiError):
    """Something about the reserve is not ended; its outcome must be known first."""

    code = "reserve_under_way"
    status = 409
    zh = "这笔备用金有一项操作还没有结果，我们正在向渠道查询。请等结果出来再操作。"
    en = "Something is under way on this reserve and the channel has not told how it ended. Wait for that first."


class ConsentMissing(FenqiError):
    """Nothing is captured without the customer's agreement on record (P306)."""

    code = "reserve_consent_missing"
    status = 409
    zh = "客户没有同意过用备用金抵扣欠款，不能抵扣。"
    en = "The customer has not agreed to a capture from the reserve, so nothing can be captured."


class NothingOverdue(FenqiError):
    """A capture takes only what is overdue. Details: `overdue`, minor units."""

    code = "reserve_nothing_overdue"
    status = 409
    zh = "抵扣金额超过现在的逾期金额，没有执行。备用金只能抵扣已逾期的部分。"
    en = "That is more than is overdue now, so nothing was done. Only what is overdue can be captured."


class ReserveMoveUnlisted(FenqiError):
    """The signal contradicts what is known of the reserve; a person must look. Details: `state`, `signal`."""

    code = "reserve_move_unlisted"
    status = 409
    zh = "备用金状态「{state}」不能接受「{signal}」，请人工核对。"
    en = "A reserve that is {state} cannot take {signal}: it needs a person to look."


class ReserveContradicted(FenqiError):
    """The channel's sums are not ours, or do not add up; nothing is booked and a person must look."""

    code = "reserve_contradicted"
    status = 409
    zh = "渠道报告的备用金金额与我们的记录不符，已停止入账，请人工核对。"
    en = "The channel reports other sums for the reserve than are on record. Nothing was booked: a person must look."
