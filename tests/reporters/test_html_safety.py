"""The HTML page in headless Chromium: it asks for nothing, complains of nothing, and hostile names do nothing."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from auditor.escape import escape
from auditor.report import Report
from auditor.reporters import Options
from auditor.reporters.html_report import page as html
from tests.reporters.chromium import Browser, Page
from tests.reporters.html_samples import hostile, large
from tests.reporters.html_tabs import SETTLED, Opener, shown
from tests.reporters.samples import report, shop


@pytest.mark.parametrize("sample", [shop(), report(), hostile(), large(300)], ids=["shop", "empty", "hostile", "large"])
def test_it_asks_for_nothing_and_complains_of_nothing(sample: Report, opened: Opener) -> None:
    tab = opened(sample)
    tab.run(SETTLED)
    tab.run("document.querySelectorAll('details').forEach(one => { one.open = true })")
    tab.run("document.querySelectorAll('a.go').forEach((link, n) => { if (n < 30) link.click() })")
    tab.run(SETTLED)
    assert tab.complaints() == []
    assert [url.rpartition("/")[2] for url in tab.requests()] == ["report.html"]


def test_a_server_is_asked_for_the_page_alone(browser: Browser) -> None:
    asked: list[str] = []
    body = html(shop(), Options()).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        tab = browser.page()
        tab.open(f"http://127.0.0.1:{server.server_address[1]}/")
        tab.run(SETTLED)
        server.shutdown()
    assert asked == ["/"]
    assert tab.complaints() == []


def test_the_policy_stops_what_would_be_added(opened: Opener) -> None:
    """The policy is in force, and no accident of this page: what it forbids fails."""
    tab = opened(shop())
    tab.run("document.head.append(Object.assign(document.createElement('style'), {textContent: 'main{display:none}'}))")
    assert tab.run("document.querySelector('main').checkVisibility()")
    tab.run("document.body.append(Object.assign(new Image(), {src: 'http://127.0.0.1:9/x.png'}))")
    refused = "(() => { try { document.body.innerHTML = '<b>x</b>'; return false } catch { return true } })()"
    assert tab.run(refused)
    tab.run(SETTLED)
    assert len(tab.complaints()) >= 2


def test_hostile_names_do_nothing(opened: Opener) -> None:
    sample = hostile()
    tab = opened(sample)
    tab.run("document.querySelectorAll('details').forEach(one => { one.open = true })")
    tab.run(SETTLED)
    assert tab.run("typeof window.hacked") == "undefined"
    assert tab.run("document.scripts.length") == 1
    assert tab.run("document.querySelectorAll('img, iframe, svg, base, [onload], [onclick], [onerror]').length") == 0
    assert len(shown(tab)) == len(sample.findings)
    text = tab.run("document.body.textContent")
    assert [line for line in text.split("\n") if escape(line) != line] == []
    links = tab.run("Array.from(document.links, link => link.protocol)")
    assert set(links) == {"file:", "https:"}
    assert not [event for event in tab.events if event["method"] == "Page.javascriptDialogOpening"]


def test_without_script_everything_can_be_read(opened: Opener) -> None:
    def off(tab: Page) -> None:
        tab.scripting(False)

    tab = opened(shop(), before=off)
    document = tab.call("DOM.getDocument", depth=-1)["root"]["nodeId"]
    text = tab.call("DOM.getOuterHTML", nodeId=document)["outerHTML"]
    assert all(f'id="f-{finding.id}"' in text for finding in shop().findings)
    form = tab.call("DOM.querySelector", nodeId=document, selector="#filter")["nodeId"]
    assert "hidden" in tab.call("DOM.getAttributes", nodeId=form)["attributes"]
    row = tab.call("DOM.querySelector", nodeId=document, selector=f"#f-{shop().findings[0].id}")["nodeId"]
    assert tab.call("DOM.getBoxModel", nodeId=row)["model"]["height"] > 10
    assert tab.complaints() == []
