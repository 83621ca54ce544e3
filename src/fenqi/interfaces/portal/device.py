"""What the payer holds, as far as the browser tells: a wrong guess costs a scan, never a payment."""

from django.http import HttpRequest

from fenqi.channels.interface import Device
from fenqi.usecases.repayment.start import Payer


def payer_of(request: HttpRequest) -> Payer:
    return Payer(device=device_of(request), address=str(request.META.get("REMOTE_ADDR", "")))


def device_of(request: HttpRequest) -> Device:
    """By the client hint where the browser gives one, else by "Mobi" in its name."""
    hint = request.headers.get("Sec-CH-UA-Mobile", "")
    if hint in {"?0", "?1"}:
        return Device.PHONE if hint == "?1" else Device.DESKTOP
    return Device.PHONE if "Mobi" in request.headers.get("User-Agent", "") else Device.DESKTOP
