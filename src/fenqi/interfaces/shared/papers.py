"""A paper to keep: the same words on a page and as PDF."""

from dataclasses import dataclass
from typing import Literal

Align = Literal["left", "right"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """`share` is its part of the width beside the others."""

    name: str
    share: int = 1
    align: Align = "left"


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What its holder needs to have the paper checked: the code as it is shown, the page, and what to type there."""

    code: str
    address: str
    amount: str
    day: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """A code to scan that is no part of what the paper says: where it leads, and a line that says so."""

    address: str
    title: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """`facts` are names with values; `notes` say what the paper proves; `issuer` stands on every sheet."""

    issuer: str
    title: str
    answer: str
    facts: tuple[tuple[str, str], ...]
    tables: tuple[Table, ...] = ()
    notes: tuple[str, ...] = ()
    check: Check | None = None
    scans: tuple[Scan, ...] = ()
