"""A client of the API with a key for everything, and what it finds: a customer with an order on installments."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from fenqi.records.identifiers import new_id
from fenqi.usecases import rate_limits
from fenqi.usecases.api_clients import Scope, forget_clients, make_client
from malls import Bought, bought


@dataclass
class Caller:
    """Speaks to the API as a program of the mall does."""

    key: str
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """One request; `body` is sent as JSON, or as it is if it is text or bytes."""
        raw = body if isinstance(body, str | bytes) else json.dumps(body) if body is not None else ""
        sent = {"Authorization": f"Bearer {self.key}", **headers}
        return self.client.generic(
            method,
            f"/api/v1{path}",
            raw,
            content_type=sent.pop("Content-Type", "application/json"),
            headers={name: value for name, value in sent.items() if value},
        )

    def get(self, path: str, **headers: str) -> Any:
        return self.send("GET", path, **headers)

    def put(self, path: str, body: Any, **headers: str) -> Any:
        return self.send("PUT", path, body, **headers)

    def post(self, path: str, body: Any, *, key: str | None = None, **headers: str) -> Any:
        """With a fresh idempotency key unless one is given; an empty one sends none."""
        return self.send("POST", path, body, **{"Idempotency-Key": str(new_id()) if key is None else key, **headers})


@pytest.fixture(autouse=True)
def _nobody_is_remembered() -> Iterator[None]:
    forget_clients()
    rate_limits.forget()
    yield
    forget_clients()
    rate_limits.forget()


@pytest.fixture
def caller_with(db: None) -> Callable[..., Caller]:
    """Make a caller with these scopes only."""

    def make(*scopes: Scope, name: str = "") -> Caller:
        return Caller(make_client(name or f"shop-{new_id().hex[-12:]}", scopes, now=datetime.now(UTC)))

    return make


@pytest.fixture
def shop(caller_with: Callable[..., Caller]) -> Caller:
    """A caller with every scope."""
    return caller_with(*Scope, name="shop")


@pytest.fixture
def plan(db: None) -> Bought:
    """1,200.00 yuan over twelve months without interest, opened on 1 January 2026."""
    return bought("c-1")


@pytest.fixture
def plan_path(plan: Bought) -> str:
    return f"/customers/{plan.customer_id}/plans/{plan.plan_id}"
