"""The HTML page in headless Chromium: filters, addresses, keyboard and copying."""

from __future__ import annotations

from auditor.reporters.html_view import standing
from tests.reporters.html_samples import compared
from tests.reporters.html_tabs import SETTLED, Opener, choose, click, ids, shown
from tests.reporters.samples import shop


def test_filters_show_what_fits_and_nothing_else(opened: Opener) -> None:
    sample = shop()
    tab = opened(sample)
    assert shown(tab) == {finding.id for finding in sample.findings}
    choose(tab, "ns", "=payments")
    assert shown(tab) == ids(sample, lambda f: f.namespace == "payments")
    click(tab, "input[value=high]")
    assert shown(tab) == ids(sample, lambda f: f.namespace == "payments" and f.severity == "high")
    click(tab, "input[value=medium]")
    assert shown(tab) == ids(sample, lambda f: f.namespace == "payments" and f.severity in ("high", "medium"))
    click(tab, "#reset")
    assert shown(tab) == {finding.id for finding in sample.findings}
    choose(tab, "ns", "=")
    assert shown(tab) == ids(sample, lambda f: f.namespace is None)
    choose(tab, "ns", "*")
    choose(tab, "check", "=unpinned-image")
    assert shown(tab) == ids(sample, lambda f: f.check == "unpinned-image")
    click(tab, "#reset")
    click(tab, "input[value=waived]")
    assert shown(tab) == ids(sample, lambda f: standing(f) == "waived")
    click(tab, "input[value=fail]")
    assert shown(tab) == ids(sample, lambda f: f.status in ("waived", "fail"))
    assert tab.complaints() == []


def test_typing_filters_by_all_words(opened: Opener) -> None:
    sample = shop()
    tab = opened(sample)
    tab.press("/")
    assert tab.run("document.activeElement.id") == "q"
    tab.type("NGINX tag")
    assert shown(tab) == ids(sample, lambda f: "nginx" in str(f.image) and "tag" in f.message)
    assert tab.run("document.getElementById('shown').textContent") == "2 of 20 shown"
    tab.type(" nowhere")
    assert shown(tab) == set()
    assert tab.run("document.getElementById('nothing').checkVisibility()")
    tab.run("new Promise(done => setTimeout(done, 450))")
    assert tab.run("document.getElementById('said').textContent") == "0 of 20 findings shown"


def test_evidence_is_searched(opened: Opener) -> None:
    tab = opened(shop())
    choose(tab, "q", '"quay.io": 4')
    assert shown(tab) == ids(shop(), lambda f: "registries" in f.evidence)


def test_cells_of_the_heat_map_and_tiles_filter(opened: Opener) -> None:
    sample = shop()
    tab = opened(sample)
    click(tab, "input[value=waived]")
    click(tab, ".heat a[data-ns=payments][data-severity=high]")
    high = ids(sample, lambda f: f.namespace == "payments" and f.severity == "high" and f.status == "fail")
    assert shown(tab) == high
    assert tab.run("document.activeElement.id") == "findings-title"
    click(tab, ".tile[data-status=unjudged]")
    assert shown(tab) == ids(sample, lambda f: f.cause in ("unreadable", "error"))
    click(tab, ".heat tbody th a[data-ns=web]")
    assert shown(tab) == ids(sample, lambda f: f.namespace == "web")
    click(tab, ".worst a[data-check=unpinned-image]")
    assert shown(tab) == ids(sample, lambda f: f.check == "unpinned-image" and f.status == "fail")


def test_a_filter_has_an_address(opened: Opener) -> None:
    tab = opened(shop(), "#?ns=%3Dpayments&severity=high&severity=medium&ns=bogus&status=fail")
    expected = ids(shop(), lambda f: f.namespace == "payments" and f.status == "fail")
    assert shown(tab) == expected
    choose(tab, "ns", "=web")
    tab.run("new Promise(done => setTimeout(done, 450))")
    assert tab.run("location.hash") == "#?ns=%3Dweb&severity=high&severity=medium&status=fail"


def test_a_finding_has_an_address(opened: Opener) -> None:
    wanted = shop().findings[-1].id
    tab = opened(shop(), f"#f-{wanted}")
    assert tab.run(f"document.getElementById('f-{wanted}').firstChild.open")


def test_what_is_new_can_be_had_alone(opened: Opener) -> None:
    after, comparison = compared()
    tab = opened(after, comparison=comparison)
    click(tab, ".moves a")
    assert shown(tab) == {finding.id for finding in comparison.new}


def test_the_keyboard_opens_a_finding_and_copies(opened: Opener) -> None:
    wanted = next(f for f in shop().findings if f.check == "unpinned-image" and f.status == "fail")
    tab = opened(shop())
    rights = ["clipboardReadWrite", "clipboardSanitizedWrite"]
    tab.browser.call("Browser.grantPermissions", permissions=rights, browserContextId=tab.context)
    tab.run(f"document.querySelector('#f-{wanted.id} summary').focus()")
    tab.press("Enter", text="\r", code=13)
    assert tab.run(f"document.querySelector('#f-{wanted.id} details').open")
    tab.run(SETTLED)
    buttons = tab.run(f"Array.from(document.querySelectorAll('#f-{wanted.id} button'), one => one.textContent)")
    assert buttons == ["Copy finding", "Copy remedy"]
    tab.run(f"document.querySelector('#f-{wanted.id} button:last-child').focus()")
    tab.press(" ", text=" ", code=32)
    tab.run(SETTLED)
    copied = tab.run("navigator.clipboard.readText()")
    assert "crane digest docker.io/library/nginx:1.25" in copied.split("\n")
    assert tab.run("document.getElementById('said').textContent") == "Copy remedy: Copied"
    tab.run(f"document.querySelector('#f-{wanted.id} button').click()")
    tab.run(SETTLED)
    copied = tab.run("navigator.clipboard.readText()")
    assert copied.startswith("[medium] unpinned-image: Deployment/web nginx in payments\n")
    assert wanted.message in copied
