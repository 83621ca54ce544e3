"""A plugin of the tests: a module's `NOW` that was read from the clock is the present of each of its tests.

Modules are read when the tests are collected, and a long run comes to some of them a quarter of an hour later. By then
the cashiers that a test asks for would be closed.
"""

from datetime import UTC, datetime
from types import ModuleType

import pytest

_BEGAN = datetime.now(UTC)
_of_the_present: set[ModuleType] = set()


def pytest_collection_finish(session: pytest.Session) -> None:
    """An instant that lies in the collection came from the clock, and not from its author."""
    modules = {module for item in session.items if (module := getattr(item, "module", None))}
    _of_the_present.update(module for module in modules if _was_read(getattr(module, "NOW", None)))


def _was_read(now: object) -> bool:
    return isinstance(now, datetime) and now.tzinfo is not None and _BEGAN <= now <= datetime.now(UTC)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    module = getattr(item, "module", None)
    if module in _of_the_present:
        module.NOW = datetime.now(UTC)
