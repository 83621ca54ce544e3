"""Who asks: a program of the mall, by its key. An operation names the one scope that opens it, or stays shut."""

from django.http import HttpRequest
from ninja.security import HttpBearer

from fenqi.interfaces.api.problems import KeyRequired, ScopeMissing
from fenqi.usecases.api_clients import KnownClient, Scope, find_by_key


class ApiKey(HttpBearer):
    """`Authorization: Bearer fk_...` of a client that holds `scope`; no scope opens nothing."""

    def __init__(self, scope: Scope | None = None) -> None:
        super().__init__()
        self.scope = scope

    def authenticate(self, request: HttpRequest, token: str) -> KnownClient:  # noqa: ARG002  # the library's signature
        """Raises KeyRequired, ScopeMissing."""
        client = find_by_key(token)
        if client is None:
            raise KeyRequired
        if self.scope is None or self.scope.value not in client.scopes:
            raise ScopeMissing(scope=self.scope.value if self.scope else "-")
        return client


def client_of(request: HttpRequest) -> KnownClient:
    """The client that authentication found."""
    client = getattr(request, "auth", None)
    assert isinstance(client, KnownClient), "every operation is behind ApiKey"
    return client
