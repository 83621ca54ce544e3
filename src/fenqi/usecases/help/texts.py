"""Which version of a help page or an announcement stands on a day, its history, and the search over help pages.

Help pages come with Fenqi (files in `shipped`, version by version); a mall may publish its own, which then stand before
them. Announcements are the mall's alone.
"""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Final
from uuid import UUID

from fenqi.domain.errors import NotFound
from fenqi.domain.help import search as searching
from fenqi.domain.help.markup import Block, BlockKind, parse
from fenqi.records.models import PublishedText, TextKind
from fenqi.usecases.support.threads import names_of

SHIPPED: Final = Path(__file__).parent / "shipped"
GUIDES: Final = (
    "repaying",
    "refund-procedure",
    "refund-and-reserve",
    "price-difference",
    "entries",
    "late",
    "auto-debit",
    "signing-in",
    "is-it-really-us",
)
"""In the order in which they are listed; the first five are the guides, the others answer one question each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextView:
    """One version. `text_id` None: it came with Fenqi. Names are for staff only."""

    text_id: UUID | None
    kind: TextKind
    code: str
    version: int
    title_zh: str
    title_en: str
    text_zh: str
    text_en: str
    change_zh: str
    change_en: str
    valid_from: date
    banner_until: date | None
    policy_code: str
    policy_version: int | None
    written_by: str
    written_at: datetime | None
    published_by: str
    published_at: datetime | None
    withdrawn_at: datetime | None

    def title(self, language: str) -> str:
        return self.title_zh if language.startswith("zh") else self.title_en

    def change(self, language: str) -> str:
        return self.change_zh if language.startswith("zh") else self.change_en

    def blocks(self, language: str) -> tuple[Block, ...]:
        return parse(self.text_zh if language.startswith("zh") else self.text_en)

    @property
    def is_out(self) -> bool:
        """Published, or shipped, and not taken back."""
        return self.withdrawn_at is None and (self.text_id is None or self.published_at is not None)


# Guides --------------------------------------------------------------------------------------------------------------


def guide(code: str, *, today: date) -> TextView:
    """The version that stands today. Raises NotFound."""
    standing = [one for one in guide_history(code) if one.is_out and one.valid_from <= today]
    if not standing:
        raise NotFound
    return standing[0]


def guide_version(code: str, version: int) -> TextView:
    """Any version that was ever out, as it read. Raises NotFound."""
    for one in guide_history(code):
        if one.version == version and (one.text_id is None or one.published_at is not None):
            return one
    raise NotFound


def guide_history(code: str) -> tuple[TextView, ...]:
    """Every version, the mall's own before those that came with Fenqi, each newest first."""
    own = PublishedText.objects.filter(kind=TextKind.GUIDE, code=code).order_by("-version")
    return (*_views(list(own)), *(one for one in reversed(_shipped()) if one.code == code))


def guides(*, today: date) -> tuple[TextView, ...]:
    """All that stand today, in their order: one statement."""
    return _standing(today)


def _standing(today: date) -> tuple[TextView, ...]:
    rows = PublishedText.objects.filter(
        kind=TextKind.GUIDE, published_at__isnull=False, withdrawn_at__isnull=True, valid_from__lte=today
    )
    found = {one.code: one for one in _shipped() if one.valid_from <= today}
    found |= {one.code: one for one in _views(list(rows.order_by("version")))}
    order = {code: place for place, code in enumerate(GUIDES)}
    return tuple(sorted(found.values(), key=lambda one: (order.get(one.code, len(order)), one.code)))


def search_guides(query: str, *, today: date) -> tuple[TextView, ...]:
    """Those that fit, the best first."""
    standing = {one.code: one for one in _standing(today)}
    return tuple(standing[code] for code in searching.found(query, [_page(one) for one in standing.values()]))


def _page(one: TextView) -> searching.Page:
    blocks = [*one.blocks("zh"), *one.blocks("en")]
    return searching.Page(
        code=one.code,
        titles=(one.title_zh, one.title_en),
        headings=tuple(block.text for block in blocks if block.kind is BlockKind.HEADING),
        texts=tuple(block.text for block in blocks if block.kind is not BlockKind.HEADING),
    )


