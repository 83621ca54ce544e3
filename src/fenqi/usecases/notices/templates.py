"""The messages we send, and the words that each begins with; from then on they are versions on record (`wording`).

A text-message service sends approved templates only. The number that a text got there comes from the environment, by
the name `FENQI_SMS_TEMPLATE_<MESSAGE>_<ZH or EN>`; without it, it is the one that the sandbox's service knows it by.
"""

import os
from collections.abc import Mapping
from enum import StrEnum

from django.conf import settings

from fenqi.domain.notices import Weight


class Message(StrEnum):
    SIGN_IN_CODE = "sign_in_code"
    REPAYMENT_SUCCEEDED = "repayment_succeeded"
    DUPLICATE_RETURNED = "duplicate_returned"
    AUTO_DEBIT_SIGNED = "auto_debit_signed"
    AUTO_DEBIT_ENDED = "auto_debit_ended"
    AUTO_DEBIT_FAILED = "auto_debit_failed"
    AUTO_DEBIT_GIVEN_UP = "auto_debit_given_up"
    AUTO_DEBIT_ABOVE_LIMIT = "auto_debit_above_limit"
    RETRY_REMINDER = "retry_reminder"
    PRICE_OFFERED = "price_offered"
    CASE_RECEIVED = "case_received"
    CASE_EVIDENCE_ASKED = "case_evidence_asked"
    CASE_SEND_GOODS = "case_send_goods"
    CASE_SEND_GOODS_TO_EXCHANGE = "case_send_goods_to_exchange"
    CASE_REJECTED = "case_rejected"
    CASE_QUOTE_CHANGED = "case_quote_changed"
    CASE_REMINDED = "case_reminded"
    CASE_EXPIRED = "case_expired"
    CASE_REFUNDING = "case_refunding"
    CASE_OFF_PLAN = "case_off_plan"
    CASE_TO_LENDER = "case_to_lender"
    CASE_REPLACEMENT_SENT = "case_replacement_sent"
    CASE_REFUND_INSTEAD = "case_refund_instead"
    CASE_ARRIVED = "case_arrived"
    CASE_LATE = "case_late"
    CASE_CAME_BACK = "case_came_back"
    CAPTURE_ANNOUNCED = "capture_announced"
    CAPTURE_DONE = "capture_done"
    PROMISE_BROKEN = "promise_broken"
    PLAN_EXTENDED = "plan_extended"
    RESCHEDULE_OFFERED = "reschedule_offered"
    PLAN_RESCHEDULED = "plan_rescheduled"
    PLAN_WAIVED = "plan_waived"
    PLAN_CHARGED_OFF = "plan_charged_off"
    CREDIT_WARNING = "credit_warning"
    CREDIT_MARKED = "credit_marked"
    CREDIT_MARK_WITHDRAWN = "credit_mark_withdrawn"
    CREDIT_OBJECTION_ANSWERED = "credit_objection_answered"
    DUE_SOON = "due_soon"
    DUE_TODAY = "due_today"
    DUE_WILL_BE_DEBITED = "due_will_be_debited"
    OVERDUE = "overdue"
    REPAYMENT_FAILED = "repayment_failed"
    RESERVE_HELD = "reserve_held"
    RESERVE_RETURNED = "reserve_returned"
    EMAIL_CODE = "email_code"
    MIGRATION_ASKED = "migration_asked"
    MIGRATION_ANNOUNCED = "migration_announced"
    MIGRATION_MOVED = "migration_moved"
    MIGRATION_STAYS = "migration_stays"
    MIGRATION_BACK = "migration_back"
    SUPPORT_ANSWERED = "support_answered"
    CALL_PLANNED = "call_planned"
    ENTRY_CLOSING = "entry_closing"
    ENTRY_OPEN = "entry_open"
    ENTRY_LEAVING = "entry_leaving"
    ENTRY_STAYING = "entry_staying"
    APP_CODE = "app_code"
    ACCOUNT_CODE = "account_code"
    PHONE_CHANGED = "phone_changed"
    PHONE_CHANGE_ANNOUNCED = "phone_change_announced"
    CLOSING_ASKED = "closing_asked"
    CLOSING_STOPPED = "closing_stopped"


