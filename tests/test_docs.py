"""The docs lead where they say, and every page can be found from the index."""

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parent.parent / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
LINK = re.compile(r"\[[^\]]+\]\(([^)#\s]+)[^)]*\)")


def linked(page: Path) -> set[Path]:
    """Where the page's relative links lead."""
    return {(page.parent / link).resolve() for link in LINK.findall(page.read_text()) if ":" not in link}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_every_link_leads_somewhere(page: Path) -> None:
    assert [str(target) for target in linked(page) if not target.exists()] == []


def test_every_page_is_reached_from_the_index() -> None:
    reached, fresh = set(), {DOCS / "README.md"}
    while fresh:
        reached |= fresh
        fresh = {page for found in fresh for page in linked(found) if page.suffix == ".md"} - reached
    assert set(PAGES) - reached == set()


def test_decisions_are_numbered_without_a_gap() -> None:
    numbers = [int(page.name[:4]) for page in sorted((DOCS / "decisions").glob("0*.md"))]
    assert numbers == list(range(1, len(numbers) + 1))
