"""What is refused about batches of plans that move."""

from fenqi.domain.errors import FenqiError


class MigrationFileRefused(FenqiError):
    """The file cannot be used as it is: nothing was drafted. Details: `line`, `problem`, `problem_zh`."""

    code = "migration_file_refused"
    status = 422
    zh = "文件第 {line} 行有问题：{problem_zh}。没有建立批次，请改好后整份重新上传。"
    en = "Line {line} of the file: {problem}. Nothing was drafted: mend it and give the whole file again."


class CannotMoveThere(FenqiError):
    """These two cannot give and take plans. Details: `provider`."""

    code = "cannot_move_there"
    status = 422
    zh = "不能在这两方之间转移分期（{provider}）：转出转入须不同，且对方须为已接入的平台资方。"
    en = "Plans cannot move between these two ({provider}): they must differ, and be the mall or a connected platform."


class HasDifferences(FenqiError):
    """Plans differ, or were not rehearsed. Details: `plans`."""

    code = "migration_has_differences"
    status = 409
    zh = "批次里还有 {plans} 笔分期核对不一致或未演练，不能复核通过。请移出这些分期或重新演练。"
    en = "{plans} plans of the batch differ or were not rehearsed: drop them or rehearse again before it is approved."


class NoticeTooShort(FenqiError):
    """The cut-over comes too soon after the announcement. Details: `days`."""

    code = "migration_notice_too_short"
    status = 409
    zh = "切换时间距公告不足 {days} 天，用户来不及阅读和决定。请改期后重新建立批次。"
    en = "The cut-over is less than {days} days away: customers need the time to read and decide. Draft it for later."


class ConsentClosed(FenqiError):
    """There is nothing to agree to any more, or not yet."""

    code = "migration_consent_closed"
    status = 409
    zh = "这笔分期的转移现在不能再确认或拒绝，没有改动。请刷新查看最新状态。"
    en = "This move can no longer be agreed to or declined; nothing was changed. Reload to see how it stands."


class ConsentTextChanged(FenqiError):
    """The words that were agreed to are not those that stand now."""

    code = "migration_consent_changed"
    status = 409
    zh = "告知内容有更新，没有记录您的选择。请重新阅读后再确认。"
    en = "The words have changed and nothing was recorded. Please read them again."


class RollBackOver(FenqiError):
    """The time until which the move can be taken back is over, or this plan cannot go back."""

    code = "migration_rollback_over"
    status = 409
    zh = "已过可撤回的时间，或该分期在转移后已有变动，不能撤回。需要的话请另建一个批次转回。"
    en = "It is too late to take the move back, or the plan has changed since. Draft a batch that moves it back."