PORTAL = "${portal}"
"""In a text: our own address, which is a fixed part of the text and no variable (P1102)."""

TEXTS: Mapping[tuple[Message, str], str] = {
    (Message.SIGN_IN_CODE, "zh"): "您的登录验证码是 ${code}，5 分钟内有效。请勿告诉任何人，包括自称客服的人。",
    (Message.SIGN_IN_CODE, "en"): "Your sign-in code is ${code}, valid for 5 minutes. Tell nobody, not even our staff.",
    (Message.REPAYMENT_SUCCEEDED, "zh"): "您已还款 ${amount}（${title}），剩余应还 ${left}。",
    (Message.REPAYMENT_SUCCEEDED, "en"): "We received your repayment of ${amount} (${title}). Still to repay: ${left}.",
    (Message.DUPLICATE_RETURNED, "zh"): "您重复支付的 ${amount}（${title}）已原路退回，最晚 ${by} 到账，无需操作。",
    (Message.DUPLICATE_RETURNED, "en"): (
        "You paid ${amount} twice (${title}). It is on its way back to you, by ${by} at the latest. Nothing to do."
    ),
    (Message.AUTO_DEBIT_SIGNED, "zh"): "已开通自动扣款（${title}，${account}），首次扣款 ${next}。可随时在订单页关闭。",
    (Message.AUTO_DEBIT_SIGNED, "en"): (
        "Auto-debit is on (${title}, ${account}). First debit: ${next}. Switch it off on the order's page at any time."
    ),
    (Message.AUTO_DEBIT_ENDED, "zh"): "自动扣款已关闭（${title}，${account}），不会再扣款。请记得在还款日前自己还。",
    (Message.AUTO_DEBIT_ENDED, "en"): (
        "Auto-debit is off (${title}, ${account}): nothing more is debited. Please repay by yourself by the due date."
    ),
    (Message.AUTO_DEBIT_FAILED, "zh"): (
        "自动扣款 ${amount}（${title}）未成功：${reason}，没有扣钱。${next} 会再试，也可现在自己还。"
    ),
    (Message.AUTO_DEBIT_FAILED, "en"): (
        "The auto-debit of ${amount} (${title}) failed: ${reason}. Nothing was charged. Next try: ${next}; or repay "
        "by yourself now."
    ),
    (Message.AUTO_DEBIT_GIVEN_UP, "zh"): (
        "自动扣款 ${amount}（${title}）未成功：${reason}，没有扣钱。不会再自动扣，请自己还款。"
    ),
    (Message.AUTO_DEBIT_GIVEN_UP, "en"): (
        "The auto-debit of ${amount} (${title}) failed: ${reason}. Nothing was charged, and it is not tried again: "
        "please repay by yourself."
    ),
    (Message.AUTO_DEBIT_ABOVE_LIMIT, "zh"): (
        "到期应还 ${amount}（${title}）超过您同意的单笔上限 ${limit}，不会自动扣，请自己还款。"
    ),
    (Message.AUTO_DEBIT_ABOVE_LIMIT, "en"): (
        "${amount} is due (${title}), above the ${limit} you agreed to, so it is not debited: please repay by yourself."
    ),
    (Message.RETRY_REMINDER, "zh"): "您要的提醒：${amount}（${title}）现在可以再还一次了。已还清请忽略。",
    (Message.RETRY_REMINDER, "en"): (
        "You asked to be reminded: you can try the repayment of ${amount} (${title}) again now. If you have paid, "
        "ignore this."
    ),
    (Message.CAPTURE_ANNOUNCED, "zh"): (
        "您有逾期款未还（${title}）。${at} 起将按约定用备用金抵扣 ${amount}；此前自己还了就不抵扣，有异议请联系客服。"
    ),
    (Message.CAPTURE_ANNOUNCED, "en"): (
        "${title} is overdue. As agreed, ${amount} will be taken from your reserve from ${at} on. What you repay by "
        "then is not taken; if you object, contact us."
    ),
    (Message.CAPTURE_DONE, "zh"): "已用备用金抵扣逾期款 ${amount}（${title}），备用金剩余 ${left}。",
    (Message.CAPTURE_DONE, "en"): (
        "${amount} of what was overdue was taken from your reserve (${title}). Still in the reserve: ${left}."
    ),
    (
        Message.PROMISE_BROKEN,
        "zh",
    ): "您约定 ${by} 前还 ${amount}（${title}），还没有还到。还不上？我们可以谈，请到订单页。",
    (Message.PROMISE_BROKEN, "en"): (
        "You promised ${amount} by ${by} (${title}), and it has not come in. Can't pay? We can talk: see the order's "
        "page."
    ),
    (Message.PLAN_EXTENDED, "zh"): "延期已办好（${title}）：下一个还款日是 ${by}，后面各期顺延，费用 ${amount}。",
    (Message.PLAN_EXTENDED, "en"): (
        "Your due date is moved (${title}): the next is ${by}, later ones follow. It costs ${amount}."
    ),
    (Message.RESCHEDULE_OFFERED, "zh"): (
        "我们为您准备了新的还款安排（${title}，${amount} 分 ${count} 期）。"
        "请在 ${by} 前到订单页看过再决定，同意后才生效。"
    ),
    (Message.RESCHEDULE_OFFERED, "en"): (
        "We have a new schedule for you (${title}: ${amount} in ${count} installments). Please look at it on the "
        "order's page by ${by}: nothing changes unless you agree."
    ),
    (Message.PLAN_RESCHEDULED, "zh"): "新的还款安排已生效（${title}）：${amount} 分 ${count} 期，首期 ${by}。",
    (Message.PLAN_RESCHEDULED, "en"): (
        "Your new schedule holds (${title}): ${amount} in ${count} installments, the first on ${by}."
    ),
    (Message.PLAN_WAIVED, "zh"): "已为您减免 ${amount}（${title}），剩余应还 ${left}。",
    (Message.PLAN_WAIVED, "en"): "We waived ${amount} for you (${title}). Left to repay: ${left}.",
    (Message.PLAN_CHARGED_OFF, "zh"): (
        "您的分期（${title}）逾期已久，商城已按坏账入账。欠款 ${left} 仍在，任何时候都可以还；还不上可以和我们谈。"
    ),
    (Message.PLAN_CHARGED_OFF, "en"): (
        "Your plan (${title}) has been overdue for long, and we have written it off in our books. You still owe "
        "${left} and can repay at any time; if you cannot, talk to us."
    ),
    (Message.CREDIT_WARNING, "zh"): (
        "提醒：${title} 有 ${amount} 逾期未还。${by} 前没有还清，将由放款机构报送征信。还不上或有异议，请到订单页。"
    ),
    (Message.CREDIT_WARNING, "en"): (
        "${amount} of ${title} is overdue. Unless it is paid before ${by}, the lender reports it to the credit bureau. "
        "If you cannot pay or disagree, see the order's page."
    ),
    (
        Message.CREDIT_MARKED,
        "zh",
    ): "${title} 逾期的 ${amount} 将报送征信。还清后会更新；有异议可在「我的信用记录」提出。",
    (Message.CREDIT_MARKED, "en"): (
        "The overdue ${amount} of ${title} goes to the credit bureau. It is updated once you have paid; object under "
        "My credit record."
    ),
    (Message.CREDIT_MARK_WITHDRAWN, "zh"): "${title} 的逾期记录（${amount}）已撤销，我们已通知放款机构更正。",
    (Message.CREDIT_MARK_WITHDRAWN, "en"): (
        "The record about ${title} (${amount}) is withdrawn, and the lender is told to correct it."
    ),
    (Message.CREDIT_OBJECTION_ANSWERED, "zh"): "您对 ${title} 信用记录的异议已有答复，请到「我的信用记录」查看。",
    (Message.CREDIT_OBJECTION_ANSWERED, "en"): (
        "Your objection to the record about ${title} is answered: see My credit record."
    ),
    (Message.MIGRATION_ASKED, "zh"): (
        "您的分期（${title}）拟于 ${at} 转由${to}收款，金额和还款日不变。需要您同意，不同意就留在原处。请登录查看。"
    ),
    (Message.MIGRATION_ASKED, "en"): (
        "Your plan (${title}) is to move to ${to} at ${at}; sums and due dates stay as they are. It needs your "
        "consent: without it the plan stays. Please sign in to read."
    ),
    (Message.MIGRATION_ANNOUNCED, "zh"): (
        "您的分期（${title}）将于 ${at} 转由${to}收款，金额和还款日不变，您无需操作。详情请登录查看。"
    ),
    (Message.MIGRATION_ANNOUNCED, "en"): (
        "Your plan (${title}) moves to ${to} at ${at}; sums and due dates stay as they are. Nothing to do. Sign in for "
        "details."
    ),
    (Message.MIGRATION_MOVED, "zh"): (
        "您的分期（${title}）已转由${to}收款，转移时应还 ${amount}，一分未变。在哪里还款见订单页，回执可下载。"
    ),
    (Message.MIGRATION_MOVED, "en"): (
        "Your plan (${title}) is now with ${to}. Owed at the move: ${amount}, unchanged to the fen. Where to repay and "
        "the receipt are on the order's page."
    ),
    (Message.MIGRATION_STAYS, "zh"): "您的分期（${title}）不转移，仍由${from}收款，照常还款即可。",
    (Message.MIGRATION_STAYS, "en"): "Your plan (${title}) does not move: it stays with ${from}. Repay as before.",
    (Message.MIGRATION_BACK, "zh"): (
        "您的分期（${title}）已转回${from}收款，应还 ${amount}。原自动扣款不会恢复，请重新开通或自己还款。"
    ),
    (Message.MIGRATION_BACK, "en"): (
        "Your plan (${title}) is back with ${from}; owed: ${amount}. An earlier auto-debit is not switched on again: "
        "sign a new one or repay by yourself."
    ),
    (Message.PRICE_OFFERED, "zh"): "您买的「${title}」降价了，可退差价 ${amount}。请在 ${by} 前到订单页确认。",
    (Message.PRICE_OFFERED, "en"): (
        "The price of “${title}” has fallen: ${amount} is yours. Confirm it on the order's page by ${by}, in one step."
    ),
    (Message.CASE_RECEIVED, "zh"): "您的售后申请（${title}）已收到，单号 ${number}，我们会在 ${by} 前审核。",
    (Message.CASE_RECEIVED, "en"): (
        "We have your after-sales application (${title}), number ${number}, and review it by ${by}."
    ),
    (Message.CASE_EVIDENCE_ASKED, "zh"): "您的售后申请（${title}）需要补充：${note} 请在 ${by} 前到售后页补充。",
    (Message.CASE_EVIDENCE_ASKED, "en"): (
        "We need more for your after-sales application (${title}): ${note} Please add it on its page by ${by}."
    ),
    (Message.CASE_SEND_GOODS, "zh"): (
        "售后申请（${title}）已通过：请在 ${by} 前寄回商品并填写快递单号。收到后退款 ${amount}（${route}），"
        "最晚 ${latest} 到账。"
    ),
    (Message.CASE_SEND_GOODS, "en"): (
        "Your return (${title}) is approved: send the goods by ${by} and note the tracking number. Once they are here, "
        "${amount} goes back (${route}), by ${latest} at the latest."
    ),
    (Message.CASE_SEND_GOODS_TO_EXCHANGE, "zh"): (
        "换货申请（${title}）已通过：请在 ${by} 前寄回商品并填写快递单号，收到后寄出新商品，分期不变。"
    ),
    (Message.CASE_SEND_GOODS_TO_EXCHANGE, "en"): (
        "Your exchange (${title}) is approved: send the goods by ${by} and note the tracking number. The new ones are "
        "sent then; your plan stays as it is."
    ),
    (Message.CASE_REJECTED, "zh"): "售后申请（${title}）未通过：${note} ${next}。",
    (Message.CASE_REJECTED, "en"): "Your after-sales application (${title}) was refused: ${note} ${next}.",
    (Message.CASE_QUOTE_CHANGED, "zh"): (
        "售后（${title}）的退款明细有变化：应退 ${before} 变为 ${amount}。请到售后页确认，确认后才退款。"
    ),
    (Message.CASE_QUOTE_CHANGED, "en"): (
        "The refund of your return (${title}) has changed from ${before} to ${amount}. Please confirm it on the case's "
        "page: it goes back after that."
    ),
    (Message.CASE_REMINDED, "zh"): (
        "提醒：您的售后（${title}，单号 ${number}）在等您处理，${by} 后会自动关闭，关闭后仍可重新申请。"
    ),
    (Message.CASE_REMINDED, "en"): (
        "A reminder: your after-sales case (${title}, ${number}) waits for you. It closes after ${by}; you can apply "
        "again."
    ),
    (Message.CASE_EXPIRED, "zh"): "售后（${title}，单号 ${number}）因逾期未处理已关闭，分期照常。需要时可重新申请。",
    (Message.CASE_EXPIRED, "en"): (
        "Your after-sales case (${title}, ${number}) was closed since nothing came in time. Your plan goes on; you can "
        "apply again."
    ),
    (Message.CASE_REFUNDING, "zh"): "售后（${title}）退款 ${amount} 已发出：${route}，最晚 ${latest} 到账。",
    (Message.CASE_REFUNDING, "en"): (
        "Your refund of ${amount} (${title}) is on its way: ${route}, by ${latest} at the latest."
    ),
    (Message.CASE_OFF_PLAN, "zh"): "售后（${title}）已办理：分期少还 ${amount}，剩余应还 ${left}。",
    (Message.CASE_OFF_PLAN, "en"): (
        "Your return (${title}) is done: ${amount} comes off your plan, ${left} is left to repay."
    ),
    (Message.CASE_TO_LENDER, "zh"): (
        "售后（${title}）已办理：${amount} 退给${lender}，由其按规则调整您的分期，不会直接收到现金。"
    ),
    (Message.CASE_TO_LENDER, "en"): (
        "Your return (${title}) is done: ${amount} goes to ${lender}, which changes your plan by its rules. No cash "
        "comes to you directly."
    ),
    (Message.CASE_REPLACEMENT_SENT, "zh"): "换货（${title}）的新商品已寄出，快递单号 ${tracking}，分期不变。",
    (Message.CASE_REPLACEMENT_SENT, "en"): (
        "The replacement (${title}) is on its way, tracking number ${tracking}. Your plan stays as it is."
    ),
    (Message.CASE_REFUND_INSTEAD, "zh"): (
        "抱歉，换货（${title}）的新商品无法寄出，可改为退款 ${amount}。请到售后页查看原因并确认，确认后才退款。"
    ),
    (Message.CASE_REFUND_INSTEAD, "en"): (
        "Sorry, the replacement (${title}) cannot be sent: you can have ${amount} refunded instead. Please see why and "
        "confirm it on the case's page: it goes back after that."
    ),
    (Message.CASE_ARRIVED, "zh"): "售后（${title}）退款 ${amount} 应已到账：${route}。请核对账户，没有收到请联系我们。",
    (Message.CASE_ARRIVED, "en"): (
        "Your refund of ${amount} (${title}) should be there now: ${route}. Please look, and tell us if it is not."
    ),
    (Message.CASE_LATE, "zh"): "售后（${title}）退款 ${amount} 超过预计时间，我们已向渠道追查，您无需操作。",
    (Message.CASE_LATE, "en"): (
        "Your refund of ${amount} (${title}) is late. We are tracing it; you need not do anything."
    ),
    (
        Message.ACCOUNT_CODE,
        "zh",
    ): "验证码 ${code}，用于${what}，10 分钟内有效。不是您本人操作请勿告诉任何人，并联系客服。",
    (Message.ACCOUNT_CODE, "en"): (
        "Your code ${what} is ${code}, valid for 10 minutes. If it was not you, tell nobody and contact us."
    ),
    (Message.PHONE_CHANGED, "zh"): "您的账户已改绑这个手机号，以后请用它登录。不是您本人操作请立即联系客服。",
    (Message.PHONE_CHANGED, "en"): (
        "Your account is now bound to this phone: sign in with it from now on. If it was not you, contact us at once."
    ),
    (Message.PHONE_CHANGE_ANNOUNCED, "zh"): (
        "有人申请把您账户的手机号换成 ${phone}，将于 ${at} 生效。不是您本人请在此之前登录“我的”停止，或联系客服。"
    ),
    (Message.PHONE_CHANGE_ANNOUNCED, "en"): (
        "Your account is to be bound to the phone ${phone} from ${at} on. If it was not you, sign in before that "
        "and stop it on the page Me, or contact us."
    ),
    (Message.CLOSING_ASKED, "zh"): "您申请了注销账户，将于 ${at} 删除个人信息。在此之前登录“我的”可以撤回。",
    (Message.CLOSING_ASKED, "en"): (
        "You asked us to close your account: your personal data will be erased on ${at}. Until then you can sign in "
        "and take it back on the page Me."
    ),
    (Message.CLOSING_STOPPED, "zh"): "您的账户没有注销：又有未结束的事项。登录“我的”可查看，处理后可重新申请。",
    (Message.CLOSING_STOPPED, "en"): (
        "Your account was not closed: something is open again. Sign in to see what; ask again once it has ended."
    ),
    (Message.CASE_CAME_BACK, "zh"): "售后（${title}）退款 ${amount} 被您的银行退回，我们会换一种方式退给您。",
    (Message.CASE_CAME_BACK, "en"): (
        "Your bank sent the refund of ${amount} (${title}) back to us: we return it another way."
    ),
    (Message.DUE_SOON, "zh"): "还款提醒：${title}应还 ${amount}，${by} 到期。还款：${portal}/p/${code}。已还请忽略。",
    (Message.DUE_SOON, "en"): (
        "A reminder: ${amount} (${title}) is due on ${by}. Repay: ${portal}/p/${code}. If you have paid, ignore this."
    ),
    (Message.DUE_TODAY, "zh"): "还款提醒：${title}应还 ${amount}，今天到期。还款：${portal}/p/${code}。已还请忽略。",
    (Message.DUE_TODAY, "en"): (
        "A reminder: ${amount} (${title}) is due today. Repay: ${portal}/p/${code}. If you have paid, ignore this."
    ),
    (Message.DUE_WILL_BE_DEBITED, "zh"): (
        "还款提醒：${title}应还 ${amount}，${by} 到期，${on} 自动扣款，您无需操作。请保证余额充足。"
    ),
    (Message.DUE_WILL_BE_DEBITED, "en"): (
        "A reminder: ${amount} (${title}) is due on ${by} and debited by itself on ${on}. Nothing to do; please keep "
        "enough on the account."
    ),
    (Message.OVERDUE, "zh"): (
        "${title}应还 ${amount}，${by} 已到期。还款：${portal}/p/${code}。有困难可在网页上联系我们，已还请忽略。"
    ),
    (Message.OVERDUE, "en"): (
        "${amount} (${title}) was due on ${by}. Repay: ${portal}/p/${code}. If it is difficult, talk to us there. If "
        "you have paid, ignore this."
    ),
    (Message.REPAYMENT_FAILED, "zh"): "还款 ${amount}（${title}）未成功，没有扣钱。原因和办法见还款结果页。",
    (Message.REPAYMENT_FAILED, "en"): (
        "Your repayment of ${amount} (${title}) did not go through, and nothing was charged. Its page says why and "
        "what helps."
    ),
    (Message.RESERVE_HELD, "zh"): "备用金 ${amount}（${title}）已冻结。用途、退回时间见备用金页。",
    (Message.RESERVE_HELD, "en"): (
        "${amount} is held as your reserve (${title}). Its page says what for, and when it goes back."
    ),
    (Message.RESERVE_RETURNED, "zh"): "备用金 ${amount}（${title}）已退回给您，剩余 ${left}。",
    (Message.RESERVE_RETURNED, "en"): "${amount} of your reserve (${title}) has gone back to you. Still held: ${left}.",
    (Message.EMAIL_CODE, "zh"): "您的邮箱验证码是 ${code}，10 分钟内有效。如果不是您本人操作，请忽略。",
    (Message.EMAIL_CODE, "en"): ("Your code is ${code}, valid for 10 minutes. If you did not ask for it, ignore this."),
    (Message.SUPPORT_ANSWERED, "zh"): "客服已回复您的工单 ${number}，请登录商城在「我的 - 客服与帮助」查看。",
    (Message.SUPPORT_ANSWERED, "en"): (
        "Customer service answered your ticket ${number}. Sign in to the mall and look under Me, Help and feedback."
    ),
    (Message.CALL_PLANNED, "zh"): "我们将在 ${when} 给您回电。来电不会索要验证码、密码或要求转账。",
    (Message.CALL_PLANNED, "en"): (
        "We call you between ${when}. We never ask for a code or a password, or to transfer money."
    ),
    (
        Message.APP_CODE,
        "zh",
    ): "您正在金融 App 登录，验证码 ${code}，5 分钟内有效。不是您本人操作请忽略，请勿告诉任何人。",
    (Message.APP_CODE, "en"): (
        "Your code for the finance app is ${code}, valid for 5 minutes. If it was not you, ignore it. Tell nobody."
    ),
    (Message.ENTRY_CLOSING, "zh"): (
        "「${entry}」将于 ${from} 至 ${until} 暂停。您 ${due} 到期的分期（${title}）"
        "请改用「${instead}」还款，暂停期间不收滞纳金。"
    ),
    (Message.ENTRY_CLOSING, "en"): (
        "${entry} is closed from ${from} to ${until}. Please repay ${title}, due ${due}, through: ${instead}. "
        "There is no late fee while it is closed."
    ),
    (Message.ENTRY_OPEN, "zh"): "「${entry}」可以照常使用：原通知的 ${from} 至 ${until} 暂停已取消或提前结束。",
    (Message.ENTRY_OPEN, "en"): (
        "${entry} can be used as usual: the closing that we announced from ${from} to ${until} was called off or has "
        "ended early."
    ),
    (Message.ENTRY_LEAVING, "zh"): (
        "「${entry}」自 ${from} 起不再使用。您的分期（${title}）请改用「${instead}」还款，金额和还款日不变。"
    ),
    (Message.ENTRY_LEAVING, "en"): (
        "${entry} is no longer used from ${from} on. Please repay ${title} through: ${instead}. Amounts and due dates "
        "stay as they are."
    ),
    (Message.ENTRY_STAYING, "zh"): "「${entry}」可以继续使用：原通知的自 ${from} 起停用已取消或推迟。",
    (Message.ENTRY_STAYING, "en"): (
        "${entry} can still be used: that it ends on ${from}, as we announced, was called off or put off."
    ),
}
"""(message, language) -> text with `${variable}`; variables hold no addresses (P1102)."""

