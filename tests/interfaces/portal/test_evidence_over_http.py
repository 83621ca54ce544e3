"""Photos and videos over HTTP: bounded while they come, seen by their owner only, shown and never run (R036-R038)."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings as django_settings
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.utils.module_loading import import_string
from pytest_django import Settings

import media_files
from fenqi.domain.aftersales.evidence_rules import EvidenceUnavailable
from fenqi.domain.errors import FenqiError
from fenqi.interfaces.shared.uploads import BoundedUpload, was_cut_short
from fenqi.records.models import Account, CaseEvidence
from fenqi.usecases import rate_limits
from fenqi.usecases.rate_limits import TooManyRequests
from malls import Bought, bought

pytestmark = pytest.mark.django_db(transaction=True)

JSON = {"accept": "application/json"}


@pytest.fixture(autouse=True)
def _fresh_limits() -> Iterator[None]:
    rate_limits.forget()
    yield
    rate_limits.forget()


@pytest.fixture
def bill(db: None) -> Bought:
    return bought()


def browser_of(bill: Bought, language: str = "zh-hans") -> Client:
    client = Client(headers={"accept-language": language})
    account = Account.objects.for_customer(bill.customer_id)
    client.force_login(account, backend="django.contrib.auth.backends.ModelBackend")
    return client


def address(bill: Bought) -> str:
    return f"/orders/{bill.order_id}/evidence"


class Unread:
    """A body of which nothing may be read."""

    def read(self, *_size: int) -> bytes:
        raise ReadAnyway

    readline = read


class ReadAnyway(Exception):
    pass


def sent_much(browser: Client, path: str) -> HttpResponse:
    """A form with 50 MB of files by its stated length, from a browser whose forms are checked."""
    browser.handler.enforce_csrf_checks = True
    browser.cookies[django_settings.CSRF_COOKIE_NAME] = "a" * 32
    stated: dict[str, Any] = {
        "CONTENT_TYPE": "multipart/form-data; boundary=x",
        "CONTENT_LENGTH": str(50 * 1024 * 1024),
        "wsgi.input": Unread(),
    }
    answer = browser.generic("POST", path, **stated)
    assert isinstance(answer, HttpResponse)
    return answer


def a_file(content: bytes, name: str = "IMG_0001.jpg", kind: str = "image/jpeg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type=kind)


@pytest.mark.requirement("R036")
def test_a_photo_is_sent_shown_and_taken_back(bill: Bought) -> None:
    browser = browser_of(bill)
    answer = browser.post(address(bill), {"file": a_file(media_files.photo())}, headers=JSON)
    assert answer.status_code == 201
    (taken,) = answer.json()["taken"]

    shown = browser.get(taken["address"])
    assert b"".join(shown).startswith(b"\xff\xd8\xff")
    assert shown.headers["Content-Type"] == "image/jpeg"
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    assert shown.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "sandbox" in shown.headers["Content-Security-Policy"]
    assert shown.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    for word in ("private", "no-store"):
        assert word in shown.headers["Cache-Control"]
    assert "IMG_0001" not in shown.headers["Content-Disposition"]
    assert browser.get(taken["thumbnail"]).status_code == 200

    assert browser.post(f"{taken['address']}/remove", headers=JSON).status_code == 200
    assert browser.get(taken["address"]).status_code == 404


@pytest.mark.parametrize(
    ("language", "word"), [("zh-hans", "不是我们能读的照片或视频"), ("en", "no photo or video that we can read")]
)
def test_an_executable_called_mp4_is_refused_in_the_readers_words(language: str, word: str, bill: Bought) -> None:
    file = a_file(media_files.EXECUTABLE, "holiday.mp4", "video/mp4")
    answer = browser_of(bill, language).post(address(bill), {"file": file}, headers=JSON)
    assert answer.status_code == 422
    (refused,) = answer.json()["refused"]
    assert refused["code"] == "evidence_not_accepted"
    assert word in refused["message"]
    assert not CaseEvidence.objects.filter(customer_id=bill.customer_id).exists()


def test_one_bad_file_keeps_the_others_not_out(bill: Bought) -> None:
    files = [a_file(media_files.photo()), a_file(media_files.SVG, "x.svg", "image/svg+xml")]
    answer = browser_of(bill).post(address(bill), {"file": files}, headers=JSON)
    assert (len(answer.json()["taken"]), len(answer.json()["refused"])) == (1, 1)


@pytest.mark.parametrize("refusal", [EvidenceUnavailable(), TooManyRequests(minutes=10)], ids=lambda one: one.code)
def test_what_is_not_taken_now_is_not_tried_with_the_next_file(
    refusal: FenqiError, bill: Bought, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    def not_now(*said: object, **_more: object) -> None:
        asked.append(said)
        raise refusal

    monkeypatch.setattr("fenqi.interfaces.portal.evidence.store_evidence", not_now)
    files = [a_file(media_files.photo()) for _ in range(3)]
    answer = browser_of(bill).post(address(bill), {"file": files}, headers=JSON)
    assert answer.status_code == refusal.status
    assert len(asked) == len(answer.json()["refused"]) == 1


def test_a_form_without_scripts_goes_back_to_its_page_and_to_no_other(bill: Bought) -> None:
    browser = browser_of(bill)
    page = f"/orders/{bill.order_id}"
    answer = browser.post(address(bill), {"file": a_file(media_files.photo()), "next": page})
    assert answer.headers["Location"] == page
    for elsewhere in ("https://evil.example/", "//evil.example/", "javascript:alert(1)"):
        answer = browser.post(address(bill), {"next": elsewhere})
        assert answer.headers["Location"] == page


def test_nobody_elses_order_and_nobody_elses_photo(bill: Bought) -> None:
    other = browser_of(bought())
    (taken,) = browser_of(bill).post(address(bill), {"file": a_file(media_files.photo())}, headers=JSON).json()["taken"]
    assert other.post(address(bill), {"file": a_file(media_files.photo())}).status_code == 404
    for path in (taken["address"], taken["thumbnail"], f"/evidence/{uuid4()}"):
        assert other.get(path).status_code == 404
        assert Client().get(path).headers["Location"].startswith("/sign-in")
    assert other.post(f"{taken['address']}/remove").status_code == 404


# While it comes ------------------------------------------------------------------------------------------------------


def test_uploads_go_to_a_file_and_not_to_memory(bill: Bought) -> None:
    request = RequestFactory().post("/", {"file": a_file(media_files.photo())})
    assert isinstance(request.FILES["file"], TemporaryUploadedFile)
    (handler,) = django_settings.FILE_UPLOAD_HANDLERS
    assert import_string(handler) is BoundedUpload


def test_what_comes_after_the_bound_of_a_request_is_left_out(bill: Bought, settings: Settings) -> None:
    settings.FENQI_UPLOAD_MOST_BYTES = 100_000
    request = RequestFactory().post("/", {"file": [a_file(b"x" * 60_000), a_file(b"x" * 60_000)]})
    assert [len(file) for file in request.FILES.getlist("file")] == [60_000]
    assert was_cut_short(request)

    answer = browser_of(bill).post(address(bill), {"file": a_file(b"\xff\xd8\xff" + b"x" * 120_000)}, headers=JSON)
    assert answer.status_code == 413
    assert answer.json()["refused"][0]["code"] == "evidence_too_large"


def test_a_request_that_is_too_long_is_refused_before_it_is_read(bill: Bought, settings: Settings) -> None:
    settings.FENQI_UPLOAD_MOST_BYTES = 1_000
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000
    answer = browser_of(bill).post(address(bill), {"file": a_file(b"x" * 50_000)})
    assert answer.status_code == 400


def test_files_are_read_of_customers_on_pages_that_take_them(bill: Bought) -> None:
    for path in (address(bill), f"/after-sales/{uuid4()}/answer", f"/orders/{bill.order_id}/after-sales/reason"):
        with pytest.raises(ReadAnyway):
            sent_much(browser_of(bill), path)


@pytest.mark.parametrize(("language", "words"), [("zh-hans", "没有处理"), ("en", "sign in again")])
def test_of_strangers_and_on_other_pages_nothing_is_read(language: str, words: str, bill: Bought) -> None:
    stranger, customer = Client(headers={"accept-language": language}), browser_of(bill, language)
    asked = [(stranger, address(bill)), (stranger, "/sign-in"), (stranger, "/console/sign-in"), (customer, "/support")]
    for browser, path in asked:
        answer = sent_much(browser, path)
        assert answer.status_code == 400, path
        assert words in answer.content.decode()
    assert browser_of(bill).post(address(bill), {"file": a_file(media_files.photo())}).status_code == 302
    small = Client().post(address(bill), {"file": a_file(media_files.photo())})
    assert small.headers["Location"].startswith("/sign-in"), "as small as a form, it is answered as any form"
