"""Every part of the design system, in light and in dark: accessible, and pictured in test-artefacts."""

from pathlib import Path
from typing import Literal

import pytest
from django.urls import path

from browsing import Site, violations
from fenqi.interfaces.shared import parts

urlpatterns = [path("parts", parts.show)]


@pytest.mark.browser
@pytest.mark.urls(__name__)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_parts_are_accessible(site: Site, scheme: Literal["light", "dark"]) -> None:
    with site.open(color_scheme=scheme, viewport={"width": 1000, "height": 900}) as context:
        page = context.new_page()
        page.goto("/parts")
        page.wait_for_timeout(500)  # the skeleton shows itself only after 300 ms
        picture = Path("test-artefacts") / f"parts-{scheme}.png"
        picture.parent.mkdir(exist_ok=True)
        page.screenshot(path=picture, full_page=True)
        assert violations(page) == []