MAIL_TEXTS: Mapping[tuple[Message, str], str] = {
    (Message.DUE_SOON, "zh"): (
        "${title}应还 ${amount}，${by} 到期。打开下面的页面，核对金额，选支付宝、微信支付或银行卡，确认后就还好了。"
        "也可以在「我的账单」里还。还款遇到问题，页面上会说明原因和办法。已经还了请忽略。"
    ),
    (Message.DUE_SOON, "en"): (
        "${amount} (${title}) is due on ${by}. Open the page below, check the amount, choose Alipay, WeChat Pay or a "
        "bank card, and confirm. My bills leads there, too. If it does not go through, the page says why and what "
        "helps. If you have paid, ignore this."
    ),
    (Message.DUE_TODAY, "zh"): (
        "${title}应还 ${amount}，今天到期。打开下面的页面，核对金额，选支付宝、微信支付或银行卡，确认后就还好了。"
        "还款遇到问题，页面上会说明原因和办法。已经还了请忽略。"
    ),
    (Message.DUE_TODAY, "en"): (
        "${amount} (${title}) is due today. Open the page below, check the amount, choose Alipay, WeChat Pay or a bank "
        "card, and confirm. If it does not go through, the page says why and what helps. If you have paid, ignore this."
    ),
    (Message.OVERDUE, "zh"): (
        "${title}应还 ${amount}，${by} 已到期。打开下面的页面就能还，可以先还一部分。"
        "如果有困难，请早点在页面上联系我们，可以商量。已经还了请忽略。"
    ),
    (Message.OVERDUE, "en"): (
        "${amount} (${title}) was due on ${by}. Repay on the page below; a part helps, too. If it is difficult, talk "
        "to us early: we can find a way. If you have paid, ignore this."
    ),
}
"""What a mail and the inbox say where it is more than the text message says; their button leads to the page."""

