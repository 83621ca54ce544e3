"""The announcement that pages show on top while it is new and nobody has put it away."""

from datetime import date
from typing import Final

from django.http import HttpRequest

from fenqi.usecases.help.texts import TextView, on_the_banner

PUT_AWAY_COOKIE: Final = "announcements_read"
LONGEST_COOKIE: Final = 2000


def put_away_by(request: HttpRequest) -> frozenset[str]:
    """What this browser has put away, as `code.version`."""
    return frozenset(filter(None, request.COOKIES.get(PUT_AWAY_COOKIE, "")[:LONGEST_COOKIE].split("|")))


def banner_of(request: HttpRequest, *, today: date) -> TextView | None:
    return on_the_banner(today=today, read=put_away_by(request))
