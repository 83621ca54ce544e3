"""Whatever goes wrong is a problem document: keys, scopes, addresses, methods, bodies, and our own mistakes."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from fenqi.domain.errors import FenqiError
from fenqi.interfaces.api import plans, problems
from fenqi.usecases import api_clients
from fenqi.usecases.api_clients import ClientNameTaken, Scope, find_by_key, make_client, revoke_client
from malls import Bought

ALL_SCOPES = tuple(Scope)


def check(response: Any, status: int, code: str) -> dict[str, Any]:
    """The response is a problem document with this status and code."""
    assert response["Content-Type"] == "application/problem+json"
    said: dict[str, Any] = response.json()
    assert (response.status_code, said["status"], said["code"]) == (status, status, code), said
    assert said["type"] == f"urn:fenqi:problem:{code}"
    assert all(said[name] for name in ("title", "detail", "detail_zh", "what_to_do"))
    return said


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer x", "Bearer fk_" + "a" * 43, "Basic YTpi", "Bearer fk_é" + "a" * 42, "bearer  fk_"],
)
def test_no_good_key_no_answer(shop: Any, plan_path: str, authorization: str) -> None:
    refused = shop.get(plan_path, Authorization=authorization)
    check(refused, 401, "key_required")
    assert refused["WWW-Authenticate"].startswith("Bearer")


OPERATIONS = [
    ("PUT", "/customers/c-1", Scope.CUSTOMERS_WRITE),
    ("GET", "/customers/c-1", Scope.CUSTOMERS_READ),
    ("PUT", "/orders/o-1", Scope.ORDERS_WRITE),
    ("GET", "/orders/o-1", Scope.ORDERS_READ),
    ("GET", "/customers/{c}/orders", Scope.ORDERS_READ),
    ("GET", "/customers/{c}/plans/{p}", Scope.PLANS_READ),
    ("GET", "/customers/{c}/plans/{p}/events", Scope.PLANS_READ),
    ("GET", "/customers/{c}/bills", Scope.PLANS_READ),
    ("GET", "/customers/{c}/journal", Scope.JOURNAL_READ),
    ("GET", "/customers/{c}/payments", Scope.PAYMENTS_READ),
    ("GET", "/customers/{c}/payments/{p}", Scope.PAYMENTS_READ),
    ("POST", "/customers/{c}/plans/{p}/quotes", Scope.REPAYMENTS_WRITE),
    ("POST", "/customers/{c}/plans/{p}/repayments", Scope.REPAYMENTS_WRITE),
    ("POST", "/customers/{c}/plans/{p}/received-repayments", Scope.REPAYMENTS_RECORD),
    ("GET", "/customers/{c}/plans/{p}/agreements", Scope.PLANS_READ),
    ("DELETE", "/customers/{c}/agreements/{p}", Scope.REPAYMENTS_WRITE),
    ("GET", "/orders/o-1/refunds", Scope.PAYMENTS_READ),
    ("GET", "/customers/{c}/refunds/{p}", Scope.PAYMENTS_READ),
    ("GET", "/orders/o-1/after-sales/options", Scope.AFTERSALES_READ),
    ("POST", "/orders/o-1/after-sales/quotes", Scope.AFTERSALES_WRITE),
    ("POST", "/orders/o-1/after-sales", Scope.AFTERSALES_WRITE),
    ("GET", "/orders/o-1/after-sales", Scope.AFTERSALES_READ),
    ("GET", "/after-sales/AS1", Scope.AFTERSALES_READ),
    ("POST", "/orders/o-1/after-sales/evidence", Scope.AFTERSALES_WRITE),
    ("POST", "/after-sales/AS1/answer", Scope.AFTERSALES_WRITE),
    ("POST", "/after-sales/AS1/sent", Scope.AFTERSALES_WRITE),
    ("POST", "/after-sales/AS1/withdraw", Scope.AFTERSALES_WRITE),
    ("POST", "/after-sales/AS1/confirm", Scope.AFTERSALES_WRITE),
    ("POST", "/orders/o-1/reserve", Scope.ORDERS_WRITE),
    ("GET", "/orders/o-1/reserve", Scope.PAYMENTS_READ),
    ("GET", "/policies", Scope.POLICIES_READ),
    ("GET", "/prices/X2", Scope.PRICES_READ),
    ("POST", "/prices", Scope.PRICES_WRITE),
    ("GET", "/orders/o-1/price-differences", Scope.AFTERSALES_READ),
    ("POST", "/orders/o-1/price-differences/claims", Scope.AFTERSALES_WRITE),
    (
        "POST",
        "/orders/o-1/price-differences/offers/018f2f6e-0c7a-7b1e-9d3a-0d6a4a6b7a10/accept",
        Scope.AFTERSALES_WRITE,
    ),
    ("GET", "/customers/{c}/plans/{p}/help", Scope.PLANS_READ),
    ("POST", "/customers/{c}/plans/{p}/promises", Scope.REPAYMENTS_WRITE),
    ("POST", "/customers/{c}/plans/{p}/extension-quotes", Scope.REPAYMENTS_WRITE),
    ("POST", "/customers/{c}/plans/{p}/extensions", Scope.REPAYMENTS_WRITE),
    ("GET", "/customers/{c}/plans/{p}/route", Scope.PLANS_READ),
    ("POST", "/customers/{c}/shared-phones", Scope.CUSTOMERS_WRITE),
    ("POST", "/finance-app/codes", Scope.FINANCE_APP),
    ("POST", "/finance-app/codes/{p}/check", Scope.FINANCE_APP),
    ("POST", "/finance-app/codes/{p}/account", Scope.FINANCE_APP),
    ("POST", "/finance-app/sign-out", Scope.FINANCE_APP),
    ("GET", "/finance-app/bills", Scope.FINANCE_APP),
    ("GET", "/finance-app/plans/{p}", Scope.FINANCE_APP),
    ("GET", "/finance-app/plans/{p}/route", Scope.FINANCE_APP),
    ("POST", "/finance-app/plans/{p}/quotes", Scope.FINANCE_APP),
    ("POST", "/finance-app/plans/{p}/repayments", Scope.FINANCE_APP),
    ("POST", "/finance-app/repayments/{p}/follow", Scope.FINANCE_APP),
]


@pytest.mark.parametrize(("method", "path", "scope"), OPERATIONS)
def test_an_operation_is_open_to_its_scope_alone(
    caller_with: Callable[..., Any], plan: Bought, *, method: str, path: str, scope: Scope
) -> None:
    address = path.format(c=plan.customer_id, p=plan.plan_id)
    body: Any = {} if method != "GET" else None
    others = caller_with(*(other for other in Scope if other is not scope))
    said = check(others.send(method, address, body), 403, "scope_missing")
    assert said["details"] == {"scope": scope.value}
    assert caller_with(scope).send(method, address, body).status_code != 403


def test_the_table_above_names_every_operation(db: None, client: Client) -> None:
    document = client.get("/api/v1/openapi.json").json()
    assert sum(len(methods) for methods in document["paths"].values()) == len(OPERATIONS)


def test_a_revoked_key_is_refused_and_its_name_stays_taken(shop: Any, plan_path: str) -> None:
    assert shop.get(plan_path).status_code == 200
    revoke_client("shop", now=datetime.now(UTC))
    check(shop.get(plan_path), 401, "key_required")
    with pytest.raises(ClientNameTaken):
        make_client("shop", ALL_SCOPES, now=datetime.now(UTC))


def test_another_process_honours_a_revoked_key_for_thirty_seconds_at_most(
    shop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = 1000.0
    monkeypatch.setattr("fenqi.usecases.api_clients.time.monotonic", lambda: moment)
    monkeypatch.setattr(api_clients, "forget_clients", lambda: None)  # it is the other process that revokes
    assert find_by_key(shop.key) is not None
    revoke_client("shop", now=datetime.now(UTC))
    moment += 29
    assert find_by_key(shop.key) is not None
    moment += 2
    assert find_by_key(shop.key) is None


@pytest.mark.django_db
def test_only_a_hash_of_the_key_is_stored() -> None:
    key = make_client("shop", [Scope.PLANS_READ], now=datetime.now(UTC))
    (stored,) = api_clients.clients()
    assert key.startswith("fk_")
    assert key not in (stored.key_hash, stored.name)
    assert len(stored.key_hash) == 64


@pytest.mark.parametrize("path", ["/", "/nothing", "/customers", "/customers/a/b/c/d", "/docs", "/%00", "/orders/"])
def test_addresses_where_there_is_nothing(shop: Any, path: str) -> None:
    check(shop.get(path), 404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [("DELETE", "/customers/c-1", "GET, PUT"), ("POST", "/orders/o-1", "GET, PUT"), ("TRACE", "/prices/X2", "GET")],
)
def test_methods_that_an_address_does_not_take(shop: Any, method: str, path: str, allowed: str) -> None:
    refused = shop.send(method, path)
    check(refused, 405, "method_not_allowed")
    assert ", ".join(sorted(refused["Allow"].split(", "))) == allowed


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"\xff\xfe",
        b'{"name": NaN}',
        b'{"name": "a", "name": "b"}',
        b'{"name": "\\u0000"}',
        b'{"name": "\\ud800"}',
        b'{"name": ' + b"9" * 5000 + b"}",
        b"[" * 100_000,
    ],
)
def test_bodies_that_are_no_json(shop: Any, body: bytes) -> None:
    check(shop.put("/customers/c-1", body), 400, "malformed_body")


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b'"x"', b"1"])
def test_bodies_that_are_no_document(shop: Any, body: bytes) -> None:
    assert shop.put("/customers/c-1", body).json()["code"] in ("invalid_input", "missing_field")


def test_a_body_of_another_kind(shop: Any) -> None:
    refused = shop.put("/customers/c-1", "name=a", **{"Content-Type": "application/x-www-form-urlencoded"})
    check(refused, 415, "unsupported_media_type")


def test_a_body_that_is_too_large(shop: Any) -> None:
    check(shop.put("/customers/c-1", b" " * (2 * 1024 * 1024 + 1)), 413, "body_too_large")


@pytest.mark.parametrize(
    ("asked", "chinese"),
    [("", False), ("en", False), ("zh-CN,zh;q=0.9,en;q=0.8", True), ("en;q=0.5,zh;q=0.6", True), ("fr,*", False)],
)
def test_the_reader_chooses_the_language(shop: Any, asked: str, chinese: bool) -> None:  # noqa: FBT001
    refused = shop.get("/orders/none", **{"Accept-Language": asked})
    said = check(refused, 404, "not_found")
    assert (said["detail"] == said["detail_zh"]) is chinese
    assert refused["Content-Language"] == ("zh-hans" if chinese else "en")


def test_our_own_mistakes_tell_an_incident_and_nothing_else(
    shop: Any, plan_path: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise KeyError("secret")

    monkeypatch.setattr(plans, "plan_view", broken)
    refused = shop.get(plan_path)
    said = check(refused, 500, "unexpected")
    assert said["details"]["incident"] in said["detail"]
    assert b"secret" not in refused.content
    assert b"Traceback" not in refused.content


def test_a_lost_database_asks_to_come_again(shop: Any, plan_path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(*_: Any, **__: Any) -> None:
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(plans, "plan_view", lost)
    refused = shop.get(plan_path)
    check(refused, 503, "temporarily_unavailable")
    assert refused["Retry-After"] == "1"


def test_cursors_are_not_to_be_made_up(shop: Any, plan: Bought) -> None:
    for noun in ("orders", "payments", "journal"):
        for cursor in ("x", "W10", "WyJhIl0", "WyJhIiwgImIiXQ"):
            refused = shop.get(f"/customers/{plan.customer_id}/{noun}?cursor={cursor}")
            check(refused, 422, "invalid_cursor")
        check(shop.get(f"/customers/{plan.customer_id}/{noun}?limit=101"), 422, "invalid_input")
        check(shop.get(f"/customers/{plan.customer_id}/{noun}?limit=0"), 422, "invalid_input")


def test_every_refusal_that_is_documented_has_advice_in_both_languages() -> None:
    def all_of(kind: type[FenqiError]) -> set[type[FenqiError]]:
        return {kind}.union(*(all_of(each) for each in kind.__subclasses__()))

    for refusal in all_of(FenqiError):
        zh, en = (problems.what_to_do(refusal, chinese=chinese) for chinese in (True, False))
        assert (zh.endswith("。"), en.endswith(".")) == (True, True), refusal
