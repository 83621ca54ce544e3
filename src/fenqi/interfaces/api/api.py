"""The API as one object: strict parsing, exact rendering, every error a problem, and an OpenAPI document of it all."""

import json
from datetime import date, datetime
from typing import Any, NoReturn

from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.openapi.schema import OpenAPISchema
from ninja.parser import Parser
from ninja.renderers import JSONRenderer
from ninja.responses import NinjaJSONEncoder

from fenqi.domain.errors import FenqiError
from fenqi.interfaces.api import (
    aftersales,
    agreements,
    customers,
    entries,
    finance_app,
    journal,
    orders,
    payments,
    plans,
    policies,
    prices,
    problems,
    refunds,
    repayments,
    reserves,
)
from fenqi.interfaces.api.authentication import ApiKey
from fenqi.interfaces.api.operations import REPLAYED

DESCRIPTION = """
What the mall's own programs tell Fenqi and ask it. Amounts are whole minor units (`*_minor`) of a currency; dates are
business dates of the mall; instants carry their zone and are answered in UTC. Every error is a problem document
(RFC 9457) with a stable `code`; `detail` is in Chinese when `Accept-Language` asks for it. Commands take an
`Idempotency-Key`. Lists are pages: give `next_cursor` back as `cursor` for the next one.
"""

_PROBLEM = {
    "title": "Problem",
    "type": "object",
    "description": "Why a request was refused (RFC 9457), in two languages, and what to do about it.",
    "required": ["type", "title", "status", "code", "detail", "detail_zh", "where", "what_to_do"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "Stable: branch on it"},
        "detail": {"type": "string", "description": "English, or Chinese when Accept-Language prefers it"},
        "detail_zh": {"type": "string"},
        "where": {"type": ["string", "null"], "description": "The field that is at fault, such as lines[0].sku"},
        "what_to_do": {"type": "string"},
        "details": {"type": "object", "additionalProperties": {"type": "string"}},
        "errors": {
            "type": "array",
            "description": "All that is wrong with the request, the first one being the problem itself",
            "items": {
                "type": "object",
                "required": ["where", "code", "problem", "problem_zh"],
                "properties": {
                    "where": {"type": "string"},
                    "code": {"type": "string"},
                    "problem": {"type": "string"},
                    "problem_zh": {"type": "string"},
                },
            },
        },
    },
}


class StrictParser(Parser):
    """JSON as it is defined: UTF-8, no NaN, no field twice, and no text that the database could not hold."""

    def parse_body(self, request: HttpRequest) -> Any:
        """Raises NotJson, ValueError; whoever calls answers with the first, or with `malformed_body`."""
        if request.content_type != "application/json":
            raise problems.NotJson
        text = request.body.decode("utf-8")
        document = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_without_repeats)
        if "\\u" in text:  # only escapes can smuggle NUL or half a character past the decoding
            written = json.dumps(document, ensure_ascii=False)
            written.encode("utf-8")
            if "\\u0000" in written:
                raise ValueError
        return document


def _refuse_constant(_name: str) -> NoReturn:
    raise ValueError


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise ValueError
    return document


class ExactEncoder(NinjaJSONEncoder):
    """Instants keep their microseconds, so that one can be given back as `known_at`."""

    def default(self, o: Any) -> Any:
        if isinstance(o, datetime | date):
            return o.isoformat().replace("+00:00", "Z")
        return super().default(o)


class ExactRenderer(JSONRenderer):
    encoder_class = ExactEncoder


class Api(NinjaAPI):
    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        """The document with what ninja does not know of: problems, scopes, and the header of repeated answers."""
        document = super().get_openapi_schema(**options)
        document["components"]["schemas"]["Problem"] = _PROBLEM
        for methods in document["paths"].values():
            for details in methods.values():
                details["security"] = [{ApiKey.__name__: [details.pop("x-scope")]}]
                if any(parameter["name"] == "Idempotency-Key" for parameter in details["parameters"]):
                    _document_repeats(details)
        return document


def _document_repeats(details: dict[str, Any]) -> None:
    for status, response in details["responses"].items():
        if int(status) < 300:  # noqa: PLR2004  # answers, not problems
            response["headers"] = {
                REPLAYED: {
                    "description": "`true` when the key was answered before and this is that answer",
                    "schema": {"type": "string", "enum": ["true"]},
                }
            }


api = Api(
    title="Fenqi",
    version="1.0.0",
    description=DESCRIPTION.strip(),
    urls_namespace="api",
    docs_url=None,  # Swagger's pages come from other people's servers, which our content policy refuses
    auth=ApiKey(),
    parser=StrictParser(),
    renderer=ExactRenderer(),
)
for _error in (Exception, FenqiError, ValidationError, HttpError, Http404, OperationalError, InterfaceError):
    api.add_exception_handler(_error, problems.answer_error)

for _noun in (
    customers,
    orders,
    plans,
    repayments,
    payments,
    agreements,
    refunds,
    reserves,
    aftersales,
    journal,
    policies,
    prices,
    entries,
    finance_app,
):
    api.add_router("", _noun.router, tags=[_noun.__name__.rpartition(".")[2]])
