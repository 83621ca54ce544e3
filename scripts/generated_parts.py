"""Pages of `docs/` with parts written by a program: each part stands between two marks, nothing else is touched."""

import re
import sys
from collections.abc import Mapping
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
DOCS = PROJECT / "docs"

Parts = Mapping[Path, Mapping[str, str]]
"""Page to the name of each part on it and what the part must say."""


def brought_up_to_date(text: str, parts: Mapping[str, str]) -> str:
    """The page with its parts as they must be. Raises ValueError when the page lacks the marks of one."""
    for name, body in parts.items():
        begin, end = f"<!-- generated: {name} -->", f"<!-- end: {name} -->"
        found = re.findall(f"{re.escape(begin)}.*?{re.escape(end)}", text, re.DOTALL)
        if len(found) != 1:
            raise ValueError(f"expected once: {begin} ... {end}")
        text = text.replace(found[0], f"{begin}\n{body.strip()}\n{end}")
    return text


def out_of_date(pages: Parts) -> list[Path]:
    """The pages that do not say what they must."""
    return [page for page, parts in pages.items() if page.read_text() != brought_up_to_date(page.read_text(), parts)]


def run(pages: Parts) -> None:
    """What a script does: with `--write` bring the pages up to date, otherwise tell which are not and fail."""
    stale = out_of_date(pages)
    if "--write" in sys.argv:
        for page in stale:
            page.write_text(brought_up_to_date(page.read_text(), pages[page]))
    elif stale:
        sys.exit("out of date, run this with --write: " + ", ".join(str(page.relative_to(PROJECT)) for page in stale))
