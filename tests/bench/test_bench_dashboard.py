"""The page: it has everything and needs nothing."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from made_up import measurement, result
from wasmlathe.bench import dashboard
from wasmlathe.bench.catalog import KERNELS

NAMES = list(KERNELS)


class Checker(HTMLParser):
    """Collects text, and the addresses that the page would load."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.loads: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.loads += [value or "" for name, value in attrs if name in {"src", "href"} and tag != "use"]
        if tag in {"script", "link", "iframe"}:
            self.loads.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += f"{data}\n"


def checked(page: str) -> Checker:
    checker = Checker()
    checker.feed(page)
    return checker


def test_every_program_and_peer_is_on_the_page_and_nothing_is_loaded() -> None:
    now = measurement(*(result(name, 0.5 + i, go=1.0, node=2.0) for i, name in enumerate(NAMES)))
    page = checked(dashboard.page(now, [now, now]))
    assert [name for name in NAMES if len(re.findall(rf"\b{name}\b", page.text)) < 3] == []
    assert "Node" in page.text
    assert "2 measurements" in page.text
    assert page.loads == []


def test_a_measurement_without_peers_or_past_has_a_page_too() -> None:
    now = measurement(result("fib", 0.5))
    page = dashboard.page(now, [now])
    assert "500.00" in checked(page).text
    assert dashboard.page(now, [now]) == page


def test_names_from_a_file_are_text_not_html() -> None:
    now = measurement(result("<b>fib</b>", 0.5, **{"<i>": 1.0}), commit="<script>")
    page = dashboard.page(now, [now])
    assert "<script>" not in page
    assert "<b>" not in page
    assert "<i>" not in page
