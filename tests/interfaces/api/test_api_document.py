"""The OpenAPI document says what the API does, and the API does what it says, whatever it is sent."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client
from hypothesis import HealthCheck, settings
from schemathesis.config import SchemathesisConfig
from schemathesis.core.result import Ok
from schemathesis.pytest.lazy import get_all_tests
from schemathesis.python._constants.orchestrator import make_constants_value_source

from fenqi.config.wsgi import application
from fenqi.interfaces.api.api import api
from fenqi.interfaces.api.operations import FILE, REPLAYED
from fenqi.usecases import clock
from malls import Bought

DOCUMENT = "/api/v1/openapi.json"
# What a schema cannot say (which rows are open, what is owed) is refused with these.
BUSINESS_REFUSALS = ["2xx", "404", "409", "422"]
TRIALS = settings(
    max_examples=8, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)


@pytest.fixture
def document(db: None) -> dict[str, Any]:
    found: dict[str, Any] = Client(raise_request_exception=False).get(DOCUMENT).json()
    return found


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, details in methods.items():
            yield f"{method.upper()} {path}", details


def holds_a_session(name: str) -> bool:
    """The finance app's steps but the repayment: a code is taken once, and an answer with a session is not kept."""
    return "/finance-app/" in name and not name.endswith("/repayments")


def takes_file(details: dict[str, Any]) -> bool:
    """The same bytes are the same piece: it needs neither key nor example."""
    return FILE in details.get("requestBody", {}).get("content", {})


def test_the_document_is_openapi_3_1_with_one_key_for_all(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"
    assert document["components"]["securitySchemes"]["ApiKey"] == {"type": "http", "scheme": "bearer"}
    for name, details in operations(document):
        ((scheme, (scope,)),) = details["security"][0].items()
        assert (name, scheme, ":" in scope) == (name, "ApiKey", True)


def test_every_operation_documents_its_refusals_with_examples(document: dict[str, Any]) -> None:
    for name, details in operations(document):
        assert {"401", "403", "500", "503"} <= set(details["responses"]), name
        for status, response in details["responses"].items():
            if int(status) >= 400:
                examples = response["content"]["application/problem+json"]["examples"]
                assert all(example["value"]["status"] == int(status) for example in examples.values()), name


def test_every_command_takes_a_key_and_shows_an_example(document: dict[str, Any]) -> None:
    for name, details in operations(document):
        if name.startswith("GET") or takes_file(details) or holds_a_session(name):
            continue
        (key,) = (each for each in details["parameters"] if each["name"] == "Idempotency-Key")
        assert (name, key["required"]) == (name, name.startswith(("POST", "DELETE")))
        assert name.startswith("DELETE") or details["requestBody"]["content"]["application/json"]["example"]
        assert any(REPLAYED in response.get("headers", {}) for response in details["responses"].values())


def test_the_documented_examples_work_one_after_the_other(shop: Any, document: dict[str, Any]) -> None:
    examples = {
        details["operationId"]: details["requestBody"]["content"]["application/json"]["example"]
        for _, details in operations(document)
        if "requestBody" in details and not takes_file(details)
    }
    with clock.stopped(datetime(2026, 4, 1, 8, tzinfo=UTC)):
        assert shop.put("/customers/C-1001", examples["put_customer"]).status_code == 201
        taken = shop.put("/orders/A-1", examples["put_order"])
        assert taken.status_code == 201
        path = f"/customers/{taken.json()['customer_id']}/plans/{taken.json()['plan_id']}"
        assert shop.post(f"{path}/received-repayments", examples["record_received"]).status_code == 201
        assert shop.post(f"{path}/quotes", examples["make_quote"]).status_code == 201


@pytest.fixture
def within_the_test() -> Iterator[None]:
    """Requests do not close the connection that holds the test's transaction."""
    ends = (request_started, request_finished)
    for end in ends:
        end.disconnect(close_old_connections)
    yield
    for end in ends:
        end.connect(close_old_connections)


WRITTEN = json.dumps(api.get_openapi_schema())
NAMES = [name for name, _ in operations(json.loads(WRITTEN))]
OF_THE_APP = [name for name in NAMES if "/finance-app/" in name]
OF_THE_MALL = [name for name in NAMES if name not in OF_THE_APP]


@cache
def described(**changes: str) -> schemathesis.schemas.BaseSchema:
    """The document without asking for it over HTTP; `changes` of schemathesis' settings are told as JSON."""
    config = {
        "generation": {"deterministic": True},
        "checks": {"positive_data_acceptance": {"expected-statuses": BUSINESS_REFUSALS}},
        **{name: json.loads(told) for name, told in changes.items()},
    }
    schema = schemathesis.openapi.from_dict(json.loads(WRITTEN), config=SchemathesisConfig.from_dict(config))
    schema.app, schema.location = application, DOCUMENT
    make_constants_value_source(schema)  # reads the program's own words, which every operation is tried with
    return schema


def is_tried(
    name: str, schema: schemathesis.schemas.BaseSchema, send: Callable[[schemathesis.Case[Any]], None], trials: settings
) -> None:
    """Send an operation what schemathesis thinks of. While tests are collected, each worker would do all of it."""

    def tried(case: schemathesis.Case[Any]) -> None:
        send(case)

    (made,) = get_all_tests(schema=schema.include(name=name), test_func=tried, settings=trials, given_kwargs=None)
    assert isinstance(made, Ok)
    _, test = made.ok()
    test()


@pytest.mark.parametrize("name", OF_THE_MALL)
@pytest.mark.usefixtures("within_the_test")
def test_whatever_it_is_sent_the_api_keeps_its_word(name: str, shop: Any) -> None:
    is_tried(name, described(), lambda case: validate(case, shop), TRIALS)


# Nobody is recognised here; asking for a code needs a message service, and is tried with one elsewhere.
@pytest.mark.parametrize("name", [name for name in OF_THE_APP if not name.endswith("/codes")])
@pytest.mark.usefixtures("within_the_test")
def test_the_finance_apps_side_keeps_its_word_too(name: str, shop: Any) -> None:
    refusals = {"positive_data_acceptance": {"expected-statuses": [*BUSINESS_REFUSALS, "401", "429"]}}
    is_tried(name, described(checks=json.dumps(refusals)), lambda case: validate(case, shop), TRIALS)


@pytest.mark.parametrize("name", OF_THE_MALL)
@pytest.mark.usefixtures("within_the_test")
def test_the_same_of_what_is_there(name: str, shop: Any, plan: Bought) -> None:
    allowed = described(
        generation=json.dumps({"deterministic": True, "mode": "positive"}),
        phases=json.dumps({"coverage": {"enabled": False}}),
    )
    is_tried(name, allowed, lambda case: validate(about(case, plan), shop), settings(TRIALS, max_examples=16))


def validate(case: schemathesis.Case[Any], shop: Any) -> None:
    case.call_and_validate(headers={"Authorization": f"Bearer {shop.key}"})


def about(case: schemathesis.Case[Any], plan: Bought) -> schemathesis.Case[Any]:
    """The same, asked of the plan that is there."""
    there = {"customer_id": plan.customer_id, "plan_id": plan.plan_id, "ref": "c-1", "sku": "X2"}
    case.path_parameters.update({name: str(there[name]) for name in case.path_parameters if name in there})
    if isinstance(case.body, dict):
        known = {"customer_ref": "c-1", "currency": "CNY", "received_on": "2026-01-01"}
        case.body.update({name: value for name, value in known.items() if name in case.body})
    return case
