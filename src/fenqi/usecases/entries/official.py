"""Whether a link, an address or a code is really ours: anybody may ask, and learns nothing of whom it is for (R147)."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings

from fenqi.records.models import FinanceProvider
from fenqi.usecases.entries.links import CODE_LENGTH, LinkState, plan_of_code, read_link

MOST_CHARACTERS: Final = 2_000


class Verdict(StrEnum):
    LINK_GOOD = "link_good"
    LINK_STALE = "link_stale"
    PERMANENT = "permanent"
    OUR_SITE = "our_site"
    NOT_OURS = "not_ours"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """`valid_until` is the last day of a link that we made."""

    verdict: Verdict
    valid_until: date | None = None

    @property
    def is_ours(self) -> bool:
        return self.verdict is not Verdict.NOT_OURS


def verify(text: str, *, now: datetime) -> Verified:
    """Of an address the host decides, letter by letter; of a bare code its signature. Never raises."""
    text = text.strip()[:MOST_CHARACTERS]
    if "/" not in text and "." not in text:
        return _code(text, now)
    try:
        asked = urlsplit(text if "://" in text else f"https://{text}")
        ours = urlsplit(settings.FENQI_PUBLIC_URL)
        same_host = (asked.hostname or "") == ours.hostname and asked.port in (ours.port, None)
    except ValueError:
        return Verified(verdict=Verdict.NOT_OURS)
    is_web = asked.scheme in {ours.scheme, "https"}
    if not (same_host and is_web) or "@" in asked.netloc or "\\" in text:
        return Verified(verdict=Verdict.NOT_OURS)
    kind, _, code = asked.path.strip("/").partition("/")
    if kind in ("p", "r"):
        return _code(code, now)
    return Verified(verdict=Verdict.OUR_SITE)


def _code(code: str, now: datetime) -> Verified:
    if len(code) != CODE_LENGTH:
        return Verified(verdict=Verdict.PERMANENT if plan_of_code(code) else Verdict.NOT_OURS)
    link = read_link(code, now=now)
    verdict = {
        LinkState.GOOD: Verdict.LINK_GOOD,
        LinkState.STALE: Verdict.LINK_STALE,
        LinkState.FORGED: Verdict.NOT_OURS,
    }[link.state]
    return Verified(verdict=verdict, valid_until=link.valid_until)


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficialChannels:
    """Where we are, and the lenders with whom plans are: name in both languages and telephone."""

    site: str
    hotline: str
    finance_app: str
    lenders: tuple[tuple[str, str, str], ...]


def official_channels() -> OfficialChannels:
    lenders = FinanceProvider.objects.order_by("code").values_list("name_zh", "name_en", "contact_phone")
    return OfficialChannels(
        site=settings.FENQI_PUBLIC_URL,
        hotline=settings.FENQI_HOTLINE,
        finance_app=settings.FENQI_FINANCE_APP_URL,
        lenders=tuple(lenders),
    )
