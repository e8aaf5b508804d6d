"""The HTML page in headless Chromium for every reader: on paper, on a phone, in the dark, by ear."""

from __future__ import annotations

from itertools import pairwise

import pytest

from auditor.report import Report
from tests.reporters.html_samples import hostile, large
from tests.reporters.html_tabs import SETTLED, VISIBLE, Opener, choose, ids
from tests.reporters.samples import shop

CONTRAST = """(() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data; return [r, g, b, a / 255];
  };
  const over = (top, under) => top.slice(0, 3).map((part, n) => part * top[3] + under[n] * (1 - top[3]));
  const ground = (element) => {
    if (!element) return matchMedia("(prefers-color-scheme: dark)").matches ? [0, 0, 0] : [255, 255, 255];
    const own = rgba(getComputedStyle(element).backgroundColor);
    return own[3] === 1 ? own.slice(0, 3) : over(own, ground(element.parentElement));
  };
  const light = (colour) => colour.map((part) => part / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    .reduce((sum, part, n) => sum + part * [0.2126, 0.7152, 0.0722][n], 0);
  const low = []; let seen = 0;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const beside = element.closest("script, button:disabled");
    if (!walker.currentNode.data.trim() || !element.checkVisibility() || beside) continue;
    seen += 1;
    const style = getComputedStyle(element);
    const behind = ground(element);
    const text = rgba(style.color);
    const lights = [light(over([...text.slice(0, 3), text[3] * style.opacity], behind)), light(behind)];
    const ratio = (Math.max(...lights) + 0.05) / (Math.min(...lights) + 0.05);
    if (ratio < 4.5) low.push([walker.currentNode.data.slice(0, 30), element.className, ratio]);
  }
  return { seen, low };
})()"""


def test_paper_holds_every_finding_and_no_controls(opened: Opener) -> None:
    tab = opened(large(120))
    tab.call("Emulation.setEmulatedMedia", media="print")
    assert len(tab.run(VISIBLE)) == 120
    assert not tab.run("document.querySelector('#q').checkVisibility()")
    assert not tab.run("document.querySelector('.parts').checkVisibility()")
    assert tab.printed().startswith(b"%PDF")


def test_paper_holds_what_the_filter_leaves(opened: Opener) -> None:
    sample = large(2000)
    tab = opened(sample)
    choose(tab, "q", "service-77:")
    # At once, before what was put off is done.
    tab.run("new Promise(done => requestAnimationFrame(() => { dispatchEvent(new Event('beforeprint')); done(1) }))")
    tab.call("Emulation.setEmulatedMedia", media="print")
    found = {name.removeprefix("f-") for name in tab.run(VISIBLE)}
    assert found == ids(sample, lambda f: "service-77:" in str(f.image))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_what_is_behind_it(scheme: str, opened: Opener) -> None:
    """Contrast of at least 4.5 to 1, as WCAG 2.2 (1.4.3) asks, wherever the ground is a plain colour."""
    tab = opened(shop(), before=lambda page: page.media(prefers_color_scheme=scheme))
    dim = tab.run(CONTRAST)
    assert dim["seen"] > 200
    assert dim["low"] == []


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
@pytest.mark.parametrize("sample", [shop(), hostile()], ids=["shop", "hostile"])
def test_nothing_is_wider_than_the_window(sample: Report, width: int, opened: Opener) -> None:
    tab = opened(sample, before=lambda page: page.width(width))
    tab.run("document.querySelectorAll('details').forEach(one => { one.open = true })")
    tab.run(SETTLED)
    assert tab.run("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", [320, 390, 700, 701, 1280])
def test_what_to_do_has_room(width: int, opened: Opener) -> None:
    """No part about a check is squeezed into a column of single letters."""
    tab = opened(shop(), before=lambda page: page.width(width))
    wide = "one => one.getBoundingClientRect().width"
    parts = tab.run(f"Array.from(document.querySelectorAll('.check > *'), {wide})")
    assert parts
    assert min(parts) >= 220


@pytest.mark.parametrize("width", [900, 1060, 1200, 1310, 1400, 1900])
def test_names_of_namespaces_have_room(width: int, opened: Opener) -> None:
    """The names that people give fit on a line of the heat map, and every title of a column is whole."""
    tab = opened(shop(), before=lambda page: page.width(width))
    cut = "one => one.scrollWidth > one.clientWidth && one.textContent"
    assert tab.run(f"Array.from(document.querySelectorAll('.heat thead th'), {cut}).filter(Boolean)") == []
    lines = "one => [one.textContent, one.getClientRects().length]"
    names = tab.run(f"Array.from(document.querySelectorAll('.heat tbody th a'), {lines})")
    assert len(names) == 5
    assert [name for name, count in names if count > 1] == []


def test_who_listens_finds_landmarks_names_and_order(opened: Opener) -> None:
    tab = opened(shop())
    tree = tab.call("Accessibility.getFullAXTree")["nodes"]
    roles = [node["role"]["value"] for node in tree if not node.get("ignored")]
    assert {"banner", "navigation", "main", "search", "contentinfo", "status", "table", "list"} <= set(roles)
    nameless = [
        node
        for node in tree
        if not node.get("ignored")
        and node["role"]["value"] in ("link", "button", "checkbox", "searchbox", "combobox", "region", "article")
        and not node.get("name", {}).get("value")
    ]
    assert nameless == []
    levels = tab.run("Array.from(document.querySelectorAll('h1,h2,h3,h4'), one => Number(one.tagName[1]))")
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    tab.press("Tab", code=9)
    assert tab.run("document.activeElement.className") == "skip"
