"""Why an entry does not work now, and until when, in sentences: the same on pages, in the API and in messages."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from fenqi.domain.entries.routing import Reason, Way

_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Told:
    """One sentence in both languages."""

    zh: str
    en: str

    def text(self, language: str) -> str:
        return self.zh if language.startswith("zh") else self.en


def why(way: Way) -> Told:
    """Empty for an entry that works."""
    until_zh, until_en = (moment(way.until, "zh"), moment(way.until, "en")) if way.until else ("", "")
    since_zh, since_en = (moment(way.since, "zh"), moment(way.since, "en")) if way.since else ("", "")
    told = {
        Reason.NOT_OPEN_YET: Told(f"还没有开放，{until_zh}起可用", f"Not open yet: from {until_en}"),
        Reason.CLOSED: Told(
            f"{since_zh}起暂停，预计 {until_zh}恢复", f"Closed since {since_en}, expected back {until_en}"
        ),
        Reason.OUTSIDE_HOURS: Told(f"现在不在服务时间，{until_zh}起可用", f"Outside its hours: open again {until_en}"),
        Reason.MOVED: Told(f"{since_zh}起已迁移到新的入口", f"Moved to another entry on {since_en}"),
        Reason.ENDED: Told(f"{since_zh}起不再使用", f"No longer used since {since_en}"),
        Reason.LENDER_COLLECTS: Told(
            "这笔分期由出资机构直接收款，不在这里还", "The lender collects this plan itself: it is not repaid here"
        ),
    }
    return told[way.reason] if way.reason else Told("", "")


def moment(at: datetime, language: str) -> str:
    """`11月25日 08:00 `, `25 Nov 08:00`, of an instant on the mall's clock; a full hour of midnight keeps its 00:00."""
    if language == "zh":
        return f"{at.month}月{at.day}日 {at:%H:%M} "
    return f"{at.day} {_MONTHS[at.month - 1]} {at:%H:%M}"
