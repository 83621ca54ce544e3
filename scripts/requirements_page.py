"""Keeps `docs/requirements.md` and the tests in step: the last column names the tests that carry a requirement's mark.

`python scripts/requirements_page.py --write` brings that column up to date; a test fails while it is not.
"""

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
PAGE = PROJECT / "docs" / "requirements.md"
TESTS = PROJECT / "tests"

ROW = re.compile(r"^\| (R\d{3}) \| (.*?) \| (.*?) \|$")
NOT_YET = "not yet"


def marked_tests() -> dict[str, list[str]]:
    """Requirement to the tests that show it, `path::name`, read from the source: nothing is run."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted(TESTS.rglob("test_*.py")):
        for name, requirement in _marks(ast.parse(path.read_text())):
            found[requirement].append(f"{path.relative_to(PROJECT).as_posix()}::{name}")
    return {requirement: sorted(set(tests)) for requirement, tests in found.items()}


def _marks(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            for decorator in node.decorator_list:
                if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.requirement":
                    yield from ((node.name, ast.literal_eval(argument)) for argument in decorator.args)


def rows(text: str) -> dict[str, tuple[str, str]]:
    """Requirement to (what the product does, the tests' column)."""
    return {match[1]: (match[2], match[3]) for line in text.splitlines() if (match := ROW.match(line))}


def tests_column(tests: list[str]) -> str:
    """`file::test` for each, short enough to read: the path without its common beginning."""
    return "<br>".join(f"`{test.removeprefix('tests/')}`" for test in tests) or NOT_YET


def brought_up_to_date(text: str, tests: dict[str, list[str]]) -> str:
    """The page with its last column as the marks say."""

    def row(line: str) -> str:
        match = ROW.match(line)
        return f"| {match[1]} | {match[2]} | {tests_column(tests.get(match[1], []))} |" if match else line

    return "\n".join(row(line) for line in text.splitlines()) + "\n"


if __name__ == "__main__":
    text = PAGE.read_text()
    current = brought_up_to_date(text, marked_tests())
    if "--write" in sys.argv:
        PAGE.write_text(current)
    elif current != text:
        sys.exit("docs/requirements.md is out of date: run this with --write")
