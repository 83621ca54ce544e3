"""What can stand in the way of a conversation."""

from fenqi.domain.errors import FenqiError


class MessageRefused(FenqiError):
    """Nothing was written, or too much. Details: `most`."""

    code = "message_refused"
    status = 422
    zh = "请写下要说的话，最多 {most} 字。"
    en = "Write a message of at most {most} characters."


class ConversationClosed(FenqiError):
    """It is closed, and another about the same matter is open."""

    code = "conversation_closed"
    status = 409
    zh = "这段对话已结束，同一件事有另一段对话正在进行，请到那里继续。"
    en = "This conversation is closed and another about the same matter is open: go on there."


class TakenByAnother(FenqiError):
    """A conversation has one agent at a time."""

    code = "conversation_taken"
    status = 409
    zh = "这段对话已由另一位客服接手。需要接过来的话，请先点「接手」。"
    en = "Another agent has this conversation. Take it over first, if you need to."
