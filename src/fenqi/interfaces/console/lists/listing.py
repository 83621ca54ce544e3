"""A list as somebody asked for it: rows that match, in the order asked for, one page of them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Generic

from django.http import HttpRequest
from django.utils.http import urlencode

from fenqi.interfaces.console.lists.columns import Column, Row
from fenqi.interfaces.console.lists.period import Period

PAGE_SIZE: Final = 50
MOST_READ: Final = 2000
"""So many rows a list reads at most; a page that has more says so, and is narrowed by its own period or pile."""

LONGEST_WORD: Final = 80
FORMATS: Final = ("csv", "xlsx")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the address asks for. `chosen`: column key to the value that rows must have."""

    words: str
    chosen: Mapping[str, str]
    sort: str
    descending: bool
    page: int
    sheet: str

    def matches(self, columns: Sequence[Column[Row]], row: Row) -> bool:
        if any(column.written(row) != self.chosen[column.key] for column in columns if column.key in self.chosen):
            return False
        if not self.words:
            return True
        text = " ".join(column.written(row) for column in columns).casefold()
        return all(word in text for word in self.words.casefold().split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A value of a column and how many rows have it."""

    value: str
    count: int
    is_chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The head of a column: what a click on it asks for, and how it is sorted now (`aria-sort`)."""

    title: str
    is_right: bool
    sorted: str
    address: str


@dataclass(frozen=True)
class Listing(Generic[Row]):
    """`kept`: parameters of the page itself, which every link takes along. `is_cut`: there are more rows.

    `part` is empty where the page is this list. Where it is one part of the page, its parameters begin with that
    word, and its links lead to the heading of that id. `address`: of the page, where it may be shown at another.
    """

    name: str
    columns: Sequence[Column[Row]]
    everything: Sequence[Row]
    asked: Asked
    kept: Mapping[str, str]
    is_cut: bool
    period: Period | None
    part: str
    page_size: int = PAGE_SIZE
    address: str = ""

    @cached_property
    def matching(self) -> list[Row]:
        found = [row for row in self.everything if self.asked.matches(self.columns, row)]
        by = next((column for column in self.columns if column.key == self.asked.sort), None)
        return sorted(found, key=by.order, reverse=self.asked.descending) if by else found

    @property
    def rows(self) -> list[Row]:
        """Those of the page asked for."""
        return self.matching[(self.page - 1) * self.page_size : self.page * self.page_size]

    @property
    def pages(self) -> int:
        return max(1, -(-len(self.matching) // self.page_size))

    @property
    def page(self) -> int:
        return min(self.asked.page, self.pages)

    @property
    def is_narrowed(self) -> bool:
        return bool(self.asked.words or self.asked.chosen)

    @property
    def heads(self) -> list[Head]:
        return [self._head(column) for column in self.columns if column.is_shown]

    def _head(self, column: Column[Row]) -> Head:
        is_sorted = column.key == self.asked.sort
        turned = is_sorted and not self.asked.descending
        return Head(
            title=str(column.title),
            is_right=column.is_right,
            sorted=("descending" if self.asked.descending else "ascending") if is_sorted else "none",
            address=self._address(sort=f"-{column.key}" if turned else column.key),
        )

    @property
    def choices(self) -> list[tuple[Column[Row], list[Choice]]]:
        """For each column with choices its values, the commonest first; one that all rows share is no choice."""
        found = []
        for column in self.columns:
            counted = Counter(column.written(row) for row in self.everything) if column.has_choices else {}
            if len(counted) > 1 or column.key in self.asked.chosen:
                chosen = self.asked.chosen.get(column.key)
                values = sorted(counted.items(), key=lambda one: (-one[1], one[0]))
                found.append(
                    (column, [Choice(value=value, count=n, is_chosen=value == chosen) for value, n in values if value])
                )
        return found

    @property
    def hidden(self) -> list[tuple[str, str]]:
        """What the form of the filters takes along, besides what can be changed in it."""
        return [*self.kept.items(), *([(f"{self.prefix}sort", self._sort)] if self._sort else [])]

    @property
    def prefix(self) -> str:
        """What the names of its parameters begin with."""
        return prefix_of(self.part)

    @property
    def anchor(self) -> str:
        return f"#{self.part}" if self.part else ""

    @property
    def action(self) -> str:
        """Where the form of the filters leads; empty for where the reader is."""
        return self.address + self.anchor

    @property
    def _fixed(self) -> dict[str, str]:
        return {**self.kept, **(self.period.asked if self.period else {})}

    @property
    def _sort(self) -> str:
        return f"{'-' if self.asked.descending else ''}{self.asked.sort}" if self.asked.sort else ""

    @property
    def plain_address(self) -> str:
        """Without any filter."""
        return self._written({"sort": self._sort})

    @property
    def earlier(self) -> str:
        return self._address(page=str(self.page - 1)) if self.page > 1 else ""

    @property
    def later(self) -> str:
        return self._address(page=str(self.page + 1)) if self.page < self.pages else ""

    @property
    def sheets(self) -> list[tuple[str, str]]:
        """Format and where it is."""
        return [(name.upper(), self._address(sheet=name)) for name in FORMATS]

    def _address(self, **changed: str) -> str:
        return self._written({"q": self.asked.words, **self.asked.chosen, "sort": self._sort, **changed})

    def _written(self, own: Mapping[str, str]) -> str:
        asked = {**self._fixed, **{f"{self.prefix}{key}": value for key, value in own.items()}}
        return f"{self.address}?" + urlencode({key: value for key, value in asked.items() if value}) + self.anchor


def prefix_of(part: str) -> str:
    return f"{part}-" if part else ""


def read_listing(
    request: HttpRequest,
    *,
    name: str,
    columns: Sequence[Column[Row]],
    rows: Sequence[Row],
    kept: Mapping[str, str] | None = None,
    is_cut: bool = False,
    period: Period | None = None,
    part: str = "",
    page_size: int = PAGE_SIZE,
    page: str = "",
    most: int | None = None,
) -> Listing[Row]:
    """The list that the address asks for; what it asks for and is not there is left out, never an error.

    One that is a part of its page takes along whatever else the page was asked for. Where one row more than `most`
    was read, it is left out, and the list says that there are more.
    """
    if most is not None and len(rows) > most:
        rows, is_cut = rows[:most], True
    prefix = prefix_of(part)
    said = request.GET.dict()
    asked = {key.removeprefix(prefix): value for key, value in said.items() if key.startswith(prefix)}
    others = {key: value for key, value in said.items() if not key.startswith(prefix)}
    sort = asked.get("sort", "")
    known = {column.key for column in columns}
    with_choices = [column.key for column in columns if column.has_choices]
    return Listing(
        name=name,
        columns=columns,
        everything=rows,
        asked=Asked(
            words=asked.get("q", "").strip()[:LONGEST_WORD],
            chosen={key: asked[key][:LONGEST_WORD] for key in with_choices if asked.get(key)},
            sort=key if (key := sort.removeprefix("-")) in known else "",
            descending=sort.startswith("-"),
            page=_page_number(asked.get("page", "")),
            sheet=sheet if (sheet := asked.get("sheet", "")) in FORMATS else "",
        ),
        kept=others | dict(kept or {}),
        is_cut=is_cut,
        period=period,
        part=part,
        page_size=page_size,
        address=page,
    )


def _page_number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and 0 < len(text) < 5 else 1  # noqa: PLR2004  # no list is longer