_TITLES: Mapping[str, tuple[str, str]] = {
    "sign_in_code": ("登录验证码", "Your sign-in code"),
    "email_code": ("邮箱验证码", "Confirm your e-mail address"),
    "repayment_succeeded": ("还款成功", "Repayment received"),
    "repayment_failed": ("还款未成功", "A repayment did not go through"),
    "duplicate_returned": ("重复支付已退回", "Paid twice, on its way back"),
    "auto_debit": ("自动扣款", "Auto-debit"),
    "retry_reminder": ("可以再还一次了", "You can try the repayment again"),
    "price_offered": ("可退差价", "A price difference is yours"),
    "case": ("售后进度", "Your after-sales case"),
    "capture": ("备用金抵扣", "Your reserve"),
    "reserve": ("备用金", "Your reserve"),
    "due": ("还款提醒", "Repayment reminder"),
    "overdue": ("有款项已到期", "A payment is overdue"),
    "promise": ("还款承诺", "Your promise to pay"),
    "plan_extended": ("账单日已延后", "A due date has moved"),
    "reschedule": ("新的还款安排", "A new schedule"),
    "plan_rescheduled": ("新的还款安排", "A new schedule"),
    "plan_waived": ("费用已减免", "A charge was waived"),
    "plan_charged_off": ("分期状态有变", "Your plan has changed"),
    "credit": ("征信记录", "Your credit record"),
    "migration": ("分期转移", "Your plan and its lender"),
    "support": ("客服回复", "Customer service answered"),
    "call": ("客服回电", "We will call you"),
    "entry_closing": ("还款入口暂停", "A repayment entry closes"),
    "entry_open": ("还款入口照常", "A repayment entry is open"),
    "entry_staying": ("还款入口照常", "A repayment entry stays"),
    "entry": ("还款入口变更", "A repayment entry changes"),
    "app_code": ("金融 App 登录验证码", "Your code for the finance app"),
    "account_code": ("账户验证码", "Your account code"),
    "phone": ("更换手机号", "Your phone number"),
    "closing": ("账户注销", "Closing your account"),
}
_NOTICE = ("通知", "A notice")

