"""What can stand in the way of a conversation, and of those who answer it."""

from fenqi.domain.errors import FenqiError


class MessageRefused(FenqiError):
    """Nothing was written, or too much. Details: `most`, `length`."""

    code = "message_refused"
    status = 422
    zh = "请写下要说的话，最多 {most} 字（现在 {length} 字）。你写的都还在，没有发出。"
    en = "Write a message of at most {most} characters (it has {length}). What you wrote is still there, unsent."


class ConversationClosed(FenqiError):
    """It is closed, and another about the same matter is open. Details: `open_thread_id`."""

    code = "conversation_closed"
    status = 409
    zh = "这段对话已结束，同一件事有另一段对话正在进行，请到那里继续。你写的都还在，没有发出。"
    en = (
        "This conversation is closed and another about the same matter is open: go on there. "
        "What you wrote is still there, unsent."
    )


class TakenByAnother(FenqiError):
    """A ticket has one agent at a time. Details: `name`."""

    code = "conversation_taken"
    status = 409
    zh = "这张工单现在由 {name} 负责，没有发出。需要接过来，请写明原因后点「接手」。"
    en = "{name} has this ticket now, so nothing was sent. To take it over, say why and press Take it over."


class ChangedHands(FenqiError):
    """The ticket is no longer with whom the page said. Details: `name`."""

    code = "ticket_changed_hands"
    status = 409
    zh = "这张工单刚刚换了负责人（现在：{name}），请看过再决定。"
    en = "This ticket has just changed hands (now: {name}). Look at it again first."


class NotYours(FenqiError):
    """Only who has the ticket hands it on or gives it back."""

    code = "ticket_not_yours"
    status = 409
    zh = "这张工单不在你手里，不能移交或放回。"
    en = "You do not have this ticket, so you cannot hand it on or give it back."


class NoSuchAgent(FenqiError):
    """The colleague does not answer customers, or is not there any more."""

    code = "no_such_agent"
    status = 422
    zh = "没有这位能接待客户的同事，请重新选择。"
    en = "No colleague of that name answers customers. Choose another."


class NoteMissing(FenqiError):
    """A hand-over, a note or an outcome needs words. Details: `most`."""

    code = "note_missing"
    status = 422
    zh = "请写几个字说明（最多 {most} 字）。"
    en = "Say it in a few words (at most {most} characters)."


class NothingToRate(FenqiError):
    """Only a closed ticket is rated, and once for each closing."""

    code = "nothing_to_rate"
    status = 409
    zh = "这段对话现在不能评价：还没结束，或已经评价过。"
    en = "This conversation cannot be rated now: it is not closed, or was rated already."


class NoSuchTime(FenqiError):
    """A call can only be planned ahead, within the hours in which people are called. Details: `hours`."""

    code = "no_such_call_time"
    status = 422
    zh = "回电时间要在将来两周内，并在可联系时间 {hours} 之内，请另选时间。"
    en = "A call is planned within the next two weeks and within {hours}. Choose another time."
