"""Texts of help pages and announcements as pages show them: the names of their links become addresses."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from django.urls import reverse

from fenqi.domain.help.markup import Block, BlockKind, Span

_PAGES: Final[Mapping[str, str]] = {
    "bills": "portal:bills",
    "orders": "portal:orders",
    "after_sales": "portal:after_sales",
    "me": "portal:me",
    "cards": "portal:cards",
    "support": "portal:support",
    "contacts": "portal:contacts",
    "official": "portal:official",
    "announcements": "portal:announcements",
    "help": "portal:help",
}


@dataclass(frozen=True, slots=True)
class ShownSpan:
    """Words; with `address` a link, which is always to a page of ours."""

    words: str
    address: str
    is_strong: bool


@dataclass(frozen=True, slots=True)
class ShownBlock:
    kind: BlockKind
    spans: tuple[ShownSpan, ...]
    name: str
    number: int


def shown_blocks(blocks: Iterable[Block]) -> Iterator[ShownBlock]:
    for block in blocks:
        yield ShownBlock(block.kind, tuple(map(_span, block.spans)), block.name, block.number)


def _span(span: Span) -> ShownSpan:
    return ShownSpan(span.words, address_of(span.page) if span.page else "", span.is_strong)


def address_of(page: str) -> str:
    """Of a name that the markup knows."""
    if page.startswith("guide:"):
        return reverse("portal:guide", args=[page.removeprefix("guide:")])
    return reverse(_PAGES[page])
