"""What can be wrong with a closing."""

from fenqi.domain.errors import FenqiError


class ClosingInThePast(FenqiError):
    """A closing begins now or later: what was already closed is on record as it happened."""

    code = "closing_in_the_past"
    status = 422
    zh = "开始时间已经过去。请从现在或以后开始；已经发生的中断请按故障记录。"
    en = "It would begin in the past. Let it begin now or later; an outage that already happened is recorded as such."


class ClosingTooLong(FenqiError):
    """Longer than an entry may stay closed. Details: `days`."""

    code = "closing_too_long"
    status = 422
    zh = "一次最多暂停 {days} 天。要长期停用，请把入口迁移到新的入口。"
    en = "An entry is closed for {days} days at most. To close it for good, move it to another entry."


class LastWayClosed(FenqiError):
    """Some would have no way left to repay (P1008). Details: `plans`."""

    code = "last_way_closed"
    status = 409
    zh = "这样会让 {plans} 笔分期在某段时间没有任何还款入口。请换个时间、缩小范围，或先开放另一个入口。"
    en = (
        "{plans} plans would have no way to repay at some time. Choose another time or a smaller group, or open "
        "another entry first."
    )


class SuccessorNotOpen(FenqiError):
    """What customers are sent to is closed itself, or not for all of them. Details: `plans`."""

    code = "successor_not_open"
    status = 409
    zh = "替代入口在这段时间对 {plans} 笔受影响的分期不可用。请换一个替代入口。"
    en = "The entry to use instead is not open throughout for {plans} of the plans it touches. Name another."


class SamePerson(FenqiError):
    """Four eyes: who proposed does not approve."""

    code = "same_person"
    status = 409
    zh = "提出的人不能自己批准，请另一位同事批准。"
    en = "Who proposed it cannot approve it: ask a colleague."


class EntryChanged(FenqiError):
    """Another version was published since this one was written."""

    code = "entry_changed"
    status = 409
    zh = "这个入口在此期间已发布了新版本，请在新版本的基础上重新填写。"
    en = "A newer version of this entry was published meanwhile: begin again from that one."


class ProposalDecided(FenqiError):
    """A proposed version was published or turned down before."""

    code = "proposal_decided"
    status = 409
    zh = "这个版本已经处理过了，请刷新后查看。"
    en = "This version was decided before: load the page again."


class ClosingDecided(FenqiError):
    """There is nothing to decide or to change any more."""

    code = "closing_decided"
    status = 409
    zh = "这次暂停已经有了结果或已经结束，请刷新后查看。"
    en = "This closing was decided or is over: load the page again."


class ClosingHasBegun(FenqiError):
    """What has begun is ended early, not cancelled."""

    code = "closing_has_begun"
    status = 409
    zh = "这次暂停已经开始，不能取消；可以提前结束。"
    en = "This closing has begun: it cannot be cancelled, but it can be ended early."
