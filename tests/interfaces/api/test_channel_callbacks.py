"""What claims to come from a channel is believed only by its signature; the rest is refused, recorded and bounded."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from pytest_django.live_server_helper import LiveServer

from fenqi.interfaces.channel_callbacks.views import LARGEST_BODY
from fenqi.records.models import ChannelNotification, PaymentAttempt, PlanEvent, RefusedCallback
from fenqi.usecases import clock
from fenqi.usecases.rate_limits import Rate
from malls import Bought, Payer, bought
from proxies import behind
from town import Town

ADDRESS = "/channels/alipay/notify"
FORGED = {
    "notify_id": "n-1",
    "out_trade_no": "F23456789",
    "trade_status": "TRADE_SUCCESS",
    "sign": "eA==",
    "sign_type": "RSA2",
}


def eventually(what: Callable[[], Any]) -> Any:
    """What it comes to within some seconds: notifications take their own time."""
    until = time.monotonic() + 15
    while not (found := what()) and time.monotonic() < until:
        time.sleep(0.05)
    return found


@pytest.fixture
def stranger() -> Client:
    """Somebody who posts forms, without cookies or tokens."""
    return Client(enforce_csrf_checks=True, raise_request_exception=False)


@pytest.mark.django_db(transaction=True)
class TestOverHttp:
    """The sandbox's Alipay calls a server of ours over real HTTP."""

    @pytest.fixture
    def mall(self, town: Town, settings: Any) -> Iterator[Bought]:  # noqa: ARG002  # the rail must be there
        """Our server ends with the test: notifications of its trades are sent on and on."""
        server = LiveServer("127.0.0.1")
        settings.FENQI_PUBLIC_URL = server.url
        yield bought("c-1")
        server.stop()

    @pytest.mark.requirement("R109", "R116")
    def test_a_notification_alone_books_the_payment_once(self, town: Town, mall: Bought) -> None:
        town.tell("faults", operation="notify", kind="twice", times=1)
        started = mall.start(1, now=clock.now())
        Payer(started.redirect_url).press("confirm")
        assert eventually(PlanEvent.objects.filter(customer_id=mall.customer_id).exists)
        attempt = PaymentAttempt.objects.get(customer_id=mall.customer_id, id=started.attempt_id)
        trade = f"trades/{attempt.out_trade_no}"
        assert eventually(lambda: {told["answer"] for told in town.ask(trade)["notifications"]} == {"200 success"})
        town.tell(f"{trade}/notify_again")
        assert eventually(lambda: max(told["sends"] for told in town.ask(trade)["notifications"]) >= 2)
        (event,) = PlanEvent.objects.filter(customer_id=mall.customer_id)
        assert (event.amount_minor, event.actor) == (10_000, "channel:alipay")
        assert ChannelNotification.objects.filter(customer_id=mall.customer_id).count() == 1
        assert not RefusedCallback.objects.exists()

    @pytest.mark.parametrize("action", ["forge", "tamper"])
    def test_a_forged_or_altered_notification_is_refused_and_recorded(
        self, town: Town, mall: Bought, action: str
    ) -> None:
        started = mall.start(1, now=clock.now())
        Payer(started.redirect_url)
        attempt = PaymentAttempt.objects.get(customer_id=mall.customer_id, id=started.attempt_id)
        town.tell(f"trades/{attempt.out_trade_no}/{action}")
        refused = eventually(RefusedCallback.objects.first)
        assert (refused.channel, refused.reason) == ("alipay", "bad_signature")
        assert not PlanEvent.objects.filter(customer_id=mall.customer_id).exists()


@pytest.mark.django_db
@pytest.mark.usefixtures("town")
class TestRefusals:
    def test_noise_is_refused_and_recorded_with_its_sender(self, stranger: Client) -> None:
        answer = stranger.post(ADDRESS, FORGED, REMOTE_ADDR="203.0.113.7")
        assert (answer.status_code, answer.content) == (400, b"refused: notification_refused\n")
        (refused,) = RefusedCallback.objects.all()
        assert (refused.remote_address, "F23456789" in refused.body) == ("203.0.113.7", True)

    def test_an_address_that_goes_on_and_on_is_cut_off_alone(self, stranger: Client) -> None:
        for _ in range(Rate.REFUSED_CALLBACK.limit.amount):
            assert stranger.post(ADDRESS, FORGED, REMOTE_ADDR="203.0.113.7").status_code == 400
        assert stranger.post(ADDRESS, FORGED, REMOTE_ADDR="203.0.113.7").status_code == 429
        assert stranger.post(ADDRESS, FORGED, REMOTE_ADDR="203.0.113.8").status_code == 400
        assert RefusedCallback.objects.count() == Rate.REFUSED_CALLBACK.limit.amount + 1

    def test_a_forwarded_address_is_believed_only_from_a_proxy_of_ours(self) -> None:
        for proxies, seen in (((), "127.0.0.1"), (("10.0.0.0/8",), "127.0.0.1"), (("127.0.0.1",), "203.0.113.7")):
            behind(proxies, enforce_csrf_checks=True).post(
                ADDRESS, FORGED, headers={"X-Forwarded-For": "198.51.100.1, 203.0.113.7"}
            )
            assert RefusedCallback.objects.latest("received_at").remote_address == seen

    @pytest.mark.parametrize(
        ("method", "path", "body", "status"),
        [
            ("GET", ADDRESS, "", 405),
            ("POST", "/channels/cowrie/notify", "a=b", 404),
            ("POST", ADDRESS, "a=" + "b" * LARGEST_BODY, 413),
            ("POST", ADDRESS, "&".join(f"f{n}=1" for n in range(600)), 400),
            ("POST", ADDRESS, "", 400),
            ("POST", ADDRESS, "sign=%00&notify_id=%00", 400),
            ("POST", ADDRESS, b"\xff\xfe=\xff", 400),
        ],
    )
    def test_what_is_no_notification_is_refused(
        self, stranger: Client, *, method: str, path: str, body: Any, status: int
    ) -> None:
        answer = stranger.generic(method, path, body, content_type="application/x-www-form-urlencoded")
        assert answer.status_code == status
        assert answer.content != b"success"
