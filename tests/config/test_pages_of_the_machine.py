"""Health, language and headers: what every answer of the web server has in common."""

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client


def test_alive_asks_no_database(client: Client) -> None:
    assert client.get("/healthz").content == b"ok\n"
    assert client.post("/healthz").status_code == 405


@pytest.mark.django_db
def test_ready_asks_the_database(client: Client) -> None:
    assert client.get("/readyz").status_code == 200


@pytest.mark.django_db
def test_not_ready_without_a_database(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import OperationalError

    def refuse() -> None:
        raise OperationalError("secret place")

    monkeypatch.setattr(connection, "cursor", refuse)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.content) == (503, b"no database\n")


@pytest.mark.parametrize(
    ("address", "accepted", "cookie", "expected"),
    [
        ("/healthz", "", None, "zh-hans"),
        ("/healthz", "en-GB,en;q=0.9", None, "en"),
        ("/healthz?lang=en", "zh-CN", None, "en"),
        ("/healthz", "zh-CN", "en", "en"),
        ("/healthz?lang=zh", "en", "en", "zh-hans"),
        ("/healthz?lang=tlh", "en", None, "en"),
        ("/healthz?lang=" + "x" * 600, "", None, "zh-hans"),
    ],
)
def test_the_language_is_the_one_asked_for_last(
    client: Client, address: str, accepted: str, cookie: str | None, expected: str
) -> None:
    if cookie:
        client.cookies[settings.LANGUAGE_COOKIE_NAME] = cookie
    answer = client.get(address, headers={"accept-language": accepted})
    assert answer["Content-Language"] == expected


def test_a_language_chosen_by_the_address_is_remembered(client: Client) -> None:
    client.get("/healthz?lang=en")
    assert client.get("/healthz", headers={"accept-language": "zh-CN"})["Content-Language"] == "en"


def test_every_answer_tells_the_browser_to_be_strict(client: Client) -> None:
    answer = client.get("/healthz")
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert "unsafe" not in answer["Content-Security-Policy"]