_CRITICAL = (
    *("sign_in_code", "email_code", "app_code", "account_code"),
    *("auto_debit", "case", "capture", "phone", "closing", "credit"),
)
"""Told on the phone whatever is wished: nobody takes an account over, or is marked, in silence."""
REMINDERS = frozenset({Message.DUE_SOON, Message.DUE_TODAY, Message.DUE_WILL_BE_DEBITED, Message.OVERDUE})
"""About money due, and asked for by nobody: hours, caps and reasons to wait hold for them."""


def title_of(message: str, language: str) -> str:
    """What stands above the text in a mail and in the inbox."""
    zh, en = _by_name(message, _TITLES) or _NOTICE
    return zh if language == "zh" else en


def weight_of(message: str) -> Weight:
    if message in REMINDERS:
        return Weight.REMINDER
    return Weight.CRITICAL if _by_name(message, dict.fromkeys(_CRITICAL, ("", ""))) else Weight.NEWS


def _by_name(message: str, known: Mapping[str, tuple[str, str]]) -> tuple[str, str] | None:
    """Of the message itself, else of what its name begins with."""
    name = message
    while name:
        if name in known:
            return known[name]
        name = name.rpartition("_")[0]
    return None


def language_of(tag: str) -> str:
    """`zh` for every kind of Chinese, `en` for all else."""
    return "zh" if tag.lower().startswith("zh") else "en"


def template_code(message: Message, language: str) -> str:
    """The number of the approved template, for any language tag."""
    return os.environ.get(f"FENQI_SMS_TEMPLATE_{_name(message, language)}") or f"SMS_{_name(message, language)}"


def _name(message: Message, language: str) -> str:
    return f"{message}_{language_of(language)}".upper()


def templates(*, portal: str = "") -> dict[str, str]:
    """Template number to text, as a message service is told of them.

    `portal` is our address, for whoever tells it before the settings are loaded.
    """
    return {
        template_code(message, language): approvable(text, portal=portal) for (message, language), text in TEXTS.items()
    }


def approvable(text: str, *, portal: str = "") -> str:
    """The text as it is handed in for approval: our address is written out."""
    return text.replace(PORTAL, portal or settings.FENQI_PUBLIC_URL)
