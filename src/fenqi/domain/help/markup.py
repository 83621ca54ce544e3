"""The markup of help pages and announcements: headings, steps, lists, links to pages of ours, and living blocks.

    ## A heading
    1. A step with a [link](bills)
    - A point
    {{next_bill}}

Links lead to pages by name and never to an address, so that a text can lure nobody away; a name that there is not is
refused when the text is written.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from fenqi.domain.errors import InvalidInput

PAGES = frozenset(
    {
        "bills", "orders", "after_sales", "me", "cards", "support", "contacts", "official", "announcements", "help",
        "guide:refund-and-reserve", "guide:refund-procedure", "guide:price-difference", "guide:repaying",
        "guide:entries", "guide:signing-in", "guide:auto-debit", "guide:late", "guide:is-it-really-us",
    }
)  # fmt: skip
LIVING = frozenset(
    {"next_bills", "failed", "returnable", "refunds", "reserves", "price_drops", "entries", "hotline"}
    | {"return_rules", "price_rules"}
)


class BlockKind(StrEnum):
    HEADING = "heading"
    TEXT = "text"
    STEP = "step"
    POINT = "point"
    LIVING = "living"


@dataclass(frozen=True, slots=True)
class Span:
    """Words, bold or not; with `page` they lead there."""

    words: str
    page: str = ""
    is_strong: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    kind: BlockKind
    spans: tuple[Span, ...] = ()
    name: str = ""
    number: int = 0

    @property
    def text(self) -> str:
        return "".join(span.words for span in self.spans)


_STEP = re.compile(r"^\d+\.\s+(.*)$")
_LIVING = re.compile(r"^\{\{(\w+)\}\}$")
_SPAN = re.compile(r"\[([^\]\n]{1,200})\]\(([a-z_:-]{1,64})\)|\*\*([^*\n]{1,200})\*\*")


def parse(text: str) -> tuple[Block, ...]:
    """The text as blocks, one a line; empty lines part nothing but lines. Raises InvalidInput."""
    return tuple(_numbered(_block(line.strip()) for line in text.splitlines() if line.strip()))


def _block(line: str) -> Block:
    if living := _LIVING.match(line):
        if living[1] not in LIVING:
            raise InvalidInput(
                where="text", problem=f"there is no block {living[1]}", problem_zh=f"没有名为 {living[1]} 的内容块"
            )
        return Block(BlockKind.LIVING, name=living[1])
    if line.startswith("## "):
        return Block(BlockKind.HEADING, tuple(_spans(line[3:])))
    if line.startswith("- "):
        return Block(BlockKind.POINT, tuple(_spans(line[2:])))
    if step := _STEP.match(line):
        return Block(BlockKind.STEP, tuple(_spans(step[1])))
    return Block(BlockKind.TEXT, tuple(_spans(line)))


def _numbered(blocks: Iterator[Block]) -> Iterator[Block]:
    """Steps count from one after each heading, whatever the text numbers them."""
    number = 0
    for block in blocks:
        number = 0 if block.kind is BlockKind.HEADING else number + (block.kind is BlockKind.STEP)
        yield Block(block.kind, block.spans, number=number) if block.kind is BlockKind.STEP else block


def _spans(words: str) -> Iterator[Span]:
    at = 0
    for found in _SPAN.finditer(words):
        if found.start() > at:
            yield Span(words[at : found.start()])
        if found[3]:
            yield Span(found[3], is_strong=True)
        else:
            if found[2] not in PAGES:
                raise InvalidInput(
                    where="text", problem=f"there is no page {found[2]}", problem_zh=f"没有名为 {found[2]} 的页面"
                )
            yield Span(found[1], page=found[2])
        at = found.end()
    if at < len(words):
        yield Span(words[at:])