@cache
def _shipped() -> tuple[TextView, ...]:
    """What comes with Fenqi, by code and version, the oldest first."""
    found = []
    for file in sorted(SHIPPED.glob("*.zh.md")):
        code, version = file.name.split(".")[:2]
        zh, en = _read(file), _read(file.with_name(file.name.replace(".zh.md", ".en.md")))
        found.append(
            TextView(
                text_id=None,
                kind=TextKind.GUIDE,
                code=code,
                version=int(version),
                title_zh=zh["title"],
                title_en=en["title"],
                text_zh=zh["text"],
                text_en=en["text"],
                change_zh=zh["change"],
                change_en=en["change"],
                valid_from=date.fromisoformat(zh["valid_from"]),
                banner_until=None,
                policy_code="",
                policy_version=None,
                written_by="",
                written_at=None,
                published_by="",
                published_at=None,
                withdrawn_at=None,
            )
        )
    return tuple(sorted(found, key=lambda one: (one.code, one.version)))


def _read(file: Path) -> dict[str, str]:
    """`# title`, `valid_from:`, `change:`, then the text."""
    title, valid_from, change, text = file.read_text(encoding="utf-8").split("\n", 3)
    return {
        "title": title.removeprefix("# "),
        "valid_from": valid_from.removeprefix("valid_from: "),
        "change": change.removeprefix("change: "),
        "text": text,
    }


# Announcements -------------------------------------------------------------------------------------------------------


def announcements(*, limit: int = 100) -> tuple[TextView, ...]:
    """The newest version of each that is out, also of those that hold from a later day on: the newest first."""
    newest: dict[str, TextView] = {}
    rows = PublishedText.objects.filter(kind=TextKind.ANNOUNCEMENT, published_at__isnull=False, withdrawn_at=None)
    for one in _views(list(rows.order_by("version"))):
        newest[one.code] = one
    return tuple(sorted(newest.values(), key=lambda one: (one.valid_from, one.code), reverse=True)[:limit])


def announcement(code: str, version: int) -> TextView:
    """One version at its permanent address, withdrawn or not. Raises NotFound."""
    row = PublishedText.objects.filter(
        kind=TextKind.ANNOUNCEMENT, code=code, version=version, published_at__isnull=False
    ).first()
    if row is None:
        raise NotFound
    return _views([row])[0]


def announcement_history(code: str) -> tuple[TextView, ...]:
    """Every version that was out, the newest first."""
    rows = PublishedText.objects.filter(kind=TextKind.ANNOUNCEMENT, code=code, published_at__isnull=False)
    return _views(list(rows.order_by("-version")))


def on_the_banner(*, today: date, read: frozenset[str] = frozenset()) -> TextView | None:
    """The newest announcement that pages show on top today, unless the reader has put it away (`code.version`)."""
    rows = PublishedText.objects.filter(
        kind=TextKind.ANNOUNCEMENT,
        published_at__isnull=False,
        withdrawn_at=None,
        banner_until__gte=today,
    )
    newest: dict[str, PublishedText] = {row.code: row for row in rows.order_by("version")}
    fresh = [row for row in newest.values() if f"{row.code}.{row.version}" not in read]
    fresh.sort(key=lambda row: (row.published_at, row.code), reverse=True)
    return _views(fresh[:1])[0] if fresh else None


# Both ----------------------------------------------------------------------------------------------------------------


def text_of(text_id: UUID) -> TextView:
    """For staff: also a draft. Raises NotFound."""
    row = PublishedText.objects.filter(id=text_id).first()
    if row is None:
        raise NotFound
    return _views([row])[0]


def all_texts() -> tuple[TextView, ...]:
    """For staff: drafts first, then every version, the newest first."""
    rows = sorted(PublishedText.objects.all(), key=lambda row: (row.published_at is None, row.written_at), reverse=True)
    return _views(rows)


def _views(rows: list[PublishedText]) -> tuple[TextView, ...]:
    names = names_of({row.written_by for row in rows} | {row.published_by for row in rows})
    return tuple(
        TextView(
            text_id=row.id,
            kind=TextKind(row.kind),
            code=row.code,
            version=row.version,
            title_zh=row.title_zh,
            title_en=row.title_en,
            text_zh=row.text_zh,
            text_en=row.text_en,
            change_zh=row.change_zh,
            change_en=row.change_en,
            valid_from=row.valid_from,
            banner_until=row.banner_until,
            policy_code=row.policy_code,
            policy_version=row.policy_version,
            written_by=names.get(row.written_by, row.written_by),
            written_at=row.written_at,
            published_by=names.get(row.published_by, row.published_by),
            published_at=row.published_at,
            withdrawn_at=row.withdrawn_at,
        )
        for row in rows
    )
