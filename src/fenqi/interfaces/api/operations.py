"""What every operation has: a scope that opens it, refusals that its document names, and commands answered once."""

import inspect
import json
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router

from fenqi.domain.errors import FenqiError, InvalidInput, NotFound
from fenqi.domain.reading import UnknownField, shown
from fenqi.interfaces.api import problems
from fenqi.interfaces.api.authentication import ApiKey, client_of
from fenqi.usecases import clock
from fenqi.usecases.answers import answer_once
from fenqi.usecases.api_clients import Scope
from fenqi.usecases.idempotency import Answer, Command, IdempotencyConflict, digest_of

Refusal = type[FenqiError]
View = Callable[..., Any]

_OF_EVERY_OPERATION: tuple[Refusal, ...] = (
    problems.KeyRequired,
    problems.ScopeMissing,
    problems.Unexpected,
    problems.TemporarilyUnavailable,
)
_OF_A_BODY: tuple[Refusal, ...] = (
    problems.MalformedBody,
    problems.BodyTooLarge,
    problems.NotJson,
    InvalidInput,
    UnknownField,
)
REPLAYED = "Idempotent-Replayed"
FILE = "application/octet-stream"
_BYTES = {"type": "string", "format": "binary"}


def operation(
    router: Router,
    method: str,
    path: str,
    *,
    scope: Scope,
    answers: Mapping[int, Any],
    refuses: tuple[Refusal, ...] = (),
    example: Mapping[str, Any] | None = None,
    takes_file: bool = False,
) -> Callable[[View], View]:
    """Register a view under `path`. The document lists each refusal by its status, with an example of each code.

    `takes_file`: its body is the bytes of a file, which the view reads from the request piece by piece.
    """

    def register(view: View) -> View:
        names = set(inspect.signature(view).parameters)
        all_refusals = _all_refusals(path, names, refuses)
        extra: dict[str, Any] = {"x-scope": scope.value}
        if example is not None:
            extra["requestBody"] = {"content": {"application/json": {"example": dict(example)}}}
        if takes_file:
            extra["requestBody"] = {"required": True, "content": {FILE: {"schema": _BYTES}}}
        extra["responses"] = documented(all_refusals)
        summary, _, description = inspect.cleandoc(view.__doc__ or "").partition("\n")
        router.api_operation(
            [method],
            path,
            auth=ApiKey(scope),
            response=dict(answers),
            operation_id=view.__name__,
            summary=summary.rstrip("."),
            description=f"{description.strip()}\n\nScope: `{scope.value}`.".strip(),
            openapi_extra=extra,
        )(_refusing_unknown_parameters(view, path))
        return view

    return register


def _all_refusals(path: str, names: set[str], own: tuple[Refusal, ...]) -> tuple[Refusal, ...]:
    found = [*_OF_EVERY_OPERATION]
    if "{" in path:
        found.append(NotFound)
    if "body" in names:
        found.extend(_OF_A_BODY)
    elif names - {"request"} - _path_names(path):
        found.extend((InvalidInput, UnknownField))
    if "key" in names:
        found.append(IdempotencyConflict)
        found.append(problems.IdempotencyKeyRequired)
    return tuple(dict.fromkeys((*found, *own)))


def _path_names(path: str) -> set[str]:
    return {part.strip("{}").rpartition(":")[2] for part in path.split("/") if part.startswith("{")}


def _refusing_unknown_parameters(view: View, path: str) -> View:
    """A misspelt query parameter would silently change what is answered. Only views that name `request` get it."""
    names = set(inspect.signature(view).parameters)
    known = names - {"request", "body", "key"} - _path_names(path)

    @wraps(view)
    def checked(request: HttpRequest, **values: Any) -> Any:
        for name in request.GET:
            if name not in known:
                raise UnknownField(where=shown(name))
        return view(request, **values) if "request" in names else view(**values)

    return checked


def documented(refusals: tuple[Refusal, ...]) -> dict[int, dict[str, Any]]:
    """The `responses` of an OpenAPI operation for these refusals."""
    responses: dict[int, dict[str, Any]] = {}
    for refusal in sorted(refusals, key=lambda each: each.status):
        response = responses.setdefault(
            refusal.status,
            {
                "description": "",
                "content": {
                    problems.CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": {}}
                },
            },
        )
        response["content"][problems.CONTENT_TYPE]["examples"][refusal.code] = {"value": problems.example(refusal)}
        response["description"] = ", ".join(response["content"][problems.CONTENT_TYPE]["examples"])
    return responses


def command_of(request: HttpRequest, key: str) -> Command:
    """The command that the request is: two are the same when client, key, address and every byte of the body are."""
    digest = digest_of(str(request.method).encode(), request.path.encode(), request.body)
    return Command(client=client_of(request).name, key=key, digest=digest)


def once(request: HttpRequest, key: str | None, act: Callable[[], tuple[UUID, Answer]]) -> HttpResponse:
    """Do a command in one transaction and answer it; under a key, answer it once."""
    command = None if key is None else command_of(request, key)
    return answered(answer_once(command, act, now=clock.now()))


def answered(answer: Answer) -> HttpResponse:
    """The answer with its names in order, so that a repeated one is the first one byte for byte."""
    response = HttpResponse(
        json.dumps(answer.body, sort_keys=True, ensure_ascii=False),
        status=answer.status,
        content_type="application/json; charset=utf-8",
    )
    if answer.repeated:
        response[REPLAYED] = "true"
    return response
