"""Whose word is taken for who calls: that of our own proxies, and of nobody else."""

from collections.abc import Sequence
from typing import Any

import pytest
from pytest_django import Settings

from fenqi.config import environment, examination
from fenqi.config.environment import SettingMalformed
from fenqi.config.proxies import believing

CUSTOMER, LIAR = "203.0.113.7", "198.51.100.1"
NAME = "FENQI_TRUSTED_PROXIES"


def seen(proxies: Sequence[str], *, peer: str, header: str | None) -> str:
    """The address that the application is told."""
    told: list[str] = []

    def application(environ: dict[str, Any], _start: Any) -> list[bytes]:
        told.append(environ["REMOTE_ADDR"])
        return []

    forwarded = {} if header is None else {"HTTP_X_FORWARDED_FOR": header}
    believing(application, proxies)({"REMOTE_ADDR": peer, **forwarded}, None)
    return told[0]


@pytest.mark.parametrize(
    ("proxies", "peer", "header", "address"),
    [
        ((), "10.0.0.5", CUSTOMER, "10.0.0.5"),
        (("10.0.0.5",), "10.0.0.5", None, "10.0.0.5"),
        (("10.0.0.5",), "10.0.0.5", CUSTOMER, CUSTOMER),
        (("10.0.0.0/24",), "10.0.0.5", f"{LIAR}, {CUSTOMER}", CUSTOMER),
        (("10.0.0.0/24",), "10.0.0.5", f"{LIAR},{CUSTOMER}, 10.0.0.9", CUSTOMER),
        (("10.0.0.0/24",), "10.0.1.5", CUSTOMER, "10.0.1.5"),
        (("10.0.0.5",), LIAR, CUSTOMER, LIAR),
        (("10.0.0.5",), "10.0.0.5", "", "10.0.0.5"),
        (("10.0.0.5",), "10.0.0.5", "unknown", "10.0.0.5"),
        (("10.0.0.5",), "10.0.0.5", f"{CUSTOMER}, <script>", "10.0.0.5"),
        (("::1",), "::1", "2001:db8::7", "2001:db8::7"),
    ],
)
def test_the_last_address_that_is_not_ours_counts(
    proxies: Sequence[str], peer: str, header: str | None, address: str
) -> None:
    assert seen(proxies, peer=peer, header=header) == address


@pytest.mark.parametrize("value", ["*", "0.0.0.0/0", "::/0", "proxy.example", "10.0.0.1/8", "10.0.0.5,everybody"])
def test_a_list_that_would_believe_everybody_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv(NAME, value)
    with pytest.raises(SettingMalformed, match=NAME):
        environment.networks(NAME)


def test_nothing_is_named_unless_somebody_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(NAME, raising=False)
    assert environment.networks(NAME) == ()
    monkeypatch.setenv(NAME, " 10.0.0.5 ,192.168.0.0/16,::1")
    assert environment.networks(NAME) == ("10.0.0.5", "192.168.0.0/16", "::1")


def test_the_doctor_warns_of_a_proxy_that_is_not_named(settings: Settings) -> None:
    settings.SECURE_PROXY_SSL_HEADER, settings.FENQI_TRUSTED_PROXIES = ("HTTP_X_FORWARDED_PROTO", "https"), ()
    assert (examination.proxies().verdict, NAME in examination.proxies().advice) == ("warning", True)
    settings.FENQI_TRUSTED_PROXIES = ("127.0.0.1",)
    assert examination.proxies().verdict == "good"
