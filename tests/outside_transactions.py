"""A plugin of the tests: nothing leaves the house inside a database transaction (design, section 2)."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest


@pytest.fixture(autouse=True)
def _nothing_leaves_inside_a_transaction() -> Iterator[None]:
    """Every call over HTTP is refused while a transaction of our own is open; the test's own does not count."""
    send = httpx.Client.send

    def checked(client: httpx.Client, request: httpx.Request, **how: Any) -> httpx.Response:
        assert not in_transaction(), f"{request.method} {request.url.path} inside a transaction"
        return send(client, request, **how)

    with pytest.MonkeyPatch.context() as patch:  # of its own: a test's patches end before the database does
        patch.setattr(httpx.Client, "send", checked)
        yield


def in_transaction() -> bool:
    from django.db import connection

    blocks: list[Any] = getattr(connection, "atomic_blocks", [])
    return any(not block._from_testcase for block in blocks)
